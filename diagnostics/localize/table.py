"""The table of one plate: what is observed there, by the state of the plates around it and by its own set of causes.

The largest tables have millions of cells, and a night with many failed machines has a table for each. So none is kept:
what it is made of is small, and whoever asks something of it goes through it a few rows at a time.
"""

import math
from collections.abc import Iterator, Sequence
from types import EllipsisType
from typing import NamedTuple

import numpy as np

from diagnostics.localize.sets import Floats, Indices, pool

_BLOCK = 1 << 17
"""Cells that are computed at a time: 1 MiB, which stays in a processor's cache."""

_Around = tuple[EllipsisType, slice] | tuple[()]
"""An index: some of the cells around."""


class Term(NamedTuple):
    """A part of every cell's log weight: of few values, each of them that of many cells."""

    values: Floats
    """An axis for each axis of the table."""
    places: tuple[Indices, ...]
    """Per axis, (cells,) which of the values."""

    def over(self, cells: slice) -> Floats:
        """Spread over some cells of the last axis but one, and all of the others; where all are alike, over one."""
        values = self.values
        for axis, places in enumerate(self.places):
            if values.shape[axis] > 1:
                values = values.take(places[cells] if axis == len(self.places) - 2 else places, axis)
        return values


class Table:
    """The sum of some terms, and of a weight for each cell of the last axis: that of the plate's own sets."""

    def __init__(self, terms: Sequence[Term], weights: Floats, around: tuple[int, ...]) -> None:
        """`weights`: (own cells,) log weights; `around`: how many cells each axis of the plates around has."""
        self.shape = (*around, len(weights))
        self._terms = terms
        self._weights = weights
        self.partial = self._partial()
        """(cells around) log P(what is observed | the state of the plates around)."""

    @property
    def size(self) -> int:
        """The number of cells."""
        return math.prod(self.shape)

    def _blocks(self) -> Iterator[tuple[_Around, Floats]]:
        """The log weights, some cells of the innermost plate around after the other."""
        inner = self.shape[-2] if len(self.shape) > 1 else 1
        step = max(1, _BLOCK * inner // max(1, self.size))
        for start in range(0, inner, step):
            cells = slice(start, min(start + step, inner))
            table = np.zeros((*self.shape[:-2], cells.stop - start, self.shape[-1])[-len(self.shape) :])
            for term in self._terms:
                table += term.over(cells)
            table += self._weights
            yield (..., cells) if len(self.shape) > 1 else (), table

    def _partial(self) -> Floats:
        partial = np.empty(self.shape[:-1])
        for around, table in self._blocks():
            top = table.max(axis=-1, keepdims=True)
            shares = np.exp(np.subtract(table, top, out=table), out=table)
            partial[around] = np.log(shares.sum(axis=-1)) + top.squeeze(-1)
        return partial

    def _shares(self) -> Iterator[tuple[_Around, Floats]]:
        """P(own cell | cell around), some cells around after the other."""
        for around, table in self._blocks():
            yield around, np.exp(np.subtract(table, self.partial[around][..., None], out=table), out=table)

    def own(self, around: Floats) -> Floats:
        """(own cells,) their probabilities, from those of the cells around."""
        own = np.zeros(self.shape[-1])
        for some, shares in self._shares():
            own += around[some].ravel() @ shares.reshape(-1, len(own))
        return own

    def joint(self, around: Floats) -> Floats:
        """The probability of each cell of the table, from those of the cells around: the one answer of its size."""
        joint = np.empty(self.shape)
        for some, shares in self._shares():
            np.multiply(shares, around[some][..., None], out=joint[(*some, slice(None))])
        return joint

    def pooled(self, around: Floats, targets: Sequence[Indices], shape: tuple[int, ...]) -> Floats:
        """The probabilities of groups of cells: along axis k, cell i belongs to group `targets[k][i]` of `shape[k]`."""
        *outer, own = targets
        members = np.zeros((self.shape[-1], shape[-1]))
        members[np.arange(len(own)), own] = 1.0
        groups = np.empty((*self.shape[:-1], shape[-1]))
        for some, shares in self._shares():
            groups[(*some, slice(None))] = (shares @ members) * around[some][..., None]
        return pool(groups, [*outer, np.arange(shape[-1])], shape)
