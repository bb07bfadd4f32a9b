"""A replica as one map sees it: an image that can be read like any other."""

from collections.abc import Iterator

from engine.dpm.maps import BlockMap
from engine.dpm.slots import SlotStore, consecutive, read_slots
from engine.files import Room


class MappedImage:
    """The image whose blocks a map finds in slots. Reads begin and end on block boundaries."""

    def __init__(self, block_map: BlockMap, store: SlotStore) -> None:
        self._map = block_map
        self._store = store

    def pread(self, room: Room, offset: int) -> int:
        """Fill `room` from `offset`, both whole blocks; how many bytes came, fewer only at the end."""
        view = memoryview(room)
        block_size = self._map.block_size
        first = offset // block_size
        slots = self._map.slots[first : first + len(view) // block_size].tolist()
        read_slots(self._store, slots, view[: len(slots) * block_size], block_size)
        return len(slots) * block_size

    def size(self) -> int:
        return self._map.image_size

    def extents(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        block_size = self._map.block_size
        first = start // block_size
        slots = self._map.slots[first : -(-end // block_size)].tolist()
        if not any(slots):
            return
        for place, count in consecutive(slots):
            if slots[place]:
                yield (first + place) * block_size, min((first + place + count) * block_size, end)
