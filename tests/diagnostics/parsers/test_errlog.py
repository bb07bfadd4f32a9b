"""DPM's trace logs are read exact, trimmed and merged, and their dates get a year."""

# ruff: noqa: E501 - log lines are quoted as they are printed

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from diagnostics.event import Kind, Level
from tests.diagnostics.parsers.reading import read

AGENT = (
    "0990 17D8 11/05 13:02:42.416 31 vsssnapshotrequestor.cpp(585) [00000000003970D0] NORMAL CVssSnapshotRequestor:: "
    r"ProviderId:[{2F900F90-00E9-440E-873A-96CA5EB079E5}], h/w provider:[65536], "
    r"volume:[\\?\Volume{de393808-58d8-11df-be86-00155d4e0e00}" + "\\]"
)
MERGED = (
    "N2-DPMRACurr.errlog:0900  9-May 4:00:45 PM csvapi.cpp(400)            WARNING  "
    "Failed: Hr: = [0x8007173d] : ClusterPrepareSharedVolumeForBackup for C:\\ClusterStorage\\Volume1\\ failed"
)
SERVER = (
    "0B44\t11C0\t11/06\t02:35:17.254\t31\tTaskExecutor.cs(843)\t\t6c2b3f0b-1111-2222-3333-444455556666\tWARNING\tTask stopped\n"
    '<q1:ErrorInfo ErrorCode="30112" DetailedCode="-2147212300" DetailedSource="2" ExceptionDetails="" />\n'
)


def _utc(year: int, month: int, day: int, hour: int, minute: int, second: int) -> int:
    return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()) * 1_000_000


def test_an_agents_line_is_read_to_its_last_field() -> None:
    event = read(AGENT, name="HV01/DPMRACurr.errlog").only(Kind.ERRLOG)
    assert event.fields == {
        "Binary": "DPMRA",
        "ProcessId": "0990",
        "ThreadId": "17D8",
        "File": "vsssnapshotrequestor.cpp",
        "Line": "585",
        "Severity": "NORMAL",
    }
    assert (event.time, event.local_time) == (_utc(2022, 11, 5, 13, 2, 42) + 416_000, True)
    assert event.text.startswith("CVssSnapshotRequestor:: ProviderId:")
    assert event.codes == ()


def test_a_line_merged_by_findstr_names_its_machine() -> None:
    event = read(MERGED).only(Kind.ERRLOG)
    assert (event.machine, event.provider, event.level) == ("N2", "DPMRA", Level.WARNING)
    assert (event.codes, event.time) == (("0x8007173D",), _utc(2022, 5, 9, 16, 0, 45))


def test_xml_behind_a_line_belongs_to_it_and_its_error_code_is_dpms() -> None:
    event = read(SERVER, name="MSDPMCurr.errlog").only(Kind.ERRLOG)
    assert (event.fields["Binary"], event.fields["TaskId"]) == ("MSDPM", "6C2B3F0B-1111-2222-3333-444455556666")
    assert event.codes == ("ID 30112", "0x800423F4")


def test_a_line_without_its_beginning_is_read_as_far_as_it_goes() -> None:
    event = read("csvapi.cpp(400)  WARNING  Failed: Hr: = [0x8007173d]").only(Kind.ERRLOG)
    assert (event.time, event.fields["File"], event.codes) == (None, "csvapi.cpp", ("0x8007173D",))


def test_the_year_rolls_over_at_new_year() -> None:
    line = "0990 17D8 {} 13:02:42.416 31 a.cpp(5) NORMAL x\n"
    modified = _utc(2023, 1, 2, 8, 0, 0)
    events = read(line.format("12/31") + line.format("01/01"), modified=modified).events
    assert [event.time for event in events] == [
        _utc(2022, 12, 31, 13, 2, 42) + 416_000,
        _utc(2023, 1, 1, 13, 2, 42) + 416_000,
    ]


def test_without_a_modification_time_there_is_no_year_and_no_time() -> None:
    assert read(AGENT, modified=None).only(Kind.ERRLOG).time is None


@given(st.datetimes(datetime(2015, 1, 1), datetime(2022, 11, 20)), st.integers(0, 300))
def test_any_moment_of_the_last_year_before_the_modification_is_read_back(moment: datetime, days: int) -> None:
    stamp = int(moment.replace(tzinfo=UTC, microsecond=0).timestamp() * 1_000_000)
    line = f"0990 17D8 {moment:%m/%d %H:%M:%S}.000 31 a.cpp(5) NORMAL x"
    assert read(line, modified=stamp + days * 86_400_000_000).only(Kind.ERRLOG).time == stamp


def test_other_products_trace_text_is_not_taken_for_an_errlog() -> None:
    text = (
        r"vm\service\fr\frutilities.cpp(11526)\vmms.exe!00007FF732A5BABA: (caller: 0) LogHr(1807) tid(163c) 80070002 x"
    )
    assert read(text).only(Kind.TEXT).codes == ("0x80070002",)
