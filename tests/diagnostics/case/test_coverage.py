"""Absence is evidence only where a log provably covers the failed job."""

from pathlib import Path

from diagnostics.diagnosis import diagnose
from diagnostics.reading import read_case
from diagnostics.request import Request
from diagnostics.rules.packs import load_rules
from tests.shared import needs_shared, shared

JOB = (
    "Type:    Recovery point\nStatus:  Failed\nDescription:  DPM encountered a retryable VSS error. "
    "(ID 30112 Details: (0x800423F3))\n"
    "End time:   11/20/2026 1:02:00 AM\nStart time:   11/20/2026 1:00:00 AM\nData transferred:   0 MB\n"
    "Cluster node   HV01.contoso.com\nSource details:  \\Backup Using Child Partition Snapshot\\SQL01\n"
)  # fmt: skip


def record(number, time, provider="Service Control Manager", event_id=7036, channel="System"):
    return (
        f"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='{provider}'/>"
        f"<EventID>{event_id}</EventID><Level>4</Level><TimeCreated SystemTime='{time}'/>"
        f"<EventRecordID>{number}</EventRecordID><Channel>{channel}</Channel><Computer>HV01.contoso.com</Computer>"
        "</System><EventData><Data Name='param1'>x</Data></EventData></Event>"
    )


def absent(tmp_path, first, last, *, broken=False):
    (tmp_path / "DPM01").mkdir()
    (tmp_path / "HV01").mkdir()
    (tmp_path / "DPM01" / "jobs.txt").write_text(JOB)
    events = record(1, first) + ("<Event><System><Bro" if broken else "") + record(2, last)
    (tmp_path / "HV01" / "System.xml").write_text(f"<Events>{events}</Events>")
    case = diagnose(Request(paths=(str(tmp_path),), zones=("UTC",))).case
    return {absence.observation.links[0].cause: absence for absence in case.absences}


def test_a_log_that_encloses_the_job_proves_what_is_not_in_it(tmp_path):
    found = absent(tmp_path, "2026-11-19T12:00:00Z", "2026-11-21T12:00:00Z")
    assert {absence.observation.plate for absence in found.values()} == {"host:HV01"}
    assert {Path(absence.source).name for absence in found.values()} == {"System.xml"}
    assert not any(absence.observation.seen for absence in found.values())
    services = {rule.name: rule.logsource.service for rule in load_rules().rules}
    assert {services[rule] for absence in found.values() for rule in absence.rules} == {"system"}


def test_causes_that_show_in_other_logs_are_not_absent(tmp_path):
    assert "sql-writer-failed" not in absent(tmp_path, "2026-11-19T12:00:00Z", "2026-11-21T12:00:00Z")


def test_a_log_that_ends_before_the_job_proves_nothing(tmp_path):
    assert absent(tmp_path, "2026-11-18T12:00:00Z", "2026-11-19T12:00:00Z") == {}


def test_a_damaged_log_proves_nothing(tmp_path):
    assert absent(tmp_path, "2026-11-19T12:00:00Z", "2026-11-21T12:00:00Z", broken=True) == {}


@needs_shared
def test_an_event_log_whose_records_nobody_wants_still_tells_which_log_it_is():
    reading = read_case([shared("evtx", "museum-srv2022-System.evtx")], lambda _provider, _event_id: False)
    assert reading.tallies["museum-srv2022-System.evtx"].channels == {"System"}
