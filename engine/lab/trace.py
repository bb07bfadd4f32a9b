"""The trace of a run: what happens in the lab, step by step, in words."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from engine.dpm import occurrences as dpm
from engine.dpm.occurrences import Fate
from engine.hresult import HResult
from engine.lab.background import Background
from engine.lab.night import JobRecord, current_vm
from engine.lab.words import BEGINNINGS, sentence_of
from engine.occurrence import Observer, Occurrence
from engine.pipeline import Scope, Stage
from engine.sentence import Sentence


class Outcome(StrEnum):
    """How a step went."""

    BEGAN = "began"
    PASSED = "passed"
    FAILED = "failed"
    MOVED = "moved"
    """Blocks were compared, or sent."""
    NOTED = "noted"


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the trace."""

    time: datetime
    """UTC, virtual."""
    stage: Stage | None
    actor: str
    """The plate where it happened: `site`, `host:HV01`, `vm:SQL01`."""
    vm: str | None
    """The machine whose job it belongs to."""
    what: str
    """One sentence, as a rule a `Sentence`."""
    outcome: Outcome
    hresult: HResult = HResult.S_OK
    bytes: int | None = None
    """That went over the wire."""
    blocks: tuple[int, int] | None = None
    """The first of some blocks that follow one another, and how many there are."""
    fate: Fate | None = None
    """What became of them; None of those that are about to be compared."""
    disk: str = ""


@dataclass(frozen=True)
class Night:
    """What came of a run."""

    jobs: tuple[JobRecord, ...]
    """In the order in which they began."""
    trace: tuple[Step, ...]

    @property
    def failed(self) -> tuple[str, ...]:
        """The machines whose last job failed."""
        last = {job.vm: job for job in self.jobs}
        return tuple(vm for vm, job in last.items() if job.failed)


Watch = Callable[[Step], None]


def unwatched(_step: Step) -> None:
    """Nobody watches."""


class Recorder:
    """Turns occurrences into steps, and hands them on: to who watches, and to whoever keeps logs.

    What the watcher raises ends the run: nothing is handed on any more, and `stop` is called; the engine then ends in
    order.
    """

    def __init__(self, logbook: Observer) -> None:
        self.steps: list[Step] = []
        self.error: BaseException | None = None
        self.watch: Watch = unwatched
        self.stop: Callable[[], object] = lambda: None
        self.recording = True
        self._logbook = logbook
        self._background = Background(logbook)
        self._first_failures: dict[str, Stage] = {}

    def occurred(self, occurrence: Occurrence) -> None:
        """Something happened."""
        if not self.recording or self.error is not None:
            return
        self._logbook.occurred(occurrence)
        self._background.occurred(occurrence)
        step = step_of(occurrence)
        if step is None:
            return
        self.steps.append(step)
        if isinstance(occurrence.happening, dpm.JobBegan):
            self._first_failures.pop(occurrence.happening.vm, None)
        elif step.outcome is Outcome.FAILED and step.vm and step.stage:
            self._first_failures.setdefault(step.vm, step.stage)
        try:
            self.watch(step)
        except BaseException as error:  # noqa: BLE001 - it is raised when the run has ended
            self.error = error
            self.stop()

    def failed_at(self, vm: str) -> Stage | None:
        """The stage in which a machine's job failed first."""
        return self._first_failures.get(vm)


def step_of(occurrence: Occurrence) -> Step | None:
    """An occurrence as a line of the trace; None where there is nothing to tell."""
    happening, failed = occurrence.happening, occurrence.hresult.failed
    what = sentence_of(happening)
    if what is None:
        return None
    if failed:
        why = getattr(happening, "reason", "") or occurrence.hresult.name
        what = Sentence("{what}: {why}", what=what, why=why)
    outcome = Outcome.BEGAN if isinstance(happening, BEGINNINGS) else Outcome.PASSED
    vm = getattr(happening, "vm", "") or current_vm.get()
    step = Step(
        occurrence.time,
        occurrence.stage,
        occurrence.scope if occurrence.scope is Scope.SITE else f"{occurrence.scope}:{occurrence.machine}",
        vm or None,
        what,
        Outcome.FAILED if failed else outcome,
        occurrence.hresult,
    )
    if isinstance(happening, dpm.BlocksMoved):
        blocks = happening.first, happening.count
        moved = {"bytes": happening.size, "blocks": blocks, "fate": happening.fate, "disk": happening.disk}
        return replace(step, outcome=Outcome.MOVED, **moved)  # type: ignore[arg-type]
    if isinstance(happening, dpm.DataMoveBegan):
        return replace(step, blocks=(0, happening.blocks), disk=happening.disk)
    return step
