"""Esc gives the screen back at once, whatever works behind it and since when; quitting leaves no process behind.

What is told of work that was stopped is what it had come to by then.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from diagnostics.request import Options
from tests.tui.driving import NARROW, WIDE, sample_read, settled, story, until
from tui.lab import SPEEDS, Bench, State
from tui.lab.choices import SMALL_SITE, choices
from tui.reading import read_elsewhere
from tui.screens.keys import KeysScreen
from tui.screens.lab import LabScreen
from tui.screens.open import OpenScreen
from tui.screens.reading import ReadingScreen
from tui.screens.trial import ConclusionScreen, TrialScreen
from tui.screens.working import WorkScreen

AT_ONCE = 0.3
"""Seconds."""
BUSY = 5
"""By so many times what Esc takes anyway it may take longer: the machine may have other things to do."""
AFTER = (0.05, 0.3)
"""Seconds since the work began: its process is just starting, and has started."""

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="processes are counted as Linux lists them"
)


@pytest.fixture(autouse=True)
def scratch(tmp_path_factory, monkeypatch):
    """Where everything temporary of a test lies, but what the sample rests on."""
    sample_read("guest-sql-writer")
    folder = tmp_path_factory.mktemp("scratch")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


async def escaped(pilot, free: Callable[[], object]) -> float:
    """Press Esc; the seconds until the screen is free."""
    pilot.app.simulate_key("escape")
    pressed = time.monotonic()
    while not free():
        assert time.monotonic() - pressed < 20, "Esc was in vain"
        await asyncio.sleep(0.002)
    return time.monotonic() - pressed


async def soon_enough(pilot) -> float:
    """The seconds that Esc may take on this machine as busy as it is: measured by closing the page of keys."""
    await pilot.press("question_mark")
    await until(pilot, lambda: isinstance(pilot.app.screen, KeysScreen))
    return AT_ONCE + BUSY * await escaped(pilot, lambda: not isinstance(pilot.app.screen, KeysScreen))


def said(pilot) -> str:
    return " ".join(note.message for note in pilot.app._notifications)


def children() -> set[str]:
    """The processes that this one has started."""
    tasks = Path("/proc/self/task").glob("*/children")
    return {child for task in tasks for child in task.read_text().split()}


@pytest.fixture
def others() -> set[str]:
    """The processes that tests before this one have left running, such as Python's tracker of shared memory."""
    return children()


async def reading(pilot, log) -> None:
    """A case is read."""
    pilot.app.screen.open(Options(paths=(str(log),)))
    await until(pilot, lambda: isinstance(pilot.app.screen, ReadingScreen))


async def on_trial(pilot) -> TrialScreen:
    """The verdict of the open case is tried in the lab."""
    await pilot.press("f7")
    await settled(pilot)
    pilot.app.screen.action_try_verdict()
    await until(pilot, lambda: isinstance(pilot.app.screen, TrialScreen))
    screen: TrialScreen = pilot.app.screen
    return screen


async def in_the_lab(pilot) -> Bench:
    """A night is run, slowly."""
    await pilot.press("f7")
    await settled(pilot)
    screen = pilot.app.screen
    screen.choose(next(choice for choice in choices(case=False) if choice.name == SMALL_SITE))
    screen.bench.pace.at(SPEEDS[0])
    screen.action_run()
    bench: Bench = screen.bench
    return bench


@pytest.mark.parametrize("after", AFTER)
@story("guest-sql-writer", size=WIDE, get_ready=True)
async def test_a_trial_that_has_run_nothing_yet_is_left_for_the_case(pilot, after, scratch, others):
    enough = await soon_enough(pilot)
    await on_trial(pilot)
    await asyncio.sleep(after)
    assert await escaped(pilot, lambda: isinstance(pilot.app.screen, LabScreen)) < enough
    await until(pilot, lambda: "Stopped before any run had ended" in said(pilot))
    assert pilot.app.case.verdict.reproduced is None
    await until(pilot, lambda: children() == others and list(scratch.iterdir()) == [])


@story("guest-sql-writer", size=WIDE, get_ready=True)
async def test_of_a_trial_that_is_stopped_the_finished_runs_are_concluded_from(pilot, scratch, others):
    enough = await soon_enough(pilot)
    screen = await on_trial(pilot)
    await until(pilot, lambda: screen.meter.answer, seconds=60)
    assert await escaped(pilot, lambda: isinstance(pilot.app.screen, ConclusionScreen)) < enough
    told, pilot.app.case.verdict.reproduced = pilot.app.case.verdict.reproduced, None
    assert told.runs[0].likeness is not None
    assert any("Not run, for it was interrupted" in note for note in told.lab)
    await until(pilot, lambda: children() == others and list(scratch.iterdir()) == [])


@story(size=NARROW, reader=read_elsewhere, get_ready=True)
async def test_a_reading_that_has_read_nothing_yet_is_left(pilot, long_log, scratch, others):
    enough = await soon_enough(pilot)
    await reading(pilot, long_log)
    assert await escaped(pilot, lambda: isinstance(pilot.app.screen, OpenScreen)) < enough
    assert pilot.app.case is None
    await until(pilot, lambda: children() == others and list(scratch.iterdir()) == [])


@pytest.mark.parametrize("after", AFTER)
@story(size=WIDE, get_ready=True)
async def test_a_night_in_the_lab_is_ended(pilot, after):
    enough = await soon_enough(pilot)
    bench = await in_the_lab(pilot)
    await asyncio.sleep(after)
    assert await escaped(pilot, lambda: not bench.busy) < enough
    assert bench.state is State.STOPPED


@story(size=NARROW)
async def test_work_on_a_disk_that_does_not_answer_is_left_and_its_end_told(pilot):
    answers: list[object] = []
    answered, loop = asyncio.Event(), asyncio.get_running_loop()

    def work(progress):
        progress.started(1)
        asyncio.run_coroutine_threadsafe(answered.wait(), loop).result()
        return "restored"

    enough = await soon_enough(pilot)
    await pilot.app.push_screen(WorkScreen("restoring", work), answers.append)
    assert await escaped(pilot, lambda: answers) < enough
    assert answers == [None]
    answered.set()
    await until(pilot, lambda: "done before it could be stopped" in said(pilot))


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
@pytest.mark.parametrize("work", [reading, on_trial, in_the_lab])
def test_quitting_ends_the_process_that_works(long_log, scratch, work, key):
    @story("guest-sql-writer", size=WIDE, reader=read_elsewhere, get_ready=True, place="open")
    async def leave(pilot):
        await (work(pilot, long_log) if work is reading else work(pilot))
        await until(pilot, lambda: children() - before)
        await pilot.press(key)

    before = children()
    leave()
    assert children() - before == set()
    assert list(scratch.iterdir()) == []
