"""A bit per block of a volume, in memory that costs nothing where no bit was ever set."""

import mmap
from collections.abc import Iterator

WORD = 4096
"""So many bits are best looked at as one number: more make arithmetic slow, fewer make many steps."""


class Bitmap:
    """Bits that are set one by one or in ranges, and read as numbers whose lowest bit is the first block.

    The caller orders writers among themselves; reading beside a writer gives each byte as it was before or after.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.size = max(1, (count + 7) // 8)
        """Bytes."""
        self._bytes = mmap.mmap(-1, self.size)  # untouched pages take no memory

    def has(self, bit: int) -> int:
        """Whether this one is set, as 1 or 0: the quickest look."""
        return self._bytes[bit >> 3] >> (bit & 7) & 1

    def word(self, start: int, end: int) -> int:
        """The bits from `start` to before `end`, as one number."""
        first = start >> 3
        bits = int.from_bytes(self._bytes[first : (end + 7) >> 3], "little") >> (start & 7)
        return bits & ((1 << (end - start)) - 1)

    def put(self, start: int, end: int, bits: int) -> None:
        """Let the bits from `start` to before `end` be these."""
        first, last = start >> 3, (end + 7) >> 3
        shift = start & 7
        mask = ((1 << (end - start)) - 1) << shift
        old = int.from_bytes(self._bytes[first:last], "little")
        self._bytes[first:last] = (old & ~mask | bits << shift).to_bytes(last - first, "little")

    def add(self, start: int, end: int, bits: int) -> None:
        """Set those bits from `start` to before `end` that are set in this number."""
        self.put(start, end, self.word(start, end) | bits)

    def to_bytes(self) -> bytes:
        """All bits; the lowest of the first byte is the first block."""
        return self._bytes[:]

    def from_bytes(self, data: bytes | bytearray) -> None:
        """Let all bits be those that `to_bytes` gave; ValueError where they are not as many."""
        if len(data) != self.size:
            raise ValueError(f"{len(data)} bytes where {self.size} hold {self.count} bits")
        self._bytes[:] = data


def runs(bits: int) -> Iterator[tuple[int, int]]:
    """The places (start, end) where bits are set side by side, in order."""
    place = 0
    while bits:
        zeros = (bits & -bits).bit_length() - 1
        bits >>= zeros
        place += zeros
        ones = (~bits & (bits + 1)).bit_length() - 1
        yield place, place + ones
        bits >>= ones
        place += ones
