"""Holding writes: many pass at once while the gate is open; closing it waits for those inside, for a bounded time."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol


class Clock(Protocol):
    """Time as the gate needs it, so that a test or a simulation can bring its own."""

    def now(self) -> float:
        """Seconds since some moment."""
        ...

    def wait(self, condition: threading.Condition, seconds: float) -> None:
        """Wait until the condition, whose lock the caller has, is notified, or the seconds are over."""
        ...


class MonotonicClock:
    """The time of this machine."""

    def now(self) -> float:
        return time.monotonic()

    def wait(self, condition: threading.Condition, seconds: float) -> None:
        condition.wait(seconds)


class Gate:
    """Writers pass it with `with gate:`.

    Whoever closes it may keep it closed until a deadline; then the writers that wait break it open, as the kernel
    cancels a flush-and-hold, and whoever closed it learns so from `closed` and `open`.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()  # taken by itself where nobody waits: the condition takes longer
        self._condition = threading.Condition(self._lock)
        self._inside = 0
        self._deadline: float | None = None
        """When the hold ends by itself; None while writes go on."""

    def __enter__(self) -> None:
        with self._lock:
            while self._deadline is not None:
                left = self._deadline - self._clock.now()
                if left <= 0:
                    self._open()
                else:
                    self._clock.wait(self._condition, left)
            self._inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._inside -= 1
            if self._deadline is not None and not self._inside:
                self._condition.notify_all()

    def close(self, seconds: float) -> bool:
        """Let nobody in for so long at most, and wait until nobody is inside; False, and open, where that took longer.

        It must be open before.
        """
        with self._condition:
            self._deadline = deadline = self._clock.now() + seconds
            while self._inside and self._intact():
                self._clock.wait(self._condition, deadline - self._clock.now())
            if self._intact():
                return True
            self._open()
            return False

    def closed(self, action: Callable[[], None]) -> bool:
        """Do something, if the gate is still closed, during which it stays so; False where its time was over."""
        with self._condition:
            intact = self._intact()
            if intact:
                action()
            return intact

    def open(self) -> bool:
        """Let everybody in; False where the time was over."""
        with self._condition:
            intact = self._intact()
            self._open()
            return intact

    def _intact(self) -> bool:
        return self._deadline is not None and self._clock.now() < self._deadline

    def _open(self) -> None:
        self._deadline = None
        self._condition.notify_all()
