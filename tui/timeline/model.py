"""Which lines the timeline has: filtered or dimmed, folded or not, and where one gets by a jump."""

from collections.abc import Callable, Collection
from datetime import UTC
from functools import cached_property

import numpy as np
import numpy.typing as npt

from diagnostics.answer.wording import iso
from diagnostics.event import Level
from diagnostics.ledger.folding import Folded, folded, unfolded
from diagnostics.ledger.gathering import Gathered, Kinds, gathered, kinds
from diagnostics.ledger.ledger import Ledger, Mask, Rows
from diagnostics.ledger.matching import Found, Says, matching
from diagnostics.ledger.query import Key, Query, Term
from diagnostics.ledger.register import NO_TIME
from diagnostics.ledger.rereading import GoneError, Reader
from tui.timeline.clock import DisplayClock

_ERROR = (Level.CRITICAL, Level.ERROR)
_ASKED_EVERY = 500


class Timeline:
    """The state of the timeline of one case; every change makes its lines anew."""

    def __init__(self, ledger: Ledger, clock: DisplayClock | None = None) -> None:
        self.ledger = ledger
        self.clock = clock or DisplayClock("UTC", UTC)
        self.query: Query = ()
        self.hiding = True
        """Whether what the filter does not ask for is hidden; else it is dimmed."""
        self.filtering = True
        """Whether the filter is on; off, it is remembered."""
        self.searched = 1.0
        """The part of the events that the filter's words were looked for in, before somebody had enough."""
        self.folding = True
        self.gathering = False
        """Whether all events of a kind are one line, neighbours or not."""
        self.here = 0
        """The row that is looked at."""
        self._mask: Mask | None = None
        self._opened: set[int] = set()
        self._is_error: Mask = np.isin(ledger.columns.levels, np.array(_ERROR, np.uint8))
        self._is_trouble: Mask = np.isin(ledger.columns.levels, np.array((*_ERROR, Level.WARNING), np.uint8))
        self.lines: Folded | Gathered
        self._show()

    def filter(self, query: Query, found: Found) -> None:
        """Ask for what a filter found."""
        self.query, self._mask, self.filtering = query, found.mask if query else None, True
        self.searched = found.searched
        self._show()

    def toggle_filter(self) -> None:
        """All terms off, or on again."""
        self.filtering = not self.filtering
        self._show()

    def toggle_hiding(self) -> None:
        """Dim what the filter does not ask for, or hide it."""
        self.hiding = not self.hiding
        self._show()

    def toggle_folding(self) -> None:
        """Fold repetitions, or show every event on a line of its own."""
        self.folding, self.gathering = not self.folding, False
        self._opened.clear()
        self._show()

    def toggle_gathering(self) -> None:
        """Have one line for all events of a kind, or one for each run of neighbours. The first time takes a moment."""
        self.gathering, self.folding = not self.gathering, True
        self._opened.clear()
        self._show()

    @cached_property
    def kinds(self) -> Kinds:
        """The kind of every row; sorts all of them: ask for it on a worker first."""
        return kinds(self.ledger)

    @property
    def switched(self) -> tuple[str, ...]:
        """What is not as it is at first, by name."""
        at_first = {"hiding": self.hiding, "filtering": self.filtering, "folding": self.folding}
        return tuple(name for name, on in at_first.items() if not on)

    def switch(self, off: Collection[str]) -> None:
        """Have these switched off, and no others."""
        self.hiding, self.filtering, self.folding = (name not in off for name in ("hiding", "filtering", "folding"))
        self._show()

    def toggle_run(self, line: int) -> int:
        """Unfold the run of a line, or fold the run that it was part of; returns the line that is then the first."""
        row = self.lines.first(line)
        if self.lines.count(line) > 1:
            self._opened.add(row)
        else:
            self._opened -= {int(self._first_of_run(row))}
        self._show()
        return self.lines.line_of(row)

    def reveal(self, row: int) -> int:
        """The line of a row, which is unfolded and, where the filter hides it, shown by switching the filter off."""
        if self._mask is not None and self.filtering and self.hiding and not self._mask[row]:
            self.filtering = False
            self._show()
        line = self.lines.line_of(row)
        if self.lines.first(line) != row and self.lines.count(line) > 1:
            self._opened.add(self.lines.first(line))
            self._show()
        return self.lines.line_of(row)

    def is_dim(self, line: int) -> bool:
        """Whether a line is shown although the filter does not ask for it."""
        mask = self._active
        return mask is not None and not mask[self.lines.first(line)]

    @cached_property
    def spans_years(self) -> bool:
        """Whether the events are of several years."""
        if not self.ledger.timed:
            return False
        first, last = self.ledger.time(0), self.ledger.time(self.ledger.timed - 1)
        return self.clock.year(first or 0) != self.clock.year(last or 0)

    @property
    def shown(self) -> int:
        """How many events the filter asks for."""
        mask = self._active
        return len(self.ledger) if mask is None else int(np.count_nonzero(mask))

    def next_error(self, line: int, step: int, *, warnings: bool = False) -> int | None:
        """The next line (`step` 1) or the one before (-1) with an error, or a warning, that is not dimmed."""
        rows = self.lines.rows
        of_level = self._is_trouble if warnings else self._is_error
        asked = of_level[rows] if self._active is None else of_level[rows] & self._active[rows]
        found = rows[np.flatnonzero(asked)]
        if step > 0:
            at = int(np.searchsorted(found, self.lines.behind(line), side="right")) if len(self.lines) else 0
        else:
            at = int(np.searchsorted(found, self.lines.first(line))) - 1 if len(self.lines) else -1
        return self.lines.line_of(int(found[at])) if 0 <= at < len(found) else None

    def search(self, line: int, step: int, asks: Says, go_on: Callable[[float], bool]) -> int | None:
        """The next row (`step` 1) or the one before (-1) whose event is as asked, from a line on; None for none.

        Reads events again, one after another, so it belongs into a thread; it has a reader of its own. `go_on` is told
        the part (0 to 1) of the rows that has been searched, and says whether to.
        """
        lines, reader = self.lines, Reader(self.ledger)
        if not len(lines):
            return None
        if step > 0:
            rows = lines.shown[np.searchsorted(lines.shown, lines.behind(line), side="right") :]
        else:
            rows = lines.shown[: np.searchsorted(lines.shown, lines.first(line))][::-1]
        active = self._active
        asked = rows if active is None else rows[active[rows]]
        for count, row in enumerate(asked):
            if count % _ASKED_EVERY == 0 and not go_on(count / len(asked)):
                return None
            try:
                if asks(reader.event(int(row))):
                    return int(row)
            except GoneError:
                continue
        return None

    def line_at(self, time: int) -> int:
        """The line at a time or after it."""
        return self.lines.line_of(self.ledger.at(time))

    def histogram(self, width: int) -> tuple[list[int], list[int], tuple[int, int] | None]:
        """Events, and errors among them, in so many equal stretches of time; and the first and last time."""
        shown = self.lines.shown
        rows = shown if self._active is None else shown[self._active[shown]]
        times = self.ledger.columns.times[rows]
        timed = times != NO_TIME
        rows, times = rows[timed], times[timed]
        if not len(times) or width < 1:
            return [0] * width, [0] * width, None
        first, last = int(times[0]), int(times[-1])
        places = ((times - first) * width // max(last - first + 1, 1)).astype(np.int64)
        return _counts(places, width), _counts(places[self._is_error[rows]], width), (first, last)

    @property
    def _active(self) -> Mask | None:
        return self._mask if self.filtering else None

    def _show(self) -> None:
        mask = self._active if self.hiding else None
        rows = np.arange(len(self.ledger), dtype=np.int64) if mask is None else np.flatnonzero(mask)
        self.lines = self._lines_of(rows, self._opened) if self.folding else unfolded(rows)

    def _lines_of(self, rows: Rows, opened: Collection[int]) -> Folded | Gathered:
        return gathered(rows, self.kinds, opened) if self.gathering else folded(self.ledger, rows, opened)

    def _first_of_run(self, row: int) -> int:
        closed = self._lines_of(self.lines.shown, ())
        return closed.first(closed.line_of(row))


def timeline_of(ledger: Ledger, since: int | None, until: int | None) -> Timeline:
    """The timeline of a case; what it was asked for (microseconds UTC, or None) is its first filter."""
    timeline = Timeline(ledger)
    bounds = ((Key.SINCE, since), (Key.UNTIL, until))
    asked = tuple(Term(key, told) for key, time in bounds if (told := iso(time)))
    if asked:
        timeline.filter(asked, matching(ledger, asked, {}))
    return timeline


def _counts(places: npt.NDArray[np.int64], width: int) -> list[int]:
    counts: list[int] = np.bincount(places, minlength=width).tolist()
    return counts
