"""Exports of hosts and guests become the facts of virtual machines; each reason names its file and line."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.eligibility.answer import TOLD_BY, MachineAnswer, answer
from diagnostics.eligibility.facts import OF_GUEST, OF_HOST, facts_of
from diagnostics.event import Event, Kind
from engine.hyperv.conditions import Letter, Outcome
from engine.pipeline import Mode

VM = {"VmName": "SQL01", "State": "Running", "CheckpointPath": "D:\\VMs\\SQL01"}
SERVICE = {"VmName": "SQL01", "Service": "vss", "Enabled": "true", "PrimaryStatus": "OK"}
FILE = {"VmName": "SQL01", "Path": "D:\\VMs\\SQL01\\disk.vhdx"}
DISK = {"Disk": "0", "Dynamic": "false"}
VOLUME = {
    "Volume": "C:",
    "FileSystem": "NTFS",
    "SizeBytes": str(40 << 30),
    "FreeBytes": str(9 << 30),
    "Reserved": "false",
}
GOOD: list[tuple[Kind, str, dict[str, str]]] = [
    (Kind.VM, "HV01", VM),
    (Kind.INTEGRATION_SERVICE, "HV01", SERVICE),
    (Kind.VIRTUAL_DISK, "HV01", FILE),
    (Kind.DISK, "SQL01", DISK),
    (Kind.VOLUME, "SQL01", VOLUME),
    (Kind.VSS_LISTING, "SQL01", {"Listing": "shadowstorage", "Count": "0"}),
]


def events(*told: tuple[Kind, str, dict[str, str]]) -> list[Event]:
    return [
        Event(kind=kind, source=f"{machine}-{kind}.txt", record=line, machine=machine, fields=fields)
        for line, (kind, machine, fields) in enumerate(told, 1)
    ]


def judged(*more: tuple[Kind, str, dict[str, str]], without: Kind | None = None, **options: Any) -> MachineAnswer:
    told = [item for item in GOOD if item[0] is not without]
    (known,) = facts_of(events(*told, *more), **options).machines
    return answer(known)


def broken(found: MachineAnswer) -> dict[str, str]:
    return {line.letter: line.reasons[0].text for line in found.conditions if line.outcome is Outcome.FAILED}


def unknown(found: MachineAnswer) -> set[str]:
    return {line.letter for line in found.conditions if line.outcome is Outcome.UNKNOWN}


def test_exports_of_host_and_guest_together_tell_an_online_backup():
    found = judged()
    assert (found.vm, found.host, found.mode, found.collect) == ("SQL01", "HV01", Mode.ONLINE, [])


@pytest.mark.parametrize(
    ("kind", "fields", "letter", "text"),
    [
        (Kind.INTEGRATION_SERVICE, SERVICE | {"Enabled": "false"}, "A", "the backup service is switched off"),
        (Kind.INTEGRATION_SERVICE, SERVICE | {"PrimaryStatus": "Error"}, "A", "the backup service does not answer"),
        (Kind.VM, VM | {"IntegrationVersion": "0.0"}, "A", "the integration services are not installed"),
        (Kind.DISK, {"Disk": "1", "Dynamic": "true"}, "B", "Disk 1 is dynamic"),
        (Kind.VOLUME, VOLUME | {"Volume": "E:", "FileSystem": "FAT32"}, "C", "E: is formatted with FAT32"),
        (Kind.VOLUME, VOLUME | {"Volume": "E:", "FreeBytes": str(200 << 20)}, "D", "E: has 40 GB, 200 MB free"),
        (Kind.SHADOW_STORAGE, {"ForVolume": "D:", "StorageVolume": "C:", "SameVolume": "false"}, "E",
         "shadow copies of D: are kept on C:"),
        (Kind.VM, VM | {"State": "Off"}, "F", "it is not running"),
        (Kind.VIRTUAL_DISK, FILE | {"Path": "E:\\more.vhdx"}, "G",
         "E:\\more.vhdx lies on another volume than the checkpoint files"),
    ],
)  # fmt: skip
def test_one_export_that_speaks_against_it_fails_its_letter_and_names_its_line(kind, fields, letter, text):
    machine = "HV01" if kind in OF_HOST else "SQL01"
    found = judged((kind, machine, fields))
    assert (broken(found), found.mode) == ({letter: text}, Mode.OFFLINE)
    (line,) = [line for line in found.conditions if line.letter == letter]
    assert f"{machine}-{kind}.txt:{len(GOOD) + 1}" in line.reasons[0].sources


@pytest.mark.parametrize(
    ("kind", "letters"),
    [
        (Kind.VM, {"F", "G"}),
        (Kind.INTEGRATION_SERVICE, {"A"}),
        (Kind.VIRTUAL_DISK, {"G"}),
        (Kind.DISK, {"B"}),
        (Kind.VOLUME, {"C", "D"}),
        (Kind.VSS_LISTING, {"E"}),
    ],
)
def test_an_export_that_is_missing_is_asked_for_with_its_command(kind, letters):
    found = judged(without=kind)
    assert (unknown(found), found.mode) == (letters, Mode.UNKNOWN)
    assert {letter for export in found.collect for letter in export.letters} == letters
    assert all(export.command and export.machine in {"HV01", "SQL01"} for export in found.collect)


def test_every_condition_has_an_export_that_tells_it():
    assert set(TOLD_BY) == set(Letter)


def test_what_one_fsutil_says_of_one_volume_is_no_list_of_all():
    told = events((Kind.VM, "HV01", VM), (Kind.VOLUME, "SQL01", VOLUME))
    told[1] = Event(kind=Kind.VOLUME, source="f", record=1, machine="SQL01", provider="fsutil", fields=VOLUME)
    assert {"C", "D"} <= unknown(answer(facts_of(told).machines[0]))


def test_two_lists_of_the_same_volumes_complete_each_other():
    known = facts_of(
        events(
            (Kind.VOLUME, "SQL01", {"Volume": "C:", "FileSystem": "NTFS", "SizeBytes": str(40 << 30)}),
            (Kind.VOLUME, "SQL01", {"Volume": "C:", "SizeBytes": str(40 << 30), "FreeBytes": str(9 << 30)}),
        )
    ).machines[0]
    assert [tuple(volume[1:4]) for volume in known.facts.volumes] == [("NTFS", 40 << 30, 9 << 30)]


def test_volumes_of_the_host_are_not_taken_for_the_guests():
    assert judged((Kind.VOLUME, "HV01", VOLUME | {"FileSystem": "FAT32"})).mode is Mode.ONLINE


def test_a_folder_in_which_the_host_mounts_a_volume_is_a_volume_of_its_own():
    assert "G" in broken(
        judged(
            (Kind.VOLUME, "HV01", VOLUME | {"Volume": "D:\\VMs\\SQL01\\"}),
            (Kind.VIRTUAL_DISK, "HV01", FILE | {"Path": "D:\\x.vhdx"}),
        )
    )


def test_exports_of_no_machine_belong_to_the_only_one_there_is():
    nameless = [(kind, "" if kind in OF_GUEST else machine, fields) for kind, machine, fields in GOOD]
    (known,) = facts_of(events(*nameless)).machines
    assert answer(known).mode is Mode.ONLINE


def test_a_guest_of_another_name_is_joined_to_its_machine_when_told():
    renamed = [(kind, "SRV17" if kind in OF_GUEST else machine, fields) for kind, machine, fields in GOOD]
    apart = facts_of(events(*renamed))
    assert ([known.vm for known in apart.machines], apart.strangers) == (["SQL01"], ["SRV17"])
    (known,) = facts_of(events(*renamed), {"SRV17": "SQL01"}).machines
    assert answer(known).mode is Mode.ONLINE


def test_what_guests_tell_alone_is_answered_as_far_as_it_goes():
    alone = facts_of(events(*[item for item in GOOD if item[0] in OF_GUEST]))
    assert ([known.vm for known in alone.machines], alone.strangers) == (["SQL01"], [])
    assert unknown(answer(alone.machines[0])) == {"A", "F", "G"}


def test_a_machine_that_is_off_says_nothing_of_its_integration_services():
    found = judged((Kind.VM, "HV01", VM | {"State": "Off", "IntegrationVersion": "0.0"}))
    assert set(broken(found)) == {"F"}


def test_the_hyper_v_writers_own_verdict_is_shown_beside():
    found = judged((Kind.VM, "HV01", {"VmName": "SQL01", "Mode": "offline"}))
    assert (found.mode, found.writer_says) == (Mode.ONLINE, Mode.OFFLINE)


@given(st.data())
def test_whatever_the_fields_hold_every_machine_is_answered(data):
    names = ["VmName", "State", "Enabled", "Service", "PrimaryStatus", "Path", "CheckpointPath", "Disk", "Dynamic",
             "Volume", "VolumeId", "FileSystem", "SizeBytes", "FreeBytes", "ForVolume", "SameVolume"]  # fmt: skip
    values = st.sampled_from(["", "C:", "true", "false", "NTFS", "12", "²", "Off"])
    fields = st.dictionaries(st.sampled_from(names), values)
    told = st.tuples(st.sampled_from(sorted(OF_HOST | OF_GUEST)), st.sampled_from(["", "HV01", "SQL01"]), fields)
    for known in facts_of(events(*data.draw(st.lists(told, max_size=8)))).machines:
        assert len(answer(known).conditions) == len(Letter)
