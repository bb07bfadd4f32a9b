import io
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics import parsing
from diagnostics.event import Event, Kind
from diagnostics.evidence.clock import UnknownZoneError
from diagnostics.evidence.document import Document, Tally
from diagnostics.evidence.folding import BURST
from diagnostics.evidence.intake import UnreadableInput
from diagnostics.evidence.inventory import DUPLICATE, EMPTY, NOT_READ, UNKNOWN
from diagnostics.parsers import all_formats
from diagnostics.parsers.evtx import EVTX
from diagnostics.parsers.format import Format, Interest
from diagnostics.reading import Reading, read_case
from tests.diagnostics.evidence.forge import zip_of
from tests.shared import needs_shared, shared

HEADER = b"#tiny\n"


def read_tiny(document: Document, _interest: Interest, tally: Tally) -> Iterator[Event]:
    """Lines of `time|machine|provider|id|text`; a time without Z is by the wall clock."""
    with document.path.open(encoding=document.encoding, errors="replace") as file:
        for number, line in enumerate(file, 1):
            if number == 1:
                continue
            when, machine, provider, event_id, text = line.rstrip("\n").split("|")
            moment = (
                round(datetime.fromisoformat(when.removesuffix("Z") + "+00:00").timestamp() * 1e6) if when else None
            )
            tally.saw(moment, machine or document.machine)
            yield Event(
                kind=Kind.RECORD,
                source=document.name,
                record=number,
                time=moment,
                local_time=bool(when) and not when.endswith("Z"),
                machine=machine or document.machine,
                provider=provider,
                event_id=int(event_id),
                text=text,
                channel="System",
                fields={"Data[6]": text} if event_id == "6013" else {},
            )


TINY = Format("tiny", lambda sample: sample.head.startswith(HEADER), read_tiny)


