"""The line above every screen: where one is, where one can go, and which case is open."""

from textual.content import Content
from textual.style import Style
from textual.widgets import Static

from tui.actions import PLACES, go_to
from tui.housed import Housed


class PlaceLine(Housed, Static):
    """The places by their first key; a click goes there."""

    def __init__(self, here: str) -> None:
        super().__init__()
        self._here = here

    def on_mount(self) -> None:
        """Write the line."""
        self.update(self._line())

    def _line(self) -> Content:
        parts: list[Content] = []
        for place in PLACES:
            key = self.app.keymap.told(go_to(place))[0]
            label = Content(f" {key} {self.say(f'place.{place.name}')} ")
            go = Style.from_meta({"@click": f"app.go('{place.name}')"})
            parts.append(label.stylize(go).stylize(self._look(place.name, needs_case=place.needs_case)))
        case = self.app.case
        if case:
            parts.append(Content.styled(f"  {case.title}", "$foreground-muted"))
        return Content("").join(parts)

    def _look(self, name: str, *, needs_case: bool) -> str:
        if name == self._here:
            return "bold reverse"
        return "$text-disabled" if needs_case and self.app.case is None else "$text"
