"""Texts that the engine writes as DPM and Windows do are read back by the parsers of exported logs."""

import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.event import Kind
from engine.eventlog import vssadmin
from engine.eventlog.errlog import Severity, TraceLine, encoded
from engine.eventlog.job import Failure, JobReport
from engine.eventlog.vssadmin import WriterStatus
from engine.hresult import HResult
from engine.pipeline import Mode
from engine.vss.identities import CLASS_IDS, WriterIdentity
from engine.vss.states import LAST_ERRORS, WriterState
from tests.diagnostics.parsers.reading import NOVEMBER_2022, read

MOMENTS = st.datetimes(datetime(2022, 1, 1), datetime(2022, 11, 20)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
)
TEXTS = st.text(string.ascii_letters + "  \n日本語ÄÖÜ:{}0123456789", max_size=60).map("CVss::{}".format)
LINES = st.builds(
    TraceLine,
    time=MOMENTS,
    process_id=st.integers(0x100, 0xFFFFF),
    thread_id=st.integers(0x100, 0xFFFFF),
    file=st.sampled_from(["vsssnapshotrequestor.cpp", "TaskExecutor.cs", "csvapi.cpp"]),
    line=st.integers(1, 9999),
    text=TEXTS,
    severity=st.sampled_from(Severity),
    component=st.integers(0, 99),
    pointer=st.none() | st.integers(0, 2**64 - 1),
    task=st.none() | st.uuids(),
)


@given(st.lists(LINES, min_size=1, max_size=8))
def test_a_trace_log_is_read_back_to_its_last_field(lines):
    text = encoded(lines).decode("utf-16")
    reading = read(text, name="HV01/DPMRACurr.errlog", encoding="utf-16", modified=NOVEMBER_2022)
    told = [
        (
            event.time,
            event.text,
            {name: value for name, value in event.fields.items() if name in ("File", "Line", "Severity", "TaskId")},
            int(event.fields["ProcessId"], 16),
            int(event.fields["ThreadId"], 16),
        )
        for event in reading.of(Kind.ERRLOG)
    ]
    assert told == [
        (
            int(line.time.timestamp()) * 1_000_000 + line.time.microsecond,
            " ".join(line.text.split()),
            {"File": line.file, "Line": str(line.line), "Severity": line.severity}
            | ({"TaskId": str(line.task).upper()} if line.task else {}),
            line.process_id,
            line.thread_id,
        )
        for line in lines
    ]


def test_an_agents_line_looks_as_microsoft_prints_it():
    moment = datetime(2010, 11, 5, 13, 2, 42, 416_000, tzinfo=UTC)
    line = TraceLine(
        moment, 0x990, 0x17D8, "vsssnapshotrequestor.cpp", 585, "CVssSnapshotRequestor:: x", pointer=0x3970D0
    )
    assert str(line) == (
        "0990 17D8 11/05 13:02:42.416 31 vsssnapshotrequestor.cpp(585) [00000000003970D0] "
        "NORMAL CVssSnapshotRequestor:: x"
    )


STATUSES = st.builds(
    lambda name, instance, state, error: WriterStatus(WriterIdentity(name, CLASS_IDS[name], instance), state, error),
    st.sampled_from(sorted(CLASS_IDS)),
    st.uuids(),
    st.sampled_from(WriterState),
    st.sampled_from([*LAST_ERRORS, HResult.VSS_E_UNEXPECTED]),
)


@given(st.lists(STATUSES, min_size=1, max_size=6), st.sampled_from(vssadmin.LANGUAGES))
def test_a_listing_of_writers_is_read_back_in_every_language(statuses, language):
    told = read(vssadmin.list_writers(statuses, language)).of(Kind.VSS_WRITER)
    assert [(one.fields["WriterName"], one.fields["WriterId"].lower(), one.fields["State"]) for one in told] == [
        (status.writer.name, f"{{{status.writer.class_id}}}", str(status.state.value)) for status in statuses
    ]


@pytest.mark.parametrize("language", vssadmin.LANGUAGES)
@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (HResult.S_OK, "none"),
        (HResult.VSS_E_WRITERERROR_RETRYABLE, "retryable"),
        (HResult.VSS_E_WRITERERROR_NONRETRYABLE, "non-retryable"),
        (HResult.VSS_E_WRITERERROR_TIMEOUT, "timed-out"),
    ],
)
def test_the_last_error_is_understood_in_every_language(language, error, kind):
    writer = WriterIdentity("NTDS", CLASS_IDS["NTDS"], CLASS_IDS["NTDS"])
    (told,) = read(vssadmin.list_writers([WriterStatus(writer, last_error=error)], language)).of(Kind.VSS_WRITER)
    assert told.fields["LastErrorKind"] == kind


@pytest.mark.parametrize(("mode", "told"), [(Mode.ONLINE, "online"), (Mode.OFFLINE, "offline")])
def test_a_failed_job_is_read_back_with_its_machine_mode_and_codes(mode, told):
    start = datetime(2022, 5, 31, 0, 5, 9, tzinfo=UTC)
    failure = Failure(
        30112,
        "DPM encountered a retryable VSS error.",
        "VssError:The writer experienced a transient error.",
        HResult.VSS_E_WRITERERROR_RETRYABLE,
    )
    report = JobReport(
        "表 SQL01", mode, "HV01.contoso.com", "PG", start, start + timedelta(minutes=30), failure=failure
    )
    event = read(str(report)).only(Kind.JOB)
    assert event.fields == {
        "Product": "dpm",
        "Status": "failed",
        "JobType": "Recovery point",
        "VmName": "表 SQL01",
        "Mode": told,
        "ClusterNode": "HV01.contoso.com",
        "ProtectionGroup": "PG",
        "BytesTransferred": "0",
        "StartTime": "5/31/2022 12:05:09 AM",
        "EndTime": "5/31/2022 12:35:09 AM",
    }
    assert event.codes == ("ID 30112", "0x800423F3")
