"""The outer structure of EVTX files: chunks of 64 KiB, and the records in them.

Layout: [MS-EVEN6] 3.1.4 and libevtx, *Windows XML Event Log (EVTX)*,
https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc

Nothing in the file's header is trusted: a log copied from a running machine says that it has fewer chunks than it has.
"""

import struct
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple
from zlib import crc32

from engine.sentence import Sentence

FILE_MAGIC = b"ElfFile\0"
CHUNK_MAGIC = b"ElfChnk\0"
SIZE = 0x10000
FIRST_CHUNK = 0x1000
_FIRST_RECORD = 0x200
_PADDING = bytes(64)
"""Behind a chunk's data, so that a record's head can be read without looking where the chunk ends."""
_RECORD_MAGIC = b"**\0\0"
_SMALLEST_RECORD = 0x1D  # head, one byte of XML, and the copy of the size

_DIRTY, _NO_CHECKSUMS = 0x1, 0x4

_HEAD = struct.Struct("<4sIQQ").unpack_from
_U32 = struct.Struct("<I").unpack_from


class Header(NamedTuple):
    """What the file's header says; all of it may be stale."""

    chunks: int
    dirty: bool
    checksums: bool

    def remark(self, present: int) -> str:
        """Why trusting the header would lose records that were read, empty where it would not."""
        if self.chunks >= present:
            return ""
        return Sentence(
            "copied while in use: its header tells of {said}, {present} are there, all were read"
            if self.dirty
            else "its header tells of {said}, {present} are there, all were read",
            said=_chunks(self.chunks),
            present=present,
        )

    def missing(self, slots: int) -> str:
        """What the file has lost at its end, empty where it has room for all that the header tells of."""
        if self.chunks <= slots:
            return ""
        return Sentence("tells of {said}, the file ends after {slots}", said=_chunks(self.chunks), slots=slots)


def _chunks(count: int) -> Sentence:
    return Sentence("1 chunk") if count == 1 else Sentence("{count} chunks", count=count)


def header(head: bytes) -> Header:
    """Read the file header from the file's first bytes; any bytes will do."""
    if len(head) < 0x80 or not head.startswith(FILE_MAGIC):
        return Header(chunks=0, dirty=False, checksums=True)
    (count,) = struct.unpack_from("<H", head, 0x2A)
    (flags,) = _U32(head, 0x78)
    return Header(count, bool(flags & _DIRTY), not flags & _NO_CHECKSUMS)


Head = tuple[int, int, int, int]
"""A record: where in the chunk it begins and ends, its number, and when it was written (a FILETIME)."""


class Chunk:
    """One chunk of a file, whole or cut off."""

    def __init__(self, number: int, data: bytes, *, checksums: bool) -> None:
        self.number = number
        self.offset = FIRST_CHUNK + number * SIZE
        self.where = _where(number)
        self.data = data + _PADDING
        self.remarks: Counter[str] = Counter()
        """What is wrong with it, and how often."""
        self._length = len(data)
        self._end = self._records_end(checksums=checksums)

    def records(self) -> Iterator[Head]:
        """The heads of all records; what does not look like one is skipped and remarked."""
        at, end, data = _FIRST_RECORD, self._end, self.data
        while at < end:
            magic, size, record, written = _HEAD(data, at)
            if magic == _RECORD_MAGIC and _SMALLEST_RECORD <= size <= end - at:
                yield at, at + size, record, written
                at += size
            else:
                at = self._next_record(at)

    def record(self, at: int) -> Head | None:
        """The head of the record that begins at a place; None where none does."""
        if not _FIRST_RECORD <= at <= self._length - _SMALLEST_RECORD:
            return None
        magic, size, record, written = _HEAD(self.data, at)
        whole = magic == _RECORD_MAGIC and _SMALLEST_RECORD <= size <= self._length - at
        return (at, at + size, record, written) if whole else None

    def _records_end(self, *, checksums: bool) -> int:
        """Where the slack begins: old records behind it are no evidence."""
        data, length = self.data, self._length
        if length < _FIRST_RECORD:
            self.remarks[Sentence("cut off in its header")] += 1
            return 0
        end: int
        end, checksum = struct.unpack_from("<II", data, 0x30)
        possible = _FIRST_RECORD <= end <= SIZE
        records_are_intact = (
            possible and length >= end and (not checksums or crc32(data[_FIRST_RECORD:end]) == checksum)
        )
        if checksums and _U32(data, 0x7C)[0] != crc32(data[0x80:_FIRST_RECORD], crc32(data[:0x78])):
            self.remarks[Sentence("the header's checksum differs")] += 1
            return end if records_are_intact else self._end_by_walking()
        if not possible:
            self.remarks[Sentence("the header is damaged")] += 1
            return self._end_by_walking()
        if length < end:
            self.remarks[Sentence("cut off after {length} of {end} bytes", length=length, end=end)] += 1
        elif not records_are_intact:
            self.remarks[Sentence("the records' checksum differs")] += 1
        return min(end, length)

    def _end_by_walking(self) -> int:
        """The end of the records that follow one another without a gap in their numbers."""
        at: int = _FIRST_RECORD
        previous: int | None = None
        while self._is_record(at):
            _, size, record, _ = _HEAD(self.data, at)
            if previous is not None and record != previous + 1:
                break
            at, previous = at + size, record
        return at

    def _is_record(self, at: int) -> bool:
        """Whether a record lies here whole: it repeats its size at its end."""
        magic, size, _, _ = _HEAD(self.data, at)
        if magic != _RECORD_MAGIC or not _SMALLEST_RECORD <= size <= self._length - at:
            return False
        (repeated,) = _U32(self.data, at + size - 4)
        return bool(repeated == size)

    def _next_record(self, at: int) -> int:
        """Where reading can go on behind something that is no record."""
        found = self.data.find(_RECORD_MAGIC, at + 4, self._end)
        while found != -1 and not self._is_record(found):
            found = self.data.find(_RECORD_MAGIC, found + 4, self._end)
        stop = found if found != -1 else self._end
        if stop < self._length or self._length == SIZE:  # else it is the record in which the file was cut off
            self.remarks[Sentence("bytes that are no record")] += stop - at
        return stop


def _where(number: int) -> Sentence:
    return Sentence("chunk {number} at 0x{offset:x}", number=number, offset=FIRST_CHUNK + number * SIZE)


def chunks(file: BinaryIO, *, checksums: bool) -> Iterator[Chunk | str]:
    """Every chunk of the file in its order, whatever the header says; of a slot that is none, why it is not read."""
    file.seek(FIRST_CHUNK)
    number = 0
    while data := file.read(SIZE):
        if data.startswith(CHUNK_MAGIC):
            yield Chunk(number, data, checksums=checksums)
        elif data.count(0) < len(data):
            yield _where(number)
        number += 1
