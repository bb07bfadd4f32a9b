"""What the timeline shows, without a screen: lines, jumps, times, the strip of events over time."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.ledger.matching import matching, says
from diagnostics.ledger.query import Key, Term, parse
from tests.diagnostics.ledger.logs import Made, ledger_of, write_log
from tui.timeline.clock import DisplayClock
from tui.timeline.model import Timeline, timeline_of
from tui.timeline.search import spans
from tui.timeline.strip import bars, marks

QUIET = Made(machine=0, provider=1, event_id=36, level=4, second=0, word=0)
ERROR = QUIET._replace(level=2, word=1, event_id=8193)
TOKYO = DisplayClock.of("Asia/Tokyo")
HERE = round(datetime(2026, 11, 22, 1, 2, 3, 456789, tzinfo=UTC).timestamp() * 1e6)


def timeline(folder: Path, *events: Made) -> Timeline:
    return Timeline(
        ledger_of(write_log(folder / "a.evtx", [made._replace(second=at) for at, made in enumerate(events)]))
    )


def shown(told: Timeline) -> list[tuple[int, int]]:
    """First row and count of every line."""
    return [(told.lines.first(line), told.lines.count(line)) for line in range(len(told.lines))]


def asked(told: Timeline, text: str) -> None:
    told.filter(parse(text), matching(told.ledger, parse(text), {}))


def test_repetitions_are_one_line_until_somebody_unfolds_them(tmp_path: Path) -> None:
    told = timeline(tmp_path, QUIET, QUIET, QUIET, ERROR)
    assert shown(told) == [(0, 3), (3, 1)]
    assert told.toggle_run(0) == 0
    assert shown(told) == [(0, 1), (1, 1), (2, 1), (3, 1)]
    assert told.toggle_run(1) == 0
    assert shown(told) == [(0, 3), (3, 1)]
    told.toggle_folding()
    assert len(told.lines) == 4


def test_all_of_a_kind_are_one_line_wherever_they_stand_until_somebody_unfolds_them(tmp_path: Path) -> None:
    told = timeline(tmp_path, QUIET, ERROR, QUIET, ERROR, QUIET)
    told.toggle_gathering()
    assert shown(told) == [(0, 3), (1, 2)]
    assert (told.lines.last(0), [told.lines.line_of(row) for row in range(5)]) == (4, [0, 1, 0, 1, 0])
    assert told.next_error(0, 1) == 1
    assert told.search(0, 1, says(Term(Key.WORD, "")), lambda _: True) == 1
    assert told.histogram(1)[0] == [5]
    assert told.toggle_run(1) == 1
    assert shown(told) == [(0, 3), (1, 1), (3, 1)]
    assert told.reveal(4) == 4
    assert shown(told) == [(row, 1) for row in range(5)]
    assert told.toggle_run(3) == 1
    asked(told, "level:error")
    assert shown(told) == [(1, 2)]
    told.toggle_gathering()
    told.toggle_filter()
    assert len(told.lines) == 5


def test_a_filter_hides_or_dims_and_is_remembered_while_it_is_off(tmp_path: Path) -> None:
    told = timeline(tmp_path, QUIET, ERROR, QUIET)
    asked(told, "level:error")
    assert (shown(told), told.shown) == ([(1, 1)], 1)
    told.toggle_hiding()
    assert [told.is_dim(line) for line in range(3)] == [True, False, True]
    told.toggle_filter()
    assert (told.shown, told.query) == (3, parse("level:error"))
    assert not any(told.is_dim(line) for line in range(3))


def test_jumps_go_from_error_to_error_and_leave_out_what_is_filtered(tmp_path: Path) -> None:
    told = timeline(tmp_path, ERROR, QUIET, ERROR._replace(machine=1), QUIET, ERROR)
    assert [told.next_error(line, 1) for line in range(5)] == [2, 2, 4, 4, None]
    assert [told.next_error(line, -1) for line in range(5)] == [None, 0, 0, 2, 2]
    told.toggle_hiding()
    asked(told, "machine:HV01")
    told.toggle_hiding()
    told.toggle_hiding()
    assert told.next_error(0, 1) == 4


def test_a_search_finds_the_next_event_and_the_one_before_inside_of_folded_runs_too(tmp_path: Path) -> None:
    told = timeline(tmp_path, QUIET, QUIET._replace(word=2), QUIET, ERROR)
    asks = says(Term(Key.WORD, "sqlserver"))
    assert shown(told) == [(0, 3), (3, 1)]
    assert told.search(1, -1, asks, lambda _: True) == 1
    assert told.search(1, 1, asks, lambda _: True) is None
    assert told.search(1, -1, asks, lambda _: False) is None
    assert told.reveal(1) == 1
    assert shown(told) == [(0, 1), (1, 1), (2, 1), (3, 1)]


def test_an_event_that_the_filter_hides_is_shown_by_switching_the_filter_off(tmp_path: Path) -> None:
    told = timeline(tmp_path, QUIET, ERROR, QUIET)
    asked(told, "level:error")
    assert told.reveal(2) == 2
    assert not told.filtering


def test_the_strip_counts_every_event_and_every_error_once(tmp_path: Path) -> None:
    told = timeline(tmp_path, *[QUIET, ERROR] * 10)
    events, errors, span = told.histogram(7)
    assert (sum(events), sum(errors), len(events)) == (20, 10, 7)
    assert span == (told.ledger.time(0), told.ledger.time(19))
    assert bars([0, 1, 1000]) == " ▁█"
    assert bars([0, 1, 1000], ascii_only=True) == " .#"
    assert marks([0, 2], "x") == " x"


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("10:00", "2026-11-22T01:00:00"),
        ("10:02:03", "2026-11-22T01:02:03"),
        ("2026-11-21", "2026-11-20T15:00:00"),
        ("2026-11-22T01:00Z", "2026-11-22T01:00:00"),
        ("+90s", "2026-11-22T01:03:33.456789"),
        ("-1d", "2026-11-21T01:02:03.456789"),
    ],
)
def test_times_are_asked_for_in_the_zone_that_is_shown(text: str, utc: str) -> None:
    wanted = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert TOKYO.asked(text, HERE) == round(wanted.timestamp() * 1e6)


@pytest.mark.parametrize("text", ["", "noon", "25:00", "2026-13-01"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        TOKYO.asked(text, HERE)


def test_a_time_is_never_shown_without_its_zone() -> None:
    assert DisplayClock().full(HERE) == "2026-11-22 01:02:03.456789 UTC"
    assert TOKYO.full(HERE) == "2026-11-22 10:02:03.456789 Asia/Tokyo (+09:00)"


@given(st.text(max_size=60), st.text(min_size=1, max_size=5))
def test_what_is_highlighted_is_the_word(text: str, word: str) -> None:
    for start, end in spans(Term(Key.WORD, word))(text):
        assert text[start:end].casefold() == word.casefold() or text[start:end].lower() == word.lower()


def test_the_year_is_told_where_there_is_room_or_events_are_of_several(tmp_path: Path) -> None:
    assert [TOKYO.short(HERE, width) for width in (14, 19, 23)] == [
        "11-22 10:02:03", "2026-11-22 10:02:03", "2026-11-22 10:02:03.456",
    ]  # fmt: skip
    assert not timeline(tmp_path / "one", QUIET, QUIET).spans_years
    two = write_log(tmp_path / "two.evtx", [QUIET, QUIET._replace(second=60 * 60 * 24 * 60)])
    assert Timeline(ledger_of(two)).spans_years


def test_the_bounds_that_a_case_was_opened_with_are_its_first_filter(tmp_path: Path) -> None:
    ledger = timeline(tmp_path, QUIET, ERROR, QUIET, ERROR).ledger
    told = timeline_of(ledger, ledger.time(1), ledger.time(2))
    assert [str(term) for term in told.query] == [
        "since:2026-11-22T01:00:01.000000Z", "until:2026-11-22T01:00:02.000000Z",
    ]  # fmt: skip
    assert shown(told) == [(1, 1), (2, 1)]
    assert timeline_of(ledger, None, None).query == ()
