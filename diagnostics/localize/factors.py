"""What one observation says: log survivals of each cause on the chain of plates around it."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from diagnostics.localize.problem import CauseNode, EventObservation, JobObservation, Link, Problem, Report
from diagnostics.localize.sets import Floats, Indices, Sets, log1mexp, log_sum, outer_sum, sets_of
from diagnostics.localize.table import Term
from engine.pipeline import STAGES, Mode, Scope, Stage, stages_of

_TINIEST = 1e-300
_LOG_NEVER = math.log(_TINIEST)
"""Stands in for the logarithm of zero, so that the impossible is only absurdly improbable and stays finite."""
_ORDER = {stage: place for place, stage in enumerate(STAGES)}
_SHOWN = {mode: frozenset(stages_of(mode)) for mode in (Mode.ONLINE, Mode.OFFLINE)} | {
    Mode.UNKNOWN: frozenset(stages_of(Mode.ONLINE)) & frozenset(stages_of(Mode.OFFLINE))
}
"""The stages that a passed job shows to work: where the mode is unknown, those that both modes pass."""


class JobLine(NamedTuple):
    """What a job says, without where and when: equal lines are equal evidence."""

    passed: tuple[Stage, ...]
    """Stages that were shown to work."""
    failed: tuple[Stage, ...]
    """Stages in one of which it ended."""
    observed: bool = True
    """False for a probe: the model keeps its outcomes apart, but has not seen any."""
    report: Report | None = None


class EventLine(NamedTuple):
    """What an event says, seen or absent."""

    links: tuple[Link, ...]
    spurious: float
    seen: bool


Line = JobLine | EventLine


def notable(line: Line) -> bool:
    """Whether a line asks for a fault: a failure, or an event that was seen."""
    return line.seen if isinstance(line, EventLine) else line.observed and bool(line.failed)


def job_line(job: JobObservation) -> JobLine | None:
    """The line of a job, None where its outcome is unknown."""
    if job.succeeded:
        return JobLine(_in_order(_SHOWN[job.mode]), ())
    if job.failed is None:
        return None
    first, last = sorted(_ORDER[stage] for stage in job.failed)
    interval = frozenset(STAGES[first : last + 1])
    failed = interval & frozenset(stages_of(job.mode)) or interval
    return JobLine(_in_order(_SHOWN[job.mode] & frozenset(STAGES[:first])), _in_order(failed), report=job.report)


def retry_line(mode: Mode) -> JobLine:
    """The probe of a job that has not run: whether it will fail anywhere."""
    return JobLine((), stages_of(mode), observed=False)


def event_line(event: EventObservation) -> EventLine:
    """The line of an event."""
    return EventLine(event.links, event.spurious, event.seen)


def _in_order(stages: Iterable[Stage]) -> tuple[Stage, ...]:
    return tuple(sorted(stages, key=_ORDER.__getitem__))


def lines_by_plate(problem: Problem) -> dict[str, dict[str, Line]]:
    """The lines of each plate by observation key: duplicates once, of each family of seen events the strongest."""
    lines: dict[str, dict[str, Line]] = {plate.name: {} for plate in problem.plates}
    for job in {job.key: job for job in reversed(problem.jobs)}.values():
        line = job_line(job)
        if line is not None and job.plate in lines:
            lines[job.plate][job.key] = line
    for event in counted_events(event for event in problem.events if not event.of_job):
        if event.plate in lines:
            lines[event.plate][event.key] = event_line(event)
    return {plate: dict(sorted(of_plate.items())) for plate, of_plate in lines.items()}


def counted_events(events: Iterable[EventObservation]) -> list[EventObservation]:
    """The events that count: each key once, of the seen ones of a family on a plate only the strongest."""
    absent: list[EventObservation] = []
    strongest: dict[tuple[str, str, str], EventObservation] = {}
    for event in {event.key: event for event in sorted(events)}.values():
        if not event.seen:
            absent.append(event)
            continue
        echo = (event.plate, event.family, "" if event.family else event.key)
        rival = strongest.get(echo)
        if rival is None or (-strength(event), event.key) < (-strength(rival), rival.key):
            strongest[echo] = event
    return [*absent, *strongest.values()]


def strength(event: EventObservation) -> float:
    """The largest log of sensitivity over spurious rate among an event's links."""
    return max((_log(link.sensitivity) - _log(event.spurious) for link in event.links), default=0.0)


def _log(probability: float) -> float:
    return math.log(probability) if probability > _TINIEST else _LOG_NEVER


def _log_complement(probability: float) -> float:
    return math.log1p(-max(probability, 0.0)) if probability < 1.0 else _LOG_NEVER


