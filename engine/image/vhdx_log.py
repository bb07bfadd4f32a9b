"""The log of a VHDX: what its writer put there and not yet into the disk, as it stopped, or goes on.

Source: [MS-VHDX] 2.3. The file is not touched: what the log says is laid over it while it is read.
"""

import struct
from typing import NamedTuple
from uuid import UUID

from engine.files import Room
from engine.image.crc32c import crc32c
from engine.image.errors import ImageError
from engine.image.reading import RawDisk, read

_SECTOR = 4096
_ENTRY = struct.Struct("<4sIIIQII16sQQ")
"""Signature, checksum, bytes, offset of the tail, sequence number, descriptors, unused, identifier, two sizes of the
file: what it had at least, and what it needs."""
_DESCRIPTOR = struct.Struct("<4s4s8sQQ")
"""Signature, last bytes of a sector, first bytes of it (or the length of zeros), offset, sequence number."""
_LARGEST_LOG = 16 << 20
_MOST_SUMS = 4
"""Checksums are made of no more than so many times the log's length: entries do not lie in one another."""


class Update(NamedTuple):
    """A range of the file, and what is to be in it."""

    offset: int
    length: int
    data: bytes | None
    """None: zeros."""


class _Entry(NamedTuple):
    number: int
    """Entries that belong together have consecutive ones."""
    offset: int
    end: int
    """Where the next one begins, in the log."""
    tail: int
    """Where the first begins that is to be replayed with this one."""
    least_size: int
    needed_size: int
    updates: tuple[Update, ...]


class Replayed(RawDisk):
    """A file with the updates of its log laid over it."""

    def __init__(self, file: RawDisk, updates: tuple[Update, ...], size: int) -> None:
        super().__init__(file.path, file.file, max(file.size, size))
        self._below = file
        self._updates = updates

    def read_into(self, offset: int, room: Room) -> None:
        view = memoryview(room)
        end = offset + len(view)
        there = max(0, min(end, self._below.size) - offset)
        if there:
            self._below.read_into(offset, view[:there])
        view[there:] = bytes(len(view) - there)
        for update in self._updates:
            low, high = max(offset, update.offset), min(end, update.offset + update.length)
            if low < high:
                data = update.data
                part = bytes(high - low) if data is None else data[low - update.offset : high - update.offset]
                view[low - offset : high - offset] = part


def replayed(file: RawDisk, log: UUID, offset: int, length: int) -> RawDisk:
    """The file as it is once its log is replayed; ImageError where the log cannot be believed.

    Args:
        file: the VHDX.
        log: the identifier of valid entries.
        offset: where the log is.
        length: bytes of it.
    """
    if length % _SECTOR or not 0 < length <= _LARGEST_LOG:
        raise ImageError(file.path, offset, f"a log of {length} bytes")
    sequence = _active(_Log(file, log, offset, length).entries())
    if sequence and sequence[-1].least_size > file.size:
        raise ImageError(file.path, file.size, f"the file ends here, but had {sequence[-1].least_size} bytes")
    updates = tuple(update for entry in sequence for update in entry.updates)
    return Replayed(file, updates, max((entry.needed_size for entry in sequence), default=0))


def _active(entries: dict[int, _Entry]) -> list[_Entry]:
    """The newest entry whose tail leads to it without a gap, with all from there on; none where nothing is logged."""
    for head in sorted(entries.values(), reverse=True):
        sequence: list[_Entry] = []
        entry = entries.get(head.tail)
        while entry is not None and entry.number <= head.number:
            if sequence and entry.number != sequence[-1].number + 1:
                break
            sequence.append(entry)
            if entry is head:
                return sequence
            entry = entries.get(entry.end)
    return []


class _Log:
    def __init__(self, file: RawDisk, log: UUID, offset: int, length: int) -> None:
        self._file = file
        self._id = log.bytes_le
        self._offset = offset
        self._length = length
        self._summed = 0

    def entries(self) -> dict[int, _Entry]:
        """The sound entries, by where they are."""
        found = (self._entry(offset) for offset in range(0, self._length, _SECTOR))
        return {entry.offset: entry for entry in found if entry is not None}

    def _bytes(self, offset: int, length: int) -> bytes:
        """A part of the log, which goes on at its beginning where it ends."""
        parts = []
        while length:
            start = offset % self._length
            count = min(length, self._length - start, _SECTOR)
            parts.append(read(self._file, self._offset + start, count))
            offset, length = offset + count, length - count
        return b"".join(parts)

    def _entry(self, offset: int) -> _Entry | None:
        head = self._bytes(offset, _ENTRY.size)
        signature, checksum, length, tail, number, count, _, log, least, needed = _ENTRY.unpack(head)
        if signature != b"loge" or log != self._id or length % _SECTOR or not 0 < length <= self._length:
            return None
        if _ENTRY.size + count * _DESCRIPTOR.size > length or not number:
            return None
        self._summed += length
        if self._summed > _MOST_SUMS * self._length:
            raise ImageError(self._file.path, self._offset + offset, "entries of the log lie in one another")
        content = self._bytes(offset, length)
        if crc32c(content[:4] + bytes(4) + content[8:]) != checksum:
            return None
        updates = _updates(content, count, number)
        end = (offset + length) % self._length
        return None if updates is None else _Entry(number, offset, end, tail, least, needed, updates)


def _updates(content: bytes, count: int, number: int) -> tuple[Update, ...] | None:
    """What an entry says; None where a part of it is of another entry."""
    updates = []
    data_at = -(-(_ENTRY.size + count * _DESCRIPTOR.size) // _SECTOR) * _SECTOR
    for place in range(_ENTRY.size, _ENTRY.size + count * _DESCRIPTOR.size, _DESCRIPTOR.size):
        signature, last, first, offset, its_number = _DESCRIPTOR.unpack_from(content, place)
        if its_number != number:
            return None
        if signature == b"zero":
            updates.append(Update(offset, int.from_bytes(first, "little"), None))
            continue
        sector = content[data_at : data_at + _SECTOR]
        data_at += _SECTOR
        halves = sector[-4:] + sector[4:8]
        if signature != b"desc" or sector[:4] != b"data" or halves != number.to_bytes(8, "little"):
            return None
        updates.append(Update(offset, _SECTOR, first + sector[8:-4] + last))
    return tuple(updates)
