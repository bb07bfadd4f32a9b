"""The lines of the timeline, drawn on demand: what is not on the screen is neither read nor built.

Textual's own widgets for rows hold every row as objects and do not scale to large logs; a `ScrollView` that renders a
line when it is asked for one does (https://textual.textualize.io/guide/widgets/#line-api).
"""

from collections.abc import Callable, Container, Iterable
from typing import ClassVar, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from diagnostics.event import Level
from diagnostics.sanitize import one_line
from tui.actions import LINES, bindings
from tui.themes import Glyphs
from tui.timeline.lines import Words
from tui.timeline.model import Timeline

Spans = Callable[[str], Iterable[tuple[int, int]]]
"""Where in a text what was searched for stands."""
_WIDE, _MIDDLE = 150, 100
"""Columns from which there is room for the year and for the file, and for longer names."""


class _Columns(NamedTuple):
    """Widths in cells; 0 for a column that is not shown."""

    time: int
    machine: int
    event: int
    source: int

    @classmethod
    def fit(cls, width: int, machine: int, *, years: bool) -> "_Columns":
        """What fits on a line of so many cells, where machines' names are at most so long.

        The year is told where there is room, and where events are of several `years`.
        """
        if width >= _WIDE:
            return cls(23, min(machine, 16), 26, 22)
        return cls(19 if years else 14, min(machine, 10 if width < _MIDDLE else 15), 20 if width < _MIDDLE else 24, 0)


