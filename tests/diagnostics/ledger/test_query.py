import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.event import Event
from diagnostics.ledger.matching import finding, matching, words_of
from diagnostics.ledger.query import FilterError, Key, Query, Term, parse, printed
from diagnostics.ledger.rereading import Reader
from tests.diagnostics.ledger.logs import EVENTS, Made, ledger_of, write_log

HIT = "vm:SQL01/guest_writer"
VALUES: dict[Key, st.SearchStrategy[str]] = {
    Key.MACHINE: st.sampled_from(["HV0", "=HV01", "hv02,sql", "contoso"]),
    Key.PROVIDER: st.sampled_from(["vss", "Microsoft", "=VSS,volsnap"]),
    Key.SOURCE: st.sampled_from(["a.evtx", "b"]),
    Key.ID: st.sampled_from(["36", "8193,8194", "8190-8199", "8229,30-40"]),
    Key.LEVEL: st.sampled_from(["error", "warning+", "Information,critical"]),
    Key.CODE: st.sampled_from(["0x800423F4", "-2147212300", "0x80070005,0x800423f4"]),
    Key.COMPONENT: st.sampled_from(["guest_writer", "=guest_writer", "vm:SQL01", "transfer"]),
    Key.SINCE: st.sampled_from(["2026-11-22T01:00:02Z", "2026-11-22T10:00:02"]),
    Key.UNTIL: st.sampled_from(["2026-11-22T01:00:03Z", "2026-11-22T10:00:03+09:00"]),
    Key.WORD: st.sampled_from(
        ["disk", "disk is full", "8229", "sqlserver", "日本", "[/c", "-", "a:b", 'say "no"', "VSS/"]
    ),
    Key.PATTERN: st.sampled_from(["0x8004[0-9a-f]+", "^vss/8", "full$", "C:\\\\x", "a/b"]),
}
TERMS = st.one_of([
    st.builds(Term, st.just(key), values, st.booleans()) for key, values in VALUES.items()
])  # fmt: skip
QUERIES = st.lists(TERMS, max_size=4).map(tuple)
TOKYO = ZoneInfo("Asia/Tokyo")


@given(QUERIES)
def test_a_filter_is_read_back_as_it_is_printed(query: Query) -> None:
    assert parse(printed(query)) == query


@given(st.text(st.sampled_from('-/":\\,= aid0') | st.characters(exclude_categories=["Cs"]), max_size=30))
def test_whatever_is_typed_is_terms_that_print_back_or_an_error_with_its_place(text: str) -> None:
    read = query_or_error(text)
    if isinstance(read, FilterError):
        assert 0 <= read.at <= len(text)
        assert read.expected
    else:
        assert parse(printed(read)) == read


def query_or_error(text: str) -> Query | FilterError:
    try:
        return parse(text)
    except FilterError as error:
        return error


