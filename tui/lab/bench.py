"""A bench in the lab: a scenario that is built, run, mended and run again, in a process of its own."""

import tempfile
from collections import deque
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread, Timer

from diagnostics.retry.plan import Plan
from diagnostics.retry.trying import Retried
from engine.lab import Fault, Night, Scenario, Step, parse_fault
from tui.elsewhere import DiedError, Elsewhere
from tui.lab.pace import Reins, StoppedError
from tui.lab.seen import NightSeen
from tui.lab.workshop import Ended, Setting

_PATIENCE = 0.2
"""Seconds within which a night that is stopped ends by itself; then its process is ended."""


class State(StrEnum):
    """What a bench does."""

    READY = "ready"
    BUILDING = "building"
    RUNNING = "running"
    DONE = "done"
    """A night, or a retry, was run to its end."""
    STOPPED = "stopped"
    """A person ended it."""


class LabFailedError(Exception):
    """The lab cannot do what was asked; the message says why."""


class Bench:
    """`run`, `run_again` and `write_logs` block: call them on a worker. All else returns at once.

    The steps of a night wait in `take` until somebody looks; the lab goes on meanwhile, as fast as its pace says.
    """

    def __init__(self, scenario: Scenario, faults: Iterable[Fault] = (), seed: int | None = None) -> None:
        self.scenario = scenario
        self.seed = scenario.seed if seed is None else seed
        self.pace = Reins(self._steer)
        self.state = State.READY
        self.night: Night | None = None
        """The jobs of the one that was run to its end, and of its retries."""
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
        self._there: tuple[Fault, ...] | None = None
        self._waiting: deque[Step] = deque()
        self._answers: SimpleQueue[tuple[str, object]] = SimpleQueue()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: Elsewhere | None = None
        self._held = Lock()
        """Whoever has it may give an order."""

    # For whoever shows it

    @property
    def busy(self) -> bool:
        """Whether a night is under way."""
        return self.state in (State.BUILDING, State.RUNNING)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Those that are there now, or will be when the lab is built."""
        return (*self._own, *self.given) if self._there is None else self._there

    def take(self) -> list[Step]:
        """The steps since the last look, taken into what is seen."""
        steps = [self._waiting.popleft() for _ in range(len(self._waiting))]
        for step in steps:
            self.seen.take(step)
        return steps

    def inject(self, fault: Fault) -> None:
        """Let something go wrong from the next step on. Raises FaultError where it cannot sit there."""
        placed = fault.placed(self.scenario.machines())
        if self._process is None:
            self.given = (*self.given, placed)
        else:
            self._there = (*self.faults, placed)
            self._process.tell("inject", str(placed))

    def close(self) -> None:
        """End and remove everything, at once."""
        self.pace.stop()
        if self._process is not None:
            self._process.end()
        with self._held:
            if self._folder is not None:
                self._folder.cleanup()
                self._folder = None

    # On a worker

    def run(self) -> Night:
        """Build the lab, and run a night.

        Raises:
            StoppedError: a person ended it.
            LabFailedError, OSError: it cannot be built.
        """
        return self._night("run").night

    def run_again(self, planned: Plan) -> Retried | None:
        """Apply a planned remedy, run the jobs that failed once more, and verify what they leave.

        Raises:
            StoppedError: a person ended it.
            LabFailedError: what it left cannot be read.
        """
        self.seen.begin()
        self.retried = self._night("again", planned).retried
        return self.retried

    def write_logs(self) -> Path:
        """Write what the machines would export; returns their folder. Raises LabFailedError, OSError."""
        with self._held:
            folder = Path(tempfile.mkdtemp(prefix="logs-", dir=self._place))
            try:
                self._ask("write", folder)
            except StoppedError:
                raise LabFailedError("the lab was ended, and with it went what its machines had logged") from None
        return folder

    def _night(self, order: str, value: object = None) -> Ended:
        with self._held:
            try:
                self.state = State.BUILDING
                ended = self._ask(order, value)
            except BaseException:
                self.state = State.STOPPED
                raise
            if not isinstance(ended, Ended):
                raise TypeError(f"a night ended with {ended!r}")
            self.night, self.failed = ended.night, ended.night.failed
            self.state = State.DONE
            return ended

    def _ask(self, order: str, value: object) -> object:
        if self.pace.stopped and self._process is None:
            raise StoppedError
        (self._process or self._started()).tell(order, value)
        match self._answers.get():
            case "done", answer:
                return answer
            case "failed", why:
                raise LabFailedError(why)
            case "died", _:
                self._answers.put(("died", None))  # for whoever asks next
                if not self.pace.stopped:
                    raise LabFailedError("the process that ran the lab has died (out of memory?)")
        raise StoppedError

    def _started(self) -> Elsewhere:
        process = self._process = Elsewhere("tui.lab.workshop:work")
        faults = tuple(str(fault) for fault in self.given)
        process.tell("build", Setting(self.scenario, self._place / "lab", self.seed, faults))
        process.tell("pace", ("at", self.pace.speed))
        if self.pace.paused:
            process.tell("pace", ("pause",))
        if self.pace.stopped:
            process.end()
        Thread(target=self._listen, args=(process,), daemon=True).start()
        return process

    def _listen(self, process: Elsewhere) -> None:
        """Take what is told, as long as there is somebody who tells."""
        try:
            while True:
                match process.hear():
                    case "steps", list(steps):
                        self._waiting.extend(steps)
                    case "running", _:
                        self.state = State.RUNNING
                    case "faults", list(faults):
                        self._there = tuple(map(parse_fault, faults))
                    case "refused", why:
                        self.refused.append(str(why))
                    case answer:
                        self._answers.put(answer)
        except DiedError:
            self._answers.put(("died", None))

    def _steer(self, change: str, *values: object) -> None:
        """Pass a change of the pace on; a night that shall stop, and does not, is ended."""
        process = self._process
        if process is None:
            return
        process.tell("pace", (change, *values))
        if change == "stop" and self.busy:
            ending = Timer(_PATIENCE, lambda: process.end() if self.busy else None)
            ending.daemon = True
            ending.start()

    @property
    def _place(self) -> Path:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="shindan-lab-", ignore_cleanup_errors=True)
        return Path(self._folder.name)