class Catalog:
    """The causes that one plate may have, and all sets of those that may be present at once."""

    def __init__(self, scope: Scope, causes: Iterable[CauseNode], at_once: int = 2) -> None:
        self.scope = scope
        self.at_once = at_once
        self.causes = tuple(sorted({cause.id: cause for cause in causes}.values(), key=lambda cause: cause.id))
        self.place = {cause.id: place for place, cause in enumerate(self.causes)}
        self.sets: Sets = sets_of(len(self.causes), repeated=False, at_once=at_once)
        self.log_survival = _log_survival(self.causes)
        """(causes, stages) log P(the stage passes | only this cause is active)."""
        self._limited = any(cause.reach for cause in self.causes)
        odds = np.array([_log(cause.prior) - _log_complement(cause.prior) for cause in self.causes])
        log_odds = self.sets.sums(odds)
        self.log_prior: Floats = log_odds - log_sum(log_odds, 0)
        self.components = tuple(sorted({cause.component for cause in self.causes if cause.component}))
        self.has_cause = self._membership([cause.id for cause in self.causes], [cause.id for cause in self.causes])
        """(sets, causes) 1 where the set holds the cause."""
        self.has_component = self._membership([cause.component for cause in self.causes], self.components)
        """(sets, components) 1 where the set holds a cause of the component."""
        self.blamed = self._by_components()
        """(sets,) which sets blame the same components."""

    def activations(self, usual: float) -> tuple[float, ...]:
        """P(a cause reaches an inner plate), per cause: certain where it is known whom it reaches."""
        return tuple(1.0 if cause.reach else usual for cause in self.causes)

    def reaches(self, path: Iterable[str]) -> tuple[bool, ...]:
        """Which causes can fail the jobs of a plate, given by its path; empty where all can."""
        if not self._limited:
            return ()
        within = frozenset(path)
        return tuple(not cause.reach or bool(cause.reach & within) for cause in self.causes)

    def holding(self, causes: Iterable[str]) -> Floats:
        """(sets,) 1 where the set holds one of these causes."""
        columns = [self.place[cause] for cause in causes]
        held: Floats = self.has_cause[:, columns].max(axis=1, initial=0.0)
        return held

    def _membership(self, names: list[str], wanted: Iterable[str]) -> Floats:
        held = np.array([[name == one for one in wanted] for name in (*names, None)], dtype=float)
        both: Floats = np.maximum(held[self.sets.first], held[self.sets.second])
        return both

    def _by_components(self) -> Indices:
        names = [cause.component or cause.id for cause in self.causes]
        numbers = {name: number for number, name in enumerate(sorted(set(names)))}
        labels = np.array([numbers[name] for name in names], dtype=np.intp)
        folded = sets_of(len(numbers), repeated=True)
        blamed = self.sets.translate(labels, folded)
        same = folded.first == folded.second  # two causes of one component blame it once
        return np.where(same[blamed], folded.joined[folded.first[blamed], len(numbers)], blamed)


def _log_survival(causes: tuple[CauseNode, ...]) -> Floats:
    table = np.zeros((len(causes), len(STAGES)))
    for row, cause in zip(table, causes, strict=True):
        for stage, probability in cause.failure.items():
            row[_ORDER[stage]] = _log_complement(probability)
    return table


Chain = tuple[Catalog, ...]
"""The catalogs from the outermost plate to a plate itself."""
Reach = tuple[tuple[bool, ...], ...]
"""Per plate of the chain, which of its causes can fail the jobs of the plate at its end (`Catalog.reaches`)."""


class Factor(NamedTuple):
    """All observations of one plate as a function of the causes active on its chain.

    log P(observations | active) = constant + sum of linear + sum over columns of count * log(1 - exp(offset + sum)).
    """

    constant: float
    linear: tuple[Floats, ...]
    """Per plate of the chain (causes,)."""
    columns: tuple[Floats, ...]
    """Per plate of the chain (columns, causes)."""
    offsets: Floats
    counts: Floats

    def log_likelihood(self, sums: list[Floats]) -> Iterator[Term]:
        """The part of the columns, from (columns, cells) of sums on each axis of a table: a term for each column.

        An event knows few causes of each plate, so few sums differ: logarithms are taken of these alone.
        """
        for number in np.flatnonzero(self.counts):
            told = [np.unique(axis[number], return_inverse=True) for axis in sums]
            values = self.counts[number] * log1mexp(outer_sum([own for own, _ in told]) + self.offsets[number])
            yield Term(values, tuple(places for _, places in told))

    def pick(self, chosen: Indices) -> "Factor":
        """The factor with only some of its columns."""
        columns = tuple(of_plate[chosen] for of_plate in self.columns)
        return self._replace(columns=columns, offsets=self.offsets[chosen], counts=self.counts[chosen])


