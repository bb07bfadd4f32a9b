"""The model by brute force: every set of causes on every plate, and every way in which they reach the inner plates."""

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator

from diagnostics.localize.problem import CauseNode, EventObservation, JobObservation, Plate, Problem
from engine.pipeline import STAGES, Mode, stages_of

Innocent = tuple[str, set[str]]
"""A plate, and those of its causes that are supposed to have failed none of the failed jobs."""
NOBODY: Innocent = ("", set())
Active = dict[str, frozenset[str]]
"""Per plate of a chain, the ids of its causes that are active where the chain ends."""


def posterior(problem: Problem) -> tuple[float, dict[tuple[str, frozenset[str]], float]]:
    """The log evidence, and P(set of causes) per plate and set."""
    roots = [plate for plate in problem.plates if plate.parent is None]
    evidence = 1.0
    marginals: dict[tuple[str, frozenset[str]], float] = {}
    for root in roots:
        weights: dict[tuple[str, frozenset[str]], float] = defaultdict(float)
        total = 0.0
        for weight, chosen in _walk(problem, root, {}):
            total += weight
            for plate, causes in chosen.items():
                weights[plate, causes] += weight
        evidence *= total
        marginals |= {key: weight / total for key, weight in weights.items()}
    return math.log(evidence), marginals


def responsibility(problem: Problem, suspect: tuple[str, str]) -> float:
    """P(a component on a plate, given as both, is at fault and failed at least one of the failed jobs)."""
    plates = {plate.name: plate for plate in problem.plates}
    ids = {cause.id for cause in plates[suspect[0]].causes if cause.component == suspect[1]}
    (root,) = (plate for plate in problem.plates if plate.parent is None)
    total = at_fault = innocent = 0.0
    for weight, chosen in _walk(problem, root, {}):
        total += weight
        at_fault += weight * bool(chosen[suspect[0]] & ids)
    for weight, chosen in _walk(problem, root, {}, (suspect[0], ids)):
        innocent += weight * bool(chosen[suspect[0]] & ids)
    return (at_fault - innocent) / total


def _walk(
    problem: Problem, plate: Plate, around: Active, innocent: Innocent = NOBODY
) -> Iterator[tuple[float, dict[str, frozenset[str]]]]:
    """Every choice for a plate and all plates in it, with its weight."""
    most = 1 if plate.name in problem.singly else 2
    sets = [chosen for size in range(most + 1) for chosen in itertools.combinations(plate.causes, size)]
    total = sum(_odds(chosen) for chosen in sets)
    certain = {cause.id for other in problem.plates for cause in other.causes if cause.reach}
    inner = [other for other in problem.plates if other.parent == plate.name]
    for chosen in sets:
        ids = frozenset(cause.id for cause in chosen)
        for reached, probability in _thinned(problem, around, certain):
            active = {**reached, plate.name: ids}
            weight = probability * _odds(chosen) / total * _observed(problem, plate, active, innocent)
            for combination in itertools.product(*(list(_walk(problem, other, active, innocent)) for other in inner)):
                choices = {plate.name: ids}
                for _, below in combination:
                    choices |= below
                yield weight * math.prod(part for part, _ in combination), choices


def _odds(chosen: Iterable[CauseNode]) -> float:
    return math.prod(cause.prior / (1 - cause.prior) for cause in chosen)


def _thinned(problem: Problem, around: Active, certain: set[str]) -> Iterator[tuple[Active, float]]:
    always = [(plate, cause) for plate, causes in around.items() for cause in sorted(causes & certain)]
    pairs = [(plate, cause) for plate, causes in around.items() for cause in sorted(causes - certain)]
    for stays in itertools.product((True, False), repeat=len(pairs)):
        kept = [*always, *(pair for pair, stay in zip(pairs, stays, strict=True) if stay)]
        reached = {plate: frozenset(cause for where, cause in kept if where == plate) for plate in around}
        yield reached, math.prod(problem.activation if stay else 1 - problem.activation for stay in stays)


def _observed(problem: Problem, plate: Plate, active: Active, innocent: Innocent) -> float:
    jobs = (_job(problem, job, active, innocent) for job in problem.jobs if job.plate == plate.name)
    events = (_event(problem, event, active) for event in _counted(problem, plate.name))
    return math.prod(jobs) * math.prod(events)


def _job(problem: Problem, job: JobObservation, active: Active, innocent: Innocent) -> float:
    plates = {plate.name: plate for plate in problem.plates}
    causes = [cause for name, ids in active.items() for cause in plates[name].causes if cause.id in ids]

    path = _path(plates, job.plate)
    own = active.get(innocent[0], frozenset()) & innocent[1]
    acquitted = (
        [c for c in plates[innocent[0]].causes if c.id in own and (not c.reach or c.reach & path)] if own else []
    )

    def passes(stage) -> float:
        reaching = (cause for cause in causes if not cause.reach or cause.reach & path)
        return (1 - problem.leak) * math.prod(1 - cause.failure.get(stage, 0.0) for cause in reaching)

    stages = stages_of(job.mode)
    shown = set(stages_of(Mode.ONLINE)) & set(stages_of(Mode.OFFLINE)) if job.mode is Mode.UNKNOWN else set(stages)
    if job.succeeded:
        return math.prod(passes(stage) for stage in stages if stage in shown)
    if job.failed is None:
        return 1.0
    first, last = (STAGES.index(stage) for stage in job.failed)
    before = math.prod(passes(stage) for stage in STAGES[:first] if stage in shown)
    ended = [stage for stage in STAGES[first : last + 1] if stage in stages]
    reaching = [cause for cause in causes if not cause.reach or cause.reach & path]

    def lets_pass(cause: CauseNode) -> float:
        """P(the cause does not fail the job with this report)."""
        fails = 1 - math.prod(1 - cause.failure.get(stage, 0.0) for stage in ended)
        return 1 - fails * _says(problem, job, cause, active)

    by_chance = 1 - (1 - problem.leak) ** len(ended)
    nobody = 1 - by_chance * (job.report.otherwise if job.report else 1.0)
    spared = math.prod(map(lets_pass, acquitted))
    return before * (spared - nobody * math.prod(map(lets_pass, reaching)))


def _says(problem: Problem, job: JobObservation, cause: CauseNode, active: Active) -> float:
    """P(the job reports what it does | the cause failed it)."""
    if job.report is None:
        return 1.0
    (home,) = (plate for plate in problem.plates if cause in plate.causes and cause.id in active.get(plate.name, ()))
    linked = [link.sensitivity for link in job.report.links if (link.scope, link.cause) == (home.scope, cause.id)]
    return max([dict(job.report.causes).get(cause.id, job.report.otherwise), *linked])


def _path(plates: dict[str, Plate], name: str | None) -> frozenset[str]:
    return frozenset() if name is None else _path(plates, plates[name].parent) | {name}


def _counted(problem: Problem, plate: str) -> list[EventObservation]:
    unique = {event.key: event for event in problem.events if event.plate == plate}
    families = defaultdict(list)
    for event in unique.values():
        families[event.family if event.seen else event.key, event.seen].append(event)

    def rank(event):
        return -max((math.log(link.sensitivity / event.spurious) for link in event.links), default=0.0), event.key

    return [min(echoes, key=rank) for echoes in families.values()]


def _event(problem: Problem, event: EventObservation, active: Active) -> float:
    scopes = {plate.scope: plate.name for plate in problem.plates if plate.name in active}
    away = 1 - event.spurious
    for link in event.links:
        if link.cause in active.get(scopes.get(link.scope, ""), ()):
            away *= 1 - link.sensitivity
    return 1 - away if event.seen else away
