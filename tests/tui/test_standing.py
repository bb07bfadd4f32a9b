"""Where a person stood is where they stand again: after another language, and after the next start."""

import pytest
from msgspec.structs import replace
from textual.widgets import Input

from tests.tui.driving import WIDE, seen, settled, story
from tui.screens.pipeline import PipelineScreen
from tui.session import Session
from tui.widgets.lines import Lines
from tui.widgets.pipeline_picture import PipelinePicture

SAMPLE = "guest-sql-writer"


async def go(pilot, *keys):
    await pilot.press(*keys)
    await settled(pilot)


def stood(pilot):
    """What the cursor is on, and what is in sight around it."""
    screen = pilot.app.screen
    where = screen.standing()
    if isinstance(screen, PipelineScreen):
        return where, screen.query_one(PipelinePicture).here.id
    return where, screen.query_one(Lines).here.body.plain if screen.LIST else screen.view.row


MOVES = {
    "verdict": ("G", "k", "k"),
    "writers": ("j", "j", "j"),
    "timeline": ("r", "r", "u"),
    "pipeline": ("up", "up", "n", "n"),
}


@pytest.mark.parametrize("place", MOVES)
@pytest.mark.parametrize("key", ["ctrl+l", "ctrl+g"])
@story(SAMPLE, size=WIDE)
async def test_another_language_or_other_signs_leave_the_person_where_they_are(pilot, place, key):
    await pilot.app.action_go(place)
    await settled(pilot)
    await go(pilot, *MOVES[place])
    before = pilot.app.screen.standing()
    await go(pilot, key)
    after = pilot.app.screen.standing()
    assert replace(after, above=before.above) == before  # lines may be wrapped otherwise
    assert abs(after.above - before.above) < 5


def test_the_next_session_begins_where_the_last_one_ended(tmp_path):
    left = {}

    @story(size=WIDE, session=Session(tmp_path))
    async def first(pilot):
        await go(pilot, "enter")
        for place, keys in MOVES.items():
            await pilot.app.action_go(place)
            await settled(pilot)
            await go(pilot, *keys)
            if place == "timeline":
                await pilot.press("f")
                assert isinstance(pilot.app.focused, Input)
                pilot.app.focused.value = "machine:SQL01"
                await go(pilot, "enter")
            left[place] = stood(pilot)
        await go(pilot, "6")
        await pilot.press("q")

    first()

    @story(size=WIDE, session=Session(tmp_path))
    async def next_time(pilot):
        await go(pilot, "enter")
        for place in reversed(MOVES):
            await pilot.app.action_go(place)
            await settled(pilot)
            await settled(pilot)
            assert stood(pilot) == left[place], place
            if place == "timeline":
                assert "machine:SQL01" in seen(pilot)

    next_time()
