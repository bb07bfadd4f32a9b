"""Time for the engine: the machine's own, or a virtual one in which waiting takes none.

Whatever waits is a coroutine and waits with asyncio's own words (`asyncio.sleep`, `asyncio.timeout`); the event loop is
the scheduler, and a clock is who runs it. So the same code runs in both times, and a freeze that times out after 60
seconds does so within milliseconds in the lab.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Clock(Protocol):
    """Tells the time and runs what waits."""

    def now(self) -> datetime:
        """The time of day, in UTC."""
        ...

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine, and all that it starts, to its end."""
        ...

    async def call(self, function: Callable[[], T]) -> T:
        """Call something that blocks; in real time on a thread, so that limits hold meanwhile."""
        ...


class SystemClock:
    """The time of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        return asyncio.run(main)

    async def call(self, function: Callable[[], T]) -> T:
        return await asyncio.to_thread(function)


class Gate:
    """Lets tasks pass while it is open. Unlike an asyncio.Event it belongs to no loop, and so outlives a run."""

    def __init__(self) -> None:
        self.is_open = True
        self._waiting: list[asyncio.Future[None]] = []

    async def passed(self) -> None:
        """Return when it is open."""
        while not self.is_open:
            waiting = asyncio.get_running_loop().create_future()
            self._waiting.append(waiting)
            await waiting

    def close(self) -> None:
        self.is_open = False

    def open(self) -> None:
        self.is_open = True
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)


class NothingToWaitForError(RuntimeError):
    """In virtual time every task waits for something that no task will bring about."""


class VirtualClock:
    """Time that leaps to the next moment at which somebody wants to go on.

    There are no threads and no sockets in virtual time, and tasks run in the order in which they became ready: the same
    program gives the same run. Time stands still between runs.
    """

    def __init__(self, start: datetime = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)) -> None:
        self._start = start
        self.elapsed = 0.0
        """Seconds since the start."""

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.elapsed)

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        with asyncio.Runner(loop_factory=lambda: _LeapingLoop(self)) as runner:
            return runner.run(main)

    async def call(self, function: Callable[[], T]) -> T:
        return function()


class _LeapingSelector(selectors.SelectSelector):
    """Waits for no file: the wait that the loop asks for is added to the clock."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise NothingToWaitForError("every task waits for something that no task will bring about")
        self._clock.elapsed += max(timeout, 0.0)
        return []


class _LeapingLoop(asyncio.SelectorEventLoop):
    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(_LeapingSelector(clock))
        self._clock = clock

    def time(self) -> float:
        return self._clock.elapsed
