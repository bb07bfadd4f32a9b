"""Event logs that the engine writes are read by readers that know nothing of it, to the same values."""

import io
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.eventlog import evtx, values
from engine.eventlog.chunk import ROOM
from engine.eventlog.errors import EventLogError, LogFullError, RecordTooLargeError, ValueRefusedError
from engine.eventlog.record import EventData, Provider, Record, UserData
from engine.eventlog.values import Type
from tests.diagnostics.parsers.evtx_files import chunks_of, read
from tests.engine.eventlog.making import MOMENTS, NAMES, SAMPLES, STRINGS, Sample
from tests.engine.eventlog.reading import Told, by_python, by_rust, by_us

NIGHT = datetime(2026, 11, 22, 1, 0, 0, 123456, tzinfo=UTC)
VSS = Provider("VSS")
VMMS = Provider("Microsoft-Windows-Hyper-V-VMMS", UUID("6066f867-7ca1-4418-85fd-36e3f9c0600c"))
READERS = pytest.mark.parametrize("told_by", [by_us, by_rust, by_python])
Reader = Callable[[Path], list[Told]]


def classic(*strings: str, binary: bytes = b"") -> Record:
    data = EventData(tuple(("", values.text(string)) for string in strings), binary)
    return Record(VSS, 8229, NIGHT, "Application", "HV01", data, level=2, qualifiers=0)


def written(path: Path, *records: Record, first: int = 1) -> Path:
    with path.open("wb") as file:
        evtx.write(file, records, first)
    return path


Fields = list[tuple[str, Sample]]


@given(st.lists(st.lists(st.tuples(NAMES, SAMPLES), max_size=8, unique_by=lambda f: f[0]), max_size=4), st.booleans())
@settings(max_examples=20, deadline=None)
def test_three_readers_read_the_values_of_all_types_that_were_written(events, in_user_data):
    def data(fields: Fields) -> EventData | UserData:
        named = tuple((name, sample.value) for name, sample in fields)
        return UserData("VmlEventLog", "http://www.microsoft.com/x", named) if in_user_data else EventData(named)

    records = [Record(VMMS, 10172, NIGHT, "Admin", "HV01", data(fields)) for fields in events]
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder, "log.evtx"), *records)
        for told_by in (by_us, by_rust, by_python):
            told = told_by(path)
            assert [one.record for one in told] == list(range(1, len(events) + 1))
            for one, fields in zip(told, events, strict=True):
                understood = {name: sample.understand(str(one.values.get(name, ""))) for name, sample in fields}
                assert understood == {name: sample.means for name, sample in fields}, told_by.__name__


@given(st.lists(STRINGS, min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_unnamed_values_keep_their_order_and_their_number(strings: list[str]):
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder, "log.evtx"), classic(*strings))
        (ours,), (rust,) = by_us(path), by_rust(path)
    assert list(ours.values.values()) == strings
    theirs = rust.values[""]
    assert (theirs if isinstance(theirs, list) else [theirs]) == strings


