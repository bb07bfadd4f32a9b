"""Plates that are not nested, such as a volume that the virtual machines of several hosts share.

Messages pass between nested plates only. So the causes of a shared plate become causes of the plate around its
members, each with the reach that it has: elsewhere it fails no job. This is exact, and costs nothing where nothing is
shared. The folded causes carry the shared plate's name until the answer is unfolded.
"""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from diagnostics.localize.problem import CauseNode, Link, Plate, Problem, Report
from engine.pipeline import Scope

_MARK = "@"


class Place(NamedTuple):
    """A plate, and a cause or component on it."""

    plate: str
    name: str


def unfolded(plate: str, name: str) -> Place:
    """Where a cause or component really sits, by the name that it has after folding."""
    own, mark, shared = name.partition(_MARK)
    return Place(shared, own) if mark else Place(plate, name)


def fold(problem: Problem) -> Problem:
    """The same problem with nested plates only."""
    shared = {plate.name: plate for plate in problem.plates if plate.members}
    if not shared:
        return problem
    scopes = {plate.name: plate.scope for plate in problem.plates}
    around = {plate.parent for plate in shared.values()}
    plates = tuple(
        plate._replace(causes=(*plate.causes, *_folded_causes(plate, shared))) if plate.name in around else plate
        for plate in problem.plates
        if not plate.members
    )
    events = tuple(
        event._replace(links=tuple(_folded_link(link, shared, scopes) for link in event.links))
        for event in problem.events
    )
    jobs = tuple(
        job._replace(report=_folded_report(job.report, shared, scopes)) if job.report else job for job in problem.jobs
    )
    return problem._replace(plates=plates, events=events, jobs=jobs)


def _folded_causes(around: Plate, shared: Mapping[str, Plate]) -> list[CauseNode]:
    return [
        cause._replace(
            id=folded(plate.name, cause.id), component=folded(plate.name, cause.component), reach=plate.members
        )
        for plate in shared.values()
        if plate.parent == around.name
        for cause in plate.causes
    ]


def _folded_link(link: Link, shared: Mapping[str, Plate], scopes: Mapping[str, Scope]) -> Link:
    target = shared.get(link.plate)
    if target is None or target.parent is None:
        return link
    return Link(scopes[target.parent], folded(target.name, link.cause), link.sensitivity)


def _folded_report(report: Report, shared: Mapping[str, Plate], scopes: Mapping[str, Scope]) -> Report:
    said = dict(report.causes)
    there = {
        folded(plate.name, cause.id): said[cause.id]
        for plate in shared.values()
        for cause in plate.causes
        if cause.id in said
    }
    links = tuple(_folded_link(link, shared, scopes) for link in report.links)
    return msgspec.structs.replace(report, links=links, causes=(*report.causes, *there.items()))


def folded(plate: str, name: str) -> str:
    """The name of a cause or component of a shared plate on the plate around it."""
    return f"{name}{_MARK}{plate}"
