"""With ASCII signs nothing of ours is drawn otherwise: on no screen, in no dialog, however far it is scrolled."""

import pytest
from textual.color import Color
from textual.containers import VerticalScroll
from textual.scroll_view import ScrollView

from diagnostics.request import Options
from engine.lab import fault_kinds
from tests.tui.driving import NARROW, WIDE, seen, settled, story
from tui.actions import ACTIONS, PLACES
from tui.screens.dossier import DossierScreen
from tui.screens.explain import ExplainScreen
from tui.screens.export import ExportScreen
from tui.screens.fault import FaultForm, FaultScreen
from tui.screens.keys import KeysScreen
from tui.screens.manual import ManualScreen
from tui.screens.reading import ReadingScreen
from tui.screens.trial import TrialScreen
from tui.screens.verdict import DetailScreen
from tui.widgets.lines import Lines

SAMPLE = "host-hyperv-writer"
"""Its machines log in German: letters that are no signs."""


def drawn(view: ScrollView, y: int) -> str:
    strip = view.render_line(y)
    for one in view.get_line_filters():
        strip = strip.apply_filter(one, Color.parse("black"))
    return strip.text


async def other(pilot) -> list[str]:
    """The lines with other signs, of all that is shown and could be scrolled to."""
    await settled(pilot)
    screen, found = pilot.app.screen, set(seen(pilot).splitlines())
    for pane in screen.query(VerticalScroll):
        while pane.scroll_y < pane.max_scroll_y:
            pane.scroll_page_down(animate=False)
            await pilot.pause()
            found |= set(seen(pilot).splitlines())
    for view in screen.query(ScrollView):
        if view.display and view.size.height:
            found |= {drawn(view, y) for y in range(view.virtual_size.height)}
    return sorted(line for line in found if any(not one.isascii() and not one.isalpha() for one in line))


@pytest.mark.parametrize("size", [NARROW, WIDE])
@pytest.mark.parametrize("place", [place.name for place in PLACES])
@story(SAMPLE, ascii_only=True)
async def test_on_every_screen(pilot, place, size):
    await pilot.resize_terminal(*size)
    await pilot.app.action_go(place)
    assert await other(pilot) == []


@pytest.mark.parametrize("place", [place.name for place in PLACES])
@story(SAMPLE, ascii_only=True, size=WIDE)
async def test_in_the_manual_and_among_the_keys(pilot, place):
    await pilot.app.action_go(place)
    await pilot.app.push_screen(ManualScreen(place))
    assert await other(pilot) == []
    await pilot.app.pop_screen()
    await pilot.app.push_screen(KeysScreen(pilot.app.screen))
    assert await other(pilot) == []


@story(SAMPLE, ascii_only=True, size=WIDE)
async def test_in_every_dialog_of_a_case(pilot):
    app, case = pilot.app, pilot.app.case
    for dialog in (
        ExportScreen(),
        DossierScreen(case, case.verdict.faults[0].instance),
        DetailScreen(list(app.screen.query_one("#detail", Lines).shown)),
        TrialScreen(case),
        ReadingScreen(Options(paths=("/nowhere",))),
        FaultScreen(["vm:SQL01", "host:HV01"]),
        *(FaultForm(kind, ["vm:SQL01", "host:HV01"]) for kind in fault_kinds().values()),
    ):
        await app.push_screen(dialog)
        assert await other(pilot) == [], dialog
        while app.screen.is_modal:
            await app.pop_screen()


@pytest.mark.parametrize("words", ["0x800423F4", "guest-freeze", "sql-vdi-failed", "guest_writer", "VSS/8229", "xyz"])
@story(SAMPLE, ascii_only=True, size=WIDE)
async def test_in_what_explains_words(pilot, words):
    await pilot.app.push_screen(ExplainScreen([words]))
    assert await other(pilot) == []


@story(SAMPLE, ascii_only=True, size=WIDE, place="timeline")
async def test_in_every_question_of_the_timeline(pilot):
    for key in ("f", "slash", "t", "z", "a"):
        await pilot.press(key)
        assert await other(pilot) == []
        await pilot.press("escape")


@story(ascii_only=True, size=WIDE)
async def test_in_the_palette_and_in_what_is_told(pilot):
    for action in ACTIONS:
        pilot.app.notify(pilot.app.words(f"action.{action.id}"))
    await pilot.press("ctrl+p", "e")
    assert await other(pilot) == []
