"""`?`: what works on this screen, with its keys; Enter does it."""

from collections.abc import Iterator

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from tui.actions import ACTIONS, EVERYWHERE, LINES, Action
from tui.plain import plain
from tui.screens.base import Dialog, ShindanScreen
from tui.widgets.lines import Line, Lines, What

_KEYS_WIDTH = 14


class KeysScreen(Dialog[None]):
    """The actions of a screen."""

    def __init__(self, behind: ShindanScreen) -> None:
        super().__init__()
        self._behind = behind

    def body(self) -> ComposeResult:
        """One line for each action, this screen's own first."""
        title = self.say("keys.title", place=self.say(f"place.{self._behind.PLACE}"))
        yield Static(title, classes="title", markup=False)
        yield Lines(self._lines())

    def _lines(self) -> Iterator[Line]:
        for where in (self._behind.PLACE, *self._behind.PARTS, EVERYWHERE):
            actions = [action for action in ACTIONS if action.where == where]
            if actions:
                yield Line(plain(self.say(f"keys.{'here' if where == self._behind.PLACE else where}")), heading=True)
            for action in actions:
                keys = "  ".join(self.app.keymap.told(action))
                words = Content(self.say(f"action.{action.id}"))
                yield Line(Content.assemble((f"{keys:{_KEYS_WIDTH}}", "bold $accent"), words), What(action), indent=1)

    @on(Lines.Entered)
    async def _do(self, event: Lines.Entered) -> None:
        action, behind = event.line.what.of, self._behind
        if isinstance(action, Action):
            await self.dismiss(None)
            await self.app.run_action(action.do, behind.focused if action.where == LINES else behind)
