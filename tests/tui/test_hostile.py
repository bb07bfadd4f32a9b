"""Whatever logs, names and paths hold, it is text on every screen, and nothing else."""

import os
from contextlib import suppress

import pytest
from click.testing import CliRunner
from textual.events import Paste
from textual.scroll_view import ScrollView
from textual.widgets import Input

from diagnostics.inspection.notes import LONGEST, Notebook
from diagnostics.request import Options
from diagnostics.sanitize import one_line, sanitize
from diagnostics.verdict import VerdictWord
from engine.lab import FaultError, fault_kinds, parse_fault
from tests.tui import hostile
from tests.tui.driving import seen, settled, story
from tui.actions import PLACES
from tui.cli import shindan
from tui.lab.choices import choices
from tui.screens.explain import ExplainScreen
from tui.screens.export import ExportScreen
from tui.screens.fault import FaultForm
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


TYPED = (*hostile.RAW, *hostile.STRINGS[::25])
"""Such as a person pastes: as they stand in logs, and made harmless."""


async def answers(pilot, field: str, text: str) -> None:
    """Type something into a field, however it gets there, and press Enter."""
    found = pilot.app.screen.query_one(field, Input)
    found.focus()
    found.value = text
    await pilot.press("enter")
    await settled(pilot)


async def check(pilot) -> None:
    """All that is shown is text; what is told at the edge of the screen, too."""
    told = [*(one.message for one in pilot.app._notifications), seen(pilot)]
    assert hostile.NEVER.findall("".join(told).replace("\n", "")) == []
    pilot.app.clear_notifications()


@pytest.mark.parametrize(("place", "field"), [("open", "#path"), ("points", "#folder")])
@story(size=SIZE)
async def test_whatever_a_path_is_said_to_be_is_text(pilot, place, field, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    await pilot.app.action_go(place)
    await settled(pilot)
    for text in TYPED:
        await answers(pilot, field, text)
        await check(pilot)


@pytest.mark.parametrize(("dialog", "field"), [(lambda: ExplainScreen([]), "#word"), (ExportScreen, "#folder")])
@story(size=SIZE)
async def test_whatever_a_dialog_is_told_is_text(pilot, dialog, field):
    for text in TYPED:
        await pilot.app.push_screen(dialog())
        await answers(pilot, field, text)
        await check(pilot)
        while pilot.app.screen.is_modal:
            await pilot.app.pop_screen()


@pytest.mark.parametrize("key", ["f", "slash", "t", "z", "a"])
@story("guest-sql-writer", size=SIZE, place="timeline")
async def test_whatever_the_timeline_is_asked_is_text(pilot, key):
    for text in TYPED:
        await pilot.press(key)
        await answers(pilot, "Prompt Input", text)
        await check(pilot)
        if pilot.app.focused is not pilot.app.screen.view:
            await pilot.press("escape")


@story(size=SIZE)
async def test_whatever_the_palette_is_asked_is_text(pilot):
    await pilot.press("ctrl+p")
    for text in TYPED:
        pilot.app.screen.query_one(Input).value = ""
        pilot.app.post_message(Paste(text))
        await pilot.pause()
        await check(pilot)
        assert pilot.app.screen.query_one(Input).value


@pytest.mark.parametrize("kind", ["writer-failed", "freeze-window-exceeded"])
@story(size=SIZE)
async def test_whatever_a_fault_is_given_is_text(pilot, kind):
    """Each of its parameters, and the machine that it sits on."""
    for text in TYPED:
        await pilot.app.push_screen(FaultForm(fault_kinds()[kind], ["vm:SQL01", "host:HV01"]))
        fields = list(pilot.app.screen.query(Input))
        for field in fields:
            field.value = text
        await pilot.press(*["enter"] * len(fields))
        await settled(pilot)
        await check(pilot)
        while pilot.app.screen.is_modal:
            await pilot.app.pop_screen()


@story(size=SIZE)
async def test_a_fault_with_any_parameter_is_named_as_text_in_the_lab(pilot):
    await pilot.app.action_go("lab")
    screen = pilot.app.screen
    for text in TYPED:
        screen.choose(next(choice for choice in choices(case=False) if choice.name == "small-site"))
        with suppress(FaultError):
            screen._inject(parse_fault(f"writer-failed@vm:SQL01:writer={text}"))
        await settled(pilot)
        await check(pilot)


@story(size=SIZE)
async def test_notes_are_kept_and_told_as_they_were_written(pilot):
    """On records whose source and machine have hostile names, too."""
    case = hostile.case()
    await pilot.app.show_case(case, "timeline")
    await settled(pilot)
    screen = pilot.app.screen
    for text in (*hostile.RAW, *hostile.STRINGS):
        screen._note(text)
        assert Notebook.from_json(case.notes.to_json()).note(screen._place_here()) == sanitize(text)[:LONGEST]
    for text in TYPED:
        screen._note(text)
        await settled(pilot)
        told = seen(pilot)
        assert hostile.NEVER.findall(told.replace("\n", "")) == []
        assert hostile.squeezed(one_line(text)) in hostile.squeezed(told)
