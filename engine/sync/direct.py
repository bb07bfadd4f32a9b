"""Bringing a replica in step with an image on the same machine.

Both are read at once and compared byte by byte: blocks that are the same need no digest. Where stored digests may be
relied on, only the image is read.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from engine.blocks import (
    DIGEST_SIZE,
    GROUP_SIZE,
    Buffer,
    Buffers,
    Hasher,
    Source,
    block_runs,
    group_digests,
    read_blocks,
)
from engine.dpm.draft import Draft
from engine.dpm.errors import TransferCancelled
from engine.parallel import THREADS, in_order
from engine.progress import Progress
from engine.sync.checkpoints import checkpoints
from engine.sync.scope import Run, Tracked, pieces, runs_of, together

_AHEAD = 2
SPAN = 1024
"""Blocks that are passed over together where both sides have a hole."""


class _Compared(NamedTuple):
    """A group, and those of its blocks that differ, if any."""

    first: int
    length: int
    buffer: Buffer | None = None
    """Holds the group where there are differences, and is nobody else's."""
    places: Sequence[int] = ()
    digests: Sequence[bytes] = ()
    damaged: Sequence[int] = ()
    """Blocks of the replica that are not what their digests say."""


def copy_differences(
    source: Source,
    draft: Draft,
    progress: Progress,
    *,
    trust_digests: bool = False,
    tracked: Tracked | None = None,
    threads: int = THREADS,
) -> None:
    """Put every block of the source that differs into the draft.

    Args:
        source: A point in time of the image.
        draft: The next recovery point, of the source's size.
        progress: Told in bytes of the image.
        trust_digests: Compare with the stored digests and do not read the replica.
        tracked: What the volume recorded; blocks that it says are unchanged are not looked at.
        threads: How many read and compare; 0 for a run that can be repeated call by call.

    Raises:
        TransferCancelled: on request; what was put is kept with the draft.
        OSError: an image, the replica or the disk under it.
    """
    for _ in copying(source, draft, progress, trust_digests=trust_digests, tracked=tracked, threads=threads):
        pass


class Passed(NamedTuple):
    """Blocks that were compared, and those of them that differ: they are put into the draft next."""

    first: int
    length: int
    differing: tuple[int, ...]


def copying(
    source: Source,
    draft: Draft,
    progress: Progress,
    *,
    trust_digests: bool = False,
    tracked: Tracked | None = None,
    threads: int = THREADS,
) -> Iterator[Passed]:
    """As `copy_differences`, step by step, for whoever has something to do before differing blocks are put."""
    if draft.needs_full_comparison:
        trust_digests, tracked = False, None
    if tracked and (draft.base is None or tracked.base_root != draft.base.point.root):
        tracked = None
    size = draft.map.block_size
    progress.started(source.size())
    buffers = Buffers(size, threads * _AHEAD + 1)
    by_digest = trust_digests or tracked is not None
    compare = _by_digest(source, draft, buffers) if by_digest else _by_content(source, draft, buffers, threads)
    runs = _with_data(runs_of(source.size(), size, SPAN, tracked), source, draft, progress)
    with checkpoints(draft) as kept:
        for different in in_order(compare, pieces(runs, max(1, GROUP_SIZE // size)), threads, _AHEAD):
            if progress.cancelled():
                raise TransferCancelled
            differing = tuple(different.first + place for place in different.places)
            yield Passed(different.first, different.length, differing)
            if different.buffer:
                draft.report_damage(different.damaged)
                _put(draft, different, different.buffer)
                buffers.give(different.buffer)
                kept.consider()
            progress.advanced(different.length * size)


def _with_data(runs: Iterator[Run], source: Source, draft: Draft, progress: Progress) -> Iterator[Run]:
    """The runs in which one of the two may hold anything but zeros."""
    size = draft.map.block_size
    for first, count in runs:
        if any(next(block_runs(one, first, count, size), None) for one in (source, draft.image)):
            yield first, count
        else:
            progress.advanced(count * size)


def _put(draft: Draft, different: _Compared, buffer: Buffer) -> None:
    """Hand over the blocks, those that lie together at once."""
    size = buffer.block_size
    for start, count in together(different.places):
        low = different.places[start]
        blocks = range(different.first + low, different.first + low + count)
        draft.put(blocks, different.digests[start : start + count], buffer.view[low * size : (low + count) * size])


_Compare = Callable[[Run], _Compared]


def _by_digest(source: Source, draft: Draft, buffers: Buffers) -> _Compare:
    hasher = Hasher(draft.map.block_size)

    def compare(run: Run) -> _Compared:
        first, count = run
        buffer = buffers.take()
        found, expected = group_digests(source, first, count, buffer, hasher), draft.map.digests_of(first, count)
        if found == expected:
            buffers.give(buffer)
            return _Compared(first, count)
        every = [found[at : at + DIGEST_SIZE] for at in range(0, len(found), DIGEST_SIZE)]
        places = [n for n, digest in enumerate(every) if digest != expected[n * DIGEST_SIZE : (n + 1) * DIGEST_SIZE]]
        return _Compared(first, count, buffer, places, [every[n] for n in places])

    return compare


def _by_content(source: Source, draft: Draft, buffers: Buffers, threads: int) -> _Compare:
    size = draft.map.block_size
    hasher = Hasher(size)
    replicas = Buffers(size, max(1, threads))
    by_digest = _by_digest(source, draft, buffers)

    def compare(run: Run) -> _Compared:
        first, count = run
        stored = list(block_runs(draft.image, first, count, size))
        if not stored:
            return by_digest(run)  # there is nothing to read
        present = list(block_runs(source, first, count, size))
        buffer = buffers.take()
        with replicas.one() as replica:
            _fill(source, first, count, present, buffer)
            _fill(draft.image, first, count, stored, replica)
            if buffer.data == replica.data:
                buffers.give(buffer)
                return _Compared(first, count)
            places = [n for n in range(count) if bytes(buffer.blocks[n]) != bytes(replica.blocks[n])]
            digests = hasher.digests([buffer.blocks[n] for n in places])
            damaged = _damaged(draft, first, places, hasher.digests([replica.blocks[n] for n in places]))
        return _Compared(first, count, buffer, places, digests, damaged)

    return compare


def _fill(source: Source, first: int, count: int, runs: Sequence[Run], buffer: Buffer) -> None:
    """Read a group into a buffer; whatever is no data is zeros."""
    size, done = buffer.block_size, 0
    for start, length in runs:
        place = start - first
        _clear(buffer, done, place)
        read_blocks(source, start, buffer.view[place * size : (place + length) * size], size)
        done = place + length
    _clear(buffer, done, max(count, buffer.capacity))


def _clear(buffer: Buffer, low: int, high: int) -> None:
    if low < high:
        size = buffer.block_size
        buffer.view[low * size : high * size] = bytes((high - low) * size)


def _damaged(draft: Draft, first: int, places: list[int], digests: list[bytes]) -> list[int]:
    found = zip(places, digests, strict=True)
    return [first + n for n, digest in found if digest != draft.map.digest(first + n)]
