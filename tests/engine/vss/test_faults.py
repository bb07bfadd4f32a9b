"""Whatever goes wrong, and whatever goes wrong with it: nobody is left frozen, nothing held, no copy behind."""

import asyncio
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.hresult import HResult
from engine.vss import VssError, shadow_copies
from engine.vss.faults import SlowVolume, delay, die, hang, refuse, veto
from engine.vss.states import Phase, WriterState
from engine.vss.writer import FREEZE_LIMIT
from tests.engine.vss.machines import Box

WRITERS = ("SqlServerWriter", "System Writer")
ROUTINES = (
    "BeginPrepareSnapshot",
    "EndPrepareSnapshots",
    "PreCommitSnapshots",
    "CommitSnapshots",
    "PostCommitSnapshots",
    "PreFinalCommitSnapshots",
    "PostFinalCommitSnapshots",
    "AbortSnapshots",
)
delays = st.floats(0.001, 2000).map(delay)
writer_faults = st.one_of(
    delays,
    st.just(hang),
    st.just(die),
    st.sampled_from([HResult.VSS_E_WRITERERROR_RETRYABLE, HResult.VSS_E_WRITERERROR_OUTOFRESOURCES]).map(veto),
)
provider_faults = st.one_of(
    delays, st.just(hang), st.sampled_from([HResult.VSS_E_PROVIDER_VETO, HResult.ERROR_IO_DEVICE]).map(refuse)
)
phases = st.sampled_from([phase for phase in Phase if phase is not Phase.ABORT])
scenarios = st.fixed_dictionaries(
    {
        "faults": st.dictionaries(st.sampled_from(WRITERS), st.dictionaries(phases, writer_faults, max_size=2)),
        "provider_faults": st.dictionaries(st.sampled_from(ROUTINES), provider_faults, max_size=2),
        "flush": st.floats(0, 100),
        "patience": st.floats(1, 5000),
        "seed": st.integers(0, 1000),
    }
)


def run(scenario: dict[str, Any]) -> Box:
    """A backup by a requestor that waits so long and no longer."""
    box = Box(faults=scenario["faults"], provider_faults=scenario["provider_faults"], seed=scenario["seed"])
    volume = SlowVolume(box.volume, delay(scenario["flush"]))

    async def main() -> None:
        async with asyncio.timeout(scenario["patience"]):
            async with shadow_copies(box.coordinator, "backup.exe", [volume]):
                await asyncio.sleep(1)

    with suppress(VssError, TimeoutError):
        box.clock.run(main())
    return box


@given(scenarios)
def test_a_backup_always_leaves_its_machine_at_rest(scenario):
    box = run(scenario)
    assert box.at_rest()
    assert all(store.longest_freeze <= FREEZE_LIMIT + 1e-6 for store in box.stores.values())
    assert box.volume.longest_hold <= box.coordinator.limits.hold + 1e-6
    settled = {WriterState.UNKNOWN, WriterState.STABLE, *(state for state in WriterState if state.failed)}
    assert all(status.state in settled for status in box.coordinator.gather_writer_status())


@given(scenarios)
def test_the_same_seed_gives_the_same_occurrences(scenario):
    assert run(scenario).watcher.seen == run(scenario).watcher.seen
