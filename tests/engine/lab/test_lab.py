"""A night in the lab: jobs run through the real engine, faults fail them, and the same seed gives the same night."""

from pathlib import Path
from time import process_time

import pytest

from engine.dpm.occurrences import Fate
from engine.hyperv.machine import PowerState
from engine.lab import Lab, Outcome, parse_fault
from engine.pipeline import STAGES, Mode, Stage, stages_of
from tests.engine.lab.nights import night, outcomes, scenario


def test_on_a_quiet_night_every_machine_gets_a_recovery_point_online(tmp_path):
    jobs = night(tmp_path).jobs
    assert [(job.vm, job.mode, job.recovery_point, job.number) for job in jobs] == [
        ("SQL01", Mode.ONLINE, True, 0),
        ("WEB01", Mode.ONLINE, True, 0),
    ]


def test_the_trace_passes_the_stages_of_an_online_backup(tmp_path):
    trace = night(tmp_path).trace
    told = {step.stage for step in trace if step.vm == "SQL01"}
    silent = {Stage.READ_SOURCE, Stage.APPLY_BLOCKS}  # they are in what is told of the blocks
    assert told == set(stages_of(Mode.ONLINE)) - silent
    assert [step.time for step in trace] == sorted(step.time for step in trace)


def test_a_lab_that_is_closed_holds_no_file(tmp_path):
    def held() -> list[Path]:
        links = [descriptor for descriptor in Path("/proc/self/fd").iterdir() if descriptor.is_symlink()]
        return [path for path in map(Path.resolve, links) if tmp_path in path.parents]

    with Lab(scenario(), tmp_path, faults=[parse_fault("guest-volume-too-small@vm:SQL01")]) as lab:
        lab.run()
        assert held()
    assert held() == []


def test_only_what_changed_since_the_last_night_travels(tmp_path):
    trace = night(tmp_path).trace
    moved = [step for step in trace if step.outcome is Outcome.MOVED and step.vm == "SQL01"]
    fates = {fate: sum(step.blocks[1] for step in moved if step.blocks and step.fate is fate) for fate in Fate}
    assert 0 < fates[Fate.SENT] < 40
    assert fates[Fate.UNCHANGED] > 500
    assert fates[Fate.CHANGED] == fates[Fate.SENT]


def test_blocks_are_found_changed_before_they_travel(tmp_path):
    trace = night(tmp_path).trace
    found: set[tuple[str, tuple[int, int] | None]] = set()
    for step in trace:
        if step.fate is Fate.CHANGED:
            found.add((step.disk, step.blocks))
        elif step.fate is Fate.SENT:
            assert (step.disk, step.blocks) in found


def test_how_many_blocks_there_are_is_known_before_they_are_compared(tmp_path):
    trace = night(tmp_path).trace
    sizes = {step.disk: step.blocks for step in trace if step.blocks and step.fate is None}
    compared = {step.disk: step.blocks[0] + step.blocks[1] for step in trace if step.blocks and step.fate}
    assert sizes == {disk: (0, last) for disk, last in compared.items()}


def test_without_a_replica_the_job_makes_it(tmp_path):
    first = night(tmp_path / "a", of=scenario(replica="missing")).jobs[0]
    later = night(tmp_path / "b").jobs[0]
    assert first.recovery_point
    assert first.sent > later.sent


def test_a_fault_fails_its_machine_and_no_other(tmp_path):
    failed = night(tmp_path, "writer-failed@vm:SQL01")
    assert outcomes(failed) == {"SQL01": [30111], "WEB01": [0]}
    assert failed.jobs[0].stage is Stage.GUEST_FREEZE


def test_what_may_pass_is_tried_once_more_an_hour_later(tmp_path):
    jobs = night(tmp_path, "writer-service-stopped@vm:SQL01:passes=1").jobs
    first, again = (job for job in jobs if job.vm == "SQL01")
    assert (first.number, again.number, again.attempt) == (30112, 0, 2)
    assert (again.started - first.ended).total_seconds() >= 3600


def test_a_mended_job_goes_well_when_it_is_run_again(tmp_path):
    with Lab(scenario(), tmp_path / "lab", faults=[parse_fault("writer-failed@vm:SQL01")]) as lab:
        assert lab.run().failed == ("SQL01",)
        lab.mend("writer-failed")
        again = lab.run_again()
    assert [(job.vm, job.number, job.attempt) for job in again.jobs] == [("SQL01", 0, 2)]


def test_a_freeze_that_times_out_leaves_the_machine_running(tmp_path):
    with Lab(scenario(), tmp_path / "lab", faults=[parse_fault("freeze-window-exceeded@vm:SQL01")]) as lab:
        lab.run()
        assert lab.site.vms["SQL01"].machine.state is PowerState.RUNNING


def test_what_the_watcher_raises_ends_the_run_in_order(tmp_path):
    class EnoughError(Exception):
        pass

    def watch(step):
        if step.stage is Stage.GUEST_FREEZE:
            raise EnoughError

    with Lab(scenario(), tmp_path / "lab") as lab:
        with pytest.raises(EnoughError):
            lab.run(watch)
        host = lab.site.hosts["HV01"].machine
        assert host.provider.left == 0
        assert lab.run().failed == ()  # nothing of the first run is in the way of another


def logs_of(folder: Path, seed: int) -> tuple[dict[str, bytes], tuple[object, ...]]:
    faults = [parse_fault("freeze-window-exceeded@vm:SQL01")]
    with Lab(scenario("HV01", "HV02"), folder / "lab", seed=seed, faults=faults) as lab:
        ran = lab.run()
        paths = lab.write_logs(folder / "logs")
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}, ran.trace


def test_the_same_seed_gives_the_same_logs_and_trace_and_another_does_not(tmp_path):
    one, again, other = logs_of(tmp_path / "a", 7), logs_of(tmp_path / "b", 7), logs_of(tmp_path / "c", 8)
    assert one == again
    assert one[0] != other[0]
    assert one[1] != other[1]


def test_stages_are_told_in_the_pipelines_order(tmp_path):
    steps = [step for step in night(tmp_path).trace if step.vm == "SQL01" and step.outcome is Outcome.BEGAN]
    places = [STAGES.index(step.stage) for step in steps if step.actor == "host:HV01" and step.stage]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("of", "faults", "seconds"),
    [
        (scenario(vms=["SQL01"]), ["freeze-window-exceeded"], 1.0),
        (scenario("HV01", "HV02", vms=("SQL01", "WEB01", "FILE01")), [], 3.0),
    ],
    ids=["a time-out of a minute", "six machines on two hosts"],
)
def test_a_night_takes_moments(tmp_path, of, faults, seconds):
    """The small twin of `tests/bench/bench_lab`, in the time of the processor, since others use it too."""
    began = process_time()
    ran = night(tmp_path, *faults, of=of)
    assert process_time() - began < seconds
    assert (ran.jobs[-1].ended - ran.jobs[0].started).total_seconds() > 30
