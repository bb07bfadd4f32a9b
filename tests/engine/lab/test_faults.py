"""Every fault does what it says, on every plate that it may sit on, and leaves nothing behind."""

import pytest

from engine.hyperv.machine import PowerState
from engine.lab import FaultError, Lab, Scenario, fault_kinds, parse_fault
from engine.lab.scenario import GuestVolume, Host, HostVolume, VirtualMachine
from engine.pipeline import Component, Mode, Scope

WRITERS = ("SqlServerWriter", "Registry Writer", "System Writer", "NTDS", "Microsoft Exchange Writer")
PLATES = {Scope.SITE: "site", Scope.HOST: "host:HV01", Scope.VM: "vm:SQL01"}
EVERY = [f"{kind.name}@{PLATES[scope]}" for kind in fault_kinds().values() for scope in kind.plates]
STANDS_STILL = {"offline-backup-forbidden"}
"""Faults that are that a machine does not run any more."""


def machine(name: str) -> VirtualMachine:
    return VirtualMachine(name=name, writers=WRITERS, volumes=(GuestVolume(), GuestVolume(name="E:")))


SCENARIO = Scenario(
    title="two disks, all writers",
    hosts=(
        Host(
            name="HV01",
            volumes=(HostVolume(), HostVolume(name="E:")),
            virtual_machines=(machine("SQL01"), machine("WEB01")),
        ),
    ),
)


@pytest.mark.parametrize("text", EVERY)
def test_a_fault_changes_the_night_and_is_gone_when_it_is_mended(tmp_path, text):
    with Lab(SCENARIO, tmp_path / "lab", faults=[parse_fault(text)]) as lab:
        night = lab.run()
        affected = [job for job in night.jobs if job.failed or job.mode is Mode.OFFLINE]
        assert affected or len(night.jobs) < 2
        if text.endswith("@vm:SQL01"):
            assert {job.vm for job in affected} == {"SQL01"}
        states = {vm.name: vm.machine.state for vm in lab.site.vms.values()}
        if text.partition("@")[0] not in STANDS_STILL:
            assert states == dict.fromkeys(("SQL01", "WEB01"), PowerState.RUNNING)
        for fault in lab.faults:
            lab.mend(fault)
        again = lab.run_again(vms=["SQL01"])
        assert [(job.number, job.mode) for job in again.jobs] == [(0, Mode.ONLINE)]


def test_every_component_has_a_fault():
    assert {kind.component for kind in fault_kinds().values()} == set(Component)


def test_every_fault_says_in_a_sentence_what_it_is():
    for kind in fault_kinds().values():
        assert kind.sentence.endswith("."), kind.name
        assert len(kind.sentence) > 20, kind.name
        assert kind.plates, kind.name


def test_the_text_form_is_read_back():
    text = "writer-failed@vm:SQL01:writer=NTDS:phase=Thaw:passes=2"
    fault = parse_fault(text)
    assert (fault.kind.name, fault.plate, fault.passes) == ("writer-failed", "vm:SQL01", 2)
    assert fault.parameters == {"writer": "NTDS", "phase": "Thaw"}
    assert str(fault) == text
    assert parse_fault("checkpoints-on-other-volume:volume=F:").parameters == {"volume": "F:"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("writer-fails", "writer-failed"),
        ("writer-failed@rack:1", "site, host:NAME or vm:NAME"),
        ("writer-failed:wroter=NTDS", "one of writer, phase, hresult, passes"),
        ("freeze-window-exceeded:seconds=long", "a number"),
        ("writer-failed:passes=1.5", "a whole number"),
    ],
)
def test_what_is_no_fault_is_refused_with_what_was_expected(text, expected):
    with pytest.raises(FaultError) as refused:
        parse_fault(text)
    assert refused.value.expected == expected


def test_a_fault_needs_a_plate_where_several_fit():
    machines = ["host:HV01", "vm:SQL01"]
    assert parse_fault("writer-failed").placed(machines).plate == "vm:SQL01"
    with pytest.raises(FaultError, match="several plates"):
        parse_fault("disk-failing").placed(["host:HV01", "host:HV02"])
    with pytest.raises(FaultError, match="cannot sit on"):
        parse_fault("writer-failed@host:HV01").placed(machines)
