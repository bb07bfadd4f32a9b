"""The table of a plate with few findings, as a short sum of products: its cells need not be computed one by one.

A finding, such as a failed job, has something that brings it about: what is active around the plate, or chance, or
else the plate's own causes. With what lets it be, around (a) and here (c): 1 - ac = (1 - a) + a (1 - c). Multiplied out
over all findings, every cell is a sum of parts, each of them a number for what is around times one for the own causes.
Every finding doubles the parts; but findings are mostly few, and cells a million. This is Quickscore (Heckerman, A
Tractable Inference Algorithm for Diagnosing Multiple Diseases, 1989), without its differences: nothing cancels.
"""

import math
from collections.abc import Sequence
from itertools import product

import numpy as np

from diagnostics.localize.sets import Floats, Indices, log1mexp, log_sum, outer_sum, pool

_MOST_NUMBERS = 1 << 19
"""Of a sum of products: 4 MiB while it is asked something."""


def is_short(counts: Floats, shape: Sequence[int]) -> bool:
    """Whether findings that were made so often have few parts, for a table of such a shape."""
    parts = math.prod(int(count) + 1 for count in counts)
    *around, own = shape
    return parts <= own and parts * max(own, math.prod(around)) <= _MOST_NUMBERS


class QuickTable:
    """A `Table` whose terms are findings, each made `counts` times: counts * log(1 - exp(offsets + sums))."""

    def __init__(self, sums: Sequence[Floats], offsets: Floats, counts: Floats, weights: Floats) -> None:
        """`sums`: per axis (findings, cells), the own axis last; `weights`: (own cells,) log weights."""
        *self._sums, own = sums
        self._offsets = offsets
        self._counts = [int(count) for count in counts]
        self.shape = (*(of_axis.shape[1] for of_axis in self._sums), len(weights))
        ways = list(product(*(range(count + 1) for count in self._counts)))
        self._here = np.array(ways, dtype=np.intp).reshape(len(ways), len(self._counts))
        """(parts, findings) how many times the own causes brought each about."""
        choices = [math.log(math.prod(map(math.comb, self._counts, way))) for way in ways]
        brought = [_times(count) * of for count, of in zip(self._counts, log1mexp(own), strict=True)]
        self._own = self._added(brought, len(weights)) + weights
        """(parts, own cells) log weights."""
        self._of_parts = log_sum(self._own, 1)
        self._weights = self._of_parts + choices
        self.partial = log_sum(self._parts(), 0)
        """(cells around) log P(what is observed | the state of the plates around)."""

    def _added(self, of_findings: Sequence[Floats], cells: int) -> Floats:
        """(parts, cells), from (times that the own causes brought it about, cells) of each finding."""
        total = np.zeros((len(self._here), cells))
        for times, of in zip(self._here.T, of_findings, strict=True):
            total += of[times]
        return total

    def _parts(self) -> Floats:
        """(parts, cells around) log weights."""
        of_findings = []
        for number, count in enumerate(self._counts):
            lets = outer_sum([of_axis[number] for of_axis in self._sums]).ravel() + self._offsets[number]
            of_findings.append(_times(count)[::-1] * log1mexp(lets) + _times(count) * lets)
        parts = self._added(of_findings, math.prod(self.shape[:-1]))
        parts += self._weights[:, None]
        return parts.reshape(-1, *self.shape[:-1])

    def _shares(self, around: Floats) -> Floats:
        """(parts, cells around) their probabilities, from those of the cells around."""
        shares = self._parts()
        shares -= self.partial
        np.exp(shares, out=shares)
        shares *= around
        return shares

    def _own_shares(self) -> Floats:
        """(parts, own cells) P(own cell | part)."""
        shares: Floats = np.exp(self._own - self._of_parts[:, None])
        return shares

    def own(self, around: Floats) -> Floats:
        """(own cells,) their probabilities, from those of the cells around."""
        own: Floats = self._shares(around).reshape(len(self._here), -1).sum(axis=1) @ self._own_shares()
        return own

    def joint(self, around: Floats) -> Floats:
        """The probability of each cell of the table, from those of the cells around."""
        return np.tensordot(self._shares(around), self._own_shares(), (0, 0))

    def pooled(self, around: Floats, targets: Sequence[Indices], shape: tuple[int, ...]) -> Floats:
        """The probabilities of groups of cells: along axis k, cell i belongs to group `targets[k][i]` of `shape[k]`."""
        *outer, own = targets
        every = np.arange(len(self._here))
        shares = pool(self._shares(around), [every, *outer], (len(every), *shape[:-1]))
        return np.tensordot(shares, pool(self._own_shares(), [every, own], (len(every), shape[-1])), (0, 0))


def _times(count: int) -> Floats:
    """0, 1, ..., count, as a column."""
    return np.arange(count + 1.0)[:, None]
