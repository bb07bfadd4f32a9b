"""A bench in the lab: a scenario that is built, run, mended and run again, on a thread of its own."""

import contextlib
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from diagnostics.retry.plan import Plan
from diagnostics.retry.trying import Retried, try_remedy
from engine.lab import Fault, FaultError, Lab, Night, Scenario, Step, parse_fault
from tui.lab.pace import Pace
from tui.lab.seen import NightSeen


class State(StrEnum):
    """What a bench does."""

    READY = "ready"
    BUILDING = "building"
    RUNNING = "running"
    DONE = "done"
    """A night, or a retry, was run to its end."""
    STOPPED = "stopped"
    """A person ended it."""


Command = Callable[[Lab], object]
_Told = TypeVar("_Told")


class Bench:
    """`run` and `run_again` block: call them on a worker. All else returns at once, and may be called meanwhile.

    The steps of a night wait in `take` until somebody looks; the lab goes on meanwhile, as fast as its pace says.
    """

    def __init__(self, scenario: Scenario, faults: Iterable[Fault] = (), seed: int | None = None) -> None:
        self.scenario = scenario
        self.seed = scenario.seed if seed is None else seed
        self.pace = Pace()
        self.state = State.READY
        self.night: Night | None = None
        """The one that was run to its end."""
        self.retried: Retried | None = None
        """What came of the last remedy."""
        self.seen = NightSeen((vm.name, host.name) for host in scenario.hosts for vm in host.virtual_machines)
        self.failed: tuple[str, ...] = ()
        """The machines whose last job failed, once a night has ended."""
        self.given = tuple(faults)
        """The faults that are there from the beginning, beside the scenario's own."""
        self.refused: deque[str] = deque()
        """Why a fault could not be injected after all."""
        self._own = tuple(parse_fault(text).placed(scenario.machines()) for text in scenario.faults)
        self._waiting: deque[Step] = deque()
        self._commands: deque[Command] = deque()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._lab: Lab | None = None
        self._held = threading.Lock()
        """Whoever has it may touch the lab."""

    # For whoever shows it

    @property
    def busy(self) -> bool:
        """Whether a night is under way."""
        return self.state in (State.BUILDING, State.RUNNING)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Those that are there now, or will be when the lab is built."""
        return self._lab.faults if self._lab else (*self._own, *self.given)

    def take(self) -> list[Step]:
        """The steps since the last look, taken into what is seen."""
        steps = [self._waiting.popleft() for _ in range(len(self._waiting))]
        for step in steps:
            self.seen.take(step)
        return steps

    def inject(self, fault: Fault) -> None:
        """Let something go wrong from the next step on. Raises FaultError where it cannot sit there."""
        placed = fault.placed(self.scenario.machines())
        if self.busy:
            self._commands.append(lambda lab: lab.inject(placed))
        elif self._lab is None:
            self.given = (*self.given, placed)
        else:
            self._lab.inject(placed)

    # On the lab's thread

    def run(self) -> Night:
        """Build the lab where there is none, and run a night.

        Raises:
            StoppedError: a person ended it.
            FaultError, OSError: it cannot be built.
        """
        self.night = self._night(lambda lab: lab.run(self._watch))
        return self.night

    def run_again(self, planned: Plan) -> Retried:
        """Apply a planned remedy, run the jobs that failed once more, and verify what they leave.

        Raises:
            StoppedError: a person ended it.
            RepositoryError, OSError: what it left cannot be read.
        """

        def again(lab: Lab) -> Retried:
            self.seen.begin()
            return try_remedy(lab, planned, self._watch)

        self.retried = self._night(again)
        return self.retried

    def write_logs(self) -> Path:
        """Write what the machines would export; returns their folder. Raises EventLogError, OSError."""
        with self._held:
            folder = Path(tempfile.mkdtemp(prefix="logs-", dir=self._place))
            self._built().write_logs(folder)
        return folder

    def close(self) -> None:
        """Release and remove everything; waits until a night that is stopped has ended."""
        self.pace.stop()
        with self._held:
            if self._lab is not None:
                self._lab.close()
                self._lab = None
            if self._folder is not None:
                with contextlib.suppress(OSError):  # what is left lies in the system's folder for such things
                    self._folder.cleanup()
                self._folder = None

    def _night(self, run: Callable[[Lab], _Told]) -> _Told:
        with self._held:
            try:
                self.state = State.BUILDING
                lab = self._built()
                self.state = State.RUNNING
                told = run(lab)
            except BaseException:
                self.state = State.STOPPED
                raise
            self._obey(lab)
            self.failed = Night(tuple(lab.jobs), ()).failed
            self.state = State.DONE
            return told

    def _built(self) -> Lab:
        if self._lab is None:
            self._lab = Lab(self.scenario, self._place / "lab", seed=self.seed, faults=self.given)
        return self._lab

    @property
    def _place(self) -> Path:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="shindan-lab-")
        return Path(self._folder.name)

    def _watch(self, step: Step) -> None:
        self._waiting.append(step)
        self.pace.wait()
        if self._lab is not None:
            self._obey(self._lab)

    def _obey(self, lab: Lab) -> None:
        while self._commands:
            try:
                self._commands.popleft()(lab)
            except FaultError as error:  # the night goes on without it
                self.refused.append(str(error))
