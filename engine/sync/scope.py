"""Which blocks of an image a job goes through: all, or those that a volume recorded as changed."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from engine.blocks import block_count

Run = tuple[int, int]
"""The first of some blocks that follow one another, and how many there are."""


class Pairs:
    """Pairs of numbers, 16 bytes each: an image may be changed in a million places."""

    def __init__(self, pairs: Iterable[tuple[int, int]] = ()) -> None:
        self._numbers = array("Q")
        self.extend(pairs)

    def extend(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Add some after the others."""
        self._numbers.extend(chain.from_iterable(pairs))

    def __iter__(self) -> Iterator[tuple[int, int]]:
        numbers = iter(self._numbers)
        return zip(numbers, numbers, strict=True)


class Tracked(NamedTuple):
    """What a volume knows of its changes since a recovery point.

    It counts only if that point is still the newest of the replica: by induction the blocks that did not change since
    are then the same on both sides.
    """

    base_root: bytes
    """The root over all digests of the recovery point since which changes were recorded."""
    changed: Iterable[tuple[int, int]]
    """Byte ranges (start, end) that were written since, in order; asked for more than once."""


def runs_of(image_size: int, block_size: int, step: int, tracked: Tracked | None = None) -> Iterator[Run]:
    """The runs to go through, in order, none longer than `step` blocks."""
    blocks = block_count(image_size, block_size)
    return pieces([(0, blocks)] if tracked is None else _touched(tracked.changed, block_size, blocks), step)


def pieces(runs: Iterable[Run], step: int) -> Iterator[Run]:
    """The same blocks in runs that are no longer than `step`."""
    for first, count in runs:
        for start in range(first, first + count, step):
            yield start, min(step, first + count - start)


def _touched(ranges: Iterable[tuple[int, int]], block_size: int, blocks: int) -> Iterator[Run]:
    """The blocks that byte ranges touch, each once."""
    done = 0
    for start, end in ranges:
        first, last = max(done, start // block_size), min(block_count(end, block_size), blocks)
        if first < last:
            yield first, last - first
            done = last


def batches_of(runs: Iterable[Run], blocks: int) -> Iterator[list[Run]]:
    """Runs together, as long as they have no more than so many blocks."""
    batch: list[Run] = []
    count = 0
    for run in runs:
        if count + run[1] > blocks:
            yield batch
            batch, count = [], 0
        batch.append(run)
        count += run[1]
    if batch:
        yield batch


def together(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Where in ascending numbers those that follow one another begin, and how many they are."""
    start = 0
    for end in range(1, len(numbers) + 1):
        if end == len(numbers) or numbers[end] != numbers[end - 1] + 1:
            yield start, end - start
            start = end


def size_of(runs: Iterable[Run], block_size: int) -> int:
    """How many bytes the blocks of some runs have."""
    return sum(count for _, count in runs) * block_size
