"""Slots in a file: which are free, and when the disk is set to work on them."""

import random
from array import array
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.dpm.slots import FileSlots, FreeSlots
from engine.files import SYSTEM

MIB = 1 << 20


def slots_of(numbers: list[int]) -> memoryview:
    return memoryview(array("I", numbers))


@given(
    st.lists(st.lists(st.integers(0, 300), min_size=1, max_size=200), min_size=1, max_size=4),
    st.integers(1, 400),
)
def test_no_slot_that_any_map_refers_to_is_ever_taken(maps: list[list[int]], wanted: int):
    free = FreeSlots(50)
    known = None
    for numbers in maps:
        free.keep(slots_of(numbers), known)
        known = slots_of(numbers)
    taken = free.take(wanted)
    assert len(set(taken)) == wanted
    assert not {0, *(number for numbers in maps for number in numbers)}.intersection(taken)


def test_slots_that_nobody_refers_to_are_taken_the_lowest_first():
    free = FreeSlots(6)
    free.keep(slots_of([1, 2, 5]))
    assert free.take(4) == [3, 4, 6, 7]


def test_the_disk_is_set_to_work_on_all_that_was_written_while_more_comes(tmp_path: Path, monkeypatch: Any):
    file = SYSTEM.open(tmp_path / "slots", "create")
    begun: list[tuple[int, int]] = []
    monkeypatch.setattr(file, "begin_sync", lambda offset, length: begun.append((offset, offset + length)))
    slots, order = FileSlots(file, MIB), list(range(1, 41))
    random.Random(1).shuffle(order)
    for slot in order:
        slots.write(slot, bytes(MIB))
    assert len(begun) == 2
    for number, (low, high) in enumerate(begun):
        written = order[16 * number : 16 * (number + 1)]
        assert (low, high) == ((min(written) - 1) * MIB, max(written) * MIB)
