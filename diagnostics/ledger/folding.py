"""Repetitions that follow one another as one line: how often, and from when to when."""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from diagnostics.ledger.ledger import Ledger, Rows


class Folded(NamedTuple):
    """Lines, each standing for one row or for a run of rows that say the same."""

    rows: Rows
    """All rows that lines stand for, in order."""
    starts: Rows
    """For every line, where in `rows` its run begins."""

    def __len__(self) -> int:
        return len(self.starts)

    def first(self, line: int) -> int:
        """The row that a line shows."""
        return int(self.rows[self.starts[line]])

    def last(self, line: int) -> int:
        """The last row of a line's run."""
        return int(self.rows[self._end(line) - 1])

    def count(self, line: int) -> int:
        """How many rows a line stands for."""
        return self._end(line) - int(self.starts[line])

    def line_of(self, row: int) -> int:
        """The line that stands for a row, or the next one after it."""
        at = int(np.searchsorted(self.rows, row))
        if at < len(self.rows):
            return int(np.searchsorted(self.starts, at, side="right")) - 1
        return max(0, len(self) - 1)

    def behind(self, line: int) -> int:
        """The row behind which whoever goes on from a line looks."""
        return self.last(line)

    @property
    def shown(self) -> Rows:
        """All rows that lines stand for, in order."""
        return self.rows

    def _end(self, line: int) -> int:
        return int(self.starts[line + 1]) if line + 1 < len(self.starts) else len(self.rows)


def unfolded(rows: Rows) -> Folded:
    """A line for every row."""
    return Folded(rows, np.arange(len(rows), dtype=np.int64))


def folded(ledger: Ledger, rows: Rows, open_runs: Collection[int] = ()) -> Folded:
    """A line for every run of neighbours of one machine, provider, id, level and source that say the same.

    Args:
        ledger: the case's.
        rows: those to show, in order.
        open_runs: first rows of runs that a person has unfolded.
    """
    if not len(rows):
        return unfolded(rows)
    columns = ledger.columns
    fresh = np.zeros(len(rows), bool)
    fresh[0] = True
    for column in (
        columns.machines, columns.providers, columns.event_ids, columns.levels, columns.sources, columns.likenesses
    ):  # fmt: skip
        mine = column[rows]
        fresh[1:] |= mine[1:] != mine[:-1]
    starts = np.flatnonzero(fresh)
    if open_runs:
        opened = np.flatnonzero(np.isin(rows[starts], np.fromiter(open_runs, np.int64)))
        ends = np.append(starts, len(rows))
        for run in opened.tolist():
            fresh[starts[run] : ends[run + 1]] = True
        starts = np.flatnonzero(fresh)
    return Folded(rows, starts)
