"""What was written to an image file since its last backup, told by where its file system keeps it.

On file systems that clone files (XFS, btrfs) the clone that was backed up is kept beside the image. What it shares with
the clone of the next backup, the same bytes of the disk at the same place of both files, is the same in both, whatever
happened to the image meanwhile; the rest counts as written. The file system says what is shared (FIEMAP, in the
kernel's Documentation/filesystems/fiemap.rst). That the kept clone is still what was backed up is known by its inode,
length and times. It takes the space of what was overwritten since.
"""

import json
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from engine.blocks import joined
from engine.dpm.errors import RepositoryError
from engine.files import SYSTEM, SystemFile, write_atomically
from engine.sync.scope import Pairs, Tracked

_FIEMAP = 0xC020660B
"""FS_IOC_FIEMAP of linux/fs.h."""
_HEAD, _EXTENT = struct.Struct("<QQIIII"), struct.Struct("<QQQ16xI12x")
_SYNC = 0x1
_LAST, _MERGED, _SHARED = 0x1, 0x1000, 0x2000
_AT_ONCE = 1024


class NotTrackableError(RepositoryError):
    """An image whose changes cannot be known."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"what is written to {path} cannot be tracked, as it cannot be cloned here ({why}); "
            "keep it on XFS or btrfs, or leave tracking out"
        )


class Extent(NamedTuple):
    """Bytes of a file that lie together on the disk."""

    start: int
    end: int
    shift: int | None
    """From the place in the file to the place on the disk; None where no other file can be known to share it."""


_NONE = Extent(1 << 64, 1 << 64, None)
"""Beyond the end of every file."""


class Kept:
    """The clone that was backed up last, and what is remembered of it."""

    def __init__(self, image: Path) -> None:
        self._image = image
        self._clone = image.with_name(f".{image.name}.backed-up")
        self._memory = image.with_name(f".{image.name}.backed-up.json")
        self.lock = image.with_name(f".{image.name}.backed-up.lock")
        """To be held by whoever backs the image up: the next clone and its root belong together."""
        self.next = image.with_name(f".{image.name}.being-backed-up")
        """Where the clone that is being backed up lies; what a killed backup left there is of no use."""

    def make_next(self) -> SystemFile:
        """A clone of now, for reading.

        Raises:
            NotTrackableError: the file system makes none.
        """
        try:
            self.drop_next()
            SYSTEM.clone(self._image, self.next)
            return SYSTEM.open(self.next, "read")
        except OSError as error:
            raise NotTrackableError(self._image, error.strerror or str(error)) from error

    def drop_next(self) -> None:
        """Remove that clone, if it was not kept."""
        self.next.unlink(missing_ok=True)

    def tracked(self, source: SystemFile) -> Tracked | None:
        """What the next clone does not share with the kept one; None where there is none that can be relied on."""
        try:
            memory = json.loads(self._memory.read_bytes())
            if memory["clone"] != _state(self._clone) or source.size() != self._clone.stat().st_size:
                return None
            kept = SYSTEM.open(self._clone, "read")
            try:
                changed = Pairs(joined(differing(_extents(source), _extents(kept))))
            finally:
                kept.close()
            return Tracked(bytes.fromhex(memory["root"]), changed)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, root: bytes) -> None:
        """The next clone has become a recovery point with this root. Where that cannot be noted, all is compared."""
        with suppress(OSError):
            clone = SYSTEM.open(self.next, "read")
            try:
                clone.sync()  # what the recovery point holds must not be newer than what a crash would leave here
            finally:
                clone.close()
            SYSTEM.replace(self.next, self._clone)
            memory = {"clone": _state(self._clone), "root": root.hex()}
            write_atomically(SYSTEM, self._memory, json.dumps(memory).encode())


def differing(one: Iterator[Extent], other: Iterator[Extent]) -> Iterator[tuple[int, int]]:
    """The ranges (start, end), in order, that two files of one length do not have from the same place of the disk.

    What neither has an extent for is a hole in both.
    """
    done = 0
    mine, theirs = next(one, _NONE), next(other, _NONE)
    while mine != _NONE or theirs != _NONE:
        there = [extent for extent in (mine, theirs) if extent.start <= done]
        shared = len(there) == 2 and mine.shift is not None and mine.shift == theirs.shift
        end = min(extent.end if extent in there else extent.start for extent in (mine, theirs))
        if there and not shared:
            yield done, end
        done = end
        mine = next(one, _NONE) if mine.end <= done else mine
        theirs = next(other, _NONE) if theirs.end <= done else theirs


def _extents(file: SystemFile) -> Iterator[Extent]:
    """Where the file system keeps a file, from its beginning on; OSError where it does not say."""
    import fcntl  # noqa: PLC0415 - not every system has it

    start = 0
    while True:
        told = bytearray(
            _HEAD.pack(start, (1 << 64) - 1 - start, _SYNC, 0, _AT_ONCE, 0) + bytes(_AT_ONCE * _EXTENT.size)
        )
        fcntl.ioctl(file.descriptor, _FIEMAP, told)
        count = _HEAD.unpack_from(told)[3]
        for place in range(count):
            begin, disk, length, flags = _EXTENT.unpack_from(told, _HEAD.size + place * _EXTENT.size)
            start = begin + length
            yield Extent(begin, start, disk - begin if flags & ~(_LAST | _MERGED) == _SHARED else None)
            if flags & _LAST:
                return
        if not count:
            return


def _state(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]
