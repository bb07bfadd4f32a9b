"""All events of one kind as one line, wherever they stand: what, on which machine, how often, from when to when."""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from diagnostics.ledger.ledger import Ledger, Rows

Kinds = npt.NDArray[np.int64]


def kinds(ledger: Ledger) -> Kinds:
    """For every row a number: equal for one machine, provider, id and level. Sorts all rows: a moment for a million."""
    columns = ledger.columns
    key = columns.machines.astype(np.int64) * max(len(ledger.providers), 1) + columns.providers
    key = ((key << 32) | columns.event_ids.astype(np.int64)) * 8 + columns.levels
    numbers: Kinds = np.unique(key, return_inverse=True)[1].astype(np.int64)
    return numbers


class Gathered(NamedTuple):
    """Lines, each standing for a row or for all rows of a kind; as `Folded`, but its rows need not be neighbours."""

    rows: Rows
    """The first row of each line, in order."""
    lasts: Rows
    counts: Rows
    shown: Rows
    """All rows that lines stand for, in order."""
    lines: Rows
    """For each of these, its line."""

    def __len__(self) -> int:
        return len(self.rows)

    def first(self, line: int) -> int:
        """The row that a line shows."""
        return int(self.rows[line])

    def last(self, line: int) -> int:
        """The last row that a line stands for."""
        return int(self.lasts[line])

    def count(self, line: int) -> int:
        """How many rows a line stands for."""
        return int(self.counts[line])

    def line_of(self, row: int) -> int:
        """The line that stands for a row, or for the next one after it."""
        at = int(np.searchsorted(self.shown, row))
        return int(self.lines[at]) if at < len(self.shown) else max(0, len(self) - 1)

    def behind(self, line: int) -> int:
        """The row behind which whoever goes on from a line looks."""
        return self.first(line)


def gathered(rows: Rows, kind_of: Kinds, open_kinds: Collection[int] = ()) -> Gathered:
    """A line for every kind, where its first row is.

    Args:
        rows: those to show, in order.
        kind_of: the kind of each row of the ledger.
        open_kinds: first rows of kinds whose rows are shown one by one.
    """
    mine, places = kind_of[rows], np.arange(len(rows), dtype=np.int64)
    most = int(mine.max()) + 1 if len(mine) else 0
    first, last = np.zeros(most, np.int64), np.zeros(most, np.int64)
    first[mine[::-1]], last[mine] = places[::-1], places  # of several assignments the last one counts
    counts = np.bincount(mine, minlength=most)
    opened = np.isin(rows[first], np.fromiter(open_kinds, np.int64)) if len(rows) else np.zeros(0, bool)
    single = opened[mine]
    begins = single | (first[mine] == places)
    at = np.flatnonzero(begins)
    line_at = np.cumsum(begins) - 1
    alone = single[at]
    return Gathered(
        rows=rows[at],
        lasts=np.where(alone, rows[at], rows[last[mine[at]]]),
        counts=np.where(alone, 1, counts[mine[at]]),
        shown=rows,
        lines=np.where(single, line_at, line_at[first[mine]]),
    )
