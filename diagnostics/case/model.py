"""From graph, jobs and sightings to the problem that localization solves."""

from collections.abc import Collection, Iterable, Iterator

import networkx as nx

from diagnostics.case.jobs import Job, Outcome
from diagnostics.case.pipeline import stages_on
from diagnostics.knowledge.catalog import Catalog, Cause
from diagnostics.localize.problem import OTHER, CauseNode, EventObservation, JobObservation, Plate, Problem, Report
from engine.pipeline import COMPONENTS, STAGES, Component, Scope

OTHER_PRIOR = 0.0004
"""P(a cause nobody modelled) per plate: as rare as an occasional cause."""
PER_PLATE = {Scope.SITE: 2.0, Scope.HOST: 1.0, Scope.VM: 0.35}
"""How much likelier a cause is on one plate of a scope than on one host. In the public failures a cause of virtual
machines was met about as often as one of hosts or of the whole site; but where there is one site there are several
hosts, and many virtual machines."""
OTHER_FAILURE = 0.1
"""P(stage fails | unmodelled cause), the same for every stage: broad; it explains anything, but nothing well."""


def build_problem(
    graph: "nx.DiGraph[str]", catalog: Catalog, jobs: Iterable[JobObservation], events: Iterable[EventObservation]
) -> Problem:
    """The model's view of a case: its plates with their causes, and what was observed on them."""
    possible: dict[tuple[Scope, frozenset[Component], bool], tuple[CauseNode, ...]] = {}

    def plate_of(name: str) -> Plate:
        about = graph.nodes[name]
        alike = (about["scope"], _components(graph, name), bool(about["members"]))
        if alike not in possible:
            possible[alike] = tuple(_causes(catalog, *alike))
        return Plate(name, about["scope"], about["parent"], possible[alike], about["members"])

    plates = [node for node, about in graph.nodes(data=True) if about["kind"] == "plate"]
    return Problem(tuple(map(plate_of, plates)), tuple(jobs), tuple(events))


def _components(graph: "nx.DiGraph[str]", plate: str) -> frozenset[Component]:
    within = (graph.nodes[node] for node in graph.successors(plate))
    return frozenset(about["component"] for about in within if about["kind"] == "component")


def _causes(
    catalog: Catalog,
    scope: Scope,
    present: Collection[Component],
    shared: bool,  # noqa: FBT001 - private, one caller
) -> Iterator[CauseNode]:
    """The causes of what is present on a plate; the unknown one sits on plates that are not shared."""
    for cause in catalog.causes.values():
        if scope in cause.scopes and cause.component in present:
            yield _cause_node(cause, scope)
    if not shared:
        yield _other(scope)


def _cause_node(cause: Cause, scope: Scope) -> CauseNode:
    """A cause fails a job with its probability, in whichever of its stages: which one is not known beforehand."""
    stages = stages_on(scope, cause.stages, COMPONENTS[cause.component])
    in_each = 1.0 - (1.0 - cause.failure) ** (1.0 / max(len(stages), 1))
    return CauseNode(cause.id, cause.component, PER_PLATE[scope] * cause.probability, dict.fromkeys(stages, in_each))


def _other(scope: Scope) -> CauseNode:
    return CauseNode(OTHER, "", PER_PLATE[scope] * OTHER_PRIOR, dict.fromkeys(STAGES, OTHER_FAILURE))


def observe_job(job: Job, plate: str, report: Report | None = None) -> JobObservation:
    """What the model is told of a job."""
    return JobObservation(job.id, plate, job.mode, job.outcome is Outcome.SUCCEEDED, job.failed, report)
