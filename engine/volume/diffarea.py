"""The diff area: where the old content of blocks goes before they are overwritten, within a limit.

Each epoch, the time from one shadow copy to the next, has a sparse file as long as the volume, in which an old block
lies at the offset that it has on the volume. The file system's extents are the map, so that none is kept in memory,
neighbours are read together, and removing the file gives back its space. A block of zeros stays a hole.
"""

from contextlib import suppress
from pathlib import Path
from typing import Protocol

from engine.files import File, Files, write_fully
from engine.volume.bitmap import Bitmap, runs

BLOCK = 1 << 14
"""Bytes that are copied at once: 16 KiB, as volsnap does (64 KiB doubled the diff area under small random writes)."""
_ZEROS = bytes(BLOCK)
_OLD, _CLONE = ".old-blocks", ".clone"


def blocks_of(size: int) -> int:
    """How many blocks a volume of so many bytes has; the last may be shorter."""
    return -(-size // BLOCK)


class Cloner(Protocol):
    """Where a file system can share blocks between files, how that is done."""

    def clone(self, source: Path, target: Path) -> None:
        """Make a new file with the content that another has at this moment; OSError where that cannot be."""
        ...


class AreaFullError(Exception):
    """The next blocks would pass the limit."""


class OldBlocks:
    """The old blocks of one epoch. Written by one thread at a time; read by any."""

    def __init__(self, area: "DiffArea", path: Path, file: File, size: int) -> None:
        blocks = blocks_of(size)
        self.present = Bitmap(blocks)
        """Blocks whose old content is here."""
        self.stored = Bitmap(blocks)
        """Those of them that take space: all but zeros."""
        self.path = path
        self.file = file
        self._area = area
        self._size = size
        self._used = 0

    def keep(self, first: int, old: bytearray) -> None:
        """Take in the old content of adjacent blocks; AreaFullError and OSError leave them absent."""
        size, blocks = BLOCK, blocks_of(len(old))
        stored = _data_in(old)
        needed = stored.bit_count()
        self._area.take(needed)
        try:
            if blocks == needed:
                write_fully(self.file, old, first * size)
            else:
                view = memoryview(old)
                for start, end in runs(stored):
                    write_fully(self.file, view[start * size : end * size], (first + start) * size)
        except OSError:
            self._area.give_back(needed)
            raise
        self._used += needed
        last = first + blocks
        if stored:
            self.stored.add(first, last, stored)
        self.present.put(first, last, (1 << blocks) - 1)

    def drop(self, first: int, last: int, bits: int) -> None:
        """Forget some of the blocks from `first` to before `last`; they are not kept here again."""
        stored = self.stored.word(first, last)
        self.present.put(first, last, self.present.word(first, last) & ~bits)
        self.stored.put(first, last, stored & ~bits)
        freed = (stored & bits).bit_count()
        self._used -= freed
        self._area.give_back(freed)
        with suppress(OSError):  # then their space comes back with the file's
            for start, end in runs(stored & bits):
                self.file.punch(
                    (first + start) * BLOCK, min((end - start) * BLOCK, self._size - (first + start) * BLOCK)
                )

    def close(self) -> None:
        """Forget all blocks; readers that are late are refused by the file, or read something that they throw away."""
        self._area.give_back(self._used)
        self._used = 0
        with suppress(OSError):  # what stays is removed when the volume is opened next
            self.file.close()
            self._area.files.remove(self.path)


def _data_in(old: bytearray) -> int:
    """A bit for each block that is not zeros."""
    found = 0
    for place, start in enumerate(range(0, len(old), BLOCK)):
        zeros = _ZEROS if start + BLOCK <= len(old) else _ZEROS[: len(old) - start]
        found |= (not old.startswith(zeros, start)) << place
    return found


class DiffArea:
    """A folder of old blocks of one volume, and how many there may be."""

    def __init__(self, files: Files, folder: Path, limit: int) -> None:
        self.files = files
        self.folder = folder
        self.limit = limit
        """Bytes of old blocks that it may hold."""
        self._taken = 0
        self._serial = 0

    @property
    def used(self) -> int:
        """Bytes of old blocks that it holds."""
        return self._taken * BLOCK

    def prepare(self) -> None:
        """Make the folder where it is missing."""
        self.files.make_folder(self.folder)

    def clear(self) -> None:
        """Remove what a process left that did not end well: its shadow copies ended with it."""
        for name in self.files.names(self.folder):
            if name.endswith((_OLD, _CLONE)):
                self.files.remove(self.folder / name)

    def begin(self, size: int) -> OldBlocks:
        """Room for the old blocks of a new epoch of a volume of this size."""
        path = self._new_path(_OLD)
        file = self.files.open(path, "create")
        try:
            file.truncate(size)
        except OSError:
            file.close()
            self.files.remove(path)
            raise
        return OldBlocks(self, path, file, size)

    def clone(self, cloner: Cloner, volume: Path) -> Path:
        """A clone of the volume's file; OSError where there can be none."""
        path = self._new_path(_CLONE)
        cloner.clone(volume, path)
        return path

    def _new_path(self, suffix: str) -> Path:
        self._serial += 1
        return self.folder / f"{self._serial:06}{suffix}"

    def take(self, blocks: int) -> None:
        """Count blocks in, or raise AreaFullError."""
        if (self._taken + blocks) * BLOCK > self.limit:
            raise AreaFullError
        self._taken += blocks

    def give_back(self, blocks: int) -> None:
        """Count blocks out."""
        self._taken -= blocks
