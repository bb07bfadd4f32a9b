"""From graph, jobs and sightings to the problem that localization solves."""

from collections.abc import Iterable

import networkx as nx

from diagnostics.case.jobs import Job, Outcome
from diagnostics.case.pipeline import instance_id, stages_on
from diagnostics.knowledge.catalog import Catalog, Cause
from diagnostics.localize.problem import OTHER, CauseNode, EventObservation, JobObservation, Plate, Problem
from engine.pipeline import COMPONENTS, STAGES, Scope

OTHER_PRIOR = 0.0004
"""P(a cause nobody modelled) per plate: as rare as an occasional cause."""
OTHER_FAILURE = 0.1
"""P(stage fails | unmodelled cause), the same for every stage: broad; it explains anything, but nothing well."""


def build_problem(
    graph: "nx.DiGraph[str]", catalog: Catalog, jobs: Iterable[JobObservation], events: Iterable[EventObservation]
) -> Problem:
    """The model's view of a case: its plates with their causes, and what was observed on them."""
    plates = [node for node, about in graph.nodes(data=True) if about["kind"] == "plate"]
    return Problem(tuple(_plate(graph, plate, catalog) for plate in plates), tuple(jobs), tuple(events))


def _plate(graph: "nx.DiGraph[str]", plate: str, catalog: Catalog) -> Plate:
    about = graph.nodes[plate]
    scope: Scope = about["scope"]
    causes = [
        _cause_node(cause, scope)
        for cause in catalog.causes.values()
        if scope in cause.scopes and instance_id(plate, cause.component) in graph
    ]
    if about["members"]:
        return Plate(plate, scope, about["parent"], tuple(causes), about["members"])
    return Plate(plate, scope, about["parent"], (*causes, _other()))


def _cause_node(cause: Cause, scope: Scope) -> CauseNode:
    """A cause fails a job with its probability, in whichever of its stages: which one is not known beforehand."""
    stages = stages_on(scope, cause.stages, COMPONENTS[cause.component])
    in_each = 1.0 - (1.0 - cause.failure) ** (1.0 / max(len(stages), 1))
    return CauseNode(cause.id, cause.component, cause.probability, dict.fromkeys(stages, in_each))


def _other() -> CauseNode:
    return CauseNode(OTHER, "", OTHER_PRIOR, dict.fromkeys(STAGES, OTHER_FAILURE))


def observe_job(job: Job, plate: str) -> JobObservation:
    """What the model is told of a job."""
    return JobObservation(job.id, plate, job.mode, job.outcome is Outcome.SUCCEEDED, job.failed)