class TimelineView(ScrollView, can_focus=True, inherit_bindings=False):
    """All lines of a `Timeline`, with a cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(LINES),
        Binding("up", "cursor_up", show=False),
        Binding("down", "cursor_down", show=False),
        Binding("pageup", "page_up", show=False),
        Binding("pagedown", "page_down", show=False),
        Binding("home", "first", show=False),
        Binding("end", "last", show=False),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "timeline--cursor",
        "timeline--error",
        "timeline--warning",
        "timeline--quiet",
        "timeline--muted",
        "timeline--faint",
        "timeline--found",
        "timeline--mark",
    }
    DEFAULT_CSS = """
    TimelineView {
        & > .timeline--cursor { background: $block-cursor-background; color: $block-cursor-foreground; }
        & > .timeline--error { color: $text-error; text-style: bold; }
        & > .timeline--warning { color: $text-warning; }
        & > .timeline--quiet { color: $foreground; }
        & > .timeline--muted { color: $foreground-muted; }
        & > .timeline--faint { color: $foreground-muted; text-style: dim; }
        & > .timeline--found { background: $warning; color: $background; text-style: bold; }
        & > .timeline--mark { color: $text-accent; text-style: bold; }
    }
    """
    cursor: reactive[int] = reactive(0, repaint=False)
    """The line that is looked at."""

    class Moved(Message):
        """The cursor is on another line."""

        def __init__(self, view: "TimelineView", line: int) -> None:
            super().__init__()
            self.view = view
            self.line = line

        @property
        def control(self) -> "TimelineView":
            return self.view

    class Chosen(Moved):
        """A line was clicked twice."""

    def __init__(self, timeline: Timeline, glyphs: Glyphs, marked: Container[tuple[str, int]] = ()) -> None:
        super().__init__()
        self.timeline = timeline
        self._glyphs = glyphs
        self._signs = {
            Level.CRITICAL: glyphs.unexplained,
            Level.ERROR: glyphs.failed,
            Level.WARNING: glyphs.warning,
        }
        self.words = Words(timeline.ledger)
        self.marked = marked
        """Records with a bookmark or a note."""
        self.spans: Spans | None = None
        self._longest = max((cell_len(one_line(name)) for name in timeline.ledger.machines), default=0)
        self._styles: dict[str, Style] = {}
        self.reload(timeline.lines.line_of(timeline.here))

    @property
    def row(self) -> int | None:
        """The row of the line under the cursor; None where there are no lines."""
        return self.timeline.lines.first(self.cursor) if len(self.timeline.lines) else None

    def reload(self, cursor: int) -> None:
        """The timeline has other lines now; the cursor goes to one of them."""
        self.virtual_size = Size(0, len(self.timeline.lines))
        self.set_reactive(TimelineView.cursor, -1)
        self.cursor = cursor
        self.refresh()

    def validate_cursor(self, cursor: int) -> int:
        """The cursor stays on a line."""
        return max(0, min(cursor, len(self.timeline.lines) - 1))

    def watch_cursor(self, before: int, now: int) -> None:
        """Show the line, and tell that it is another one."""
        if self.is_mounted:
            self.timeline.here = self.row or 0
            self.scroll_to_region(Region(0, now, 1, 1), animate=False, immediate=True)
            self._redraw(before)
            self._redraw(now)
            self.post_message(self.Moved(self, now))

    def move(self, lines: int) -> None:
        """Move the cursor by so many lines."""
        self.cursor += lines

    def action_cursor_up(self) -> None:
        """To the line above."""
        self.move(-1)

    def action_cursor_down(self) -> None:
        """To the line below."""
        self.move(1)

    def action_page_up(self) -> None:
        """A window's height up."""
        self.move(-max(1, self.scrollable_content_region.height - 1))

    def action_page_down(self) -> None:
        """A window's height down."""
        self.move(max(1, self.scrollable_content_region.height - 1))

    def action_first(self) -> None:
        """To the first line."""
        self.cursor = 0

    def action_last(self) -> None:
        """To the last line."""
        self.cursor = len(self.timeline.lines) - 1

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor; a second one chooses."""
        line = event.y + self.scroll_offset.y
        if line < len(self.timeline.lines):
            self.cursor = line
            if event.chain > 1:
                self.post_message(self.Chosen(self, line))

    def notify_style_update(self) -> None:
        """Another theme has other colours."""
        self._styles = {}
        super().notify_style_update()

    def on_resize(self) -> None:
        """The cursor stays in sight."""
        self.scroll_to_region(Region(0, self.cursor, 1, 1), animate=False, immediate=True)

    def header(self, machine: str, event: str, source: str, says: str) -> str:
        """A line of these words above the columns; above the times stands their zone."""
        columns = self._columns(self.size.width)
        cells = [
            "  ",
            set_cell_size(one_line(self.timeline.clock.name), columns.time),
            set_cell_size(machine, columns.machine),
            set_cell_size(event, columns.event),
            *([set_cell_size(source, columns.source)] if columns.source else []),
            says,
        ]
        return " ".join(cells)

    def render_line(self, y: int) -> Strip:
        """The line at a place of the window."""
        line, width = y + self.scroll_offset.y, self.size.width
        if line >= len(self.timeline.lines):
            return Strip.blank(width, self.rich_style)
        segments = self._segments(line, width)
        strip = Strip(segments).adjust_cell_length(width, self._style(line, "timeline--quiet"))
        if line != self.cursor:
            return strip
        return Strip(Segment.apply_style(strip, post_style=self._component("timeline--cursor")), width)

    def _segments(self, line: int, width: int) -> list[Segment]:
        timeline, columns = self.timeline, self._columns(width)
        ledger, row, count = timeline.ledger, timeline.lines.first(line), timeline.lines.count(line)
        level, source = ledger.level(row), ledger.source(row).name
        place = (source, int(ledger.columns.records[row]))
        told = self.words.said(row)
        quiet = self._style(line, "timeline--quiet")
        loud = self._style(line, _LEVELS.get(level, "timeline--quiet"))
        segments = [
            Segment(self._glyphs.mark if place in self.marked else " ", self._component("timeline--mark")),
            Segment(self._signs.get(level, " ") + " ", loud),
            Segment(set_cell_size(self._time(row, columns.time), columns.time) + " ", quiet),
            Segment(set_cell_size(one_line(ledger.machine(row)), columns.machine) + " ", quiet),
            Segment(_fitted(told.event, columns.event, self._glyphs.more) + " ", loud),
        ]
        if columns.source:
            name = one_line(source.rpartition("/")[2])
            segments.append(Segment(set_cell_size(name, columns.source) + " ", self._style(line, "timeline--muted")))
        if count > 1:
            segments.append(Segment(f"{count:,}x ", self._component("timeline--mark")))
        segments += self._highlighted(told.text, quiet if told.readable else self._component("timeline--faint"))
        return segments

    def _highlighted(self, text: str, style: Style) -> Iterable[Segment]:
        at = 0
        for start, end in self.spans(text) if self.spans else ():
            yield Segment(text[at:start], style)
            yield Segment(text[start:end], self._component("timeline--found"))
            at = end
        yield Segment(text[at:], style)

    def _time(self, row: int, width: int) -> str:
        time = self.timeline.ledger.time(row)
        if time is None:
            return "-"
        return self.timeline.clock.short(time, width)

    def _columns(self, width: int) -> _Columns:
        return _Columns.fit(width, max(self._longest, len("machine")), years=self.timeline.spans_years)

    def _style(self, line: int, name: str) -> Style:
        """Of a part of a line, unless the filter dims the whole line."""
        return self._component("timeline--faint" if self.timeline.is_dim(line) else name)

    def _component(self, name: str) -> Style:
        if name not in self._styles:
            self._styles[name] = self.get_component_rich_style(name)
        return self._styles[name]

    def _redraw(self, line: int) -> None:
        self.refresh(Region(0, line - self.scroll_offset.y, self.size.width, 1))


def _fitted(event: str, width: int, more: str) -> str:
    """An event's name, cut where it is too long, but never in its number."""
    source, slash, number = event.rpartition("/")
    if cell_len(event) <= width or not slash:
        return set_cell_size(event, width)
    return set_cell_size(f"{set_cell_size(source, max(1, width - len(number) - 2))}{more}/{number}", width)


_LEVELS = {Level.CRITICAL: "timeline--error", Level.ERROR: "timeline--error", Level.WARNING: "timeline--warning"}
