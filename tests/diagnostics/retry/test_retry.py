"""A failed job, a remedy, the job once more: with real runs of the lab."""

import shutil

import msgspec
import pytest

from diagnostics.diagnosis import diagnose
from diagnostics.parsing import Unwatched
from diagnostics.request import Request
from diagnostics.retry import Cancelled, NothingToRetryError, UnknownRemedyError, Wish, lines_of, open_job, retry
from diagnostics.verdict import VerdictWord
from engine.lab import Lab, write_scenario
from tests.bundled import SAMPLES
from tests.diagnostics.reproduce.labs import knowledge
from tests.engine.lab.nights import scenario
from tests.test_samples import SAMPLES as LAB_SAMPLES


def kept(folder, *faults, **job):
    """What `shindan replay --keep` leaves of a night with these faults."""
    one = msgspec.structs.replace(scenario(**job), faults=faults)
    write_scenario(one, folder)
    with Lab(one, folder / "lab") as lab:
        lab.run()
        lab.write_logs(folder / "logs")
    return open_job(folder, knowledge())


def tried(job, **wish):
    return retry(job, knowledge().catalog, Wish(**wish))


@pytest.fixture(scope="module")
def failed_writer(tmp_path_factory):
    return kept(tmp_path_factory.mktemp("kept"), "writer-failed@vm:SQL01")


def test_the_first_remedy_of_the_cause_takes_the_fault_away_and_the_job_passes(failed_writer):
    told = tried(failed_writer)
    assert told.plan.remedy.id == "restart-writer-service"
    assert told.plan.takes_away == ["writer-failed@vm:SQL01"]
    assert [(job.vm, job.outcome) for job in told.before] == [("SQL01", "failed")]
    assert [(job.vm, job.outcome, job.mode) for job in told.after] == [("SQL01", "recovery-point", "online")]
    assert told.recovered
    assert len(told.points) == 1


def test_offline_the_machine_passes_though_its_guest_is_as_broken_as_before(failed_writer):
    told = tried(failed_writer, offline=True)
    assert (told.plan.takes_away, told.plan.offline) == ([], ["SQL01"])
    assert [(job.mode, job.outcome) for job in told.after] == [("offline", "recovery-point")]
    assert told.recovered


def test_a_remedy_for_something_else_changes_nothing_and_that_is_said(failed_writer):
    told = tried(failed_writer, remedy="repair-name-resolution")
    assert not told.recovered
    assert told.points == []
    assert any("changes nothing" in line for line in lines_of(told))


def test_of_two_faults_the_job_of_each_is_retried_with_its_own_remedy():
    job = open_job(LAB_SAMPLES / "two-faults", knowledge())
    first, other = tried(job), tried(job, remedy="restart-writer-service")
    assert (first.plan.vms, first.plan.left, first.recovered) == (["SQL02", "APP01"], ["WEB01"], True)
    assert (other.plan.cause, other.plan.vms, other.recovered) == ("writer-failed", ["WEB01"], True)
    assert "out of reach of what is suspected: WEB01" in "\n".join(lines_of(first))


def test_a_guest_that_works_hard_for_hours_has_room_for_its_database():
    job = open_job(LAB_SAMPLES / "freeze-timeout", knowledge())
    assert tried(job).recovered


def test_an_unknown_remedy_is_named_with_the_nearest(failed_writer):
    with pytest.raises(UnknownRemedyError, match=r"restart-writer-servise .*expected restart-writer-service"):
        tried(failed_writer, remedy="restart-writer-servise")


def test_the_plan_has_the_commands_for_the_real_machines_and_their_risk(failed_writer):
    said = "\n".join(lines_of(tried(failed_writer)))
    assert "restarts a service" in said
    assert "On the real machines nothing was done" in said
    assert "net stop" in said or "Restart-Service" in said or "sc " in said


def test_it_ends_when_it_is_cancelled(failed_writer):
    class Enough(Unwatched):
        def cancelled(self):
            return True

    with pytest.raises(Cancelled):
        retry(failed_writer, knowledge().catalog, Wish(), Enough())


def test_where_no_job_failed_there_is_nothing_to_retry(tmp_path):
    with pytest.raises(NothingToRetryError, match="no failed job"):
        kept(tmp_path)


def test_logs_in_which_nothing_was_weighed_have_no_job_to_retry(tmp_path):
    (tmp_path / "groceries.txt").write_text("milk, bread\n")
    with pytest.raises(NothingToRetryError, match="no failed job: Nothing was read"):
        open_job(tmp_path, knowledge())


def test_from_logs_alone_a_lab_like_their_machines_is_built_with_the_suspected_cause():
    job = open_job(SAMPLES / "guest-sql-writer" / "logs", knowledge())
    assert [str(fault) for fault in job.faults] == ["sql-writer-failed@vm:SQL01"]
    assert "SQL01" in {vm.name for host in job.scenario.hosts for vm in host.virtual_machines}
    assert "logs alone" in job.basis[0]


@pytest.fixture(scope="module")
def open_case(tmp_path_factory):
    """A folder of logs that do not tell what failed the job: what DPM and the host say, and nothing of the guest."""
    folder = tmp_path_factory.mktemp("open")
    for name in ("DPM01/job.txt", "HV01/Application.evtx"):
        (folder / name).parent.mkdir()
        shutil.copy(LAB_SAMPLES / "guest-sql-writer" / "logs" / name, folder / name)
    return folder


def test_of_an_open_verdict_the_cause_that_it_names_first_is_tried(open_case):
    verdict = diagnose(Request(paths=(str(open_case),)), knowledge=knowledge()).verdict
    assert (verdict.verdict, verdict.faults) == (VerdictWord.INSUFFICIENT, [])
    job = open_job(open_case, knowledge())
    assert job.suspected.id == verdict.candidates[0].cause
    assert job.plate == verdict.candidates[0].instance.partition("/")[0]


def test_of_an_open_verdict_it_ends_with_what_was_not_shown(open_case, failed_writer):
    told = tried(open_job(open_case, knowledge()))
    assert told.recovered
    first, *_, last = lines_of(told)
    assert first.startswith("Recovered in the lab: ")
    assert last == told.caveat
    assert "open (insufficient)" in last
    assert "not that it was the cause" in last
    assert tried(failed_writer).caveat == ""
