"""The time line holds what tells, in order, and says how much it leaves out."""

import random

from diagnostics.case.jobs import Job, Outcome
from diagnostics.case.timeline import Sort, moments
from diagnostics.event import Event, Kind
from engine.pipeline import Mode, Stage
from tests.bundled import diagnosis_of

MINUTE = 60_000_000


def job(name, started, ended, *, failed=False):
    report = Event(kind=Kind.JOB, source="jobs.txt", record=started // MINUTE, time=ended, machine="DPM01")
    return Job(
        id=name, vm=name, host="HV01", mode=Mode.ONLINE, outcome=Outcome.FAILED if failed else Outcome.SUCCEEDED,
        failed=(Stage.GUEST_FREEZE, Stage.GUEST_THAW) if failed else None,
        started=started, ended=ended, bytes_sent=None, reports=(report,),
    )  # fmt: skip


def restart(time, record=1):
    return Event(kind=Kind.RECORD, source="System.evtx", record=record, time=time, machine="HV01",
                 provider="EventLog", event_id=6005)  # fmt: skip


def test_a_sample_is_told_from_the_start_of_its_job_to_its_end():
    told = diagnosis_of("guest-sql-writer").verdict.timeline
    kinds = [moment.kind for moment in told.moments]
    assert [moment.time for moment in told.moments] == sorted(moment.time for moment in told.moments)
    failed = next(n for n, moment in enumerate(told.moments) if moment.text.startswith("failed between"))
    assert told.moments[0].kind == "job-started"
    assert "evidence" in kinds[:failed]
    assert told.moments[0].job == told.moments[failed].job
    assert told.left_out == 0


def test_an_event_that_several_rules_read_is_one_moment():
    told = diagnosis_of("guest-sql-writer").verdict.timeline
    events = [(moment.source, moment.record) for moment in told.moments if not moment.job]
    assert len(events) == len(set(events))


def test_restarts_near_a_job_are_on_the_line_and_others_are_not():
    jobs = [job("SQL01", 0, 5 * MINUTE, failed=True)]
    found, left_out = moments([restart(3 * MINUTE), restart(9 * 86_400_000_000, record=2)], jobs, (), ())
    assert [(moment.sort, moment.meaning) for moment in found if moment.sort is Sort.CONTEXT] == [
        (Sort.CONTEXT, "Windows started")
    ]
    assert left_out == 0


def test_of_too_many_moments_failed_jobs_and_what_is_near_them_stay():
    jobs = [job(f"VM{n:03}", n * MINUTE, (n + 1) * MINUTE, failed=n == 200) for n in range(400)]
    found, left_out = moments((), jobs, (), (), most=20)
    assert len(found) == 20
    assert left_out == 780
    assert {moment.job.id for moment in found if moment.job} >= {"VM200"}
    assert all(180 * MINUTE < moment.time < 220 * MINUTE for moment in found)


def test_the_line_does_not_depend_on_the_order_of_the_input():
    jobs = [job(f"VM{n:03}", n % 7 * MINUTE, (n + 1) * MINUTE, failed=n % 3 == 0) for n in range(50)]
    shuffled = random.Random(7).sample(jobs, len(jobs))  # noqa: S311 - reproducible, not secret
    assert moments((), jobs, (), (), most=30) == moments((), shuffled, (), (), most=30)
