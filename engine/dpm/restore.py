"""Restoring a recovery point: every block is checked on its way, and again in the file that it became."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from blake3 import blake3

from engine.blocks import GROUP_SIZE, Buffers
from engine.dpm.errors import Cancelled, DamagedError, RepositoryError
from engine.dpm.reading import CheckedReader, Group
from engine.dpm.repository import OpenPoint
from engine.files import File, Files, read_fully, write_fully
from engine.parallel import THREADS, in_order
from engine.progress import Progress
from engine.sentence import Sentence

_AHEAD = 2


class TargetExistsError(RepositoryError):
    """A restore writes new files only."""

    def __init__(self, path: Path) -> None:
        super().__init__(Sentence("{path} exists; a restore does not overwrite anything", path=path))


class WrittenWronglyError(RepositoryError):
    """The restored file does not read as it was written."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            Sentence("{path} does not read as it was written; the disk under it may be failing", path=path)
        )


def restore(
    opened: OpenPoint, target: Path, files: Files, progress: Progress, span: tuple[int, int] | None = None
) -> None:
    """Write a recovery point, or a span of bytes of it, to a new file.

    The file is written under another name, made durable, read again, and only then renamed. Zeros become holes.

    Raises:
        TargetExistsError: there is something of this name.
        DamagedError: a block does not match its digest.
        WrittenWronglyError: the new file does not read as it was written.
        Cancelled, OSError: nothing of the target is left.
    """
    if files.exists(target):
        raise TargetExistsError(target)
    start, end = span or (0, opened.map.image_size)
    progress.started(2 * (end - start))
    draft = target.with_name(f"{target.name}.{os.getpid()}.partial")
    file = files.open(draft, "create")
    try:
        try:
            file.truncate(end - start)
            written = _Writing(file, opened.map.block_size)
            _give(opened, start, end, written.write, progress)
            file.sync()
            written.check(target, progress)
        finally:
            file.close()
        files.replace(draft, target)
    except BaseException:
        files.remove(draft)
        raise
    files.sync_folder(target.parent)


class _Writing:
    """A file that is written in order, and then compared with what was written. Zeros are left out."""

    def __init__(self, file: File, block_size: int) -> None:
        self._file = file
        self._block_size = block_size
        self._zeros = bytes(block_size)
        self._hash = blake3()
        self._end = 0

    def write(self, data: memoryview) -> None:
        """Append."""
        self._hash.update(data)
        for start in range(0, len(data), self._block_size):
            part = data[start : start + self._block_size]
            if part.tobytes() != self._zeros[: len(part)]:
                write_fully(self._file, part, self._end + start)
        self._file.begin_sync(self._end, len(data))  # or the sync at the end, which nobody can cancel, takes long
        self._end += len(data)

    def check(self, target: Path, progress: Progress) -> None:
        """Read all of it again.

        Raises:
            WrittenWronglyError: it differs.
            Cancelled: on request.
        """
        found, room = blake3(), memoryview(bytearray(GROUP_SIZE))
        for start in range(0, self._end, GROUP_SIZE):
            if progress.cancelled():
                raise Cancelled
            count = read_fully(self._file, room, start)
            found.update(room[:count])
            progress.advanced(count)
        if found.digest() != self._hash.digest():
            raise WrittenWronglyError(target)


def restore_range(
    opened: OpenPoint, start: int, end: int, write: Callable[[memoryview], object], progress: Progress
) -> None:
    """Give the bytes from `start` to before `end` of a recovery point to `write`, in order.

    Raises:
        DamagedError: a block does not match its digest; what was given before is good.
        Cancelled: on request.
    """
    progress.started(end - start)
    _give(opened, start, end, write, progress)


def _give(opened: OpenPoint, start: int, end: int, write: Callable[[memoryview], object], progress: Progress) -> None:
    size = opened.map.block_size
    for group in _groups(opened, start // size, -(-end // size)):
        if progress.cancelled():
            raise Cancelled
        offset = group.first * size
        data = group.data[max(0, start - offset) : max(0, end - offset)]
        write(data)
        progress.advanced(len(data))


def _groups(opened: OpenPoint, first: int, end: int) -> Iterator[Group]:
    """The blocks from `first` to before `end`, checked, in order; each group is valid until the next is asked for."""
    size = opened.map.block_size
    step = max(1, GROUP_SIZE // size)
    buffers = Buffers(size, THREADS * _AHEAD + 1)
    reader = CheckedReader(opened.map, opened.slots)

    def read(begin: int) -> Group:
        return reader.read(begin, min(step, end - begin), buffers.take())

    for group in in_order(read, range(first, end, step), ahead=_AHEAD):
        if group.bad:
            raise DamagedError(
                Sentence("block {block} does not match its digest", block=group.bad[0]), [opened.point.id]
            )
        yield group
        buffers.give(group.buffer)
