"""Reading a recovery point and checking every block of it against its digest."""

from typing import NamedTuple

from engine.blocks import DIGEST_SIZE, ZERO_DIGEST, Buffer, Hasher
from engine.dpm.maps import BlockMap
from engine.dpm.slots import SlotStore, read_slots


class Group(NamedTuple):
    """Some blocks that follow one another, as they were read."""

    first: int
    slots: list[int]
    bad: list[int]
    """Blocks that do not match their digests."""
    buffer: Buffer

    @property
    def data(self) -> memoryview:
        """Their contents."""
        return self.buffer.view[: len(self.slots) * self.buffer.block_size]


class CheckedReader:
    """Reads groups of blocks of a map, in any thread."""

    def __init__(self, block_map: BlockMap, store: SlotStore) -> None:
        self._map = block_map
        self._store = store
        self._hasher = Hasher(block_map.block_size)

    def read(self, first: int, count: int, buffer: Buffer) -> Group:
        """Read `count` blocks from block `first` and compare them with their digests."""
        slots = self._map.slots[first : first + count].tolist()
        read_slots(self._store, slots, buffer.view[: count * buffer.block_size], buffer.block_size)
        expected = self._map.digests_of(first, count)
        stored = [place for place, slot in enumerate(slots) if slot]
        found = [ZERO_DIGEST] * count
        for place, digest in zip(stored, self._hasher.digests([buffer.blocks[place] for place in stored]), strict=True):
            found[place] = digest
        bad: list[int] = []
        if b"".join(found) != expected:
            bad = [
                first + place
                for place, digest in enumerate(found)
                if digest != expected[place * DIGEST_SIZE : (place + 1) * DIGEST_SIZE]
            ]
        return Group(first, slots, bad, buffer)
