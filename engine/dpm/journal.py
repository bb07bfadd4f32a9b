"""The blocks that an unfinished job has made durable, so that the next one need not ask for them again.

The journal is a shortcut and never the truth: one that is torn, damaged or belongs to another recovery point is read
as far as it is sound. A batch is written only after the slots that it speaks of are durable. File: a header with the
recovery point that the job builds on, then batches: the number of entries, a checksum that chains it to what came
before, and the entries (block, slot, digest).
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from blake3 import blake3

from engine.files import File, Files, read_fully, write_fully

_HEADER = struct.Struct("<8sIIQ")
"""Magic, version, block size, the recovery point that the job builds on (0: none)."""
_MAGIC = b"SHINJNL\0"
_VERSION = 1
_BATCH = struct.Struct("<I32s")
_ENTRY = struct.Struct("<II32s")
_MAX_ENTRIES = 1 << 14


class Entry(NamedTuple):
    """A block that is in a slot."""

    block: int
    slot: int
    digest: bytes


def packed(block: int, slot: int, digest: bytes) -> bytes:
    """One entry as it is written."""
    return _ENTRY.pack(block, slot, digest)


class Journal:
    """The journal of one replica's unfinished job. There is no file until there is something to record."""

    def __init__(self, files: Files, path: Path, block_size: int, base: int) -> None:
        """Open what is there; what cannot be gone on with is removed for good, as its slots are free."""
        self._files = files
        self._path = path
        self._header = _HEADER.pack(_MAGIC, _VERSION, block_size, base)
        self._file = _opened(files, path, self._header)
        self._chain = blake3(self._header).digest()
        self._end = len(self._header)

    def replay(self) -> Iterator[Entry]:
        """What is recorded, as far as it is sound; what follows is cut off."""
        if self._file is None:
            return
        size = self._file.size()
        while batch := self._batch(self._file, size):
            yield from (Entry(*fields) for fields in _ENTRY.iter_unpack(batch))
        if self._end < size:
            self._file.truncate(self._end)

    def _batch(self, file: File, size: int) -> bytes | None:
        """The entries of the next batch; None at the end of what is sound."""
        head = bytearray(_BATCH.size)
        if self._end + len(head) > size or read_fully(file, head, self._end) < len(head):
            return None
        count, checksum = _BATCH.unpack(head)
        length = count * _ENTRY.size
        if not 0 < count <= _MAX_ENTRIES or self._end + len(head) + length > size:
            return None
        body = bytearray(length)
        read_fully(file, body, self._end + len(head))
        if blake3(self._chain).update(body).digest() != checksum:
            return None
        self._chain = checksum
        self._end += len(head) + length
        return bytes(body)

    def append(self, entries: bytes) -> None:
        """Record packed entries whose slots are durable; durable on return."""
        if self._file is None:
            self._file = self._files.open(self._path, "create")
            write_fully(self._file, self._header, 0)
            self._files.sync_folder(self._path.parent)
        for start in range(0, len(entries), _MAX_ENTRIES * _ENTRY.size):
            body = entries[start : start + _MAX_ENTRIES * _ENTRY.size]
            chain = blake3(self._chain).update(body).digest()
            write_fully(self._file, _BATCH.pack(len(body) // _ENTRY.size, chain) + body, self._end)
            self._chain = chain
            self._end += _BATCH.size + len(body)
        self._file.sync()

    def close(self) -> None:
        """Release the file."""
        if self._file is not None:
            self._file.close()


def _opened(files: Files, path: Path, header: bytes) -> File | None:
    if not files.exists(path):
        return None
    file = files.open(path, "write")
    found = bytearray(len(header))
    if read_fully(file, found, 0) == len(header) and found == header:
        return file
    file.close()
    files.remove(path)
    files.sync_folder(path.parent)
    return None
