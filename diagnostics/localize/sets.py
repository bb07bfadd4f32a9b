"""Sets of at most two causes, or of at most one where that is asked for, and the sums in log space over them."""

from collections.abc import Sequence
from functools import lru_cache, reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

_TINIEST = 1e-300
"""Stands in for a probability of zero, so that the impossible is only absurdly improbable and stays finite."""


class Sets(NamedTuple):
    """All sets of at most two out of n elements: the empty one, the single ones, the pairs."""

    first: Indices
    """(sets,) the first member; n where there is none."""
    second: Indices
    """(sets,) the second member; n where there is none."""
    joined: Indices
    """(n + 1, n + 1) the set of two members in either order; n stands for no member."""

    @property
    def size(self) -> int:
        """The number of elements."""
        return len(self.joined) - 1

    def sums(self, values: Floats) -> Floats:
        """(..., n) values of the elements -> (..., sets) their sums in each set."""
        padded = np.concatenate((values, np.zeros((*values.shape[:-1], 1))), axis=-1)
        total: Floats = padded[..., self.first] + padded[..., self.second]
        return total

    def translate(self, labels: Indices, target: "Sets") -> Indices:
        """(sets,) the set of `target` that each set becomes when element i is called `labels[i]` there."""
        padded = np.append(labels, target.size)
        translated: Indices = target.joined[padded[self.first], padded[self.second]]
        return translated


@lru_cache(maxsize=512)
def sets_of(size: int, *, repeated: bool, at_once: int = 2) -> Sets:
    """The sets of `at_once` elements, two or one; `repeated` where an element is a class that two causes may share."""
    first, second = np.triu_indices(size if at_once > 1 else 0, 0 if repeated else 1)
    nobody = np.full(size + 1, size)
    singles = np.append(size, np.arange(size))
    first, second = np.concatenate((singles, first)), np.concatenate((nobody, second))
    joined = np.zeros((size + 1, size + 1), dtype=np.intp)
    joined[first, second] = joined[second, first] = np.arange(len(first))
    return Sets(first, second, joined)


class Thinning(NamedTuple):
    """How a set loses members on the way to an inner plate: both stay, either, or none."""

    parts: Indices
    """(4, sets) what is left."""
    log_weights: Floats
    """(4, sets) with which log probability."""


@lru_cache(maxsize=512)
def thinning_of(activations: tuple[float, ...], at_once: int = 2) -> Thinning:
    """Each member of a set over classes stays with the probability of its class, independently."""
    size = len(activations)
    sets = sets_of(size, repeated=True, at_once=at_once)
    everything, empty = np.arange(len(sets.first)), np.zeros(len(sets.first), dtype=np.intp)
    parts = np.stack((everything, sets.joined[sets.first, size], sets.joined[sets.second, size], empty))
    stays = np.array([*activations, 1.0])  # nobody stays nobody
    first, second = stays[sets.first], stays[sets.second]
    alone = sets.second == size  # what is left of one member without it is the empty set, below
    weights = np.stack(
        (
            first * second,
            np.where(alone, 0.0, first * (1.0 - second)),
            np.where(alone, 0.0, (1.0 - first) * second),
            np.where(alone, 1.0 - first, (1.0 - first) * (1.0 - second)),
        )
    )
    with np.errstate(divide="ignore"):
        return Thinning(parts, np.log(weights))


def thin(message: Floats, axis: int, thinning: Thinning) -> Floats:
    """Log likelihood given what is active on the inner plate -> given what is present or active on the outer one."""
    terms = [_slot(message, axis, thinning, slot) for slot in range(4)]
    top = reduce(np.maximum, terms)
    total = np.zeros(message.shape)
    for term in terms:  # in place, here and below: new memory for each step takes longer than the step
        total += np.exp(np.subtract(term, top, out=term), out=term)
    np.log(total, out=total)
    total += top
    return total


