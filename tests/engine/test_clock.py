"""Virtual time: waiting takes none, limits hold exactly, and a standstill is told."""

import asyncio
import time
from datetime import timedelta

import pytest

from engine.clock import Gate, NothingToWaitForError, SystemClock, VirtualClock


def test_an_hour_takes_milliseconds_and_shows_on_the_clock():
    clock = VirtualClock()
    before, began = clock.now(), time.perf_counter()
    clock.run(asyncio.sleep(3600))
    assert clock.now() - before == timedelta(hours=1)
    assert time.perf_counter() - began < 1


def test_a_limit_ends_a_wait_at_its_moment():
    clock = VirtualClock()

    async def main() -> None:
        async with asyncio.timeout(60):
            await asyncio.sleep(60.001)

    with pytest.raises(TimeoutError):
        clock.run(main())
    assert clock.elapsed == pytest.approx(60)


def test_tasks_go_on_in_the_order_of_their_moments():
    clock, order = VirtualClock(), []

    async def one(seconds: float) -> None:
        await asyncio.sleep(seconds)
        order.append((seconds, clock.elapsed))

    async def main() -> None:
        await asyncio.gather(one(3), one(1), one(2))

    clock.run(main())
    assert order == [(1, 1), (2, 2), (3, 3)]


def test_time_stands_still_between_runs():
    clock = VirtualClock()
    clock.run(asyncio.sleep(5))
    clock.run(asyncio.sleep(5))
    assert clock.elapsed == 10


def test_a_gate_outlives_the_run_in_which_somebody_waited():
    clock, gate, passed = VirtualClock(), Gate(), []

    async def pass_it() -> None:
        await gate.passed()
        passed.append(clock.elapsed)

    async def main() -> None:
        gate.close()
        asyncio.get_running_loop().call_later(5, gate.open)
        await pass_it()

    clock.run(main())
    clock.run(main())
    clock.run(pass_it())
    assert passed == [5, 10, 10]


def test_waiting_for_what_nobody_brings_about_is_an_error():
    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(NothingToWaitForError):
        VirtualClock().run(main())


def test_the_systems_clock_runs_the_same_code_in_its_own_time():
    began = time.perf_counter()
    assert SystemClock().run(asyncio.sleep(0.02, "done")) == "done"
    assert time.perf_counter() - began >= 0.02
