"""The lab on a screen: run, pause, step, stop, break on purpose, diagnose what ran, mend it and run it again."""

import asyncio
import json
from functools import partial
from pathlib import Path

from textual.widgets import Input

from diagnostics.verdict import LabRun, Reproduction, ReproductionWord
from engine.dpm.occurrences import Fate
from engine.lab import parse_fault
from tests.tui.driving import NARROW, WIDE, running, seen, settled, story, until
from tui.lab import SPEEDS, State
from tui.lab.choices import Choice, choices
from tui.screens.fault import FaultForm, FaultScreen
from tui.screens.lab import LabScreen
from tui.screens.retry import CompareScreen, RemedyScreen
from tui.screens.trial import ConclusionScreen
from tui.screens.verdict import VerdictScreen
from tui.widgets.lab_told import DiskMap
from tui.widgets.lines import Lines
from tui.widgets.pipeline_picture import PipelinePicture

SQL_FAILS = "sql-writer-failed@vm:SQL01"
SMALL_SITE = next(choice for choice in choices(case=False) if choice.name == "small-site")


def shows(pilot, kind):
    return isinstance(pilot.app.screen, kind)


async def settled_but_running(pilot):
    """The lab's worker goes on for as long as the night does."""
    for _ in range(5):
        await pilot.pause(0.05)


async def in_the_lab(pilot, *faults, choice=SMALL_SITE, fastest=True):
    """The lab with something on its bench."""
    await pilot.press("6")
    await settled(pilot)
    screen = pilot.app.screen
    assert shows(pilot, LabScreen)
    screen.choose(choice)
    for fault in faults:
        screen._inject(parse_fault(fault))
    if fastest:
        screen.bench.pace.at(SPEEDS[-1])
    await pilot.pause()
    return screen


async def run_to_the_end(pilot, screen):
    await pilot.press("r")
    await until(pilot, lambda: screen.bench.state is State.DONE and not screen._busy)
    await settled(pilot)


@story(size=WIDE)
async def test_a_night_is_chosen_run_and_shown_as_it_goes(pilot):
    await pilot.press("6")
    await settled(pilot)
    await pilot.press("enter")
    await settled(pilot)
    screen = pilot.app.screen
    assert screen.bench.state is State.READY
    screen.bench.pace.at(SPEEDS[-1])
    await run_to_the_end(pilot, screen)
    told = seen(pilot)
    assert [job.outcome for job in screen.bench.seen.jobs.values()] == ["succeeded"] * 3
    assert "The night is over" in told
    assert "FILE01-C.vhd" in told or "WEB01-C.vhd" in told
    assert "passed" in told


@story(size=NARROW)
async def test_a_night_is_paused_stepped_and_goes_on(pilot):
    screen = await in_the_lab(pilot)
    await pilot.press("s")
    await until(pilot, lambda: screen.bench.seen.steps == 1)
    assert screen.bench.pace.paused
    await pilot.press("s", "s")
    await until(pilot, lambda: screen.bench.seen.steps == 3)
    assert "paused" in seen(pilot)
    await pilot.press("r")
    await until(pilot, lambda: screen.bench.state is State.DONE)


@story(size=WIDE)
async def test_the_map_of_a_disk_shows_changed_blocks_until_they_have_travelled(pilot):
    screen = await in_the_lab(pilot)
    await pilot.press("s")
    seen_of_it = screen.bench.seen
    while not (seen_of_it.current and seen_of_it.current.fate is Fate.CHANGED):
        wanted = seen_of_it.steps + 1
        screen.action_step()
        await until(pilot, partial(lambda steps: seen_of_it.steps >= steps, wanted))
    await settled_but_running(pilot)
    changed = str(screen.query_one("#disk", DiskMap).content)
    assert "▓ changed 0" not in changed
    assert "· not compared yet" in changed
    assert "█ sent 0" in changed
    await pilot.press("r")
    await until(pilot, lambda: screen.bench.state is State.DONE and not screen._busy)
    sent = str(screen.query_one("#disk", DiskMap).content)
    assert "▓ changed 0" in sent
    assert "· not compared yet 0" in sent


@story(size=NARROW)
async def test_escape_stops_a_night_at_once_and_keeps_what_was_seen(pilot):
    screen = await in_the_lab(pilot, fastest=False)
    await pilot.press("-", "-", "r")
    await until(pilot, lambda: screen.bench.seen.steps > 0)
    await pilot.press("escape")
    await until(pilot, lambda: screen.bench.state is State.STOPPED, seconds=2)
    await settled(pilot)
    assert "job for" in seen(pilot)
    await pilot.press("r")
    await until(pilot, lambda: screen.bench.state is State.RUNNING)
    await pilot.press("escape")
    await until(pilot, lambda: screen.bench.state is State.STOPPED)


@story(size=NARROW)
async def test_the_speed_changes_while_it_runs(pilot):
    screen = await in_the_lab(pilot, fastest=False)
    await pilot.press("r", "+", "+", "+")
    await until(pilot, lambda: screen.bench.state is State.DONE)
    assert screen.bench.pace.speed == SPEEDS[-1]


@story(size=WIDE)
async def test_a_fault_is_chosen_with_its_parameters_in_a_form(pilot):
    screen = await in_the_lab(pilot)
    await pilot.press("f")
    await settled(pilot)
    assert shows(pilot, FaultScreen)
    names = [line.what.of.name for line in pilot.app.screen.query_one(Lines).shown]
    pilot.app.screen.query_one(Lines).highlighted = names.index("freeze-window-exceeded")
    await pilot.press("enter")
    await settled(pilot)
    form = pilot.app.screen
    assert isinstance(form, FaultForm)
    form.query_one("#plate", Input).value = "vm:SQL01"
    form.query_one("#of-seconds", Input).value = "soon"
    form.query_one("#of-passes").focus()
    await pilot.press("enter")
    await settled(pilot)
    assert "seconds is 'soon' (expected: a number)" in seen(pilot)
    form.query_one("#of-seconds", Input).value = "95"
    form.query_one("#of-passes").focus()
    await pilot.press("enter")
    await settled(pilot)
    assert [str(fault) for fault in screen.bench.faults] == ["freeze-window-exceeded@vm:SQL01:seconds=95.0"]
    assert "freeze_timeout" in str(pilot.app.screen.query_one(PipelinePicture).picture.spots.keys())