def holds(  # noqa: C901 - one case for each key
    term: Term, event: Event, source: str, hits: tuple[str, ...]
) -> bool:
    """The meaning of a term, written again without any of its code."""
    alternatives = term.value.lower().split(",")
    time = timedelta(microseconds=event.time or 0) + datetime.fromisoformat("1970-01-01T00:00:00+00:00")

    def named(name: str) -> bool:
        return any(a[1:] == name.lower() if a[0] == "=" else a in name.lower() for a in alternatives)

    def at(text: str) -> datetime:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=TOKYO)

    def among(word: str) -> bool:
        bounds = [int(bound) for bound in word.split("-")]
        return bounds[0] <= event.event_id <= bounds[-1]

    words = {"critical": 1, "error": 2, "warning": 3, "information": 4}
    patterns = {
        "0x8004[0-9a-f]+": lambda said: "0x8004" in said,
        "^vss/8": lambda said: said.split("\n")[0].startswith("vss/8"),
        "full$": lambda said: said.endswith("full"),
        "C:\\\\x": lambda said: "c:\\x" in said,
        "a/b": lambda said: "a/b" in said,
    }
    match term.key:
        case Key.MACHINE:
            answer = named(event.machine)
        case Key.PROVIDER:
            answer = named(event.provider)
        case Key.SOURCE:
            answer = named(source)
        case Key.ID:
            answer = any(among(word) for word in alternatives)
        case Key.LEVEL:
            answer = any(
                event.level <= words[word[:-1]] if word[-1] == "+" else event.level == words[word]
                for word in alternatives
            )
        case Key.CODE:
            wanted = {"0x800423f4": "0x800423F4", "-2147212300": "0x800423F4", "0x80070005": "0x80070005"}
            answer = any(wanted[word] in event.codes for word in alternatives)
        case Key.COMPONENT:
            answer = any(named(hit) or named(hit.split("/")[1]) for hit in hits)
        case Key.SINCE:
            answer = time >= at(term.value)
        case Key.UNTIL:
            answer = time <= at(term.value)
        case Key.WORD:
            answer = term.value.lower() in words_of(event).lower()
        case Key.PATTERN:
            answer = patterns[term.value](words_of(event).lower())
    return answer is not term.negated


@settings(max_examples=60, deadline=None)
@given(EVENTS, QUERIES, st.sets(st.integers(0, 19)))
def test_a_filter_finds_what_asking_every_event_for_every_term_finds(
    events: list[Made], query: Query, hit: set[int]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        half = len(events) // 2
        paths = [
            write_log(Path(folder, "a.evtx"), events[:half]),
            write_log(Path(folder, "b.evtx"), events[half:], 100),
        ]
        ledger = ledger_of(*paths)
        reader = Reader(ledger)
        rows = np.array(sorted(row for row in hit if row < len(ledger)), np.int64)
        found = matching(ledger, query, {HIT: rows}, TOKYO).mask.tolist()
        naive = [
            all(
                holds(term, reader.event(row), ledger.source(row).name, (HIT,) if row in rows else ()) for term in query
            )
            for row in range(len(ledger))
        ]
        assert found == naive


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("level:error level:loud", 18, "no such level: loud"),
        ("id:8x", 3, "no event id: 8x"),
        ("-code:nothing", 6, "no error code: nothing"),
        ("machin:HV01", 0, "did you mean machine?"),
        ("since:yesterday", 6, "no time: yesterday"),
        ('ok "never ends', 3, 'expected " at the end'),
        ("/a(b/", 1, "no pattern of RE2"),
        ('"a"b', 3, "expected a space"),
        ("id:", 3, "a value is missing"),
        ("-", 1, "a word or a phrase is missing"),
    ],
)
def test_an_error_names_its_place_and_what_was_expected(text: str, at: int, expected: str) -> None:
    with pytest.raises(FilterError) as raised:
        parse(text)
    assert raised.value.at == at
    assert expected in raised.value.expected


def test_a_search_tells_how_far_it_is_and_what_it_has_found_by_then(tmp_path: Path) -> None:
    made = Made(machine=0, provider=1, event_id=36, level=4, second=0, word=0)
    ledger = ledger_of(write_log(tmp_path / "a.evtx", [made] * 1200))
    told = [(int(found.mask.sum()), found.searched) for found in finding(ledger, parse("disk"), {})]
    assert told == [(0, 0), (500, 500 / 1200), (1000, 1000 / 1200), (1200, 1)]


def test_what_columns_tell_is_answered_without_reading_any_event(tmp_path: Path) -> None:
    made = Made(machine=0, provider=1, event_id=36, level=4, second=0, word=0)
    path = write_log(tmp_path / "a.evtx", [made, made._replace(level=2)])
    ledger = ledger_of(path)
    path.unlink()
    assert matching(ledger, parse("level:error+ machine:HV provider:vol -id:8194"), {}).mask.tolist() == [False, True]
