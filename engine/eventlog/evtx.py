"""Event logs as Windows keeps them: EVTX files, written record by record.

A file is a header of 4 KiB and chunks of 64 KiB, each of which is complete in itself; only the chunk in the making is
in memory. Times, record numbers and process ids are the caller's: the same records give the same bytes.

A record has to fit into a chunk together with the definitions of its templates, which is 65,024 bytes, or
`RecordTooLargeError` refuses it. (Its values have 16 bits for their sizes, which is never the narrower limit.)
"""

import struct
from collections.abc import Iterable
from types import TracebackType
from typing import BinaryIO, Self
from zlib import crc32

from engine.eventlog.chunk import SIZE, Chunk
from engine.eventlog.errors import LogFullError
from engine.eventlog.record import Record
from engine.eventlog.values import Instance, ticks

_HEADER_BLOCK = 0x1000
_MOST_CHUNKS = 0xFFFF


class EvtxWriter:
    """Writes records to a file that can be sought; the file is whole once `close` was called."""

    def __init__(self, file: BinaryIO, first_record: int = 1) -> None:
        self._file = file
        self._next = first_record
        self._chunk = Chunk()
        self._chunks = 0
        self._file.write(bytes(_HEADER_BLOCK))

    def write(self, record: Record) -> int:
        """Append a record; returns its number. Raises `RecordTooLargeError`, `ValueRefusedError`, `LogFullError`.

        A refused record leaves the file as it was, and its number to the next.
        """
        number = self._next
        self.copy(number, ticks(record.time), record.instance(number))
        return number

    def copy(self, number: int, written: int, event: Instance) -> None:
        """Append a record as another log has it: with its number there, and its FILETIME. Raises as `write` does."""
        if not self._chunk.add(number, written, event):
            fresh = Chunk()
            fresh.add(number, written, event)
            self._make_room()
            self._flush()
            self._chunk = fresh
        self._next = number + 1

    def gap(self, told: bytes) -> None:
        """Where another log is damaged: a chunk that is none and says so, which every reader names as damage."""
        if not self._chunk.empty:
            self._make_room()
            self._flush()
            self._chunk = Chunk()
        self._make_room()
        self._file.write(told[:SIZE].ljust(SIZE, b" "))
        self._chunks += 1

    def close(self) -> None:
        """Write the last chunk and the header. The file stays open."""
        self._flush()
        self._file.seek(0)
        self._file.write(_header(self._chunks, self._next))
        self._file.seek(0, 2)

    def _make_room(self) -> None:
        if self._chunks + 2 > _MOST_CHUNKS:
            raise LogFullError(f"a log has at most {_MOST_CHUNKS:,} chunks")

    def _flush(self) -> None:
        self._file.write(self._chunk.sealed())
        self._chunks += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def write(file: BinaryIO, records: Iterable[Record], first_record: int = 1) -> int:
    """Write a whole log; returns how many records it has. Raises as `EvtxWriter.write` does."""
    count = 0
    with EvtxWriter(file, first_record) as writer:
        for record in records:
            writer.write(record)
            count += 1
    return count


def _header(chunks: int, next_record: int) -> bytes:
    """Version 3.1, closed properly."""
    head = struct.pack("<8s3QIHHHH", b"ElfFile\0", 0, chunks - 1, next_record, 0x80, 1, 3, _HEADER_BLOCK, chunks)
    head = head.ljust(0x7C, b"\0")
    return (head + struct.pack("<I", crc32(head[:0x78]))).ljust(_HEADER_BLOCK, b"\0")
