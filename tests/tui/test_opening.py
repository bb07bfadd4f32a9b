"""Stories of opening a case: a sample, a path, a long log that is stopped, and what is remembered of it all."""

import os
import time
from threading import Event

from textual.widgets import Input, ProgressBar, Static

from diagnostics.request import Options
from diagnostics.verdict import VerdictWord
from tests.tui.driving import NARROW, app_of, case_of, read_here, sample_read, seen, settled, story, until
from tui.app import ShindanApp
from tui.reading import read_elsewhere
from tui.screens.explain import ExplainScreen
from tui.screens.keys import KeysScreen
from tui.screens.open import OpenScreen
from tui.screens.reading import ReadingScreen
from tui.screens.verdict import VerdictScreen
from tui.session import Recent, Session
from tui.widgets.key_line import KeyLine
from tui.widgets.lines import Lines
from tui.widgets.place_line import PlaceLine


@story(size=NARROW)
async def test_a_person_opens_a_sample_and_reads_its_verdict(pilot):
    known = pilot.app.screen.query_one("#known", Lines)
    while known.here.what.of.name != "guest-sql-writer":
        await pilot.press("down")
    await pilot.press("enter")
    await settled(pilot)
    assert isinstance(pilot.app.screen, VerdictScreen)
    assert pilot.app.case.verdict.verdict == "asserted"
    assert pilot.app.case.verdict.faults[0].component == "guest_writer"
    assert "ASSERTED" in seen(pilot)


@story(size=NARROW)
async def test_a_path_is_completed_while_it_is_typed(pilot, tmp_path):
    (tmp_path / "exports [May]").mkdir()
    field = pilot.app.screen.query_one("#path", Input)
    field.focus()
    field.value = f"{tmp_path}{os.sep}exp"
    field.cursor_position = len(field.value)
    await until(pilot, lambda: field._suggestion)
    await pilot.press("right")
    assert field.value == f"{tmp_path}{os.sep}exports [May]{os.sep}"
    await pilot.press("enter")
    await settled(pilot)
    assert pilot.app.case.verdict.summary.startswith("Nothing was read")


@story(size=NARROW)
async def test_a_path_that_does_not_exist_is_said_and_the_person_stays(pilot, tmp_path):
    pilot.app.screen.open(Options(paths=(str(tmp_path / "[nowhere]"),)))
    await until(pilot, lambda: pilot.app._notifications)
    assert "[nowhere]" in next(iter(pilot.app._notifications)).message
    assert isinstance(pilot.app.screen, OpenScreen)


@story(size=NARROW, reader=read_elsewhere)
async def test_a_long_reading_is_stopped_at_once_and_what_was_read_is_kept(pilot, long_log):
    pilot.app.screen.open(Options(paths=(str(long_log),)))
    await until(pilot, lambda: isinstance(pilot.app.screen, ReadingScreen) and pilot.app.screen.meter.done)
    reading = pilot.app.screen
    assert "HV01-Application.log" in seen(pilot)
    asked = time.monotonic()
    await pilot.press("escape")
    assert time.monotonic() - asked < 0.3
    assert reading.query_one("#doing", Static).content == "Weighing the evidence"
    assert str(reading.query_one("#amount", Static).content).startswith("Stopped after ")
    percent = reading.query_one(ProgressBar).percentage
    await until(pilot, lambda: pilot.app.case or reading.query_one(ProgressBar).percentage != percent)
    assert percent < 1
    assert pilot.app.case, "the bar went on although nothing more was read"
    assert pilot.app.case.cut_short
    assert 0 < pilot.app.case.verdict.sources[0].records < 400_000


@story(size=NARROW)
async def test_rules_that_are_read_anew_are_told_in_words_and_by_the_bar(pilot, tmp_path):
    """The reader is the test's: reading them takes seconds, and only the first time after a change."""
    go_on = Event()

    def reader(request, watching):
        watching.preparing(30, 120)
        go_on.wait(20)
        watching.started(1000)
        return read_here(request, watching)

    pilot.app._reader = reader
    pilot.app.screen.open(Options(paths=(str(tmp_path),)))
    await until(pilot, lambda: "30 of 120" in seen(pilot))
    assert "The rules have changed" in seen(pilot)
    assert pilot.app.screen.query_one(ProgressBar).percentage == 0.25
    go_on.set()
    await until(pilot, lambda: pilot.app.case)


