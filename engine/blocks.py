"""Disk images as blocks, and what a block's digest is.

A digest is BLAKE3 with 256 bits over a whole block; the last block of an image is padded with zeros. A guest chooses
what its blocks contain, so a weaker checksum could be made to hide a change. A block of zeros has the digest
`ZERO_DIGEST`, which no content has, so that holes need neither reading nor hashing.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Protocol

from blake3 import blake3

from engine.files import Room

DIGEST_SIZE = 32
ZERO_DIGEST = bytes(DIGEST_SIZE)
GROUP_SIZE = 1 << 20
"""Bytes that are read and hashed at a time: large enough to be fast, small enough to stay in a core's cache."""
DEFAULT_BLOCK_SIZE = 64 << 10
BLOCK_SIZES = tuple(1 << power for power in range(15, 21))
"""What a replica may be cut into: 32 KiB to 1 MiB."""


class Source(Protocol):
    """What blocks are read from: an image file, a snapshot of one, a replica as a recovery point sees it."""

    def pread(self, room: Room, offset: int) -> int:
        """Fill `room` from `offset`; how many bytes came."""
        ...

    def size(self) -> int:
        """Length in bytes."""
        ...

    def extents(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The ranges (start, end) between two offsets that may hold anything but zeros, in order."""
        ...


class Buffer:
    """Memory for one group of blocks, with a view of every block."""

    def __init__(self, block_size: int, size: int = GROUP_SIZE) -> None:
        self.block_size = block_size
        self.data = bytearray(max(size, block_size))
        self.view = memoryview(self.data)
        self.blocks = [self.view[start : start + block_size] for start in range(0, len(self.data), block_size)]

    @property
    def capacity(self) -> int:
        """How many blocks fit."""
        return len(self.blocks)

    def closed_up(self, places: Sequence[int]) -> memoryview:
        """Some blocks, in ascending order, moved together over what lies between them."""
        for target, place in enumerate(places):
            if target != place:
                self.blocks[target][:] = self.blocks[place]
        return self.view[: len(places) * self.block_size]


class Buffers:
    """Buffers that threads take turns in."""

    def __init__(self, block_size: int, count: int) -> None:
        self._free: SimpleQueue[Buffer] = SimpleQueue()
        for _ in range(count):
            self._free.put(Buffer(block_size))

    def take(self) -> Buffer:
        """One that nobody uses; waits for it."""
        return self._free.get()

    def give(self, buffer: Buffer) -> None:
        """Let others have it."""
        self._free.put(buffer)

    @contextmanager
    def one(self) -> Iterator[Buffer]:
        """One for the time of the block."""
        buffer = self.take()
        try:
            yield buffer
        finally:
            self.give(buffer)


class Hasher:
    """Digests of blocks of one size."""

    def __init__(self, block_size: int) -> None:
        self.block_size = block_size
        self._of_zeros = blake3(bytes(block_size)).digest()

    def digests(self, blocks: list[memoryview]) -> list[bytes]:
        """Of whole blocks, in order."""
        found = [blake3(block).digest() for block in blocks]
        if self._of_zeros in found:
            return [ZERO_DIGEST if digest == self._of_zeros else digest for digest in found]
        return found

    def digest(self, block: memoryview) -> bytes:
        """Of one whole block."""
        return self.digests([block])[0]


def block_count(size: int, block_size: int) -> int:
    """How many blocks an image of so many bytes has."""
    return -(-size // block_size)


def block_runs(source: Source, first: int, count: int, block_size: int) -> Iterator[tuple[int, int]]:
    """The runs (first, count) of blocks among `count` from `first` that may hold anything but zeros."""
    begun = ended = first
    for start, end in source.extents(first * block_size, min((first + count) * block_size, source.size())):
        low, high = max(start // block_size, ended), block_count(end, block_size)
        if low > ended:
            if ended > begun:
                yield begun, ended - begun
            begun = low
        ended = max(ended, high)
    if ended > begun:
        yield begun, ended - begun


def run_digests(source: Source, first: int, count: int, buffer: Buffer, hasher: Hasher) -> bytes:
    """The digests of any number of blocks from block `first`, joined. A hole costs no more than looking for its end."""
    if next(block_runs(source, first, count, buffer.block_size), None) is None:
        return bytes(count * DIGEST_SIZE)
    starts = range(first, first + count, buffer.capacity)
    return b"".join(
        group_digests(source, start, min(buffer.capacity, first + count - start), buffer, hasher) for start in starts
    )


def read_blocks(source: Source, first: int, room: memoryview, block_size: int) -> None:
    """Fill `room` with whole blocks from block `first`; what lies beyond the end of the source is zeros."""
    offset, count = first * block_size, 0
    while count < len(room):
        got = source.pread(room[count:], offset + count)
        if not got:
            room[count:] = bytes(len(room) - count)
            return
        count += got


def group_digests(source: Source, first: int, count: int, buffer: Buffer, hasher: Hasher) -> bytes:
    """The digests of `count` blocks from block `first`, joined; at most a buffer's worth.

    Every block is read into its place in the buffer, but for holes, which are not read.
    """
    size = buffer.block_size
    digests = [ZERO_DIGEST] * count
    for start, length in block_runs(source, first, count, size):
        place = start - first
        read_blocks(source, start, buffer.view[place * size : (place + length) * size], size)
        digests[place : place + length] = hasher.digests(buffer.blocks[place : place + length])
    return b"".join(digests)


def joined(ranges: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The same ranges, in order, with those that touch each other made one."""
    begun = None
    for start, end in ranges:
        if begun is None:
            begun = start, end
        elif start <= begun[1]:
            begun = begun[0], max(begun[1], end)
        else:
            yield begun
            begun = start, end
    if begun is not None:
        yield begun
