"""Restoring a recovery point: every block is checked on its way, and again in the file that it became."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.blocks import GROUP_SIZE, Hasher, block_runs, group_digests
from engine.dpm.errors import Cancelled, DamagedError, RepositoryError
from engine.dpm.reading import Buffers, CheckedReader, Group, own_buffer
from engine.dpm.repository import OpenPoint
from engine.files import File, Files, write_fully
from engine.parallel import THREADS, in_order
from engine.progress import Progress

_AHEAD = 2


class TargetExistsError(RepositoryError):
    """A restore writes new files only."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} exists; a restore does not overwrite anything")


class WrittenWronglyError(RepositoryError):
    """The restored file does not read as it was written."""

    def __init__(self, path: Path, block: int) -> None:
        super().__init__(f"{path}: block {block} does not read as it was written; the disk under it may be failing")


def restore(opened: OpenPoint, target: Path, files: Files, progress: Progress) -> None:
    """Write a recovery point to a new file: under another name first, durable, read again, then renamed. Holes stay.

    Raises:
        TargetExistsError: there is something of this name.
        DamagedError: a block does not match its digest.
        WrittenWronglyError: the new file does not read as it was written.
        Cancelled, OSError: nothing of the target is left.
    """
    if files.exists(target):
        raise TargetExistsError(target)
    progress.started(2 * opened.map.image_size)
    draft = target.with_name(f".{target.name}.{os.getpid()}.partial")
    file = files.open(draft, "create")
    try:
        try:
            file.truncate(opened.map.image_size)
            for group in _groups(opened, 0, opened.map.blocks, progress):
                _write(opened, file, group)
            file.sync()
            _read_again(opened, file, target, progress)
        finally:
            file.close()
        files.replace(draft, target)
    except BaseException:
        files.remove(draft)
        raise
    files.sync_folder(target.parent)


def restore_range(
    opened: OpenPoint, start: int, end: int, write: Callable[[memoryview], object], progress: Progress
) -> None:
    """Give the bytes from `start` to before `end` of a recovery point to `write`, in order.

    Raises:
        DamagedError: a block does not match its digest; what was given before is good.
        Cancelled: on request.
    """
    size = opened.map.block_size
    progress.started(end - start)
    for group in _groups(opened, start // size, -(-end // size), progress):
        offset = group.first * size
        write(group.data[max(0, start - offset) : max(0, end - offset)])


def _groups(opened: OpenPoint, first: int, end: int, progress: Progress) -> Iterator[Group]:
    """The blocks from `first` to before `end`, checked, in order; each group is valid until the next is asked for."""
    size = opened.map.block_size
    step = max(1, GROUP_SIZE // size)
    buffers = Buffers(size, THREADS * _AHEAD + 1)
    reader = CheckedReader(opened.map, opened.slots)

    def read(begin: int) -> Group:
        return reader.read(begin, min(step, end - begin), buffers.take())

    for group in in_order(read, range(first, end, step), ahead=_AHEAD):
        if progress.cancelled():
            raise Cancelled
        if group.bad:
            raise DamagedError(f"block {group.bad[0]} does not match its digest", [opened.point.id])
        yield group
        progress.advanced(len(group.data))
        buffers.give(group.buffer)


def _write(opened: OpenPoint, file: File, group: Group) -> None:
    """Write what is not zeros, up to the length of the image."""
    size = group.buffer.block_size
    for first, count in block_runs(opened.image, group.first, len(group.slots), size):
        place = first - group.first
        data = group.data[place * size : (place + count) * size]
        write_fully(file, data[: opened.map.image_size - first * size], first * size)


def _read_again(opened: OpenPoint, file: File, target: Path, progress: Progress) -> None:
    """Compare the file with the digests."""
    size = opened.map.block_size
    step = max(1, GROUP_SIZE // size)
    hasher = Hasher(size)

    def check(first: int) -> int | None:
        count = min(step, opened.map.blocks - first)
        found, expected = (
            group_digests(file, first, count, own_buffer(size), hasher),
            opened.map.digests_of(first, count),
        )
        return None if found == expected else first

    for first, wrong in zip(
        range(0, opened.map.blocks, step), in_order(check, range(0, opened.map.blocks, step)), strict=True
    ):
        if progress.cancelled():
            raise Cancelled
        if wrong is not None:
            raise WrittenWronglyError(target, wrong)
        progress.advanced(min(step * size, opened.map.image_size - first * size))
