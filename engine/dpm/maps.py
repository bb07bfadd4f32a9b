"""The map of a recovery point: for every block of the image the slot that holds it, and its digest.

File: a header, `blocks` slot numbers (32 bits, little-endian; 0 is a block of zeros, n the n-th slot of the replica,
counted from 1), `blocks` digests of 32 bytes, a label, and a BLAKE3 checksum over everything before it. The header
repeats who the map belongs to, so that a map which lies in the wrong place is noticed. The label says what the catalog
says of the recovery point, so that a lost catalog can be made anew.
"""

import mmap
import os
import struct
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from blake3 import blake3

from engine.blocks import DIGEST_SIZE, block_count
from engine.dpm.errors import RepositoryError
from engine.files import Files, read_fully, write_fully

_HEADER = struct.Struct("<8sIIQQQQ")
"""Magic, version, block size, image size, replica, recovery point, bytes of the label."""
_MAGIC = b"SHINMAP\0"
_VERSION = 1
_SLOT_SIZE = 4
_PIECE = 64 << 10
_ZEROS = bytes(_PIECE)
_MAX_LABEL = 1 << 20
_SMALL = 8 << 20
"""Bytes of a map that is kept in memory: that of an image of 14 GiB in blocks of 64 KiB."""
MAX_BLOCKS = (1 << 32) - 1


