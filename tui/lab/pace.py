"""How fast a night in the lab goes by: the lab's thread waits after each step, and another thread says for how long."""

import math
import threading
import time
from collections.abc import Callable

SPEEDS = (2.0, 5.0, 20.0, 100.0, math.inf)
"""Steps a second."""


class StoppedError(Exception):
    """A person has seen enough: raised on the lab's thread, which ends the run in order."""


class Pace:
    """Runs, pauses, steps and stops a night. All but `wait` are called by whoever shows it."""

    def __init__(self, speed: float = SPEEDS[2], clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._speed = speed
        self._paused = False
        self._steps = 0
        self._stopped = False
        self._changed = threading.Condition()

    @property
    def speed(self) -> float:
        """Steps a second."""
        return self._speed

    @property
    def paused(self) -> bool:
        return self._paused

    @property
    def stopped(self) -> bool:
        return self._stopped

    @property
    def holds(self) -> bool:
        """Whether a step waits for anything at all."""
        return self._paused or math.isfinite(self._speed)

    def at(self, speed: float) -> None:
        """Go as fast as this from now on."""
        self._set(_speed=speed)

    def pause(self) -> None:
        """Wait after the next step."""
        self._set(_paused=True, _steps=0)

    def go_on(self) -> None:
        """Run."""
        self._set(_paused=False)

    def step(self) -> None:
        """Go one step further, and wait there."""
        self._set(_paused=True, _steps=self._steps + 1)

    def stop(self) -> None:
        """End the night."""
        self._set(_stopped=True)

    def _set(self, **values: object) -> None:
        with self._changed:
            for name, value in values.items():
                setattr(self, name, value)
            self._changed.notify_all()

    def wait(self) -> None:
        """On the lab's thread: until the next step may come. Raises StoppedError."""
        with self._changed:
            since = self._clock()
            while not self._stopped:
                if self._paused and self._steps:
                    self._steps -= 1
                    return
                left = since + 1 / self._speed - self._clock()
                if not self._paused and left <= 0:
                    return
                self._changed.wait(None if self._paused else left)
            raise StoppedError


class Reins(Pace):
    """The pace of a night that runs in another process: every change is passed on, by its name."""

    def __init__(self, pass_on: Callable[..., None]) -> None:
        super().__init__()
        self._pass_on = pass_on

    def at(self, speed: float) -> None:
        super().at(speed)
        self._pass_on("at", speed)

    def pause(self) -> None:
        super().pause()
        self._pass_on("pause")

    def go_on(self) -> None:
        super().go_on()
        self._pass_on("go_on")

    def step(self) -> None:
        super().step()
        self._pass_on("step")

    def stop(self) -> None:
        super().stop()
        self._pass_on("stop")
