"""The line below every screen: the keys that work here, as many as fit; a click presses them."""

from textual.content import Content
from textual.events import Resize
from textual.style import Style
from textual.widgets import Input, Static

from tui.actions import ACTIONS, EVERYWHERE, TYPED, keys_of
from tui.housed import Housed


class KeyLine(Housed, Static):
    """Keys and what they do, from the bindings that are active."""

    def on_mount(self) -> None:
        """Follow the focus: what works changes with it."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self._write())

    def on_resize(self, _event: Resize) -> None:
        """Use the width there is."""
        self._write()

    def _write(self) -> None:
        self.update(self._line())

    def _line(self) -> Content:
        room = self.size.width
        parts: list[Content] = []
        for key, words in self._worth_showing():
            press = Style.from_meta({"@click": f"app.simulate_key('{key}')"})
            part = Content.assemble((f" {keys_of(key)[0]}", "bold $accent"), f" {words} ").stylize(press)
            room -= part.cell_length
            if room < 0:
                break
            parts.append(part)
        return Content("").join(parts)

    def _worth_showing(self) -> list[tuple[str, str]]:
        """(key, words) of the actions that can be done here, in the order of the registry: those of the place first."""
        active = {one.binding.id: one.enabled for one in self.screen.active_bindings.values()}
        here = [action for action in ACTIONS if action.shown and active.get(action.id)]
        here.sort(key=lambda action: action.where == EVERYWHERE)
        keys = {action.id: self._works(self.app.keymap.keys(action).split(",")) for action in here}
        return [(key, self.say(f"action.{id_}")) for id_, key in keys.items() if key]

    def _works(self, keys: list[str]) -> str:
        """The first that does it now: while somebody types, those that can be typed are text."""
        typing = isinstance(self.screen.focused, Input)
        return next((key for key in keys if not typing or not (len(key) == 1 or key in TYPED)), "")
