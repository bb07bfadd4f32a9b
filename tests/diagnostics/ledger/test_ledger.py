import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings

from diagnostics.diagnosis import diagnose
from diagnostics.event import Kind, Level
from diagnostics.ledger.pages import Pages
from diagnostics.ledger.rereading import GoneError, Reader
from diagnostics.reading import read_case
from diagnostics.request import Request
from tests.bundled import NAMES, SAMPLES
from tests.diagnostics.evidence.forge import zip_of
from tests.diagnostics.ledger.logs import EVENTS, Made, ledger_of, only_vss, write_log
from tests.shared import needs_shared, shared

QUIET = Made(machine=0, provider=1, event_id=36, level=4, second=0, word=0)
WANTED = Made(machine=0, provider=0, event_id=8229, level=2, second=1, word=1)


@needs_shared
@pytest.mark.parametrize(
    "name", ["sql-17115-Application.evtx", "win7-volsnap36-System.evtx", "plaso-System2-truncated.evtx"]
)
def test_every_record_of_a_real_log_reads_again_as_it_was_read(name: str) -> None:
    whole = read_case([shared("evtx", name)])
    ledger = read_case([shared("evtx", name)], only_vss, ledger=True).ledger
    assert ledger is not None
    reader = Reader(ledger)
    assert [reader.event(row) for row in range(len(ledger))] == whole.events


def test_every_event_of_a_sample_is_in_the_ledger_with_its_words() -> None:
    paths = [SAMPLES / "guest-sql-writer" / "logs"]
    whole = read_case(paths)
    ledger = read_case(paths, only_vss, ledger=True).ledger
    assert ledger is not None
    reader = Reader(ledger)
    read = [reader.event(row) for row in range(len(ledger))]
    assert {event.kind for event in read} > {Kind.RECORD, Kind.VSS_WRITER, Kind.JOB}
    assert read == whole.events


def test_a_record_that_no_rule_asks_for_is_listed_and_not_among_the_events_of_the_case(tmp_path: Path) -> None:
    path = write_log(tmp_path / "HV01.evtx", [QUIET, WANTED])
    reading = read_case([path], only_vss, ledger=True)
    assert [event.event_id for event in reading.events] == [8229]
    assert reading.ledger is not None
    assert reading.ledger.columns.event_ids.tolist() == [36, 8229]
    assert [reading.ledger.level(row) for row in (0, 1)] == [Level.INFORMATION, Level.ERROR]


@settings(max_examples=30, deadline=None)
@given(EVENTS, EVENTS)
def test_logs_of_several_machines_merge_in_true_order(one: list[Made], other: list[Made]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths = [write_log(Path(folder, "a.evtx"), one), write_log(Path(folder, "b.evtx"), other, first=100)]
        ledger = ledger_of(*paths)
        merged = sorted(
            [(made.second, 0, at) for at, made in enumerate(one, 1)]
            + [(made.second, 1, at) for at, made in enumerate(other, 100)]
        )
        listed = zip(ledger.columns.sources.tolist(), ledger.columns.records.tolist(), strict=True)
        assert list(listed) == [(source, record) for _, source, record in merged]


def test_a_record_that_was_exported_twice_is_listed_once(tmp_path: Path) -> None:
    events = [QUIET, WANTED._replace(second=2)]
    paths = [write_log(tmp_path / "a.evtx", events), write_log(tmp_path / "b.evtx", events[:1])]
    ledger = ledger_of(*paths)
    assert (len(ledger), ledger.copies) == (2, 1)
    assert {ledger.source(row).name for row in range(2)} == {"a.evtx"}


def test_an_archive_can_be_looked_into_until_its_ledger_is_closed(tmp_path: Path) -> None:
    log = write_log(tmp_path / "HV01.evtx", [QUIET])
    bundle = tmp_path / "bundle.zip"
    bundle.write_bytes(zip_of({"HV01.evtx": log.read_bytes()}))
    ledger = ledger_of(bundle)
    unpacked = ledger.source(0).path
    assert Reader(ledger).event(0).fields == {"Data[0]": "disk is full"}
    ledger.close()
    assert not unpacked.exists()
    with pytest.raises(GoneError, match=r"bundle.zip/HV01.evtx can no longer be read"):
        Reader(ledger).event(0)


def test_a_file_that_changed_meanwhile_is_told_from_one_that_did_not(tmp_path: Path) -> None:
    path = write_log(tmp_path / "HV01.evtx", [QUIET, WANTED])
    ledger = ledger_of(path)
    path.write_bytes(b"ElfFile\0" + bytes(path.stat().st_size))
    with pytest.raises(GoneError, match="changed since"):
        Reader(ledger).event(0)


def test_evidence_finds_its_row_by_the_name_of_its_file_and_its_record(tmp_path: Path) -> None:
    write_log(tmp_path / "case" / "a.evtx", [QUIET, WANTED])
    write_log(tmp_path / "case" / "b.evtx", [QUIET._replace(second=5)])
    ledger = ledger_of(tmp_path / "case")
    assert ledger.find("case/a.evtx", 2) == 1
    assert ledger.find("case/b.evtx", 1) == 2
    assert ledger.find("case/a.evtx", 9) is None
    assert ledger.rows_by_place([("case/b.evtx", 1), ("case/a.evtx", 1), ("b.evtx", 1)]) == {
        ("case/b.evtx", 1): [2], ("case/a.evtx", 1): [0],
    }  # fmt: skip


@pytest.mark.parametrize("sample", NAMES)
def test_wall_clocks_are_set_right_in_the_ledger_as_in_the_case(sample: str) -> None:
    reading = read_case([SAMPLES / sample / "logs"], zones=["Asia/Tokyo"], ledger=True)
    assert reading.ledger is not None
    listed = [reading.ledger.time(row) for row in range(len(reading.ledger))]
    assert listed == [event.time for event in reading.events]
    assert any(listed)


def test_what_is_kept_on_disk_goes_with_the_last_who_holds_the_ledger() -> None:
    ledger = ledger_of(SAMPLES / "guest-sql-writer" / "logs")
    kept = ledger.pages._path
    assert kept.exists()
    del ledger
    assert not kept.exists()


def test_pages_give_back_what_was_put_into_them_in_any_order() -> None:
    events = read_case([SAMPLES / "guest-sql-writer" / "logs"]).events
    pages = Pages()
    kept = [(pages.put(event), event) for event in events * 20]
    assert all(pages.get(place) == event for place, event in kept[::-1] + kept[::7])
    pages.close()


COPIED = """Log Name:      System
Source:        Service Control Manager
Date:          11/20/2026 1:00:00 AM
Event ID:      7042
Task Category: None
Level:         Information
Keywords:      Classic
User:          N/A
Computer:      HV01.contoso.com
Description:
The service was successfully sent a stop control.

"""


def test_asking_for_a_ledger_changes_nothing_in_what_is_read_and_concluded(tmp_path: Path) -> None:
    (tmp_path / "copied.txt").write_text(COPIED * 3)
    write_log(tmp_path / "HV02.evtx", [QUIET, WANTED])
    shutil.copytree(SAMPLES / "guest-sql-writer" / "logs", tmp_path / "logs")
    request = Request(paths=(str(tmp_path),))
    without, with_it = diagnose(request), diagnose(request, ledger=True)
    assert with_it.verdict == without.verdict
    one, other = without.case.reading, with_it.case.reading
    assert (one.events, one.repeats, set(one.channels())) == (other.events, other.repeats, set(other.channels()))
    ledger = with_it.case.reading.ledger
    assert ledger is not None
    assert len(ledger) == sum(source.records for source in with_it.verdict.sources)
