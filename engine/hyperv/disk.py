"""A virtual disk: a file on a volume of the host that is a disk to the guest."""

from collections.abc import Iterator
from pathlib import Path

from engine.files import Data, File, Files, Opening, Room
from engine.volume import Volume


class DiskFile:
    """A fixed virtual disk, as a file of its own. It bypasses the host's cache, as virtual disks do."""

    def __init__(self, volume: Volume, offset: int, length: int) -> None:
        """`offset` and `length` are its extent on the host's volume."""
        self._volume = volume
        self._offset = offset
        self._length = length

    def pread(self, room: Room, offset: int) -> int:
        count = max(0, min(len(room), self._length - offset))
        self._volume.read_into(self._offset + offset, memoryview(room)[:count])
        return count

    def pwrite(self, data: Data, offset: int) -> int:
        self._volume.write(self._offset + offset, data)
        return len(data)

    def size(self) -> int:
        return self._length

    def truncate(self, size: int) -> None:
        raise OSError(f"a fixed disk of {self._length} bytes cannot become one of {size}")

    def punch(self, offset: int, length: int) -> None:
        self._volume.discard(self._offset + offset, length)

    def extents(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        for first, last in self._volume.extents(self._offset + start, self._offset + end):
            yield first - self._offset, last - self._offset

    def begin_sync(self, offset: int, length: int) -> None:
        """Nobody writes so much to a disk at once that it would matter."""

    def sync(self) -> None:
        self._volume.flush()

    def close(self) -> None:
        """The host's volume stays open."""


class DiskFiles:
    """The files that a guest's volume is made of: its disk lies on the host's volume, all else where `others` are."""

    def __init__(self, path: Path, disk: DiskFile, others: Files) -> None:
        self._path = path
        self._disk = disk
        self._others = others

    def open(self, path: Path, opening: Opening) -> File:
        return self._disk if path == self._path else self._others.open(path, opening)

    def exists(self, path: Path) -> bool:
        return path == self._path or self._others.exists(path)

    def modified(self, path: Path) -> int:
        return 0 if path == self._path else self._others.modified(path)

    def names(self, folder: Path) -> list[str]:
        return self._others.names(folder)

    def make_folder(self, folder: Path) -> None:
        self._others.make_folder(folder)

    def replace(self, source: Path, target: Path) -> None:
        self._others.replace(source, target)

    def remove(self, path: Path) -> None:
        self._others.remove(path)

    def sync_folder(self, folder: Path) -> None:
        self._others.sync_folder(folder)