@story(size=WIDE)
async def test_a_sample_that_ran_is_diagnosed_as_its_logs_are(pilot):
    sample = Path(__file__).parents[2] / "samples" / "guest-sql-writer"
    expected = json.loads((sample / "expected.json").read_text())
    screen = await in_the_lab(pilot, choice=Choice(sample.name, sample / "scenario.yml"))
    await run_to_the_end(pilot, screen)
    await pilot.press("d")
    await until(pilot, lambda: shows(pilot, VerdictScreen))
    verdict = pilot.app.case.verdict
    assert verdict.verdict in expected["verdict"]
    assert (verdict.faults[0].component, verdict.faults[0].cause) == (expected["component"], expected["cause"])


@story(size=WIDE)
async def test_a_remedy_and_a_retry_show_before_and_after_side_by_side(pilot):
    screen = await in_the_lab(pilot, SQL_FAILS)
    await run_to_the_end(pilot, screen)
    await pilot.press("m")
    await settled(pilot)
    assert shows(pilot, RemedyScreen)
    await pilot.press("enter")
    await until(pilot, lambda: shows(pilot, CompareScreen))
    await settled(pilot)
    compared = pilot.app.screen
    assert compared.told.recovered
    assert [job.outcome for job in (*compared.told.before, *compared.told.after)] == ["failed", "recovery-point"]
    told = seen(pilot)
    assert "failed at guest-freeze" in told
    assert "every block matches its digest" in told
    assert "On the real machines nothing was done." in told
    await pilot.press("escape")
    assert screen.bench.faults == ()


@story("guest-sql-writer", size=WIDE)
async def test_the_open_case_is_reproduced_with_what_is_suspected(pilot):
    screen = await in_the_lab(pilot, choice=Choice(""))
    assert [fault.kind.name for fault in screen.bench.faults] == ["sql-writer-failed"]
    await run_to_the_end(pilot, screen)
    assert screen.bench.failed == ("SQL01",)


@story(size=NARROW)
async def test_a_night_goes_on_while_a_person_looks_elsewhere_or_changes_the_language(pilot):
    screen = await in_the_lab(pilot, fastest=False)
    await pilot.press("r")
    await until(pilot, lambda: screen.bench.seen.steps > 0)
    await pilot.press("1")
    await pilot.pause(0.2)
    assert pilot.app.bench.state is State.RUNNING
    await pilot.press("6", "ctrl+l")
    await settled_but_running(pilot)
    assert pilot.app.bench.state is State.RUNNING
    assert "実行中" in seen(pilot)
    await pilot.press("+", "+")
    await until(pilot, lambda: pilot.app.bench.state is State.DONE)
    await until(pilot, lambda: "終了しました" in seen(pilot))


def test_quitting_ends_a_night_and_leaves_nothing_behind():
    async def quit_while_it_runs():
        async with running(size=NARROW) as pilot:
            screen = await in_the_lab(pilot, fastest=False)
            await pilot.press("r")
            await until(pilot, lambda: screen.bench.seen.steps > 0)
            return screen.bench, screen.bench._place

    bench, folder = asyncio.run(quit_while_it_runs())
    assert (bench.state, folder.exists()) == (State.STOPPED, False)


@story(size=WIDE)
async def test_hostile_parameters_of_a_fault_are_never_markup(pilot):
    screen = await in_the_lab(pilot, "writer-failed@vm:SQL01:writer=[/C] [red]\x1b[2J\u202e")
    assert "[/C] [red]" in seen(pilot)
    await run_to_the_end(pilot, screen)
    assert "\x1b[2J" not in seen(pilot)


@story("guest-sql-writer", size=WIDE)
async def test_what_the_lab_says_of_the_verdict_is_told_and_stands_in_it(pilot):
    said = Reproduction(
        outcome=ReproductionWord.REPRODUCED,
        summary="Reproduced: it logs [red]what[/] the case logged.",
        runs=[LabRun(cause="sql-writer-failed", instance="vm:SQL01/guest_writer", fault=SQL_FAILS, likeness=0.78)],
        lab=["In the lab stood DPM01."],
        seed=1,
    )
    await pilot.press("6")
    await settled(pilot)
    pilot.app.screen._tried(pilot.app.case, said)
    await settled(pilot)
    assert shows(pilot, ConclusionScreen)
    assert said.summary in seen(pilot)
    await pilot.press("escape", "2")
    await settled(pilot)
    assert any(line.body.plain == said.summary for line in pilot.app.screen.query_one("#verdict", Lines).shown)
    pilot.app.case.verdict.reproduced = None


@story(ascii_only=True, size=WIDE)
async def test_in_ascii_a_night_is_drawn_in_ascii(pilot):
    screen = await in_the_lab(pilot, SQL_FAILS)
    await run_to_the_end(pilot, screen)
    assert seen(pilot).isascii(), [one for one in seen(pilot) if not one.isascii()]
    await pilot.press("m")
    await settled(pilot)
    await pilot.press("enter")
    await until(pilot, lambda: shows(pilot, CompareScreen))
    await settled(pilot)
    assert seen(pilot).isascii(), [one for one in seen(pilot) if not one.isascii()]
