"""How many events when, in two lines as wide as the screen; a click goes there."""

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from tui.themes import Glyphs
from tui.timeline.model import Timeline
from tui.timeline.strip import bars, marks


class TimeStrip(Widget):
    """The events that the filter asks for over time, and where among them errors are."""

    DEFAULT_CSS = "TimeStrip { height: 2; }"

    class Picked(Message):
        """A time was clicked, in microseconds UTC."""

        def __init__(self, moment: int) -> None:
            super().__init__()
            self.moment = moment

    def __init__(self, timeline: Timeline, glyphs: Glyphs, *, ascii_only: bool = False) -> None:
        super().__init__()
        self._timeline = timeline
        self._glyphs = glyphs
        self._ascii_only = ascii_only
        self._drawn: tuple[int, Content] | None = None
        self._span: tuple[int, int] | None = None
        self._here: int | None = None

    def reload(self) -> None:
        """Other events are asked for."""
        self._drawn = None
        self.refresh()

    def point_at(self, time: int | None) -> None:
        """Show where the cursor is."""
        before, self._here = self._place(self._here), time
        if self._place(time) != before:
            self.refresh()

    def render(self) -> Content:
        """Bars, marks below, and the place of the cursor."""
        width = self.size.width
        if self._drawn is None or self._drawn[0] != width:
            counts, errors, self._span = self._timeline.histogram(width)
            bar = Content.styled(bars(counts, ascii_only=self._ascii_only), "$primary")
            found = Content.styled(marks(errors, self._glyphs.failed), "$text-error")
            self._drawn = (width, Content("\n").join([bar, found]))
        drawn, place = self._drawn[1], self._place(self._here)
        return drawn if place is None else drawn.stylize("reverse", place, place + 1)

    def on_click(self, event: events.Click) -> None:
        """Tell the time there."""
        if self._span:
            first, last = self._span
            self.post_message(self.Picked(first + (last - first) * event.x // max(self.size.width - 1, 1)))

    def _place(self, time: int | None) -> int | None:
        if self._span is None or time is None:
            return None
        first, last = self._span
        place = (time - first) * self.size.width // max(last - first + 1, 1)
        return place if 0 <= place < self.size.width else None