def unthin(belief: Floats, inner: Floats, outer: Floats, axis: int, thinning: Thinning) -> Floats:
    """Probabilities on the outer plate -> on the inner one.

    `inner` and `outer` are the message before and after `thin`: their difference is what the inner plate's own
    observations say about who came through, so every step is a probability and nothing can overflow.
    """

    def came_through(slot: int) -> Floats:
        share = _slot(inner, axis, thinning, slot)
        share -= outer
        np.exp(share, out=share)
        share *= belief
        return share

    shape = [1] * belief.ndim
    shape[axis] = -1
    coordinates: list[Indices] = list(np.indices(belief.shape, sparse=True))
    result = came_through(0)  # who keeps all members stays where it is
    for slot in (1, 2):
        coordinates[axis] = thinning.parts[slot].reshape(shape)
        result += _scatter(came_through(slot), coordinates, belief.shape).reshape(belief.shape)
    nobody = (slice(None),) * axis + (0,)  # the empty set is the first
    result[nobody] += came_through(3).sum(axis)
    return result


def _slot(message: Floats, axis: int, thinning: Thinning, slot: int) -> Floats:
    shape = [1] * message.ndim
    shape[axis] = -1
    term: Floats = message.take(thinning.parts[slot], axis)
    term += thinning.log_weights[slot].reshape(shape)
    return term


def pool(belief: Floats, targets: Sequence[Indices], shape: tuple[int, ...]) -> Floats:
    """Add up a table's cells into a smaller table: along axis k, cell i goes to `targets[k][i]`."""
    if not shape:
        return belief
    return _scatter(belief, np.ix_(*targets), shape).reshape(shape)


def _scatter(values: Floats, coordinates: Sequence[Indices], shape: tuple[int, ...]) -> Floats:
    flat = np.broadcast_to(np.ravel_multi_index(tuple(coordinates), shape), values.shape)
    return np.bincount(flat.ravel(), weights=values.ravel(), minlength=int(np.prod(shape))).astype(
        np.float64, copy=False
    )


def outer_sum(axes: Sequence[Floats]) -> Floats:
    """A table whose cell (i, j, ...) is axes[0][i] + axes[1][j] + ..."""
    table: Floats = np.zeros(())
    for axis in axes:
        table = table[..., None] + axis
    return table


def log_sum(table: Floats, axis: int) -> Floats:
    """log(sum(exp(table))) along an axis that holds at least one finite value."""
    top = table.max(axis=axis, keepdims=True)
    shares = table - top
    total: Floats = np.log(np.exp(shares, out=shares).sum(axis=axis)) + top.squeeze(axis)
    return total


def log_sum_groups(values: Floats, groups: Indices, count: int) -> Floats:
    """(count,) log sum of the values in each of the groups 0 .. count - 1, none of them empty."""
    order = np.argsort(groups, kind="stable")
    starts = np.searchsorted(groups[order], np.arange(count))
    ordered = values[order]
    top = np.maximum.reduceat(ordered, starts)
    total: Floats = np.log(np.add.reduceat(np.exp(ordered - top[groups[order]]), starts)) + top
    return total


def log1mexp(values: Floats) -> Floats:
    """log(1 - exp(x)) for x <= 0, to within 1e-16 whatever x is."""
    result: Floats = np.log(-np.expm1(np.minimum(values, -_TINIEST)))
    return result


def distinct(rows: Sequence[NDArray[np.generic]], count: int) -> tuple[Indices, Indices]:
    """Which of `count` items agree in all rows.

    Returns (count,) each item's group, and (groups,) one member of each group.
    """
    told = list({row.tobytes(): row for row in rows}.values())  # a row that is told again tells nothing
    order = np.lexsort(told[::-1]) if told else np.arange(count)
    starts = np.zeros(count, dtype=bool)
    starts[:1] = True
    for row in told:
        ordered = row[order]
        starts[1:] |= ordered[1:] != ordered[:-1]
    groups = np.empty(count, dtype=np.intp)
    groups[order] = np.cumsum(starts) - 1
    return groups, order[starts]
