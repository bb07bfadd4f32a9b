"""Stories of the timeline."""

import time
from pathlib import Path
from statistics import median

import numpy as np
import pytest
from textual.widgets import Input

from diagnostics.diagnosis import diagnose
from diagnostics.ledger.matching import Found
from diagnostics.report import to_json
from diagnostics.report.markdown import to_markdown
from diagnostics.request import Request
from diagnostics.verdict import Evidence
from engine.eventlog import evtx, values
from engine.eventlog.record import EventData, Provider, Record
from tests.bench.bench_timeline import write_logs
from tests.diagnostics.ledger.logs import NIGHT, Made, write_log
from tests.tui.driving import case_of, seen, settled, story, until
from tui.screens.explain import ExplainScreen
from tui.screens.pipeline import PipelineScreen
from tui.screens.timeline import TimelineScreen
from tui.widgets.lines import Lines

HOSTILE = (
    "[/C:\\x]", "[VSS] state [5]", "[@click=app.quit]x[/]", "\x1b[2J\x1b]0;owned\x07", "a\u202eb\u200bc",
    "[red]no[/red]", "表能ソ\u3000", "$primary", "]]>&lt;", "x" * 3000,
)  # fmt: skip


async def types(pilot, text: str) -> None:
    """Answer the question that is asked."""
    field = pilot.app.focused
    assert isinstance(field, Input)
    field.value = text
    await pilot.press("enter")
    await settled(pilot)


@story("guest-sql-writer", place="timeline")
async def test_a_person_filters_the_timeline_and_switches_the_filter_off_and_on(pilot):
    screen = pilot.app.screen
    assert "45 of 45 events" in seen(pilot)
    await pilot.press("f")
    await types(pilot, "level:error+ machine:SQL01")
    assert "level:error+" in seen(pilot)
    assert "4 of 45 events" in seen(pilot)
    assert "DPMRA" not in seen(pilot)
    await pilot.press("d")
    assert "DPMRA" in seen(pilot)
    await pilot.press("F")
    assert screen.timeline.shown == 45
    await pilot.press("F", "d", "f", "enter")
    await settled(pilot)
    assert screen.timeline.shown == 4, "the filter is asked for as it was"


@story("guest-sql-writer", place="timeline")
async def test_all_events_of_a_kind_become_one_line_with_their_number_and_last_time(pilot):
    view = pilot.app.screen.view
    before = len(pilot.app.screen.timeline.lines)
    await pilot.press("U")
    await settled(pilot)
    assert len(pilot.app.screen.timeline.lines) < before
    assert "one line for each kind" in seen(pilot)
    lines = pilot.app.screen.timeline.lines
    view.cursor = max(range(len(lines)), key=lines.count)
    await settled(pilot)
    assert f"{lines.count(view.cursor)}x" in seen(pilot)
    await pilot.press("enter")
    assert lines.count(view.cursor) > pilot.app.screen.timeline.lines.count(view.cursor) == 1
    await pilot.press("U")
    await settled(pilot)
    assert len(pilot.app.screen.timeline.lines) == before


@story("guest-sql-writer", place="timeline")
async def test_a_mistake_in_a_filter_is_shown_at_its_place(pilot):
    await pilot.press("f")
    await types(pilot, "machine:SQL01 level:loud")
    assert "no such level: loud" in seen(pilot)
    assert pilot.app.focused.cursor_position == len("machine:SQL01 level:")
    assert pilot.app.screen.timeline.query == ()
    await pilot.press("escape")
    assert pilot.app.focused is pilot.app.screen.view


@story("guest-sql-writer", place="timeline")
async def test_a_person_jumps_from_error_to_error_and_reads_what_the_codes_mean(pilot):
    view = pilot.app.screen.view
    await pilot.press("r")
    first = view.cursor
    await pilot.press("r", "R")
    assert view.cursor == first
    await pilot.press("f")
    await types(pilot, "id:8229 machine:SQL01")
    await settled(pilot)
    assert "VSS_E_WRITERERROR_NONRETRYABLE" in seen(pilot)
    assert "vm:SQL01/guest_writer" in seen(pilot)
    await pilot.press("e")
    await settled(pilot)
    assert isinstance(pilot.app.screen, ExplainScreen)
    assert "VSS_E_WRITERERROR_NONRETRYABLE" in seen(pilot)


@story("guest-sql-writer", place="verdict")
async def test_evidence_leads_to_its_event(pilot):
    line = pilot.app.case.verdict.faults[0].evidence[0]
    pilot.app.show_event(line.source, line.record)
    await settled(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, TimelineScreen)
    assert screen._place_here() == (line.source, line.record)
    await settled(pilot)
    assert "weighs" in "\n".join(line.body.plain for line in screen.query_one("#event", Lines).shown)