@given(st.integers(0, 255), st.integers(0, 65535), MOMENTS, st.uuids(), STRINGS.filter(str.strip))
@settings(max_examples=40, deadline=None)
def test_the_system_section_is_read_as_it_was_written(level, event_id, moment, activity, computer):
    computer = "".join(computer.split())
    record = Record(VMMS, event_id, moment, "Admin", computer, level=level, activity=activity, user="S-1-5-18")
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder, "log.evtx"), record, first=7)
        (told,), (event,) = by_rust(path), read(path).events
    assert event.time == (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert (told.record, told.provider, told.event_id, told.machine) == (7, VMMS.name, event_id, computer)


@READERS
def test_bytes_behind_unnamed_values_are_kept(tmp_path, told_by: Reader):
    (told,) = told_by(written(tmp_path / "log.evtx", classic("one", "", "three", binary=b"- PID: 00001234-")))
    assert told.values["Binary"] in (
        b"- PID: 00001234-".hex(),
        b"- PID: 00001234-".hex().upper(),
        "LSBQSUQ6IDAwMDAxMjM0LQ==",
    )


@READERS
def test_a_string_of_60_kilobytes_is_read_whole(tmp_path, told_by: Reader):
    long = "障害が発生しました。" * 3000
    record = Record(VMMS, 1, NIGHT, "Admin", "HV01", EventData((("Long", values.text(long)),)))
    path = written(tmp_path / "log.evtx", classic("short"), record, classic("short again"))
    assert [told.values.get("Long", "") for told in told_by(path)] == ["", long, ""]


def test_the_largest_record_fills_a_chunk_and_one_more_byte_is_refused(tmp_path):
    def of(length: int) -> Record:
        return classic("x" * length)

    fits, refused = 0, ROOM
    while refused - fits > 1:
        length = (fits + refused) // 2
        try:
            evtx.write(io.BytesIO(), [of(length)])
            fits = length
        except RecordTooLargeError:
            refused = length
    (told,) = by_us(written(tmp_path / "log.evtx", of(fits)))
    assert told.values == {"Data[0]": "x" * fits}
    (chunk,) = chunks_of(tmp_path / "log.evtx")
    ((start, end, _, _),) = chunk.records()
    assert ROOM - 8 < end - start <= ROOM
    with pytest.raises(RecordTooLargeError, match=r"record 1 takes 65,\d\d\d bytes; a chunk has room for 65,024"):
        evtx.write(io.BytesIO(), [of(refused)])


def test_a_refused_record_leaves_no_trace(tmp_path):
    path = tmp_path / "log.evtx"
    with path.open("wb") as file, evtx.EvtxWriter(file) as log:
        log.write(classic("before"))
        with pytest.raises(RecordTooLargeError):
            log.write(classic("x" * 40_000))
        with pytest.raises(ValueRefusedError):
            log.write(Record(VSS, 70_000, NIGHT, "Application", "HV01"))
        assert log.write(classic("after")) == 2
    assert [told.values for told in by_us(path)] == [{"Data[0]": "before"}, {"Data[0]": "after"}]


def test_a_log_of_as_many_chunks_as_its_header_can_count_takes_no_more(tmp_path, monkeypatch):
    monkeypatch.setattr(evtx, "_MOST_CHUNKS", 2)  # 4 GiB otherwise
    path, large = tmp_path / "log.evtx", classic("x" * 20_000)
    with path.open("wb") as file, evtx.EvtxWriter(file) as log:
        log.write(large)
        log.write(large)
        with pytest.raises(LogFullError, match="a log has at most 2 chunks"):
            log.write(large)
    assert len(by_us(path)) == len(by_rust(path)) == 2


@READERS
def test_a_log_without_records_is_a_log(tmp_path, told_by: Reader):
    assert told_by(written(tmp_path / "log.evtx")) == []


def test_thousands_of_records_of_many_providers_are_read_back_from_many_chunks(tmp_path):
    providers = [Provider(f"Provider-{number}", UUID(int=number)) for number in range(90)]
    records = [
        Record(
            providers[number % 90],
            number % 1000,
            NIGHT,
            "Application",
            "HV01",
            EventData((("N", values.text(str(number))),)),
        )
        for number in range(3000)
    ]
    path = written(tmp_path / "log.evtx", *records, first=1_000_001)
    expected = [
        (1_000_001 + number, record.provider.name, record.event_id, {"N": str(number)})
        for number, record in enumerate(records)
    ]
    for told_by in (by_us, by_rust):
        assert [(told.record, told.provider, told.event_id, told.values) for told in told_by(path)] == expected
    assert sum(1 for _ in chunks_of(path)) > 10


def test_a_template_is_defined_once_in_a_chunk(tmp_path):
    path = written(tmp_path / "log.evtx", *[classic("x")] * 100)
    (chunk,) = chunks_of(path)
    sizes = [end - start for start, end, _, _ in chunk.records()]
    assert sizes[0] > 1000
    assert set(sizes[1:]) == {sizes[1]}
    assert sizes[1] < 250


def test_the_same_records_give_the_same_bytes():
    one, other = io.BytesIO(), io.BytesIO()
    for file in (one, other):
        evtx.write(file, [classic("a"), Record(VMMS, 1, NIGHT, "Admin", "HV01")])
    assert one.getvalue() == other.getvalue()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: values.text("a\0b"), "a NUL character, which ends a string"),
        (lambda: values.text("ab\ud800"), "half of a surrogate pair at character 2"),
        (lambda: values.ansi("日"), "'日' is not in code page 1252"),
        (lambda: values.number(Type.UINT8, 256), "256 is no UINT8"),
        (lambda: values.filetime(datetime(1600, 1, 1, tzinfo=UTC)), "is before 1601"),
        (lambda: values.sid("S-1-x"), "'S-1-x' is no SID"),
        (lambda: values.sid("T-1-5-18"), "'T-1-5-18' is no SID: it does not begin with S-"),
    ],
)
def test_a_value_that_its_type_cannot_hold_is_refused(make, says):
    with pytest.raises(EventLogError, match=says):
        make()
