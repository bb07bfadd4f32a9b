"""Whatever logs, names and paths hold, it is text on every screen, and nothing else."""

import os

import pytest
from click.testing import CliRunner
from textual.scroll_view import ScrollView
from textual.widgets import Input

from diagnostics.request import Options
from diagnostics.verdict import VerdictWord
from tests.tui import hostile
from tests.tui.driving import seen, settled, story
from tui.actions import PLACES
from tui.cli import shindan
from tui.screens.verdict import DetailScreen
from tui.session import Recent
from tui.verdict.event import event_lines

SIZE = (200, 50)
SHOWN = {"verdict": len(hostile.STRINGS)}
"""How many of the strings a place shows there."""


async def all_of_it(pilot) -> str:
    """All that a screen shows, and would show to a person who scrolls its lists."""
    await settled(pilot)
    lists = [widget for widget in pilot.app.screen.query(ScrollView) if widget.display]
    lines = [one.render_line(y).text for one in lists for y in range(one.virtual_size.height - one.scroll_offset.y)]
    return "\n".join((seen(pilot), *lines))


@pytest.mark.parametrize("place", [place.name for place in PLACES if place.needs_case])
@story(size=SIZE)
async def test_strings_of_a_case_are_text(pilot, place):
    await pilot.app.show_case(hostile.case(), place)
    told = await all_of_it(pilot)
    assert hostile.NEVER.findall(told.replace("\n", "")) == []
    squeezed = hostile.squeezed(told)
    found = [text for text in hostile.STRINGS if hostile.squeezed(text) in squeezed]
    assert len(found) >= SHOWN.get(place, 0), [text for text in hostile.STRINGS if text not in found]


@story(size=SIZE)
async def test_events_that_are_opened_are_text(pilot):
    """What Enter on a line of evidence shows: values and texts as the log has them."""
    app, case = pilot.app, hostile.case()
    await app.show_case(case)
    lines = [line for event in case.events for line in event_lines(event, case, app.words, app.glyphs)]
    await app.push_screen(DetailScreen(lines))
    told = await all_of_it(pilot)
    assert hostile.NEVER.findall(told.replace("\n", "")) == []
    assert "[@click=app.quit]x[/]" in told
    assert "\u241b[2J" in told


@story(size=(200, 800))
async def test_names_of_files_and_of_recent_cases_are_text(pilot, tmp_path, monkeypatch):
    for text in hostile.STRINGS:
        if os.sep not in text:
            (tmp_path / text.encode("utf-8", "surrogateescape")[:200].decode("utf-8", "ignore")).touch()
    monkeypatch.chdir(tmp_path)
    for text in hostile.STRINGS[:20]:
        pilot.app.session.opened(
            Recent(options=Options(paths=(f"/cases/{text}",)), verdict=VerdictWord.ASSERTED, summary=text, opened="")
        )
    await pilot.app.make_anew()
    await settled(pilot)
    told = hostile.squeezed(seen(pilot))
    assert hostile.NEVER.findall(told) == []
    assert all(hostile.squeezed(f"/cases/{text}")[:60] in told for text in hostile.STRINGS[:20])
    assert [path.name for path in tmp_path.iterdir() if hostile.squeezed(path.name)[:30] not in told] == []


@story(size=SIZE)
async def test_names_of_images_in_a_repository_are_text(pilot, tmp_path):
    texts = [text for text in hostile.STRINGS if not {os.sep, "\0"} & set(text)]
    names = {text.encode("utf-8", "surrogateescape")[:120].decode("utf-8", "ignore") for text in texts}
    images = [tmp_path / f"{name}.vhd" for name in names]
    for image in images:
        image.write_bytes(b"block")
    backup = ["backup", "--to", str(tmp_path / "repo"), "--", *map(str, images)]
    assert CliRunner().invoke(shindan, backup).exit_code == 0
    await pilot.app.action_go("points")
    pilot.app.screen.query_one("#folder", Input).value = str(tmp_path / "repo")
    await pilot.press("enter")
    told = await all_of_it(pilot)
    assert len(pilot.app.screen.points) == len(images)
    assert hostile.NEVER.findall(told.replace("\n", "")) == []
    shown = hostile.squeezed(told)
    assert [image.name for image in images if hostile.squeezed(image.stem)[:30] not in shown] == []
