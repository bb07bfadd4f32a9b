"""Reports become jobs, and jobs know how far they came."""

from hypothesis import given
from hypothesis import strategies as st

from diagnostics.case.jobs import ANYWHERE, Job, Outcome, having_passed, narrow, read_jobs
from diagnostics.case.topology import read_topology
from diagnostics.event import Event, Kind
from engine.pipeline import STAGES, Mode, Stage

NO_TOPOLOGY = read_topology([], [], {})
KNOWN = {"ID 41": (Stage.CONTACT_AGENT, Stage.CONTACT_AGENT), "ID 52": (Stage.READ_REPLICA, Stage.APPLY_BLOCKS)}


def report(time=1_000_000, codes=(), **fields):
    return Event(kind=Kind.JOB, source="job.txt", record=1, time=time, codes=codes, fields=fields)


def jobs(*events):
    return read_jobs(events, NO_TOPOLOGY, KNOWN.get)


def test_a_code_tells_the_stage_in_which_the_job_failed():
    (job,) = jobs(report(codes=("ID 41",), Status="failed", VmName="A", StartTime="x"))
    assert job.outcome is Outcome.FAILED
    assert job.failed == (Stage.CONTACT_AGENT, Stage.CONTACT_AGENT)


def test_no_byte_sent_means_that_it_failed_before_the_transfer():
    (job,) = jobs(report(Status="failed", BytesTransferred="0"))
    assert job.failed is not None
    assert job.failed[1] is Stage.COMPARE_CHECKSUMS


def test_bytes_sent_mean_that_the_preparation_passed():
    (job,) = jobs(report(Status="failed", BytesTransferred="1048576"))
    assert job.failed is not None
    assert job.failed[0] is Stage.READ_REPLICA


def test_reports_of_one_attempt_are_one_job_and_a_retry_is_another():
    first = report(codes=("ID 52",), Status="failed", VmName="A", StartTime="x")
    echo = report(Status="failed", VmName="a", StartTime="x")
    retry = report(time=3_600_000_000, Status="succeeded", VmName="A", StartTime="y")
    told = jobs(retry, first, echo)
    assert [job.outcome for job in told] == [Outcome.FAILED, Outcome.SUCCEEDED]
    assert len(told[0].reports) == 2


def test_attempts_that_differ_in_anything_are_told_apart():
    told = jobs(
        report(Status="failed", VmName="A"),
        report(Status="failed", VmName="A", ClusterNode="HV01"),
        report(Status="failed", ClusterNode="A"),
        report(Status="failed"),
        report(Status="failed", VmName="A", StartTime="x"),
    )
    assert len({job.id for job in told}) == len(told) == 5


def test_the_details_of_a_job_name_its_mode():
    (job,) = jobs(report(Status="failed", Mode="offline", VmName="A"))
    assert job.mode is Mode.OFFLINE


def test_a_windows_server_backup_record_reports_a_job():
    event = Event(kind=Kind.RECORD, source="s", record=1, provider="Microsoft-Windows-Backup", event_id=517, time=5)
    assert jobs(event)[0].outcome is Outcome.FAILED


intervals = st.tuples(st.integers(0, len(STAGES) - 1), st.integers(0, len(STAGES) - 1)).map(
    lambda pair: (STAGES[min(pair)], STAGES[max(pair)])
)


@given(intervals, intervals)
def test_narrowing_gives_an_ordered_interval_and_does_not_depend_on_the_order(one, other):
    both = narrow(one, other)
    assert STAGES.index(both[0]) <= STAGES.index(both[1])
    assert both == narrow(other, one)
    assert narrow(one, ANYWHERE) == one


@given(intervals, st.sampled_from(STAGES))
def test_a_passed_stage_never_widens_the_interval(interval, stage):
    job = Job(
        id="j", vm="", host="", mode=Mode.ONLINE, outcome=Outcome.FAILED, failed=interval, started=None, ended=None,
        bytes_sent=None, reports=(),
    )  # fmt: skip
    after = having_passed(job, stage).failed
    assert after is not None
    assert STAGES.index(interval[0]) <= STAGES.index(after[0]) <= STAGES.index(after[1]) == STAGES.index(interval[1])


def test_records_that_repeat_one_failure_within_moments_are_one_attempt():
    def failed(seconds):
        return Event(
            kind=Kind.RECORD, source="s", record=seconds, time=seconds * 1_000_000, machine="DPM01",
            provider="DPM-EM", event_id=3106, fields={"VmName": "SQL01", "Server": "HV01"},
        )  # fmt: skip

    assert len(jobs(*map(failed, (1_000, 1_003, 1_006, 1_009, 9_000)))) == 2
