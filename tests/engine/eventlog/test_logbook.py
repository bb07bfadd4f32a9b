"""What happens in the engine becomes the logs that Windows would have left, and these are read as any others."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from diagnostics.event import Event, Kind
from engine.eventlog.errlog import TraceLine
from engine.eventlog.errors import EventLogError
from engine.eventlog.job import JobReport
from engine.eventlog.logbook import Logbook, write_jobs, write_trace
from engine.eventlog.messages import HAPPENINGS, MessageFileError, meanings, message_files, read_messages, trace_files
from engine.hresult import HResult
from engine.hyperv.occurrences import DiskReverted, MountFailed, VolumesDiffer
from engine.occurrence import Happening, Occurrence
from engine.pipeline import Mode, Scope, Stage
from engine.vss.errors import VssError
from engine.vss.faults import veto
from engine.vss.identities import CLASS_IDS, SYSTEM_PROVIDER, WriterIdentity
from engine.vss.occurrences import (
    ProviderCalled,
    ServiceFailed,
    ShadowCopyLost,
    WriterHandled,
    WriterVanished,
    WritesReleased,
)
from engine.vss.states import Phase, WriterState
from tests.diagnostics.parsers.evtx_files import read as read_evtx
from tests.diagnostics.parsers.reading import read as read_text
from tests.engine.eventlog.reading import by_python, by_rust
from tests.engine.hyperv.site import Site

NIGHT = datetime(2026, 11, 22, 1, tzinfo=UTC)
STAGE = next(iter(Stage))
VMMS = "Microsoft-Windows-Hyper-V-VMMS-Admin"
SQL = WriterIdentity("SqlServerWriter", CLASS_IDS["SqlServerWriter"], UUID(int=1))
SET = UUID(int=2)
VM = ("表 SQL01", "6162E336-7448-4371-93A7-29581512B103")
TIMES_OUT, HOLDS = HResult.VSS_E_FLUSH_WRITES_TIMEOUT, HResult.VSS_E_HOLD_WRITES_TIMEOUT
RETRYABLE = HResult.VSS_E_WRITERERROR_RETRYABLE


def logged(folder: Path, happening: Happening, hresult: HResult = HResult.S_OK) -> list[Event]:
    book = Logbook()
    book.occurred(Occurrence(NIGHT, "HV01", Scope.HOST, STAGE, happening, hresult))
    return [event for path in book.write(folder) if path.suffix == ".evtx" for event in read_evtx(path).events]


@pytest.mark.parametrize(
    ("happening", "hresult", "records"),
    [
        (WriterHandled(SQL, Phase.FREEZE, WriterState.FAILED_AT_FREEZE), RETRYABLE, [("VSS", 8229)]),
        (WriterHandled(SQL, Phase.FREEZE, WriterState.WAITING_FOR_THAW), HResult.S_OK, []),
        (ProviderCalled(SYSTEM_PROVIDER, "EndPrepareSnapshots", SET), HResult.ERROR_DISK_FULL, [("VSS", 12293)]),
        (ProviderCalled(SYSTEM_PROVIDER, "EndPrepareSnapshots", SET), HResult.S_OK, []),
        (WritesReleased("D:", 1.0), HResult.S_OK, []),
        (WritesReleased("D:", 10.0), HOLDS, [("volsnap", 8), ("VSS", 12298)]),
        (WritesReleased("D:", 60.0), TIMES_OUT, [("volsnap", 9), ("VSS", 12297)]),
        (
            ServiceFailed("CoCreateInstance", HResult.ERROR_SERVICE_DISABLED, HResult.VSS_E_UNEXPECTED),
            HResult.VSS_E_UNEXPECTED,
            [("VSS", 8193)],
        ),
        *((ShadowCopyLost("C1", "D:", id_, "why"), HResult.S_OK, [("volsnap", id_)]) for id_ in (14, 25, 33, 35, 36)),
        (VolumesDiffer(*VM, 3, 2), RETRYABLE, [("Microsoft-Windows-Hyper-V-VMMS", 10172)]),
        (MountFailed(*VM, "D:\\a.vhd", "x"), RETRYABLE, [("Microsoft-Windows-Hyper-V-VMMS", 10111)]),
        (DiskReverted(*VM, "D:\\a.vhd", 0, "x"), RETRYABLE, [("Microsoft-Windows-Hyper-V-VMMS", 10103)]),
        (DiskReverted(*VM, "D:\\a.vhd", 9), HResult.S_OK, []),
    ],
)  # fmt: skip
def test_an_occurrence_leaves_the_records_that_windows_writes(tmp_path, happening, hresult, records):
    told = logged(tmp_path, happening, hresult)
    assert sorted((event.provider, event.event_id) for event in told) == sorted(records)
    assert {event.machine for event in told} <= {"HV01"}
    assert {event.time for event in told} <= {int(NIGHT.timestamp()) * 1_000_000}


def test_a_rejection_tells_the_code_and_which_writer_in_which_phase(tmp_path):
    (event,) = logged(tmp_path, WriterHandled(SQL, Phase.FREEZE, WriterState.FAILED_AT_FREEZE), RETRYABLE)
    assert event.codes == ("0x800423F3",)
    assert event.fields["WriterName"] == "SqlServerWriter"
    assert event.fields["Operation"] == "Freeze Event"


def test_vmms_names_the_machine_and_the_code_as_windows_spells_it(tmp_path):
    (event,) = logged(tmp_path, MountFailed(*VM, "D:\\a.vhd", "x"), RETRYABLE)
    assert (event.fields["VmName"], event.fields["VmId"]) == VM
    assert (event.fields["ErrorCode"], event.fields["ErrorMessage"]) == ("0x800423f3", "%%-2147212301")
    assert event.channel == VMMS


def test_a_backup_that_a_guests_writer_fails_leaves_logs_on_both_machines_that_three_readers_read(tmp_path):
    def run(folder: Path) -> list[Path]:
        site = Site(
            folder / "site", guest_faults={SQL.name: {Phase.FREEZE: veto(HResult.VSS_E_WRITERERROR_NONRETRYABLE)}}
        )
        with pytest.raises(VssError):
            site.back_up()
        book = Logbook()
        for occurrence in site.watcher.seen:
            book.occurred(occurrence)
        return book.write(folder / "logs")

    (tmp_path / "a" / "site").mkdir(parents=True)
    (tmp_path / "b" / "site").mkdir(parents=True)
    paths, again = run(tmp_path / "a"), run(tmp_path / "b")
    assert [path.read_bytes() for path in paths] == [path.read_bytes() for path in again]
    names = {str(path.relative_to(tmp_path / "a" / "logs").as_posix()) for path in paths}
    assert {"SQL01/Application.evtx", "HV01/Application.evtx", "SQL01/vssadmin-writers.txt"} <= names
    guest = tmp_path / "a" / "logs" / "SQL01"
    rejected = read_evtx(guest / "Application.evtx").only(8229)
    assert (rejected.fields["WriterName"], rejected.codes) == (SQL.name, ("0x800423F4",))
    for told_by in (by_rust, by_python):
        assert 8229 in {told.event_id for told in told_by(guest / "Application.evtx")}
    listing = read_text((guest / "vssadmin-writers.txt").read_text(encoding="utf-8-sig")).of(Kind.VSS_WRITER)
    assert {one.fields["WriterName"]: one.fields["State"] for one in listing}[SQL.name] == "9"


def test_the_listing_keeps_a_failure_through_an_abort_and_forgets_a_writer_that_went():
    def handled(
        writer: WriterIdentity, phase: Phase, state: WriterState, hresult: HResult = HResult.S_OK
    ) -> Occurrence:
        return Occurrence(NIGHT, "HV01", Scope.HOST, STAGE, WriterHandled(writer, phase, state), hresult)

    gone = WriterIdentity("NTDS", CLASS_IDS["NTDS"], UUID(int=3))
    book = Logbook()
    book.occurred(handled(SQL, Phase.FREEZE, WriterState.FAILED_AT_FREEZE, RETRYABLE))
    book.occurred(handled(SQL, Phase.ABORT, WriterState.FAILED_AT_FREEZE))
    book.occurred(handled(gone, Phase.FREEZE, WriterState.WAITING_FOR_THAW))
    book.occurred(Occurrence(NIGHT, "HV01", Scope.HOST, STAGE, WriterVanished(gone, Phase.THAW)))
    (status,) = book.writers("HV01")
    assert (status.writer, status.state, status.last_error) == (SQL, WriterState.FAILED_AT_FREEZE, RETRYABLE)


def test_traces_and_jobs_lie_beside_the_logs(tmp_path):
    trace = write_trace(tmp_path, "HV01", "DPMRACurr.errlog", [TraceLine(NIGHT, 0x990, 0x17D8, "csvapi.cpp", 400, "x")])
    assert trace.read_bytes().startswith(b"\xff\xfe0\x009\x009\x000\x00")
    report = write_jobs(tmp_path, "DPM01", [JobReport("SQL01", Mode.ONLINE, "HV01", "PG", NIGHT, NIGHT)])
    assert read_text(report.read_text(encoding="utf-8-sig")).only(Kind.JOB).fields["VmName"] == "SQL01"


@pytest.mark.parametrize("name", ["..", "", "a/b", "a\\b", "c:", "x\n"])
def test_a_machine_whose_name_leads_elsewhere_is_refused(tmp_path, name):
    book = Logbook()
    book.occurred(Occurrence(NIGHT, name, Scope.HOST, STAGE, ShadowCopyLost("C1", "D:", 25, "why")))
    with pytest.raises(EventLogError, match="cannot be the name of a folder"):
        book.write(tmp_path)


def test_a_good_backup_leaves_the_milestones_of_dpms_agent_on_the_host_and_of_sql_server_in_the_guest(tmp_path):
    (tmp_path / "site").mkdir()
    site, book = Site(tmp_path / "site"), Logbook()
    site.back_up()
    for occurrence in site.watcher.seen:
        book.occurred(occurrence)
    book.write(tmp_path / "logs")
    host = tmp_path / "logs" / "HV01"
    (guest,) = (tmp_path / "logs").rglob("*.evtx")
    assert [(event.provider, event.event_id) for event in read_evtx(guest).events] == [
        ("MSSQLSERVER", 3197),
        ("MSSQLSERVER", 3198),
    ]
    trace = read_text((host / "DPMRACurr.errlog").read_text(encoding="utf-16"), name="HV01/DPMRACurr.errlog")
    milestones = [event.text.partition(" ")[0] for event in trace.of(Kind.ERRLOG)]
    assert milestones == [
        "InitializeSnapshotCreation",
        "AddVolumeForSnapshot",
        "StartBackupComplete",
        "ReleaseSnapshot",
    ]


def test_all_messages_that_come_with_the_engine_are_sound():
    channels = {"Application", "System", VMMS, "DPM Alerts", "Microsoft-Windows-VHDMP-Operational"}
    assert {file.channel for file in message_files()} == channels
    assert {message.occurrence for file in message_files() for message in file.messages} <= set(HAPPENINGS)
    assert {trace.log for trace in trace_files()} == {"DPMRACurr.errlog"}
    assert meanings()


GOOD = "{occurrence: ShadowCopyLost, event_id: 1, level: error, data: ['{volume}'], text: t, source: s}"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (
            ("ShadowCopyLost", "ShadowCopyFound"),
            r"x.yml: messages\[0\], event 1: occurrence 'ShadowCopyFound' does not",
        ),
        (("{volume}", "{colour}"), r"messages\[0\], event 1: ShadowCopyLost has no field 'colour'"),
        (("{volume}", "{volume.colour}"), r"ShadowCopyLost has no field 'volume.colour'"),
        (("{volume}", "{volume"), r"messages\[0\], event 1: '{volume'"),
        (("level: error", "level: bad"), r"x.yml: Invalid enum value 'bad' - at `\$.messages\[0\].level`"),
        (("text: t", "text: t, results: [E_NONE]"), r"no result is named 'E_NONE'"),
        (("text: t", "text: t, where: {colour: 1}"), r"ShadowCopyLost has no field 'colour'"),
        (("text: t", "test: t"), r"x.yml: Object contains unknown field `test` - at `\$.messages\[0\]`"),
        (("{occurrence", "[}"), r"x.yml: "),
    ],
)
def test_a_wrong_file_of_messages_is_refused_with_its_place(tmp_path, wrong, says):
    path = tmp_path / "x.yml"
    path.write_text(
        f"channel: System\nprovider: {{name: p}}\nmessages:\n  - {GOOD.replace(*wrong)}\n", encoding="utf-8"
    )
    with pytest.raises(MessageFileError, match=says):
        read_messages(path)
