"""Three plain ways to rank components from the same jobs and sightings: what the model has to beat.

Each gets what the model gets (`Problem`): plates, the jobs with the intervals in which they failed, and the events that
were seen, of each family on a plate the strongest. Each is as strong as its idea allows: it knows which stages a
component has, that a stage passed before the failure exonerates, and it never blames what no failed job touches while
something that one does is left.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from diagnostics.localize.factors import counted_events
from diagnostics.localize.problem import EventObservation, JobObservation, Plate, Problem
from engine.pipeline import STAGES, Component, Scope, Stage, stages_of

Instance = tuple[str, str]
"""Plate and component."""
_ORDER = {stage: place for place, stage in enumerate(STAGES)}


class _Weights(NamedTuple):
    failed: frozenset[str]
    """Keys of the failed jobs that an instance can have failed."""
    passed: int
    """Jobs that it let pass."""
    events: dict[str, float]
    """Keys of the events that it makes likely, and how likely."""


class Spectrum:
    """Which instance is involved in which failed job, passed job and seen event."""

    def __init__(self, problem: Problem) -> None:
        self.plates = {plate.name: plate for plate in problem.plates}
        self.jobs = [job for job in problem.jobs if job.succeeded or job.failed]
        self.failed = [job for job in self.jobs if not job.succeeded]
        self.events = [event for event in counted_events(problem.events) if event.seen]
        self.component = {cause.id: cause.component for plate in problem.plates for cause in plate.causes}
        self.stages: dict[Instance, set[Stage]] = defaultdict(set)
        for plate in problem.plates:
            for cause in plate.causes:
                if cause.component:
                    self.stages[plate.name, cause.component] |= {s for s, p in cause.failure.items() if p > 0.0}

    def path(self, plate: str) -> list[str]:
        """A plate, those around it, and those that they share with others."""
        found: list[str] = []
        around: str | None = plate
        while around is not None and around in self.plates:
            found.append(around)
            around = self.plates[around].parent
        return found + [name for name, shared in self.plates.items() if _members(shared) & {*found}]

    @cached_property
    def weights(self) -> dict[Instance, _Weights]:
        failed: dict[Instance, set[str]] = defaultdict(set)
        passed: Counter[Instance] = Counter()
        events: dict[Instance, dict[str, float]] = defaultdict(dict)
        instances = defaultdict(list)
        for instance in self.stages:
            instances[instance[0]].append(instance)
        for job in self.jobs:
            broken, shown = _stages(job)
            for instance in (found for plate in self.path(job.plate) for found in instances[plate]):
                if self.stages[instance] & broken:
                    failed[instance].add(job.key)
                elif self.stages[instance] & shown:
                    passed[instance] += 1
        for event in self.events:
            for instance, sensitivity in self._linked(event):
                events[instance][event.key] = max(sensitivity, events[instance].get(event.key, 0.0))
        return {
            instance: _Weights(frozenset(failed[instance]), passed[instance], events[instance])
            for instance in self.stages
        }

    def _linked(self, event: EventObservation) -> Iterable[tuple[Instance, float]]:
        for link in event.links:
            component = self.component.get(link.cause)
            for plate in self.path(event.plate):
                if component and self.plates[plate].scope is link.scope and (plate, component) in self.stages:
                    yield (plate, component), link.sensitivity

    @property
    def suspects(self) -> list[Instance]:
        """The instances that a failed job touches."""
        return [instance for instance, weights in self.weights.items() if weights.failed]


def _members(plate: Plate) -> frozenset[str]:
    return getattr(plate, "members", frozenset())


def _stages(job: JobObservation) -> tuple[set[Stage], set[Stage]]:
    """The stages in one of which a job ended, and those that it passed."""
    stages = stages_of(job.mode)
    if job.succeeded or job.failed is None:
        return set(), set(stages)
    first, last = sorted(_ORDER[stage] for stage in job.failed)
    broken = {stage for stage in stages if first <= _ORDER[stage] <= last}
    return broken or set(STAGES[first : last + 1]), {stage for stage in stages if _ORDER[stage] < first}


def ochiai(spectrum: Spectrum) -> list[Instance]:
    """Spectrum-based ranking; events are failing tests that count as much as the cause is likely to show them."""
    total = len(spectrum.failed) + len(spectrum.events)
    scores = {}
    for instance in spectrum.suspects:
        weights = spectrum.weights[instance]
        involved = len(weights.failed) + sum(weights.events.values())
        scores[instance] = involved / math.sqrt(total * (involved + weights.passed))
    return sorted(scores, key=lambda instance: (-scores[instance], instance))


def set_cover(spectrum: Spectrum) -> list[Instance]:
    """SCORE (NSDI 2005): take what explains most of what is left, among what has a fair share of its jobs failed."""
    left = {job.key for job in spectrum.failed}
    near = {plate for job in spectrum.failed for plate in spectrum.path(job.plate)}
    open_events = {event.key for event in spectrum.events if event.plate in near}
    suspects = spectrum.suspects
    chosen: list[Instance] = []

    def score(instance: Instance) -> tuple[float, float, Instance]:
        weights = spectrum.weights[instance]
        jobs = len(weights.failed & left)
        told = sum(weight for key, weight in weights.events.items() if key in open_events)
        ratio = len(weights.failed) / (len(weights.failed) + weights.passed)
        fair = ratio >= 0.3
        return (-(jobs + told) * (fair + 0.1), -ratio, instance)

    first = sorted(suspects, key=score)
    while left and suspects:
        best = min(suspects, key=score)
        if not spectrum.weights[best].failed & left:
            break
        chosen.append(best)
        suspects.remove(best)
        left -= spectrum.weights[best].failed
        open_events -= spectrum.weights[best].events.keys()
    return [*chosen, *(instance for instance in first if instance not in chosen)]


_OF_SEVERAL_HOSTS = (Component.IDENTITY_NETWORK, Component.DPM_SERVER, Component.DPM_STORAGE)
_OF_A_HOST = (Component.HYPERV_WRITER, Component.HOST_VSS, Component.VOLSNAP_DIFFAREA)
_OF_TRANSFER = (Component.TRANSFER, Component.DPM_AGENT_COMM, Component.DISK_IO)
_OF_A_GUEST = (Component.GUEST_VSS, Component.GUEST_WRITER, Component.INTEGRATION_COMPONENTS)


def heuristics(spectrum: Spectrum) -> list[Instance]:
    """The article's four rules as if/else; within what a rule points to, the component with most events comes first."""
    by_host: dict[str, list[JobObservation]] = defaultdict(list)
    for job in spectrum.failed:
        by_host[_host(spectrum, job)].append(job)
    ranking: list[Instance] = []
    hosts = [name for name, plate in spectrum.plates.items() if plate.scope is Scope.HOST and not _members(plate)]
    if len(by_host) >= 2 and 2 * len(by_host) > len(hosts):
        ranking += _by_events(spectrum, "site", _OF_SEVERAL_HOSTS)
    for host, failed in sorted(by_host.items(), key=lambda item: (-len(item[1]), item[0])):
        machines = {job.plate for job in failed}
        inner = [name for name, plate in spectrum.plates.items() if plate.parent == host]
        if all(_in_transfer(job) for job in failed):
            ranking += _by_events(spectrum, host, _OF_TRANSFER)
        elif len(machines) >= 2 and 4 * len(machines) >= 3 * len(inner):
            ranking += _by_events(spectrum, host, _OF_A_HOST)
        else:
            for machine in sorted(machines):
                ranking += _by_events(spectrum, machine, _OF_A_GUEST)
    rest = sorted(spectrum.suspects, key=lambda instance: (-_count(spectrum, instance), instance))
    return list(dict.fromkeys([*ranking, *rest]))


def _by_events(spectrum: Spectrum, plate: str, usual: Sequence[Component]) -> list[Instance]:
    """The components of a plate of which events tell, then the usual ones."""
    of_plate = [instance for instance in spectrum.suspects if instance[0] == plate]
    told = [instance for instance in of_plate if _count(spectrum, instance)]
    told.sort(key=lambda instance: (-_count(spectrum, instance), instance[1] not in usual, instance))
    return [*told, *((plate, component) for component in usual if (plate, component) in of_plate)]


def _count(spectrum: Spectrum, instance: Instance) -> int:
    return len(spectrum.weights[instance].events)


def _host(spectrum: Spectrum, job: JobObservation) -> str:
    path = spectrum.path(job.plate)
    return next((plate for plate in path if spectrum.plates[plate].scope is Scope.HOST), job.plate)


def _in_transfer(job: JobObservation) -> bool:
    return job.failed is not None and _ORDER[job.failed[0]] >= _ORDER[Stage.READ_REPLICA]


YARDSTICKS = {"Ochiai": ochiai, "set cover": set_cover, "heuristics": heuristics}
