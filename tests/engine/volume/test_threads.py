"""Writers that never pause, beside shadow copies that are made, read, compared and lost."""

import random
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Self

import pytest

from engine.volume import HoldTimeoutError, ShadowCopyLostError, Volume
from engine.volume.diffarea import BLOCK
from engine.volume.volume import LONGEST_HOLD

BLOCKS = 256
SIZE = BLOCKS * BLOCK
SECTOR = 512
OLD = b"old " * (SIZE // 4)


class Writers:
    """Threads that overwrite sectors, each in its own part of every block, and remember what they wrote."""

    def __init__(self, volume: Volume, count: int) -> None:
        self.volume = volume
        self.written = bytearray(OLD)
        self.writes = 0
        self.count = count
        self._stop = False
        self._threads = [threading.Thread(target=self._write, args=(number, count)) for number in range(count)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop = True
        for thread in self._threads:
            thread.join()

    def _write(self, number: int, count: int) -> None:
        dice = random.Random(number)
        part = BLOCK // SECTOR // count
        while not self._stop:
            sector = dice.randrange(BLOCKS) * BLOCK // SECTOR + number * part + dice.randrange(part)
            data = dice.randbytes(SECTOR)
            self.volume.write(sector * SECTOR, data)
            self.written[sector * SECTOR : (sector + 1) * SECTOR] = data
            self.writes += 1


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "disk.img"
    path.write_bytes(OLD)
    return path


def settle(writers: Writers) -> bytes:
    """What was written, once every writer waits at the gate: by then it has noted its last write."""
    gate, deadline = writers.volume._gate._condition, time.monotonic() + LONGEST_HOLD
    while len(gate._waiters) < writers.count:  # type: ignore[attr-defined]
        assert time.monotonic() < deadline
        time.sleep(0.001)
    return bytes(writers.written)


def goes_on(writers: Writers, count: int = 1) -> bool:
    """Whether so many writes are made within some seconds."""
    wanted, deadline = writers.writes + count, time.monotonic() + 30
    while writers.writes < wanted and time.monotonic() < deadline:
        time.sleep(0.001)
    return writers.writes >= wanted


def read_in_pieces(read: Callable[[int, bytearray], None], dice: random.Random) -> bytes:
    """The whole, read in pieces of any length in any order."""
    cuts = sorted({0, SIZE, *(dice.randrange(SIZE) for _ in range(40))})
    pieces = list(pairwise(cuts))
    whole = bytearray(SIZE)
    for start, end in dice.sample(pieces, len(pieces)):
        room = bytearray(end - start)
        read(start, room)
        whole[start:end] = room
    return bytes(whole)


def test_shadow_copies_stay_what_they_were_while_two_writers_go_on(path: Path):
    dice = random.Random(5)
    volume = Volume(path)
    copies = []
    with Writers(volume, 2) as writers:
        for number in range(8):
            with volume.writes_held():
                copies.append((volume.create_shadow_copy(str(number)), settle(writers)))
            for copy, held in dice.sample(copies, min(3, len(copies))):
                assert read_in_pieces(copy.read_into, dice) == held
            if number % 3 == 2:
                copies.pop(dice.randrange(len(copies)))[0].release()
            assert goes_on(writers, 150)
    assert writers.writes > 1000
    for copy, held in copies:
        assert read_in_pieces(copy.read_into, dice) == held
    assert read_in_pieces(volume.read_into, dice) == writers.written


def test_a_shadow_copy_that_is_lost_while_it_is_read_never_shows_anything_false(path: Path):
    dice = random.Random(6)
    volume = Volume(path, limit=20 * BLOCK)
    lost = 0
    with Writers(volume, 2) as writers:
        for number in range(20):
            with volume.writes_held():
                copy, held = volume.create_shadow_copy(str(number)), settle(writers)
            try:
                while True:
                    assert read_in_pieces(copy.read_into, dice) == held
            except ShadowCopyLostError:
                lost += 1
    assert lost == 20
    assert volume.diff_area_used == 0


def test_writes_wait_while_they_are_held_and_go_on_afterwards(path: Path):
    volume = Volume(path)
    with Writers(volume, 2) as writers:
        with volume.writes_held():
            settle(writers)
            held = writers.writes
            time.sleep(0.05)
            assert writers.writes == held
        assert goes_on(writers)


def test_a_hold_that_nobody_ends_is_ended_by_the_writers(path: Path):
    volume = Volume(path)
    with Writers(volume, 1) as writers:
        volume.hold_writes(seconds=0.05)
        time.sleep(0.05)
        assert goes_on(writers)
        with pytest.raises(HoldTimeoutError) as late:
            volume.create_shadow_copy("too late")
        with pytest.raises(HoldTimeoutError):
            volume.release_writes()
    assert late.value.hresult == 0x80042314
    assert volume.shadow_copies == ()
