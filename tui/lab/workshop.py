"""The process in which a night in the lab is run: it takes orders, and tells each step.

Told are `steps`, a list of them; `running`, once the lab is built; `faults`, those that are there now, as text;
`refused`, why one could not be injected; and of each order the end: `done` with what came of it, `stopped`, or `failed`
with the reason. All orders but `pace` and `inject`, which may come at any time, follow one another.
"""

import time
from collections import deque
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

import msgspec

from diagnostics.retry.plan import Plan
from diagnostics.retry.trying import Retried, try_remedy
from engine.dpm.errors import RepositoryError
from engine.eventlog.errors import EventLogError
from engine.lab import FaultError, Lab, Night, Scenario, Step, parse_fault
from tui.elsewhere import Home
from tui.lab.pace import Pace, StoppedError

_TELL_EVERY = 0.03
"""Seconds between two messages of a night that goes by as fast as it can."""
EXPECTED = (FaultError, OSError, EventLogError, RepositoryError)
"""What may go wrong without a mistake of ours."""


class Setting(msgspec.Struct, frozen=True):
    """What is built, and where."""

    scenario: Scenario
    folder: Path
    """Everything that the lab leaves lies in it."""
    seed: int
    faults: tuple[str, ...]
    """Beside the scenario's own."""


class Ended(msgspec.Struct, frozen=True):
    """What came of a night, or of a retry."""

    night: Night
    """Its jobs are those of all runs; its steps were told before."""
    retried: Retried | None = None


def work() -> None:
    """What the other process does."""
    home = Home()
    heard = home.hear()
    if heard is not None and isinstance(heard[1], Setting):
        _Workshop(home, heard[1]).serve()
    home.leave()


class _Workshop:
    """Carries out one order after another; a thread of its own listens meanwhile."""

    def __init__(self, home: Home, setting: Setting) -> None:
        self._home = home
        self._setting = setting
        self._pace = Pace()
        self._orders: SimpleQueue[tuple[str, object] | None] = SimpleQueue()
        self._wanted: deque[str] = deque()
        """Faults that are to be injected."""
        self._untold: list[Step] = []
        self._told_at = 0.0
        self._told_faults: list[str] = []
        self._lab: Lab | None = None

    def serve(self) -> None:
        """Until the screen has gone."""
        Thread(target=self._listen, daemon=True).start()
        while (order := self._orders.get()) is not None:
            kind, value = order
            if kind == "inject":
                self._obey(self._lab)
                continue
            try:
                self._home.tell("done", self._do(kind, value))
            except BrokenPipeError:
                return
            except StoppedError:
                self._home.tell("stopped")
            except EXPECTED as error:
                self._home.tell("failed", str(error))
            except Exception as error:  # noqa: BLE001 - the edge of a process: its death would tell even less
                self._home.tell("failed", f"internal error: {type(error).__name__} ({error}); please report it")

    def _listen(self) -> None:
        while (heard := self._home.hear()) is not None:
            match heard:
                case "pace", (str(change), *values):
                    getattr(self._pace, change)(*values)
                case "inject", str(fault):
                    self._wanted.append(fault)
                    self._orders.put(("inject", None))  # for a lab in which nothing runs
                case order:
                    self._orders.put(order)
        self._pace.stop()
        self._orders.put(None)

    def _do(self, kind: str, value: object) -> object:
        if kind == "run":
            lab = self._built()
            self._home.tell("running")
            lab.run(self._watch)
            return self._ended(lab)
        if kind == "again" and isinstance(value, Plan):
            lab = self._built()
            self._home.tell("running")
            return self._ended(lab, try_remedy(lab, value, self._watch))
        if kind == "write" and isinstance(value, Path):
            return self._built().write_logs(value)
        raise ValueError(f"no such order: {kind}")

    def _built(self) -> Lab:
        if self._lab is None:
            given = map(parse_fault, self._setting.faults)
            self._lab = Lab(self._setting.scenario, self._setting.folder, seed=self._setting.seed, faults=given)
        return self._lab

    def _ended(self, lab: Lab, retried: Retried | None = None) -> Ended:
        self._tell_steps()
        self._obey(lab)
        return Ended(Night(tuple(lab.jobs), ()), retried)

    def _watch(self, step: Step) -> None:
        self._untold.append(step)
        if self._pace.holds or time.monotonic() - self._told_at >= _TELL_EVERY:
            self._tell_steps()
        self._pace.wait()
        self._obey(self._lab)

    def _tell_steps(self) -> None:
        if self._untold:
            self._home.tell("steps", self._untold)
            self._untold, self._told_at = [], time.monotonic()

    def _obey(self, lab: Lab | None) -> None:
        """Inject what is wanted; what cannot sit there is refused, and the night goes on without it."""
        while lab is not None and self._wanted:
            try:
                lab.inject(parse_fault(self._wanted.popleft()))
            except FaultError as error:
                self._home.tell("refused", str(error))
        faults = [str(fault) for fault in lab.faults] if lab else []  # some pass by themselves
        if lab and faults != self._told_faults:
            self._told_faults = faults
            self._home.tell("faults", faults)