@story("guest-sql-writer", place="timeline")
async def test_a_bookmark_and_a_note_get_into_every_report(pilot):
    await pilot.press("r", "m", "r", "a")
    await types(pilot, "asked the SQL team")
    assert "asked the SQL team" in seen(pilot)
    assert pilot.app.glyphs.mark in seen(pilot)
    reported = pilot.app.case.reported()
    assert [note.note for note in reported.notes] == ["", "asked the SQL team"]
    assert b'"note": "asked the SQL team"' in to_json(reported)
    assert "`asked the SQL team`" in to_markdown(reported, pilot.app.case.case.graph).decode()
    await pilot.press("g", "M")
    assert pilot.app.screen._place_here() == (reported.notes[0].source, reported.notes[0].record)
    await pilot.press("m")
    assert len(pilot.app.case.notes) == 1


@story("guest-sql-writer", place="timeline")
async def test_a_person_searches_and_what_is_found_is_highlighted(pilot):
    view = pilot.app.screen.view
    await pilot.press("slash")
    await types(pilot, "sqlvdi")
    first = view.cursor
    assert first > 0
    assert list(view.spans("says SQLVDI")) == [(5, 11)]
    await pilot.press("n")
    await settled(pilot)
    assert view.cursor == first or "sqlvdi" in pilot.app.screen.text_here().lower()
    await pilot.press("N")
    await settled(pilot)
    assert view.cursor == first


@story("guest-sql-writer", place="timeline")
async def test_times_are_shown_in_a_zone_of_ones_own_and_gone_to_by_it(pilot):
    await pilot.press("z")
    await types(pilot, "Tokyo Standard Time")
    assert "Tokyo Standard" in seen(pilot).splitlines()[4]
    assert "11-20 10:00:05" in seen(pilot)
    await pilot.press("t")
    await types(pilot, "10:01:43")
    assert "2026-11-20 10:01:43.920774 Tokyo Standard Time (+09:00)" in seen(pilot)
    await pilot.press("z")
    await types(pilot, "Nowhere")
    assert "unknown time zone" in seen(pilot)


