"""Which causes of a verdict are worth running in the lab: the most probable of what it names, and what comes next."""

from collections.abc import Iterator
from typing import NamedTuple

from diagnostics.knowledge.catalog import Cause
from diagnostics.localize.judge import Candidate, Fault
from diagnostics.understanding import Case
from diagnostics.verdict import VerdictWord

MOST = 6
"""So many causes are run, unless told otherwise."""
_LIKELY_ENOUGH = 0.02
"""Of the first: a cause less probable than this share of it is no runner-up."""
_FEWEST = 3
"""So many are run whatever their probability, so that there is something to compare the first with."""


class Suspicion(NamedTuple):
    """A cause on a plate, and how probable it is that it failed a job there."""

    plate: str
    cause: Cause
    probability: float


def suspicions(case: Case, most: int = MOST) -> list[Suspicion]:
    """The suspected causes, the most probable first; the first of all is what the verdict names first.

    A cause is run once for each sort of plate: a signature names no machine.
    """
    ranked = sorted(_all(case), key=lambda one: (-one.probability, one.plate, one.cause.id))
    first = _named_first(case, ranked)
    distinct: dict[tuple[str, str], Suspicion] = {}
    for one in (*first, *ranked):
        distinct.setdefault((one.plate.partition(":")[0], one.cause.id), one)
    ranked = list(distinct.values())
    least = _LIKELY_ENOUGH * ranked[0].probability if ranked else 0.0
    return [one for at, one in enumerate(ranked[:most]) if at < _FEWEST or one.probability >= least]


def named_beside(case: Case) -> list[Suspicion]:
    """What the verdict says was wrong beside its first fault, where it names causes; of an ambiguous one nothing is."""
    causes = case.catalog.causes
    if case.judgement.verdict is VerdictWord.AMBIGUOUS:
        return []
    return [
        Suspicion(fault.plate, causes[fault.cause], fault.probability)
        for fault in case.judgement.faults[1:]
        if fault.cause in causes
    ]


def _named_first(case: Case, ranked: list[Suspicion]) -> list[Suspicion]:
    """The most probable cause of the component that the verdict names first; where it names none, of its suspects'.

    A component with many causes may be suspected most, though each of them is less probable than one of another.
    """
    named = case.judgement.faults[:1] or case.judgement.candidates[:_FEWEST]
    return [one for found in named if (one := _most_probable(found, ranked))]


def _most_probable(found: Fault | Candidate, ranked: list[Suspicion]) -> Suspicion | None:
    own = (one for one in ranked if (one.plate, one.cause.component) == (found.plate, found.component))
    return next((one for one in own if found.cause in {None, one.cause.id}), None)


def _all(case: Case) -> Iterator[Suspicion]:
    for candidate in case.judgement.candidates:
        masses = case.posterior.plates[candidate.plate].causes
        own = [cause for cause in case.catalog.causes.values() if cause.component == candidate.component]
        whole = sum(masses.get(cause.id, 0.0) for cause in own)
        for cause in own:
            share = masses.get(cause.id, 0.0) / whole if whole else 0.0
            if share > 0.0:
                yield Suspicion(candidate.plate, cause, round(candidate.probability * share, 9))