class Survival(NamedTuple):
    """P(stages pass, or an event stays away), as logarithms: by chance alone, and what each active cause adds."""

    chance: float
    causes: tuple[Floats, ...]
    """Per plate of the chain (causes,)."""


class Acquitted(NamedTuple):
    """A component that is supposed to have failed none of the failed jobs, though it may be at fault."""

    level: int
    """Of its plate in the chain."""
    component: str


def factor(
    chain: Chain, reach: Reach, lines: Mapping[Line, int], leak: float, acquitted: Acquitted | None = None
) -> Factor:
    """The factor of some lines, each with its number."""
    constant = 0.0
    linear = [np.zeros(len(catalog.causes)) for catalog in chain]
    columns: list[Survival] = []
    counts: list[int] = []
    for line, count in lines.items():
        kept, broken = survivals(line, chain, reach, leak)
        if broken is not None and acquitted and isinstance(line, JobLine):
            spared, broken = _acquit(broken, chain, acquitted)
            linear[acquitted.level] += count * spared
        if kept is not None:
            constant += count * kept.chance
            linear = [total + count * part for total, part in zip(linear, kept.causes, strict=True)]
        if broken is not None:
            columns.append(broken)
            counts.append(count if notable(line) else 0)
    return Factor(
        constant,
        tuple(np.round(part, 12) for part in linear),
        tuple(_stack([column.causes[level] for column in columns], len(c.causes)) for level, c in enumerate(chain)),
        np.array([column.chance for column in columns]),
        np.array(counts, dtype=float),
    )


def _acquit(broken: Survival, chain: Chain, acquitted: Acquitted) -> tuple[Floats, Survival]:
    """What a component let pass of a failed job, and who may have failed it without that component."""
    catalog = chain[acquitted.level]
    own = np.array([cause.component == acquitted.component for cause in catalog.causes], dtype=float)
    spared: Floats = broken.causes[acquitted.level] * own
    causes = list(broken.causes)
    causes[acquitted.level] = causes[acquitted.level] - spared
    return spared, broken._replace(causes=tuple(causes))


def survivals(line: Line, chain: Chain, reach: Reach, leak: float) -> tuple[Survival | None, Survival | None]:
    """What an observation shows to have survived, and what it shows not to have."""
    if isinstance(line, EventLine):
        event = _event_survival(line, chain)
        return (None, event) if line.seen else (event, None)
    kept = _job_survival(line.passed, chain, reach, leak) if line.passed else None
    broken = _job_survival(line.failed, chain, reach, leak) if line.failed else None
    return kept, _as_reported(broken, line.report, chain) if broken and line.report else broken


def _job_survival(stages: tuple[Stage, ...], chain: Chain, reach: Reach, leak: float) -> Survival:
    places = [_ORDER[stage] for stage in stages]
    causes = tuple(
        catalog.log_survival[:, places].sum(axis=1) * (np.array(reached, dtype=float) if reached else 1.0)
        for catalog, reached in zip(chain, reach, strict=True)
    )
    return Survival(len(stages) * _log_complement(leak), causes)


def _as_reported(broken: Survival, report: Report, chain: Chain) -> Survival:
    """P(the job did not fail *with this report*): each cause fails it so often, and then says so with its probability.

    As a noisy-OR of failures with reports, so that a job that failed by one cause says nothing for the others.
    """
    anywhere = dict(report.causes)
    causes = []
    for catalog, survival in zip(chain, broken.causes, strict=True):
        says = np.array([anywhere.get(cause.id, report.otherwise) for cause in catalog.causes])
        for link in report.links:
            if catalog.scope is link.scope and link.cause in catalog.place:
                place = catalog.place[link.cause]
                says[place] = max(says[place], link.sensitivity)
        causes.append(np.log(np.maximum(1.0 + np.expm1(survival) * says, _TINIEST)))
    return Survival(math.log1p(math.expm1(broken.chance) * report.otherwise), tuple(causes))


def _event_survival(line: EventLine, chain: Chain) -> Survival:
    causes = tuple(np.zeros(len(catalog.causes)) for catalog in chain)
    for link in line.links:
        for catalog, part in zip(chain, causes, strict=True):
            if catalog.scope is link.scope and link.cause in catalog.place:
                part[catalog.place[link.cause]] += _log_complement(link.sensitivity)
    return Survival(_log_complement(line.spurious), causes)


def _stack(rows: list[Floats], width: int) -> Floats:
    # Rounded so that causes which differ by the order of a sum only are still told to be alike.
    return np.round(np.array(rows, dtype=float).reshape(len(rows), width), 12)