def tiny(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(HEADER + "".join(f"{line}\n" for line in lines).encode())
    return path


def read(*paths: Path | str, **options: object) -> Reading:
    return read_case(paths, formats=[TINY], **options)  # type: ignore[arg-type]


def texts(reading: Reading) -> list[str]:
    return [event.text for event in reading.events]


def kinds(reading: Reading) -> dict[str, str]:
    return {source.path: source.kind for source in reading.sources}


class Watcher:
    """Keeps what it is told; cancels when the named document is begun."""

    def __init__(self, cancel_at: str = "") -> None:
        self.total = 0
        self.read = 0
        self.names: list[str] = []
        self._cancel_at = cancel_at

    def started(self, total_bytes: int) -> None:
        self.total = total_bytes

    def reading(self, name: str) -> None:
        self.names.append(name)

    def advanced(self, read_bytes: int) -> None:
        self.read += read_bytes

    def cancelled(self) -> bool:
        return self._cancel_at in self.names


def test_a_cluster_in_two_zones_is_merged_in_true_order(tmp_path):
    tiny(tmp_path / "TOKYO1.log", "2024-07-01T10:00:00||VSS|1|second", "2024-07-01T09:00:00||VSS|1|first")
    tiny(tmp_path / "BERLIN1.log", "2024-07-01T03:30:00||VSS|1|third")
    reading = read(tmp_path, zones=["TOKYO1=Tokyo Standard Time", "BERLIN1=Europe/Berlin"])
    assert texts(reading) == ["first", "second", "third"]
    assert [source.time_zone for source in reading.sources] == ["Europe/Berlin (given)", "Tokyo Standard Time (given)"]
    assert not any(event.local_time for event in reading.events)
    assert {source.first for source in reading.sources} == {reading.events[0].time, reading.events[2].time}


def test_the_zone_that_a_machine_tells_is_used_and_not_kept_as_an_event(tmp_path):
    tiny(tmp_path / "System.log", "2024-07-01T00:00:00Z|HV01.contoso.com|EventLog|6013|-540 Tokyo Standard Time")
    tiny(tmp_path / "HV01-job.log", "2024-07-01T09:30:00||DPM|1|failed")
    reading = read_case([tmp_path], lambda provider, _: provider == "DPM", formats=[TINY])
    assert [(event.machine, event.time) for event in reading.events] == [("HV01", 1719793800000000)]
    job, system = reading.sources
    assert job.time_zone == "Asia/Tokyo (guessed from 1 event of HV01)"
    assert (system.time_zone, system.records, system.events) == ("UTC", 1, 0)


def test_without_any_hint_the_clock_is_said_to_be_assumed(tmp_path):
    reading = read(tiny(tmp_path / "a.log", "2024-07-01T09:00:00||VSS|1|x", "||VSS|1|timeless"))
    assert reading.sources[0].time_zone == "UTC (assumed: nothing tells the zone)"
    assert texts(reading) == ["x", "timeless"]


def test_a_record_without_machine_gets_it_from_the_name_of_its_file_and_names_are_unified(tmp_path):
    tiny(tmp_path / "hv01" / "System.log", "2024-07-01T00:00:00Z|hv01.contoso.com|VSS|1|a")
    tiny(tmp_path / "dc" / "System.log", "2024-07-01T00:00:01Z|DC.contoso.com|VSS|1|b")
    tiny(tmp_path / "HV01-writers.log", "2024-07-01T00:00:02Z||VSS|1|c")
    tiny(tmp_path / "dc" / "writers.log", "2024-07-01T00:00:03Z||VSS|1|d")
    reading = read(tmp_path)
    assert [event.machine for event in reading.events] == ["HV01", "DC", "HV01", "DC"]
    assert [source.machine for source in reading.sources] == ["HV01", "DC", "DC", "HV01"]
    assert reading.machines["hv01.contoso.com"] == "HV01"


def test_a_duplicated_log_file_changes_nothing(tmp_path):
    lines = [f"2024-07-01T00:00:{second:02d}Z|HV01|VSS|1|x{second}" for second in range(9)]
    once = read(tiny(tmp_path / "x" / "1.log", *lines)).events
    tiny(tmp_path / "x" / "2.log", *lines)
    tiny(tmp_path / "x" / "3.log", *lines, "2024-07-01T00:00:09Z|HV01|VSS|1|later")
    reading = read(tmp_path / "x")
    assert kinds(reading) == {"x/1.log": "tiny", "x/2.log": DUPLICATE, "x/3.log": "tiny"}
    assert [(e.time, e.text) for e in reading.events[:-1]] == [(e.time, e.text) for e in once]
    assert reading.events[-1].text == "later"
    assert reading.repeats.total() == 9


def test_everything_handed_in_is_in_the_inventory(tmp_path):
    (tmp_path / "screen.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(99))
    (tmp_path / "notes.txt").write_bytes(b"call me back")
    (tmp_path / "random.bin").write_bytes(bytes(range(256)))
    (tmp_path / "empty.evtx").write_bytes(b"")
    (tmp_path / "logs.zip").write_bytes(zip_of({"a.log": HEADER, "../b.log": HEADER}))
    reading = read(tmp_path)
    reasons = {Path(source.path).name: source.damage[0].why for source in reading.sources if source.damage}
    assert len(reading.sources) == 6
    assert list(kinds(reading).values()).count(UNKNOWN) == 3
    assert list(kinds(reading).values()).count(EMPTY) == 1
    assert reasons["screen.png"] == "a PNG image: export the log itself instead of a picture of it"
    assert reasons["notes.txt"] == "text, but of no known format"
    assert reasons["random.bin"] == "neither text nor an event log"


def test_undecodable_places_are_damage(tmp_path):
    path = tiny(tmp_path / "a.log", *["2024-07-01T00:00:00Z|HV01|VSS|1|状態"] * 30)
    path.write_bytes(path.read_bytes().replace("状態".encode(), b"\xff\xff", 1))
    assert [damage.why for damage in read(path).sources[0].damage] == ["2 places are not utf-8"]


def test_bursts_are_counted_and_their_first_thousand_kept_for_each_day(tmp_path):
    lines = [
        f"2024-07-0{day}T00:{n // 60 % 60:02d}:{n % 60:02d}Z|HV01|VSS|8194|x" for day in (1, 2) for n in range(1500)
    ]
    reading = read(tiny(tmp_path / "a.log", *lines))
    assert len(reading.events) == 2 * BURST
    assert reading.sources[0].records == 3000
    (repeat,) = reading.repeats
    assert (repeat.machine, repeat.event_id, reading.repeats[repeat]) == ("HV01", 8194, 1000)


def test_progress_is_told_and_ends_at_the_whole(tmp_path):
    for name in "abc":
        tiny(tmp_path / f"{name}.log", f"2024-07-01T00:00:00Z|HV01|VSS|1|{name}")
    watcher = Watcher()
    read(tmp_path, progress=watcher)
    assert [name[-5:] for name in watcher.names] == ["a.log", "b.log", "c.log"]
    assert watcher.read == watcher.total > 0


def test_a_cancelled_reading_keeps_what_it_has_and_says_so(tmp_path):
    for name in "abc":
        tiny(tmp_path / "x" / f"{name}.log", *[f"2024-07-01T00:00:00Z|HV01|VSS|{n}|{name}" for n in range(1, 2500)])
    reading = read(tmp_path / "x", progress=Watcher(cancel_at="x/b.log"))
    assert reading.cancelled
    assert [source.kind for source in reading.sources] == ["tiny", "tiny", NOT_READ]
    assert [source.events for source in reading.sources] == [2499, 999, 0]
    assert reading.sources[1].damage[0].why == "cancelled while it was being read"


def test_standard_input_is_a_source_of_its_own():
    pasted = HEADER + b"2024-07-01T00:00:00Z|HV01|VSS|1|pasted\n"
    reading = read("-", stdin=io.BytesIO(pasted))
    assert texts(reading) == ["pasted"]
    assert reading.sources[0].path == "standard input"


def test_wrong_questions_are_typed_errors(tmp_path):
    with pytest.raises(UnreadableInput):
        read(tmp_path / "nowhere")
    with pytest.raises(UnknownZoneError):
        read(tmp_path, zones=["Atlantis"])


def test_the_formats_of_the_house_are_loaded_only_when_asked_for():
    program = "import sys, diagnostics.parsers, diagnostics.reading; print([m for m in sys.modules if 'parsers.' in m])"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "['diagnostics.parsers.format']"


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 59), st.sampled_from("abc"), st.sampled_from(["HV01", "HV02", ""])), max_size=30),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_arguments_changes_no_byte(tmp_path_factory, entries, random):
    folder = tmp_path_factory.mktemp("case")
    paths = [
        tiny(
            folder / f"{name}.log", *[f"2024-07-01T00:00:{s:02d}Z|{m}|VSS|1|{name}" for s, n, m in entries if n == name]
        )
        for name in "abc"
    ]
    expected = read(*paths)
    random.shuffle(paths)
    shuffled = read(*paths)
    assert msgspec.json.encode(shuffled.events) == msgspec.json.encode(expected.events)
    assert msgspec.json.encode(shuffled.sources, enc_hook=str) == msgspec.json.encode(expected.sources, enc_hook=str)
    times = [event.time or 0 for event in expected.events]
    assert times == sorted(times)


