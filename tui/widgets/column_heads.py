"""What the columns of the timeline are, and by which zone its times are."""

from textual.content import Content
from textual.widget import Widget

from tui.housed import Housed
from tui.widgets.timeline_view import TimelineView


class ColumnHeads(Housed, Widget):
    """One line above a view, as its columns are."""

    DEFAULT_CSS = "ColumnHeads { height: 1; text-style: bold; }"

    def __init__(self, view: TimelineView) -> None:
        super().__init__()
        self._view = view

    def render(self) -> Content:
        """The heads, above their columns."""
        heads = (self.say(f"timeline.column.{name}") for name in ("machine", "event", "source", "says"))
        return Content(self._view.header(*heads))
