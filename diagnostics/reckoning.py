"""The arithmetic of a verdict in print: prior, what every line adds, posterior; and why the others lost."""

from collections.abc import Callable, Iterator
from itertools import accumulate, pairwise
from typing import NamedTuple

from diagnostics.localize.explain import MOST_LINES, Account, EvidenceLine, Suspect, account, weigh
from diagnostics.localize.judge import Judgement
from diagnostics.localize.network import Network
from diagnostics.verdict import Evidence, LineReckoned, Reckoning, SuspectReckoned

_FAULTS = 3
_OTHERS = 4
"""So many faults, and so many of the suspects that come next, are reckoned."""
_OF_THE_NEXT = 8
"""So many lines are added for what bears on the first of the others alone."""
_TELLING = 1.0
"""Decibans: smaller differences are no reason."""
_REASONS = 2


class Names(NamedTuple):
    """How the reckoning calls what the model knows by keys."""

    instance: Callable[[str, str], str]
    """(plate, component) -> the instance's name."""
    evidence: Callable[[EvidenceLine], Evidence]


def reckon(network: Network, judgement: Judgement, names: Names) -> Reckoning:
    """Reckon the faults and the suspects that come next, on the lines that bear on them, the heaviest first."""
    suspects = _suspects(judgement)
    if not suspects:
        return Reckoning()
    faults = len(judgement.faults[:_FAULTS])
    weighed = [line for fault in judgement.faults[:_FAULTS] for line in (*fault.evidence, *fault.counter_evidence)]
    for other in suspects[faults : faults + 1]:
        weighing = weigh(network, other)
        weighed += sorted((*weighing.evidence, *weighing.counter_evidence), key=_heaviest)[:_OF_THE_NEXT]
    lines = {line.key: line for line in sorted(weighed, key=_heaviest)}
    told = account(network, suspects, list(lines)[:MOST_LINES])
    columns = [_column(told, number) for number in range(len(suspects))]
    return Reckoning(
        suspects=[
            SuspectReckoned(
                instance=names.instance(suspect.plate, suspect.component),
                prior=_probability(told.prior[number]),
                prior_db=column[0],
                rest_db=column[-2],
                posterior_db=column[-1],
                posterior=_probability(told.posterior[number]),
            )
            for number, (suspect, column) in enumerate(zip(suspects, columns, strict=True))
        ],
        lines=[
            _line(names.evidence(lines[step.key]), [column[1 + at] for column in columns])
            for at, step in enumerate(told.steps)
        ],
        rest_lines=told.rest_lines,
    )


def _suspects(judgement: Judgement) -> list[Suspect]:
    named = [Suspect(fault.plate, fault.component) for fault in judgement.faults]
    ranked = [Suspect(found.plate, found.component) for found in judgement.candidates]
    return [*named[:_FAULTS], *[suspect for suspect in ranked if suspect not in named][:_OTHERS]]


def _heaviest(line: EvidenceLine) -> tuple[float, str]:
    return -abs(line.decibans), line.key


def _column(told: Account, number: int) -> list[float]:
    """Prior, steps, rest and posterior, to a tenth: running totals are rounded, so that what is printed adds up."""
    parts = [told.prior[number], *(step.decibans[number] for step in told.steps)]
    totals = [round(total, 1) for total in (*accumulate(parts), told.posterior[number])]
    steps = [round(after - before, 1) + 0.0 for before, after in pairwise(totals)]
    return [totals[0] + 0.0, *steps, totals[-1] + 0.0]


def _probability(decibans: float) -> float:
    return round(1.0 / (1.0 + 10.0 ** (-decibans / 10.0)), 6) if decibans > -3000 else 0.0


def _line(evidence: Evidence, adds: list[float]) -> LineReckoned:
    return LineReckoned(
        source=evidence.source,
        record=evidence.record,
        machine=evidence.machine,
        event=evidence.event,
        rule=evidence.rule,
        adds_db=adds,
    )


def why_lost(reckoning: Reckoning, instance: str) -> str:
    """Why a suspect stands behind the first: the lines, or the prior, that make most of the difference."""
    at = next((n for n, suspect in enumerate(reckoning.suspects) if suspect.instance == instance), 0)
    if at == 0:
        return ""
    first, other = reckoning.suspects[0], reckoning.suspects[at]
    behind = first.posterior_db - other.posterior_db
    if behind < _TELLING:
        return "as likely as the first: these logs do not tell them apart"
    reasons = sorted(_reasons(reckoning, at), key=lambda reason: reason.here - reason.there)
    told = [reason for reason in reasons[:_REASONS] if reason.there - reason.here >= _TELLING]
    named = "; ".join(f"{reason.what} ({reason.there:+.1f} dB there, {reason.here:+.1f} here)" for reason in told)
    return f"{behind:.1f} dB behind the first{': ' if named else ''}{named}"


class _Reason(NamedTuple):
    """Something that adds to the odds of the first (`there`) and of another suspect (`here`)."""

    what: str
    there: float
    here: float


def _reasons(reckoning: Reckoning, at: int) -> Iterator[_Reason]:
    first, other = reckoning.suspects[0], reckoning.suspects[at]
    yield _Reason("how common it is", first.prior_db, other.prior_db)
    for line in reckoning.lines:
        on = f" on {line.machine}" if line.machine else ""
        yield _Reason(f"{line.event}{on}", line.adds_db[0], line.adds_db[at])
    yield _Reason("all other lines", first.rest_db, other.rest_db)