@needs_shared
def test_other_processes_give_the_same_answer(monkeypatch):
    monkeypatch.setattr(parsing, "all_formats", lambda: (EVTX,))
    paths = [shared("evtx", name) for name in ("win10-disk51-System.evtx", "museum-srv2022-System.evtx")]
    alone = read_case(paths)
    monkeypatch.setattr(parsing, "PARALLEL_FROM", 0)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    together = read_case(paths)
    assert len(alone.events) > 2000
    assert msgspec.json.encode(together.events) == msgspec.json.encode(alone.events)
    assert msgspec.json.encode(together.sources, enc_hook=str) == msgspec.json.encode(alone.sources, enc_hook=str)


@needs_shared
def test_a_real_system_log_tells_the_zone_of_its_machines_text(tmp_path):
    name = "DESKTOP-2KGM189-job.log"
    tiny(tmp_path / name, "2017-07-13T11:00:00||DPM|1|summer", "2018-01-13T11:00:00||DPM|1|winter")
    reading = read_case(
        [tmp_path / name, shared("evtx", "win10-disk51-System.evtx")],
        lambda provider, _: provider == "DPM",
        formats=[TINY, EVTX],
    )
    zones = [source.time_zone for source in reading.sources]
    assert zones == ["America/Los_Angeles (guessed from 23 events of DESKTOP-2KGM189)", "UTC"]
    hours = {event.text: (event.time or 0) // 3_600_000_000 % 24 for event in reading.events}
    assert hours == {"summer": 18, "winter": 19}


@needs_shared
def test_real_logs_are_read_into_one_ordered_case():
    reading = read_case([shared("evtx")], lambda provider, _: provider.casefold() in {"vss", "volsnap", "disk"})
    assert all(source.records or source.damage or source.path.startswith("evtx/empty") for source in reading.sources)
    assert {event.provider.casefold() for event in reading.events if event.kind is Kind.RECORD and event.event_id} == {
        "vss",
        "volsnap",
        "disk",
    }
    times = [event.time for event in reading.events if event.time is not None]
    assert times == sorted(times)
    assert all_formats()


def test_a_log_without_years_is_as_old_as_the_logs_beside_it(tmp_path):
    """A copy's date says nothing: the year comes from the events that were handed in with it."""
    (tmp_path / "HV01-DPMRACurr.errlog").write_text(
        "0990 17D8 11/05 13:02:42.416 31 vsssnapshotrequestor.cpp(585) [00000000003970D0] NORMAL ProviderId\n" * 3
    )
    (tmp_path / "HV01-events.json").write_text(
        '[{"TimeCreated":"2019-11-06T00:00:00Z","ProviderName":"VSS","Id":8224,"MachineName":"HV01"}]'
    )
    events = read_case([tmp_path], zones=["UTC"]).events
    assert {datetime.fromtimestamp((event.time or 0) / 1e6, UTC).year for event in events} == {2019}
