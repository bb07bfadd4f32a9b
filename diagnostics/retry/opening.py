"""The failed job: a lab's scenario, or logs for which a lab is built in which the suspected cause is present."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from diagnostics.diagnosis import Diagnosis, Knowledge, diagnose
from diagnostics.knowledge.catalog import Cause
from diagnostics.parsing import Progress
from diagnostics.reproduce.laboratory import stand_in, writers_needed
from diagnostics.reproduce.suspicion import Suspicion, suspicions
from diagnostics.request import Request
from diagnostics.samples import LOGS
from diagnostics.verdict import OPEN, VerdictWord, weighed
from engine.lab import Fault, Scenario, parse_fault, read_scenario
from engine.lab.reading import FILE
from engine.sentence import Sentence


class NothingToRetryError(Exception):
    """No job failed, or none of which a lab can be built; the message says why."""


class FailedJob(NamedTuple):
    """What is known of a job that failed."""

    scenario: Scenario
    faults: tuple[Fault, ...]
    """That are present in its lab, beside the scenario's own."""
    suspected: Cause
    plate: str
    """Where, as the lab calls it."""
    basis: tuple[str, ...]
    """How the lab came about, in sentences."""
    others: tuple[tuple[Cause, str], ...] = ()
    """What the verdict names beside it, and where."""
    caveat: str = ""
    """What a retry cannot show, in a sentence; empty where it shows what it seems to."""

    def suspecting(self, remedy: str) -> "FailedJob":
        """The same, with the suspicion that a remedy is for where it is none for the first."""
        if remedy not in self.suspected.remedies:
            for cause, plate in self.others:
                if remedy in cause.remedies:
                    return self._replace(suspected=cause, plate=plate)
        return self

    def reaches(self, vm: str) -> bool:
        """Whether what is suspected can fail the job of a virtual machine."""
        hosts = {host.name for host in self.scenario.hosts if vm in {one.name for one in host.virtual_machines}}
        return self.plate.partition(":")[2] in {"", vm, *hosts}


def open_job(folder: Path, knowledge: Knowledge, progress: Progress | None = None) -> FailedJob:
    """The failed job of a folder: of its `scenario.yml`, else of the exported logs in it.

    Raises:
        NothingToRetryError: nothing failed, or the lab cannot bring it about.
        ScenarioError: the scenario cannot be used.
        UnreadableInput: there are no logs.
    """
    if (folder / FILE).is_file():
        scenario = read_scenario(folder / FILE)
        diagnosis = diagnose(Request(paths=(str(folder / LOGS),)), progress, knowledge)
        cause, plate = _first(diagnosis)
        others = tuple(_named(diagnosis))
        basis = Sentence(
            'The job of the scenario "{scenario}": the same seed brings it to where it failed.',
            scenario=Sentence(scenario.title),
        )
        return FailedJob(scenario, (), cause, plate, (basis,), others)
    exported = folder / LOGS if (folder / LOGS).is_dir() else folder
    return _from_logs(diagnose(Request(paths=(str(exported),)), progress, knowledge))


_LOGS_ALONE = Sentence("These are logs alone: the job is run in a lab like their machines, with the suspected cause.")


def _from_logs(diagnosis: Diagnosis) -> FailedJob:
    """With the first cause that the lab can bring about; only an open verdict has more than one to offer."""
    unknown: list[str] = []
    is_open = diagnosis.verdict.verdict in OPEN
    suspected = _suspected(diagnosis)
    for one in suspected if is_open else suspected[:1]:
        faults = [parse_fault(text) for text in one.cause.inject]
        stand = stand_in(diagnosis.case, [one.plate], writers_needed(faults))
        if placed := stand.placed(faults, one.plate):
            basis = (_LOGS_ALONE, *_passed_over(unknown), *stand.notes)
            caveat = _caveat(diagnosis.verdict.verdict, one.cause) if is_open else ""
            return FailedJob(stand.scenario, placed[:1], one.cause, placed[0].plate, basis, caveat=caveat)
        unknown.append(one.cause.id)
    named = ", ".join(unknown)
    raise NothingToRetryError(f"the lab cannot bring about {named}: there is nothing to try a remedy on")


def _passed_over(causes: Sequence[str]) -> Iterator[Sentence]:
    if causes:
        yield Sentence("Suspected before it, but the lab cannot bring it about: {causes}.", causes=", ".join(causes))


def _caveat(word: VerdictWord, cause: Cause) -> Sentence:
    return Sentence(
        "The verdict on these logs is open ({word}): {cause} is a suspect. The lab shows what mends that cause, "
        "and not that it was the cause.",
        word=Sentence(word),
        cause=cause.id,
    )


def _first(diagnosis: Diagnosis) -> tuple[Cause, str]:
    """What the verdict suspects first, and where."""
    first = _suspected(diagnosis)[0]
    return first.cause, first.plate


def _suspected(diagnosis: Diagnosis) -> list[Suspicion]:
    """What the verdict suspects, in its order; one at least."""
    suspected = suspicions(diagnosis.case) if weighed(diagnosis.verdict) else []
    if diagnosis.verdict.verdict is VerdictWord.HEALTHY or not suspected:
        raise NothingToRetryError(f"no failed job: {diagnosis.verdict.summary}")
    return suspected


def _named(diagnosis: Diagnosis) -> Iterator[tuple[Cause, str]]:
    """What the verdict names: the cause of each fault, where it has one, and where it sits."""
    causes = diagnosis.case.catalog.causes
    for fault in diagnosis.case.judgement.faults:
        if fault.cause in causes:
            yield causes[fault.cause], fault.plate


def causes_of(fault: Fault, causes: Mapping[str, Cause]) -> list[Cause]:
    """The causes that a fault brings about."""
    return [
        cause for cause in causes.values() if fault.kind.name in {parse_fault(text).kind.name for text in cause.inject}
    ]
