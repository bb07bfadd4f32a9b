"""A bench: the lab runs on its thread as fast as a person wants, and stops at once when told."""

import threading
import time
from contextlib import contextmanager

import msgspec
import pytest

from diagnostics.knowledge.catalog import load_catalog
from diagnostics.report.strip import ABSENT, FAILED, PASSED, UNREACHED
from diagnostics.retry.opening import FailedJob, causes_of
from diagnostics.retry.plan import plan
from engine.dpm.occurrences import Fate
from engine.lab import FaultError, parse_fault
from engine.pipeline import STAGES, Stage
from tests.engine.lab.nights import scenario
from tui.lab import SPEEDS, Bench, LabFailedError, State, StoppedError

FASTEST = SPEEDS[-1]
SQL_FAILS = "sql-writer-failed@vm:SQL01"


@contextmanager
def bench(*faults, speed=FASTEST):
    made = Bench(scenario(retries=0), map(parse_fault, faults))
    made.pace.at(speed)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def night(on):
    """Runs on a thread of its own; what it raised is kept."""
    raised = []

    def run():
        try:
            on.run()
        except StoppedError as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield thread, raised
    finally:
        on.pace.stop()
        thread.join(10)
        assert not thread.is_alive()


def wait_for(holds, seconds=10.0):
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.005)


def test_a_good_night_passes_every_stage_of_its_mode_and_makes_recovery_points():
    with bench() as lab:
        lab.run()
        lab.take()
        lab.seen.end(lab.failed)
        job = lab.seen.jobs["SQL01"]
        cells = dict(zip(STAGES, job.cells(), strict=True))
        assert (job.outcome, job.points, cells[Stage.SAVE_STATE]) == ("succeeded", 1, ABSENT)
        assert cells[Stage.GUEST_FREEZE] == cells[Stage.RELEASE_SNAPSHOT] == PASSED
        assert job.sent == lab.night.jobs[0].sent


def test_a_fault_fails_the_job_in_its_stage_and_nothing_beyond_is_reached():
    with bench(SQL_FAILS) as lab:
        lab.run()
        lab.take()
        lab.seen.end(lab.failed)
        job, other = lab.seen.jobs["SQL01"], lab.seen.jobs["WEB01"]
        assert (job.outcome, other.outcome) == ("failed", "succeeded")
        assert job.failed == lab.night.jobs[0].stage
        assert job.cells()[STAGES.index(job.failed)] == FAILED
        assert job.cells()[-1] == UNREACHED


def test_blocks_are_told_by_their_fate_on_a_map_as_large_as_the_disk():
    with bench() as lab:
        lab.run()
        lab.take()
        disk = lab.seen.disks["SQL01-C.vhd"]
        assert disk.blocks == sum(disk.counts.values()) == 1024
        assert set(disk.cells(60)) == {Fate.SENT, Fate.UNCHANGED}
        assert set(disk.cells(2000)) == {Fate.SENT, Fate.UNCHANGED}
        assert max(lab.seen.rates) > 0


def test_a_changed_block_is_told_apart_from_a_sent_one_and_from_those_that_were_not_compared():
    with bench() as lab:
        lab.pace.pause()
        with night(lab):
            wait_for(lab.take)
            while not (lab.seen.current and lab.seen.current.fate is Fate.CHANGED):
                steps = lab.seen.steps
                lab.pace.step()
                wait_for(lambda before=steps: lab.take() or lab.seen.steps > before)
            disk, found = lab.seen.disks[lab.seen.disk], lab.seen.current.blocks[1]
            assert (disk.blocks, disk.counts[Fate.CHANGED], disk.counts[Fate.SENT]) == (1024, found, 0)
            assert disk.counts[None] == 1024 - found - disk.counts[Fate.UNCHANGED] > 0
            assert {Fate.CHANGED, None} <= set(disk.cells(60))


def test_what_did_not_travel_stays_changed():
    with bench("transfer-connection-reset@host:HV01") as lab:
        lab.run()
        lab.take()
        counts = lab.seen.disks[lab.seen.disk].counts
        assert counts[Fate.CHANGED] > 0
        assert counts[None] > 0


