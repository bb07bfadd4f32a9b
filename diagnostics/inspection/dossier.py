"""What a case says of one component: how probable its fault is, what speaks for and against it, which jobs need it."""

from collections.abc import Iterable
from typing import NamedTuple, TypeVar

from diagnostics.answer.wording import evidence_of_event
from diagnostics.case.pipeline import chain
from diagnostics.report.plates import bare, plate_names, plate_of_job
from diagnostics.rules.rule import Polarity
from diagnostics.sanitize import one_line
from diagnostics.understanding import Case
from diagnostics.verdict import Candidate, Evidence, Fault, JobReport, Verdict
from engine.pipeline import Component

_WEIGHED = {Polarity.FAULT, Polarity.SYMPTOM}
_MOST_CAUSES = 8
_LEAST = 0.01
_Told = TypeVar("_Told", Fault, Candidate)


class PossibleCause(NamedTuple):
    """A mode in which the component may fail."""

    id: str
    title: str
    share: float
    """Of the component's probability: the shares of all its causes add up to 1."""


class Dossier(NamedTuple):
    """Everything that is known of a component instance; harmless for a terminal."""

    instance: str
    component: Component
    probability: float
    """P(at fault), as the verdict says it where it speaks of it."""
    fault: Fault | None
    """What the verdict says, where it names it."""
    why_not: str
    """Why it lost against the first suspect, where the verdict says so."""
    evidence: tuple[Evidence, ...]
    counter_evidence: tuple[Evidence, ...]
    logged: tuple[Evidence, ...]
    """What was logged about it, where the verdict weighs no line for it."""
    causes: tuple[PossibleCause, ...]
    """The most probable first."""
    jobs: tuple[JobReport, ...]
    """That run through it, those that failed first."""


def dossier_of(case: Case, verdict: Verdict, node: str) -> Dossier:
    """What the case says of a component instance, a node of its graph. Raises KeyError where there is none."""
    plate, component = case.graph.nodes[node]["plate"], Component(case.graph.nodes[node]["component"])
    name = one_line(node)
    fault = _of(name, verdict.faults)
    candidate = _of(name, verdict.candidates)
    told = fault or candidate
    posterior = case.posterior.plates.get(plate)
    known = posterior.components.get(component, 0.0) if posterior else 0.0
    return Dossier(
        instance=told.instance if told else name,
        component=component,
        probability=told.probability if told else known,
        fault=fault,
        why_not=candidate.why if candidate and not fault else "",
        evidence=tuple(fault.evidence) if fault else (),
        counter_evidence=tuple(fault.counter_evidence) if fault else (),
        logged=() if fault else _logged(case, plate, component),
        causes=_causes(case, plate, component),
        jobs=_jobs(case, verdict, plate),
    )


def _of(name: str, among: Iterable[_Told]) -> _Told | None:
    return next((one for one in among if bare(one.instance, one.component) == name), None)


def _logged(case: Case, plate: str, component: Component) -> tuple[Evidence, ...]:
    found = [
        evidence_of_event(sighting, 0.0)
        for sighting in case.sightings
        if sighting.plate.name == plate and sighting.rule.component == component and sighting.rule.polarity in _WEIGHED
    ]
    return tuple(sorted(found, key=lambda line: (line.time or "", line.source, line.record)))


def _causes(case: Case, plate: str, component: Component) -> tuple[PossibleCause, ...]:
    posterior = case.posterior.plates.get(plate)
    masses = posterior.causes if posterior else {}
    own = [cause for cause in case.catalog.causes.values() if masses.get(cause.id) and cause.component == component]
    whole = sum(masses[cause.id] for cause in own)
    shares = [PossibleCause(cause.id, cause.title, masses[cause.id] / whole) for cause in own]
    ranked = sorted(shares, key=lambda cause: (-cause.share, cause.id))
    return tuple(cause for cause in ranked[:_MOST_CAUSES] if cause.share >= _LEAST)


def _jobs(case: Case, verdict: Verdict, plate: str) -> tuple[JobReport, ...]:
    names = plate_names(case.graph)
    members = case.graph.nodes[plate]["members"]
    found = []
    for job in verdict.jobs:
        own = plate_of_job(names, job)
        around = set(chain(case.graph, own)) if own else set()
        if plate in around or members & around:
            found.append(job)
    return tuple(sorted(found, key=lambda job: (job.outcome != "failed", job.ended or "", job.id)))
