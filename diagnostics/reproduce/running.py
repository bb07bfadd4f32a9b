"""Runs the suspected causes of a verdict in the lab, and compares what that logs with the case."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from diagnostics.diagnosis import Diagnosis, Knowledge, read_and_understand
from diagnostics.parsing import Progress, Unwatched
from diagnostics.reproduce.conclusion import Trial, conclude
from diagnostics.reproduce.laboratory import equipped, passing, stand_in
from diagnostics.reproduce.signature import Signature, signature_of
from diagnostics.reproduce.suspicion import MOST, Suspicion, named_beside, suspicions
from diagnostics.request import Request
from diagnostics.verdict import Reproduction, VerdictWord, weighed
from engine.lab import Fault, Lab, Scenario, Step, parse_fault
from engine.sentence import Sentence


class Bounds(NamedTuple):
    """How far the lab goes."""

    most: int = MOST
    """Causes."""
    seconds: float = 120.0
    """Of real time, altogether; what was not run by then is named."""
    seed: int = 1
    clock: Callable[[], float] = time.monotonic


DEFAULT = Bounds()


class _Planned(NamedTuple):
    """A suspicion, and the faults that bring it about in the lab; none where the lab knows none that can sit there."""

    suspicion: Suspicion
    instance: str
    faults: tuple[Fault, ...]


class _Run(NamedTuple):
    """A fault of a suspicion, and what the lab logged with it; None where it was not run."""

    planned: _Planned
    fault: Fault | None
    signature: Signature | None = None

    def trial(self) -> Trial:
        """As conclusions are drawn from it."""
        return Trial(self.planned.suspicion.cause.id, self.planned.instance, str(self.fault or ""), self.signature)


def reproduce(
    diagnosis: Diagnosis, knowledge: Knowledge, progress: Progress | None = None, bounds: Bounds = DEFAULT
) -> Reproduction:
    """Run the causes that a verdict suspects, and say which of them logs what the case logged.

    `progress` counts runs; when it cancels, or the time is up, what was run by then is concluded from.
    """
    *_, told = reproducing(diagnosis, knowledge, progress, bounds)
    return told


def reproducing(
    diagnosis: Diagnosis, knowledge: Knowledge, progress: Progress | None = None, bounds: Bounds = DEFAULT
) -> Iterator[Reproduction]:
    """As `reproduce`, but after each run what there is to say if it was the last; at the end, the answer."""
    watcher, case = progress or Unwatched(), diagnosis.case
    failed = diagnosis.verdict.verdict is not VerdictWord.HEALTHY and weighed(diagnosis.verdict)
    suspected = suspicions(case, bounds.most) if failed else []
    others = named_beside(case) if suspected else []
    suspected = [one for one in suspected if one[:2] not in {other[:2] for other in others}]
    injected = {one.cause.id: [parse_fault(text) for text in one.cause.inject] for one in (*suspected, *others)}
    plates = [one.plate for one in (*suspected, *others)]
    stand = stand_in(case, plates)
    if diagnosis.verdict.verdict is VerdictWord.TRANSIENT:
        stand = passing(stand)
    beside = [fault for one in others for fault in stand.placed(injected[one.cause.id], one.plate)[:1]]
    planned = [
        _Planned(one, _instance(diagnosis, one), stand.placed(injected[one.cause.id], one.plate)) for one in suspected
    ]
    until = bounds.clock() + bounds.seconds
    night = _Night(stand.scenario, knowledge, bounds.seed, lambda: watcher.cancelled() or bounds.clock() > until)
    watcher.started(1 + sum(len(one.faults) for one in planned))
    usual = night.run(Sentence("a good night"), [], watcher) if suspected else None
    runs = [_Run(one, fault) for one in planned for fault in one.faults or (None,)]
    logged = signature_of(case)

    def told(*, interrupted: bool) -> Reproduction:
        notes = [*stand.notes, *_present(beside), *_missed(runs, interrupted=interrupted)]
        return conclude(logged, usual or Signature((), frozenset()), [run.trial() for run in runs], notes, bounds.seed)

    if usual:
        watcher.advanced(1)
    for at, run in enumerate(runs):
        signature = (
            night.run(run.planned.suspicion.cause.id, [run.fault, *beside], watcher) if run.fault and usual else None
        )
        if signature:
            runs[at] = run._replace(signature=signature)
            yield told(interrupted=True)
            watcher.advanced(1)
    yield told(interrupted=watcher.cancelled())


def _instance(diagnosis: Diagnosis, suspicion: Suspicion) -> str:
    """As the verdict calls it."""
    start = f"{suspicion.plate}/{suspicion.cause.component}"
    named = (one.instance for one in diagnosis.verdict.candidates)
    return next((name for name in named if name == start or name.startswith(f"{start}:")), start)


def _present(beside: Sequence[Fault]) -> Iterator[str]:
    """What was there whatever was tried: of several faults none would log alone what the case did."""
    if beside:
        faults = ", ".join(map(str, beside))
        yield Sentence("In every run there was also what the verdict names beside the first: {faults}.", faults=faults)


def _missed(runs: Sequence[_Run], *, interrupted: bool) -> Iterator[str]:
    missed = [str(run.fault) for run in runs if run.fault and run.signature is None]
    if missed:
        yield Sentence(
            "Not run, for it was interrupted: {faults}." if interrupted else "Not run, for the time was up: {faults}.",
            faults=", ".join(missed),
        )


class _StoppedError(Exception):
    """Enough of it."""


class _Night:
    """Runs a scenario with some faults, and reads what that logged as any logs are read."""

    def __init__(self, scenario: Scenario, knowledge: Knowledge, seed: int, stop: Callable[[], bool]) -> None:
        self._scenario = scenario
        self._knowledge = knowledge
        self._seed = seed
        self._stop = stop

    def run(self, name: str, faults: Sequence[Fault], watcher: Progress) -> Signature | None:
        """The signature of the night; None where it was stopped before it ended."""
        if self._stop():
            return None
        watcher.reading(name)
        with tempfile.TemporaryDirectory(prefix="shindan-lab-") as folder:
            try:
                logs = self._logs(Path(folder), faults)
            except _StoppedError:
                return None
            case = read_and_understand(Request(paths=(str(logs),)), self._knowledge, most_explained=0)
        return signature_of(case).complete()

    def _logs(self, folder: Path, faults: Sequence[Fault]) -> Path:
        logs, scenario = folder / "logs", equipped(self._scenario, faults)
        with Lab(scenario, folder / "lab", seed=self._seed, faults=faults) as lab:
            lab.run(self._watch)
            lab.write_logs(logs)
        return logs

    def _watch(self, _step: Step) -> None:
        if self._stop():
            raise _StoppedError