@story(size=NARROW)
async def test_language_theme_and_signs_change_at_once(pilot):
    assert "What shall be diagnosed?" in seen(pilot)
    await pilot.press("ctrl+l")
    await settled(pilot)
    assert "何を診断しますか" in seen(pilot)
    theme = pilot.app.theme
    await pilot.press("ctrl+t", "ctrl+g")
    await settled(pilot)
    assert pilot.app.theme != theme
    assert pilot.app.glyphs.failed == "X"


def test_looks_and_the_screen_on_which_a_case_was_left_are_remembered(tmp_path):
    @story(size=NARROW, session=Session(tmp_path), theme="", language="")
    async def first(pilot):
        await pilot.press("ctrl+l", "ctrl+t", "enter")
        await settled(pilot)
        pilot.app.case.notes.write(("logs/DPM01/jobs.txt", 1), "ask the night shift")
        pilot.app.case.save_notes()

    first()

    @story(size=NARROW, session=Session(tmp_path), theme="", language="")
    async def second(pilot):
        assert pilot.app.words.language == "ja"
        assert pilot.app.theme != "dark"
        assert "最近のケース" in seen(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, VerdictScreen)
        assert pilot.app.case.notes.note(("logs/DPM01/jobs.txt", 1)) == "ask the night shift"

    second()


def test_options_of_a_case_are_remembered_with_it(tmp_path):
    options = Options(paths=("/logs",), rules=(tmp_path / "rules",), topology=tmp_path / "site.yml", roles=("A=host",))
    Session(tmp_path).opened(Recent(options=options, verdict=VerdictWord.LEADING, summary="", opened=""))
    assert Session(tmp_path).recent[0].options == options


def test_a_mistake_of_ours_is_said_without_a_traceback(monkeypatch):
    app = app_of()
    monkeypatch.setattr(ShindanApp, "is_headless", property(lambda _: False))
    told: list[object] = []
    monkeypatch.setattr(app, "exit", lambda **kept: told.append(kept))
    app._handle_exception(ValueError("of [/] all things"))
    assert told == [{"return_code": 5, "message": told[0]["message"]}]  # type: ignore[index]
    assert "internal error: ValueError" in str(told)


def test_a_damaged_session_is_no_obstacle(tmp_path):
    (tmp_path / "session.json").write_bytes(b'{"theme": 7')
    assert Session(tmp_path).recent == ()


def test_without_colours_the_verdict_is_still_told(monkeypatch):
    """NO_COLOR: glyph and word say what the colour said."""
    monkeypatch.setenv("NO_COLOR", "1")

    @story("guest-sql-writer", size=NARROW)
    async def look(pilot):
        assert pilot.app.no_color
        assert "✖ ASSERTED" in seen(pilot)
        colours = {
            (segment.style.color, segment.style.bgcolor)
            for strip in pilot.app.screen._compositor.render_strips()
            for segment in strip
            if segment.style
        }
        assert len({front.triplet for front, ground in colours if front and front == ground}) == 0

    look()


@story(size=NARROW, ascii_only=True)
async def test_with_ascii_nothing_else_is_drawn(pilot, tmp_path, monkeypatch):
    """On the screens of a case whose logs are ASCII."""
    monkeypatch.chdir(tmp_path)
    await pilot.app.make_anew()
    await settled(pilot)
    opening = seen(pilot)
    await pilot.app.show_case(case_of(sample_read("healthy-online")))
    await settled(pilot)
    verdict = seen(pilot)
    await pilot.press("question_mark")
    await settled(pilot)
    for told in (opening, verdict, seen(pilot)):
        assert [line for line in told.splitlines() if not line.isascii()] == []


@story("guest-sql-writer", size=NARROW, place="open")
async def test_places_and_keys_can_be_clicked(pilot):
    across = pilot.app.screen.query_one(PlaceLine).content.plain.index("2 Verdict")
    await pilot.click(PlaceLine, offset=(across + 1, 0))
    await settled(pilot)
    assert isinstance(pilot.app.screen, VerdictScreen)
    await pilot.click(KeyLine, offset=(2, 0))
    await settled(pilot)
    assert isinstance(pilot.app.screen, KeysScreen)


@story(size=NARROW)
async def test_a_place_that_needs_a_case_says_so(pilot):
    await pilot.press("2")
    assert isinstance(pilot.app.screen, OpenScreen)
    assert next(iter(pilot.app._notifications)).message == "Open a case first."


@story("guest-sql-writer", size=NARROW)
async def test_every_command_is_in_the_palette_by_name(pilot):
    commands = {one.title: one for one in pilot.app.get_system_commands(pilot.app.screen)}
    assert {"Explain", "Export", "To the next section", "Open a case", "The next theme"} <= set(commands)
    await pilot.press("ctrl+p", *"look up a code", "enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, ExplainScreen))