def test_a_paused_night_goes_on_step_by_step():
    with bench() as lab:
        lab.pace.pause()
        with night(lab):
            wait_for(lab.take)
            assert lab.seen.steps == 1
            lab.pace.step()
            lab.pace.step()
            wait_for(lambda: lab.take() or lab.seen.steps == 3)
            time.sleep(0.05)
            lab.take()
            assert lab.seen.steps == 3
            lab.pace.go_on()
            wait_for(lambda: lab.state is State.DONE)


@pytest.mark.parametrize("paused", [False, True])
def test_a_night_is_stopped_within_three_tenths_of_a_second(paused):
    with bench(speed=SPEEDS[0]) as lab:
        with night(lab) as (thread, raised):
            wait_for(lab.take)
            if paused:
                lab.pace.pause()
            since = time.monotonic()
            lab.pace.stop()
            thread.join(5)
            assert time.monotonic() - since < 0.3
        assert (lab.state, len(raised), lab.night) == (State.STOPPED, 1, None)


def test_a_night_is_stopped_while_its_lab_is_still_being_built():
    """Which takes seconds where machines are many, and cannot be interrupted: the process is ended."""
    one = scenario(retries=0).hosts[0].virtual_machines[0]
    many = tuple(msgspec.structs.replace(one, name=f"VM{number:02}") for number in range(40))
    host = msgspec.structs.replace(scenario(retries=0).hosts[0], virtual_machines=many)
    lab = Bench(msgspec.structs.replace(scenario(retries=0), hosts=(host,), noise=()))
    with night(lab) as (thread, raised):
        wait_for(lambda: lab.state is State.BUILDING and lab._folder and (lab._place / "lab").exists())
        lab.pace.stop()
        wait_for(lambda: lab.state is State.STOPPED, seconds=2)
        thread.join(5)
    assert (len(raised), lab.seen.steps, len(lab.take())) == (1, 0, 0)
    lab.close()


def test_a_fault_that_is_injected_while_the_night_is_paused_strikes():
    with bench() as lab:
        lab.pace.pause()
        with night(lab):
            wait_for(lab.take)
            lab.inject(parse_fault(SQL_FAILS))
            lab.pace.go_on()
            wait_for(lambda: lab.state is State.DONE)
        assert lab.failed == ("SQL01",)


def test_the_faults_of_a_scenario_are_told_before_it_is_built():
    broken = msgspec.structs.replace(scenario(retries=0), faults=(SQL_FAILS,))
    assert [str(fault) for fault in Bench(broken).faults] == [SQL_FAILS]


def test_what_cannot_go_wrong_there_is_refused_at_once():
    with bench() as lab, pytest.raises(FaultError, match="cannot sit on"):
        lab.inject(parse_fault("sql-writer-failed@host:HV01"))


def test_a_remedy_and_a_retry_bring_only_the_failed_job_back():
    catalog = load_catalog()
    with bench(SQL_FAILS) as lab:
        lab.run()
        (fault,) = lab.faults
        cause = causes_of(fault, catalog.causes)[0]
        job = FailedJob(lab.scenario, (), cause, fault.plate, ())
        remedy = catalog.remedies[cause.remedies[0]]
        told = lab.run_again(plan(job, lab.faults, lab.failed, catalog, remedy))
        assert told.recovered
        assert [(job.vm, job.outcome) for job in told.after] == [("SQL01", "recovery-point")]
        assert lab.failed == lab.faults == ()


def test_whoever_asks_a_lab_that_has_died_is_told_so_each_time():
    with bench(SQL_FAILS) as lab:
        lab.run()
        lab._process.end()
        for _ in range(2):
            with pytest.raises(LabFailedError, match="has died"):
                lab.write_logs()
        lab.pace.stop()
        with pytest.raises(LabFailedError, match="was ended"):
            lab.write_logs()


def test_the_logs_of_a_night_are_written_for_diagnosis_and_gone_with_the_bench():
    with bench(SQL_FAILS) as lab:
        lab.run()
        folder = lab.write_logs()
        assert list(folder.rglob("*.evtx"))
    assert not folder.exists()
