"""Every fault alone, and random ones together: the machine is what it was, and nothing of the backup is left."""

import itertools
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.hresult import HResult
from engine.hyperv.backup import HostBackup
from engine.hyperv.machine import BackupService, PowerState, VmStep
from engine.pipeline import Mode
from engine.vss.errors import VssError
from engine.vss.faults import Fault, SlowVolume, delay, die, hang, refuse, veto
from engine.vss.states import Phase, WriterState
from tests.engine.hyperv.site import Site
from tests.engine.vss.test_faults import ROUTINES

EXAMPLES = 60
delays = st.floats(0.001, 1000).map(delay)
vetoes = st.sampled_from([HResult.VSS_E_WRITERERROR_RETRYABLE, HResult.VSS_E_WRITERERROR_NONRETRYABLE]).map(veto)
refusals = st.sampled_from([HResult.VSS_E_PROVIDER_VETO, HResult.ERROR_IO_DEVICE]).map(refuse)
writer_faults = st.dictionaries(
    st.sampled_from([phase for phase in Phase if phase is not Phase.ABORT]),
    st.one_of(delays, vetoes, st.just(hang), st.just(die)),
    max_size=1,
)
provider_faults = st.dictionaries(st.sampled_from(ROUTINES), st.one_of(delays, refusals, st.just(hang)), max_size=1)
vm_faults = st.dictionaries(
    st.sampled_from([step for step in VmStep if step is not VmStep.START]),
    st.one_of(delays, refusals, st.just(hang)),
    max_size=1,
)
scenarios = st.fixed_dictionaries(
    {
        "guest_faults": st.dictionaries(st.just("SqlServerWriter"), writer_faults, max_size=1),
        "host_faults": writer_faults,
        "guest_provider_faults": provider_faults,
        "host_provider_faults": provider_faults,
        "seed": st.integers(0, 1000),
    }
)
circumstances = st.fixed_dictionaries(
    {
        "vm_faults": vm_faults,
        "online": st.sampled_from([True, True, False]),
        "service": st.sampled_from([BackupService.RUNNING] * 4 + [BackupService.HUNG, BackupService.STOPPED]),
        "flush": st.sampled_from([0.0, 0.0, 5.0, 61.0]),
        "patience": st.sampled_from([1e6, 100.0, 20.0]),
    }
)


def run(folder: Path, scenario: dict[str, Any], circumstance: dict[str, Any]) -> tuple[Site, list[HostBackup]]:
    site = Site(folder, **scenario)
    site.host.guest_limit = 100
    site.vm.faults = circumstance["vm_faults"]
    site.vm.integration.backup_enabled = circumstance["online"]
    site.vm.integration.backup_service = circumstance["service"]
    site.vm.guest.mounted["C:"] = SlowVolume(site.vm.guest.volumes[0].mounted, delay(circumstance["flush"]))
    site.pause = 20
    made: list[HostBackup] = []
    with suppress(VssError, TimeoutError):
        site.back_up(during=made.append, patience=circumstance["patience"])
    return site, made


def check(site: Site) -> None:
    """The machine runs, its database is whole, and nothing waits for the backup any more."""
    assert site.vm.state is PowerState.RUNNING
    assert site.vm.guest.running.is_open
    assert site.at_rest()
    assert site.database.verify() == []
    settled = {WriterState.UNKNOWN, WriterState.STABLE, *(state for state in WriterState if state.failed)}
    coordinators = (site.host.coordinator, site.vm.guest.coordinator)
    assert {status.state for one in coordinators for status in one.gather_writer_status()} <= settled


PHASES = [phase for phase in Phase if phase is not Phase.ABORT]
STEPS = [step for step in VmStep if step is not VmStep.START]
"""A machine that cannot be started is the one thing that leaves it in another state."""
WRITER_FAULTS = {
    "veto": veto(HResult.VSS_E_WRITERERROR_RETRYABLE),
    "hang": hang,
    "death": die,
    "delay": delay(70),
}
PROVIDER_FAULTS = {"refusal": refuse(HResult.VSS_E_PROVIDER_VETO), "hang": hang, "delay": delay(70)}
PLACES: list[tuple[str, Sequence[str], Mapping[str, Fault]]] = [
    ("guest_faults", PHASES, WRITER_FAULTS),
    ("host_faults", PHASES, WRITER_FAULTS),
    ("guest_provider_faults", ROUTINES, PROVIDER_FAULTS),
    ("host_provider_faults", ROUTINES, PROVIDER_FAULTS),
    ("vm_faults", STEPS, PROVIDER_FAULTS),
]


@pytest.mark.parametrize("online", [True, False], ids=["online", "offline"])
@pytest.mark.parametrize(("place", "steps", "faults"), PLACES, ids=[place for place, _, _ in PLACES])
def test_a_single_fault_wherever_it_is_leaves_the_machine_running(tmp_path, online, place, steps, faults):
    for step, kind in itertools.product(steps, faults):
        scenario: dict[str, Any] = {} if place == "vm_faults" else {place: {step: faults[kind]}}
        if place == "guest_faults":
            scenario = {place: {"SqlServerWriter": scenario[place]}}
        circumstance = {
            "vm_faults": {step: faults[kind]} if place == "vm_faults" else {},
            "online": online,
            "service": BackupService.RUNNING,
            "flush": 0.0,
            "patience": 1e6,
        }
        folder = tmp_path / f"{step}-{kind}"
        folder.mkdir()
        site, _ = run(folder, scenario, circumstance)
        check(site)


@settings(max_examples=EXAMPLES)
@given(scenarios, circumstances)
def test_whatever_fails_together_the_machine_runs_on_and_nothing_is_left(scenario, circumstance):
    with TemporaryDirectory() as folder:
        site, made = run(Path(folder), scenario, circumstance)
        check(site)
        for backup in made:
            offline = not circumstance["online"] or circumstance["service"] is BackupService.STOPPED
            assert backup.modes == {"SQL01": Mode.OFFLINE if offline else Mode.ONLINE}


@settings(max_examples=EXAMPLES // 3)
@given(scenarios, circumstances)
def test_the_same_seed_gives_the_same_occurrences(scenario, circumstance):
    with TemporaryDirectory() as one, TemporaryDirectory() as two:
        first, _ = run(Path(one), scenario, circumstance)
        second, _ = run(Path(two), scenario, circumstance)
        assert first.watcher.seen == second.watcher.seen
        assert first.database.committed == second.database.committed


_TRACE = """
import hashlib, pathlib, sys
from engine.vss.faults import delay
from engine.vss.states import Phase
from tests.engine.hyperv.site import Site
site = Site(pathlib.Path(sys.argv[1]), seed=7, host_faults={Phase.FREEZE: delay(2)})
site.add("APP01").integration.backup_enabled = False
site.back_up("SQL01", "APP01")
print(len(site.watcher.seen), hashlib.sha256(repr(site.watcher.seen).encode()).hexdigest())
"""


def test_the_occurrences_are_the_same_in_every_process(tmp_path):
    told = set()
    for number in ("1", "2"):
        (tmp_path / number).mkdir()
        command = [sys.executable, "-c", _TRACE, str(tmp_path / number)]
        environment = {**os.environ, "PYTHONHASHSEED": number}
        told.add(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
    assert len(told) == 1
    assert int(told.pop().split()[0]) > 50