class MapDamagedError(RepositoryError):
    """A map that does not match its checksum, or is not the one that should be there."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"map {path.name} {why}")


class Loaded(NamedTuple):
    """A map as it was found in its file."""

    map: "BlockMap"
    checksum: bytes
    label: bytes


class BlockMap:
    """Slots and digests of an image's blocks, in memory; that of a large image may be paged out to a file."""

    def __init__(self, block_size: int, image_size: int) -> None:
        if sys.byteorder != "little":
            raise RepositoryError("replicas are read and written on little-endian machines only")
        self.block_size = block_size
        self.image_size = image_size
        self.blocks = block_count(image_size, block_size)
        if self.blocks > MAX_BLOCKS:
            raise RepositoryError(f"an image of {image_size} bytes has more than {MAX_BLOCKS} blocks of {block_size}")
        self._memory = _zeroed(self.blocks * (_SLOT_SIZE + DIGEST_SIZE))
        self.slots = self._memory[: self.blocks * _SLOT_SIZE].cast("I")
        self.digests = self._memory[self.blocks * _SLOT_SIZE :]

    def put(self, block: int, slot: int, digest: bytes) -> None:
        """Let a block be found in a slot."""
        self.slots[block] = slot
        self.digests[block * DIGEST_SIZE : (block + 1) * DIGEST_SIZE] = digest

    def digest(self, block: int) -> bytes:
        """The digest of one block."""
        return bytes(self.digests[block * DIGEST_SIZE : (block + 1) * DIGEST_SIZE])

    def digests_of(self, first: int, count: int) -> bytes:
        """The digests of `count` blocks from block `first`, joined."""
        return bytes(self.digests[first * DIGEST_SIZE : (first + count) * DIGEST_SIZE])

    def root(self) -> bytes:
        """One digest over all digests."""
        return blake3(self.digests).digest()

    def resized(self, image_size: int) -> "BlockMap":
        """A copy for an image of another length; blocks that it gains are zeros."""
        copy = BlockMap(self.block_size, image_size)
        common = min(self.blocks, copy.blocks)
        copy.slots[:common] = self.slots[:common]
        copy.digests[: common * DIGEST_SIZE] = self.digests[: common * DIGEST_SIZE]
        return copy

    def changed_since(self, earlier: "BlockMap") -> int:
        """How many blocks have other contents than in an earlier map of the same replica.

        Blocks that one of the two lacks are zeros. What is in the same slot is the same; what has no slot is zeros.
        """
        longer, shorter = (self, earlier) if self.blocks >= earlier.blocks else (earlier, self)
        padded = shorter if shorter.blocks == longer.blocks else shorter.resized(longer.image_size)
        changed, step = 0, 16
        for first in range(0, longer.blocks, step):
            one, other = longer.slots[first : first + step], padded.slots[first : first + step]
            if one.tobytes() != other.tobytes():
                for n, (slot, before) in enumerate(zip(one, other, strict=True), first):
                    if slot != before:
                        changed += not slot or not before or longer.digest(n) != padded.digest(n)
        return changed

    @contextmanager
    def saving(self, files: Files, path: Path, replica: int, point: int, label: bytes) -> Iterator[bytes]:
        """Write to a new file; the checksum. After the block it is durable, but for its name.

        Raises:
            OSError: as the file layer does.
        """
        header = _HEADER.pack(_MAGIC, _VERSION, self.block_size, self.image_size, replica, point, len(label))
        body = self._memory[: self.blocks * (_SLOT_SIZE + DIGEST_SIZE)]
        end = label + blake3(header).update(body).update(label).digest()
        file = files.open(path, "create")
        try:
            file.truncate(len(header) + len(body) + len(end))
            write_fully(file, header, 0)
            for start in range(0, len(body), _PIECE):
                piece = body[start : start + _PIECE].tobytes()
                if piece != _ZEROS[: len(piece)]:  # the map of a hole is a hole
                    write_fully(file, piece, len(header) + start)
            write_fully(file, end, len(header) + len(body))
            file.begin_sync(0, len(header) + len(body) + len(end))
            yield end[-DIGEST_SIZE:]
            file.sync()
        finally:
            file.close()

    @classmethod
    def load(cls, files: Files, path: Path, replica: int, point: int) -> Loaded:
        """Read and check.

        Raises:
            MapDamagedError: it is missing, or not what it was when it was saved.
            OSError: as the file layer does.
        """
        try:
            file = files.open(path, "read")
        except FileNotFoundError as error:
            raise MapDamagedError(path, "is missing") from error
        try:
            raw = bytearray(_HEADER.size)
            read_fully(file, raw, 0)
            magic, version, block_size, image_size, *whose, label_size = _HEADER.unpack(raw)
            if magic != _MAGIC or version != _VERSION or whose != [replica, point] or not block_size:
                raise MapDamagedError(path, "does not begin as it should")
            length = block_count(image_size, block_size) * (_SLOT_SIZE + DIGEST_SIZE)
            if label_size > _MAX_LABEL or file.size() != _HEADER.size + length + label_size + DIGEST_SIZE:
                raise MapDamagedError(path, "does not have the length that it should have")
            found = cls(block_size, image_size)
            body, end = found._memory[:length], bytearray(label_size + DIGEST_SIZE)
            read_fully(file, body, _HEADER.size)
            read_fully(file, end, _HEADER.size + length)
        finally:
            file.close()
        label, checksum = bytes(end[:label_size]), bytes(end[label_size:])
        if blake3(raw).update(body).update(label).digest() != checksum:
            raise MapDamagedError(path, "does not match its checksum")
        return Loaded(found, checksum, label)


def _zeroed(size: int) -> memoryview:
    """Zeroed memory; that of a large image's map belongs to a nameless file, so that it need not stay resident.

    For a small one that would cost more than it spares: each page of a file is prepared for writing back.
    """
    if size <= _SMALL:
        return memoryview(mmap.mmap(-1, max(size, 1)))
    with tempfile.TemporaryFile() as file:
        try:
            _allocate(file.fileno(), size)
        except OSError as error:
            error.filename = tempfile.gettempdir()
            raise
        return memoryview(mmap.mmap(file.fileno(), size))


def _allocate(descriptor: int, size: int) -> None:
    """Make a file so long, with its space where that can be: a disk that is full later on ends the process (SIGBUS)."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    else:
        os.ftruncate(descriptor, size)
