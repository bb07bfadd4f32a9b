"""Reading structures out of files that may be damaged or made to deceive: exact, and never much at once."""

from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import NamedTuple, Protocol

from engine.files import File, Room, read_fully
from engine.image.errors import ImageError

SECTOR = 512
MOST = 1 << 20
"""No structure that is read at once is longer."""


class Disk(Protocol):
    """What a machine sees as a disk, or a part of it."""

    path: Path
    """The file to name where something is wrong."""
    size: int
    """Bytes."""
    sector: int
    """Bytes of a logical sector."""

    def read_into(self, offset: int, room: Room) -> None:
        """Fill `room`; ImageError where that cannot be."""
        ...


def read(disk: Disk, offset: int, length: int) -> bytes:
    """So many bytes of a structure; ImageError where the disk is shorter or the structure absurdly long."""
    if offset < 0 or length > MOST or offset + length > disk.size:
        raise ImageError(disk.path, offset, f"{length} bytes are not within the {disk.size} that there are")
    room = bytearray(length)
    disk.read_into(offset, room)
    return bytes(room)


class RawDisk:
    """A file as it is, or its beginning."""

    sector = SECTOR

    def __init__(self, path: Path, file: File, size: int | None = None) -> None:
        self.path = path
        self.file = file
        self.size = file.size() if size is None else size

    def read_into(self, offset: int, room: Room) -> None:
        if read_fully(self.file, room, offset) < len(room):
            raise ImageError(self.path, offset, f"the file ends before the {len(room)} bytes expected here")


class PartOf:
    """A part of a disk."""

    def __init__(self, disk: Disk, start: int, size: int) -> None:
        self.path = disk.path
        self.sector = disk.sector
        self.start = start
        self.size = size
        self._disk = disk

    def read_into(self, offset: int, room: Room) -> None:
        self._disk.read_into(self.start + offset, room)


class Holder(Enum):
    """Where a range of a virtual disk is kept."""

    FILE = "file"
    NOWHERE = "nowhere"
    PARENT = "parent"


class Piece(NamedTuple):
    """A range of a virtual disk that is kept in one place."""

    length: int
    holder: Holder
    offset: int = 0
    """Where in the file, where it is there."""


class BlockMap(Protocol):
    """Says where the ranges of a virtual disk are kept."""

    def pieces(self, offset: int, length: int) -> Iterator[Piece]:
        """A range of the disk in parts, in order."""
        ...


class VirtualDisk:
    """A disk whose blocks lie scattered in a file, and in the files of its parents."""

    def __init__(self, file: RawDisk, blocks: BlockMap, size: int, sector: int, parent: Disk | None) -> None:
        self.path = file.path
        self.size = size
        self.sector = sector
        self._file = file
        self._blocks = blocks
        self._parent = parent

    def read_into(self, offset: int, room: Room) -> None:
        view = memoryview(room)
        if offset + len(view) > self.size:
            raise ImageError(self.path, offset, f"{len(view)} bytes of the virtual disk are not within {self.size}")
        place = 0
        for piece in self._blocks.pieces(offset, len(view)):
            self._read_piece(piece, offset + place, view[place : place + piece.length])
            place += piece.length

    def _read_piece(self, piece: Piece, offset: int, room: memoryview) -> None:
        if piece.holder is Holder.FILE:
            self._file.read_into(piece.offset, room)
            return
        inherited = 0
        if piece.holder is Holder.PARENT and self._parent is not None:
            inherited = max(0, min(len(room), self._parent.size - offset))  # a parent may be smaller
            self._parent.read_into(offset, room[:inherited])
        room[inherited:] = bytes(len(room) - inherited)


def by_block(offset: int, length: int, size: int) -> Iterator[tuple[int, int, int]]:
    """A range of a disk by its blocks: (block, start and end within it), in order."""
    end = offset + length
    while offset < end:
        block, start = divmod(offset, size)
        stop = min(size, start + end - offset)
        yield block, start, stop
        offset += stop - start


def by_presence(start: int, stop: int, sector: int, present: Callable[[int], bool]) -> Iterator[tuple[int, int, bool]]:
    """A range by runs of sectors that are all present or all absent: (start, end, present), in order."""
    while start < stop:
        here = present(start // sector)
        end = (start // sector + 1) * sector
        while end < stop and present(end // sector) == here:
            end += sector
        yield start, min(end, stop), here
        start = end
