"""A job, stage by stage: how it fared, which components took part, and what was logged of it."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

import msgspec
import networkx as nx

from diagnostics.answer.wording import evidence_of_event, evidence_of_job
from diagnostics.case.jobs import Job
from diagnostics.case.observations import Sighting
from diagnostics.case.pipeline import chain
from diagnostics.report.plates import plate_names, plate_of_job
from diagnostics.report.strip import FAILED, cells_of
from diagnostics.rules.rule import Polarity
from diagnostics.sanitize import one_line
from diagnostics.understanding import Case
from diagnostics.verdict import Evidence, JobReport
from engine.pipeline import STAGES, Stage

_BEFORE = 12 * 3600 * 10**6
"""Microseconds: of a job whose start is not known, what was logged in the night before its end."""
_AFTER = 300 * 10**6
"""Alerts follow within minutes."""


class StageOfJob(NamedTuple):
    """A stage of a job."""

    stage: Stage
    fared: str
    """One of the words of `diagnostics.report.strip`."""
    parts: frozenset[str]
    """The component instances that the stage needs, on the job's machine and around it: nodes of the graph."""
    lines: tuple[Evidence, ...]
    """What was logged of it while the job ran, in order of time; harmless for a terminal."""


def course_of(case: Case, job: JobReport) -> tuple[StageOfJob, ...]:
    """All stages of a job, in order."""
    plate = plate_of_job(plate_names(case.graph), job)
    plates = plates_around(case.graph, plate) if plate else frozenset()
    own = next((known for known in case.jobs if one_line(known.id) == job.id), None)
    return tuple(
        StageOfJob(
            stage, fared, parts_needed(case.graph, plates, stage), tuple(_lines(case, plates, own, stage, fared))
        )
        for stage, fared in zip(STAGES, cells_of(job), strict=True)
    )


def plates_around(graph: "nx.DiGraph[str]", plate: str) -> frozenset[str]:
    """A plate, those around it, and what they share with others."""
    around = set(chain(graph, plate))
    shared = {to for node in around for _, to, of in graph.out_edges(node, data=True) if of["relation"] == "shares"}
    return frozenset(around | shared)


def parts_needed(graph: "nx.DiGraph[str]", plates: Collection[str], stage: Stage) -> frozenset[str]:
    """The component instances on these plates that a stage needs."""
    needed = (to for _, to, of in graph.out_edges(stage.value, data=True) if of["relation"] == "needs")
    return frozenset(node for node in needed if graph.nodes[node]["plate"] in plates)


def _lines(case: Case, plates: frozenset[str], job: Job | None, stage: Stage, fared: str) -> Iterator[Evidence]:
    found = [
        evidence_of_event(logged, 0.0)
        for sighting in case.sightings
        if sighting.rule.stage is stage
        and sighting.rule.polarity is not Polarity.NOISE
        and sighting.plate.name in plates
        and (logged := _during(sighting, job)) is not None
    ]
    if job is not None and job.failed and fared == FAILED and stage is job.failed[1]:
        found.append(evidence_of_job(job, 0.0))
    once = {(line.source, line.record, line.event): line for line in found}  # several rules may read one event
    yield from sorted(once.values(), key=lambda line: (line.time or "", line.source, line.record))


def _during(sighting: Sighting, job: Job | None) -> Sighting | None:
    """What of a sighting was logged while the job ran; what has no time, as in a listing, counts for every job."""
    if job is None or job.ended is None:
        return sighting
    first = job.started if job.started is not None else job.ended - _BEFORE
    events = [event for event in sighting.events if event.time is None or first <= event.time <= job.ended + _AFTER]
    return msgspec.structs.replace(sighting, events=events) if events else None
