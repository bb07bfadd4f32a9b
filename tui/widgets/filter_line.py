"""The filter's terms as chips, and how many events they leave; a click takes a term away.

Words, patterns and some codes are looked for on disk: beside the screen, which is told how far that is, and may end it.
"""

import math
import time
from collections.abc import Callable, Mapping
from threading import Event as Flag

from textual import work
from textual.content import Content
from textual.message import Message
from textual.style import Style
from textual.widgets import Static
from textual.worker import Worker, get_current_worker

from diagnostics.ledger.ledger import Rows
from diagnostics.ledger.matching import Found, finding, says
from diagnostics.ledger.query import Key, Query, Term
from tui.housed import Housed
from tui.plain import plain
from tui.timeline.model import Timeline

_FAINT = "$foreground-muted"
_TELL_EVERY = 0.1
_SHOW_EVERY = 1.0
"""Seconds between two times at which what has been found so far is shown: all lines are made anew."""
_NO_ESTIMATE_BEFORE = 1.0
"""Seconds."""


class _Rarely:
    """Says at once, and then every so many seconds, that it is time."""

    def __init__(self, every: float) -> None:
        self._every = every
        self._last = -math.inf

    def due(self) -> bool:
        now = time.monotonic()
        if now - self._last < self._every:
            return False
        self._last = now
        return True


class FilterLine(Housed, Static):
    """One line above the timeline, which also looks for what is asked for."""

    DEFAULT_CSS = "FilterLine { height: 1; text-wrap: nowrap; text-overflow: ellipsis; background: $surface; }"

    class Filtered(Message):
        """A filter has found events: all, or those that it has come to, which may be more soon."""

        def __init__(self, query: Query, found: Found) -> None:
            super().__init__()
            self.query = query
            self.found = found

    class Sought(Message):
        """A search has found a row, or none; none, too, where somebody had enough."""

        def __init__(self, row: int | None, *, stopped: bool) -> None:
            super().__init__()
            self.row = row
            self.stopped = stopped

    def __init__(self, timeline: Timeline, places: Callable[[], Mapping[str, Rows]]) -> None:
        """The line of a timeline; `places` tells, in a while, the rows that speak of a component instance."""
        super().__init__()
        self._timeline = timeline
        self._places = places
        self._enough = Flag()
        self._done: float | None = None
        """The part that has been searched; None where nothing is being looked for."""
        self._began = 0.0

    def on_mount(self) -> None:
        """Write the line."""
        self.reload()

    def stop(self) -> None:
        """End what is being looked for: what was found by then stays."""
        self._enough.set()

    def apply(self, query: Query) -> None:
        """Find the events that a filter asks for."""
        self._begin()
        self._find_all(query)

    def seek(self, term: Term, line: int, step: int) -> None:
        """Find the next event (`step` 1) that says something, or the one before (-1), seen from a line."""
        self._begin()
        self._find_next(term, line, step)

    def _begin(self) -> None:
        self._enough.clear()
        self._began = time.monotonic()
        self._working(0.0)

    @work(thread=True, exclusive=True, group="timeline", exit_on_error=False)
    def _find_all(self, query: Query) -> None:
        worker, timeline, shown, told = get_current_worker(), self._timeline, _Rarely(_SHOW_EVERY), _Rarely(_TELL_EVERY)
        places = self._places() if any(term.key is Key.COMPONENT for term in query) else {}
        for found in finding(timeline.ledger, query, places, timeline.clock.zone):
            if worker.is_cancelled or self._enough.is_set():
                break
            if told.due():
                self.app.call_from_thread(self._working, found.searched)
            if found.searched < 1 and found.mask.any() and shown.due():
                self.post_message(self.Filtered(query, found._replace(mask=found.mask.copy())))
        if not worker.is_cancelled:
            self.app.call_from_thread(self._end, self.Filtered(query, found))

    @work(thread=True, exclusive=True, group="timeline", exit_on_error=False)
    def _find_next(self, term: Term, line: int, step: int) -> None:
        worker, told = get_current_worker(), _Rarely(_TELL_EVERY)

        def go_on(searched: float) -> bool:
            if told.due() and not worker.is_cancelled:
                self.app.call_from_thread(self._working, searched)
            return not worker.is_cancelled and not self._enough.is_set()

        row = self._timeline.search(line, step, says(term), go_on)
        if not worker.is_cancelled:
            self.app.call_from_thread(self._end, self.Sought(row, stopped=self._enough.is_set()))

    def _end(self, message: Message) -> None:
        self._working(None)
        self.post_message(message)

    def _working(self, done: float | None) -> None:
        self._done = done
        self.reload()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A search that fails says so; it never ends the app."""
        if event.worker.error is not None:
            self._working(None)
            self.notify(plain(str(event.worker.error), width=300).plain, severity="error", markup=False)

    def reload(self) -> None:
        """Write the line anew."""
        timeline = self._timeline
        parts = [self._chip(number, str(term)) for number, term in enumerate(timeline.query)]
        if not timeline.query:
            parts.append(Content.styled(f" {self.say('timeline.no-filter')}", _FAINT))
        parts += [Content.styled(f"  {told}", _FAINT) for told in self._told()]
        self.update(Content("").join(parts))

    def _chip(self, number: int, term: str) -> Content:
        look = "reverse" if self._timeline.filtering else "strike dim"
        drop = Style.from_meta({"@click": f"screen.drop_term({number})"})
        return Content.assemble(" ", plain(f" {term} ", look, 60).stylize(drop))

    def _told(self) -> list[str]:
        timeline = self._timeline
        told = [self.say("timeline.shown", shown=f"{timeline.shown:,}", all=f"{len(timeline.ledger):,}")]
        if timeline.query and not timeline.filtering:
            told.append(self.say("timeline.filter-is-off"))
        elif timeline.query and not timeline.hiding:
            told.append(self.say("timeline.dimmed"))
        if timeline.searched < 1 and self._done is None:
            told.append(self.say("timeline.stopped", percent=round(timeline.searched * 100)))
        if timeline.gathering:
            told.append(self.say("timeline.gathered"))
        if not timeline.folding:
            told.append(self.say("timeline.unfolded"))
        if self._done is not None:
            told.append(self.say("timeline.searching", percent=round(self._done * 100)))
            passed = time.monotonic() - self._began
            if self._done and passed > _NO_ESTIMATE_BEFORE:
                told.append(self.say("timeline.left", seconds=math.ceil(passed / self._done * (1 - self._done))))
        return told
