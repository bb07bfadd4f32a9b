"""The line below every screen: the keys that work here, as many as fit; a click presses them."""

from textual.content import Content
from textual.events import Resize
from textual.style import Style
from textual.widgets import Static

from tui.actions import keys_of
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
        seen = set()
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if not binding.show or not active.enabled or binding.action in seen:
                continue
            seen.add(binding.action)
            words = self.say(binding.description) if self.app.words.knows(binding.description) else binding.description
            press = Style.from_meta({"@click": f"app.simulate_key('{binding.key}')"})
            part = Content.assemble((f" {keys_of(binding.key)[0]}", "bold $accent"), f" {words} ").stylize(press)
            room -= part.cell_length
            if room < 0:
                break
            parts.append(part)
        return Content("").join(parts)