@story("guest-sql-writer", place="timeline")
async def test_a_click_on_a_chip_takes_its_term_away(pilot):
    await pilot.press("f")
    await types(pilot, "level:error machine:SQL01")
    await pilot.click("FilterLine", offset=(3, 0))
    await settled(pilot)
    assert [str(term) for term in pilot.app.screen.timeline.query] == ["machine:SQL01"]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A case whose events say what tries to become something else than text."""
    path: Path = tmp_path_factory.mktemp("hostile") / "HV01-Application.evtx"
    with path.open("wb") as file:
        for_all = [
            Record(
                Provider(text[:200]), 8193 + number, NIGHT, "Application", f"HV[{number}]{text[:20]}",
                EventData((("", values.text(text)), ("", values.text("0x800423F4 " + text)))), level=2,
            )
            for number, text in enumerate(HOSTILE)
        ]  # fmt: skip
        evtx.write(file, for_all)
    return diagnose(Request(paths=(str(path),)), ledger=True)


@story()
async def test_nothing_that_an_event_says_is_more_than_text(pilot, hostile):
    await pilot.app.show_case(case_of(hostile), "timeline")
    await settled(pilot)
    assert "[/C:\\x]" in seen(pilot)
    for _ in HOSTILE:
        await pilot.press("m", "j")
        await settled(pilot)
        assert "\x1b" not in seen(pilot)
        assert "\u202e" not in seen(pilot)
    await pilot.press("f")
    await types(pilot, "machine:[")
    assert len(pilot.app.screen.timeline.lines) == len(HOSTILE)
    assert pilot.app.is_running


@story("guest-sql-writer", place="timeline", size=(80, 24))
async def test_a_small_terminal_shows_filter_strip_lines_details_and_keys(pilot):
    lines = seen(pilot).splitlines()
    assert len(lines) == 24
    assert "Timeline" in lines[0]
    assert "45 of 45" in lines[1]
    assert "UTC" in lines[4]
    assert "DPMRA" in lines[5]
    assert "Filter" in lines[-1]
    assert any("UTC" in line for line in lines[15:-1])


@story("guest-sql-writer", place="verdict")
async def test_v_on_a_line_of_evidence_goes_to_its_event_and_c_to_its_component(pilot):
    lines = pilot.app.screen.query_one("#verdict", Lines)
    at, line = next((at, line) for at, line in enumerate(lines.shown) if isinstance(line.what.of, Evidence))
    lines.highlighted = at
    await pilot.press("v")
    await settled(pilot)
    assert pilot.app.screen._place_here() == (line.what.of.source, line.what.of.record)
    instance = pilot.app.case.hits.of(line.what.of.source, line.what.of.record)[0].instance
    await pilot.press("c")
    await settled(pilot)
    assert isinstance(pilot.app.screen, PipelineScreen)
    assert pilot.app.screen.picture.here.id == instance


@pytest.fixture(scope="module")
def long_log(tmp_path_factory):
    """The logs of the benchmark, small: a case of which rules want one event in five."""
    folder: Path = tmp_path_factory.mktemp("long")
    write_logs(folder, 6000)
    return diagnose(Request(paths=(str(folder),)), ledger=True)


@story("guest-sql-writer", place="timeline")
async def test_what_is_found_is_shown_while_it_is_still_looked_for_and_escape_keeps_it(pilot, monkeypatch):
    def endless(ledger, *_asked):
        while True:
            yield Found(np.arange(len(ledger)) < 3, 0.25)
            time.sleep(0.01)

    monkeypatch.setattr("tui.widgets.filter_line.finding", endless)
    await pilot.press("f")
    pilot.app.focused.value = "disk"
    await pilot.press("enter")
    await until(pilot, lambda: "searching 25 %" in seen(pilot))
    await until(pilot, lambda: pilot.app.screen.timeline.shown == 3, seconds=5)
    await until(pilot, lambda: "s left" in seen(pilot))
    await pilot.press("escape")
    await settled(pilot)
    assert pilot.app.screen.timeline.shown == 3
    assert "stopped: 25 % searched" in seen(pilot)
    assert "searching" not in seen(pilot)


@story()
async def test_keys_are_answered_at_once_in_a_log_of_which_most_is_on_disk(pilot, long_log):
    """The small twin of `tests.bench.bench_timeline`."""
    await pilot.app.show_case(case_of(long_log), "timeline")
    await settled(pilot)
    screen, waits = pilot.app.screen, []
    assert len(screen.timeline.ledger) == 6000
    assert len(long_log.case.reading.events) < 3000
    for key in ["ctrl+d", "G", "g", "ctrl+d"] * 3:
        pressed = time.perf_counter()
        await pilot.press(key)
        await pilot.pause()
        waits.append(time.perf_counter() - pressed)
    assert median(waits) < 0.5
    await pilot.press("f")
    await types(pilot, "level:warning+ machine:HV02")
    assert 0 < screen.timeline.shown < 2000


@story("guest-sql-writer", place="timeline")
async def test_another_language_or_ascii_signs_leave_the_person_where_they_were(pilot):
    await pilot.press("r", "m", "f")
    await types(pilot, "level:warning+")
    before = pilot.app.screen._place_here()
    await pilot.press("ctrl+l")
    await settled(pilot)
    assert "ソース/ID" in seen(pilot)
    assert "絞り込み" in seen(pilot)
    assert pilot.app.screen._place_here() == before
    await pilot.press("ctrl+l", "ctrl+g")
    await settled(pilot)
    told = seen(pilot)
    assert "source/id" in told
    assert "level:warning+" in told
    assert pilot.app.screen._place_here() == before
    assert "★" not in told
    assert "*X" in told


@story()
async def test_a_case_without_events_says_so_and_no_key_breaks_anything(pilot, tmp_path):
    (tmp_path / "notes.txt").write_text("nothing of a backup\n")
    await pilot.app.show_case(case_of(diagnose(Request(paths=(str(tmp_path),)), ledger=True)), "timeline")
    await settled(pilot)
    assert "No events were read." in seen(pilot)
    for key in ("f", "slash", "n", "r", "m", "M", "a", "t", "z", "F", "d", "u", "i", "c", "v", "enter", "y", "escape"):
        await pilot.press(key)
    assert "No events were read." in seen(pilot)


@story()
async def test_a_folded_run_says_how_many_and_until_when_and_unfolds(pilot, tmp_path):
    quiet = Made(machine=0, provider=1, event_id=36, level=4, second=0, word=0)
    path = write_log(tmp_path / "HV01.evtx", [quiet._replace(second=at) for at in range(12)])
    await pilot.app.show_case(case_of(diagnose(Request(paths=(str(path),)), ledger=True)), "timeline")
    await settled(pilot)
    assert "12x " in seen(pilot)
    assert "12 of these follow one another, the last at 2026-11-22 01:00:11.000000 UTC" in seen(pilot)
    await pilot.press("enter")
    assert len(pilot.app.screen.timeline.lines) == 12
    await pilot.press("j", "enter")
    assert len(pilot.app.screen.timeline.lines) == 1
