"""The parts of block sync: runs of blocks, results in order, threads that fail together, packing where it pays."""

import errno
import os
import random
import socket
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.parallel import Together, in_order
from engine.sync.compression import Packer, unpacked
from engine.sync.messages import MAX_PAYLOAD, Begin
from engine.sync.scope import Pairs, Tracked, batches_of, runs_of
from engine.sync.wire import RefusedError, SocketStream, expect, pair, refuse

BLOCK = 100


@given(
    size=st.integers(0, 3000),
    step=st.integers(1, 9),
    ranges=st.lists(st.tuples(st.integers(0, 3500), st.integers(1, 500)), max_size=6),
)
def test_tracked_runs_cover_each_touched_block_once_and_in_order(size: int, step: int, ranges: list[tuple[int, int]]):
    changed = tuple(sorted((start, start + length) for start, length in ranges))
    touched = {byte // BLOCK for start, end in changed for byte in range(start, min(end, size))}
    runs = list(runs_of(size, BLOCK, step, Tracked(bytes(32), Pairs(changed))))
    blocks = [block for first, count in runs for block in range(first, first + count)]
    assert touched <= set(blocks) <= set(range(-(-size // BLOCK)))
    assert blocks == sorted(set(blocks))
    assert all(0 < count <= step for _, count in runs)
    assert [run for batch in batches_of(runs, 10) for run in batch] == runs
    assert all(sum(count for _, count in batch) <= 10 for batch in batches_of(runs, 10))


@pytest.mark.parametrize("threads", [0, 1, 4])
def test_results_come_in_order_and_errors_in_their_place(threads: int):
    def work(item: int) -> int:
        time.sleep(0.01 * (item % 3 == 0))
        if item == 7:
            raise ValueError(item)
        return item * item

    results = in_order(work, range(100), threads)
    assert [next(results) for _ in range(7)] == [0, 1, 4, 9, 16, 25, 36]
    with pytest.raises(ValueError, match="7"):
        next(results)


def test_the_first_error_stops_all_and_is_the_one_that_is_raised():
    stopped: list[BaseException] = []

    def fail() -> None:
        raise KeyError("first")

    def fail_later(parts: Together) -> None:
        parts.start(fail)
        parts._threads[0].join()
        raise ValueError("second")

    def together() -> None:
        with Together(stopped.append) as parts:
            fail_later(parts)

    with pytest.raises(KeyError, match="first"):
        together()
    assert [type(error) for error in stopped] == [KeyError]


class Watch:
    """A clock that a packer is asked with: compressing a probe of 16 KiB takes so long."""

    def __init__(self, seconds: float) -> None:
        self.now = 0.0
        self._seconds = seconds

    def __call__(self) -> float:
        self.now += self._seconds
        return self.now


def packer(link: float, *, local: bool = False) -> Packer:
    """After a while on a link of so many bytes a second; zstd at 300 MB/s."""
    made = Packer(Watch(16384 / 300e6), local=local)
    made.sent(64 << 20, (64 << 20) / link)
    return made


def test_packing_pays_on_a_slow_link_and_for_what_shrinks():
    text, noise = memoryview(b"words " * 20_000), memoryview(random.Random(1).randbytes(100_000))
    frame = packer(10e6).packed(text)
    assert frame is not None
    assert unpacked(memoryview(frame), len(text)) == text
    assert packer(10e6).packed(noise) is None
    assert packer(1e9).packed(text) is None
    assert packer(10e6, local=True).packed(text) is None, "it is the other side that is slow"
    assert Packer().packed(text) is None, "nothing is known of the link yet"


def test_a_frame_of_another_size_or_damaged_is_refused():
    frame = bytearray(packer(10e6).packed(memoryview(bytes(100_000))) or b"")
    with pytest.raises(ValueError, match="size"):
        unpacked(memoryview(frame), 99_999)
    frame[-3] ^= 255
    with pytest.raises(ValueError, match="unpacked"):
        unpacked(memoryview(frame[:-2]), 100_000)


def test_a_connection_within_a_machine_knows_that_it_is():
    assert pair()[0].local
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.create_connection(listening.getsockname()) as to:
        assert SocketStream(to).local
    with socket.socket() as nowhere:
        assert not SocketStream(nowhere).local


def test_the_other_side_learns_why_but_no_path():
    here, there = pair()
    refuse(here, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/backups/secret"))
    with pytest.raises(RefusedError, match=r"ended it: No space left on device: make room"):
        expect(Begin, there.receive(memoryview(bytearray(MAX_PAYLOAD)))[0])
