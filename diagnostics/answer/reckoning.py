"""The arithmetic of a verdict in print: prior, what every line adds, posterior; and why the others lost."""

import math
from collections.abc import Callable, Iterator
from itertools import accumulate, pairwise
from typing import NamedTuple

from diagnostics.localize.calibration import Belief, shipped
from diagnostics.localize.explain import MOST_LINES, Account, EvidenceLine, Suspect, account, weigh
from diagnostics.localize.judge import Judgement
from diagnostics.localize.network import Network
from diagnostics.verdict import Evidence, LineReckoned, Reckoning, SuspectReckoned
from engine.sentence import Sentence, listed

_FAULTS = 3
_OTHERS = 4
"""So many faults, and so many of the suspects that come next, are reckoned."""
_OF_THE_NEXT = 8
"""So many lines are added for what bears on the first of the others alone."""
_TELLING = 1.0
"""Decibans: smaller differences are no reason."""
_REASONS = 2
_TINIEST = 1e-30


class Names(NamedTuple):
    """How the reckoning calls what the model knows by keys."""

    instance: Callable[[str, str], str]
    """(plate, component) -> the instance's name."""
    evidence: Callable[[EvidenceLine], Evidence]


def reckon(network: Network, judgement: Judgement, names: Names) -> Reckoning:
    """Reckon the faults and the suspects that come next, on the lines that bear on them, the heaviest first."""
    said = _suspects(judgement)
    if not said:
        return Reckoning()
    suspects = list(said)
    faults = judgement.faults[:_FAULTS]
    weighed = [line for fault in faults for line in (*fault.evidence, *fault.counter_evidence)]
    for weighing in weigh(network, suspects[len(faults) : len(faults) + 1]):
        weighed += sorted((*weighing.evidence, *weighing.counter_evidence), key=_heaviest)[:_OF_THE_NEXT]
    lines = {line.key: line for line in sorted(weighed, key=_heaviest)}
    told = account(network, suspects, list(lines)[:MOST_LINES])
    columns = [_Column(told, number, said[suspect]) for number, suspect in enumerate(suspects)]
    return Reckoning(
        suspects=[
            column.suspect(names.instance(suspect.plate, suspect.component))
            for suspect, column in zip(suspects, columns, strict=True)
        ],
        lines=[
            _line(names.evidence(lines[step.key]), [column.steps[at] for column in columns])
            for at, step in enumerate(told.steps)
        ],
        rest_lines=told.rest_lines,
    )


def _suspects(judgement: Judgement) -> dict[Suspect, Belief]:
    """The faults and the candidates that come next, with what is believed of them."""
    named = {Suspect(fault.plate, fault.component): fault.belief for fault in judgement.faults}
    ranked = {Suspect(found.plate, found.component): found.belief for found in judgement.candidates}
    others = [suspect for suspect in ranked if suspect not in named]
    return {suspect: (named | ranked)[suspect] for suspect in [*list(named)[:_FAULTS], *others[:_OTHERS]]}


class _Column:
    """The numbers of one suspect, to a tenth: running totals are rounded, so that what is printed adds up."""

    def __init__(self, told: Account, number: int, belief: Belief) -> None:
        calibration = shipped()
        self._probability = calibration.probability(belief)
        parts = [told.prior[number], *(step.decibans[number] for step in told.steps)]
        posterior = told.posterior[number]
        calibrated = posterior / calibration.temperature
        final = min(calibrated, _decibans(self._probability)) if belief.failed < 1.0 else calibrated
        rounded = [round(total, 1) + 0.0 for total in [*accumulate(parts), posterior, calibrated, final]]
        *self.steps, self.rest, self.calibration, self.failed = (
            round(after - before, 1) + 0.0 for before, after in pairwise(rounded)
        )
        self.prior, self.posterior, self.final = rounded[0], rounded[-3], rounded[-1]
        self._told, self._number = told, number

    def suspect(self, instance: str) -> SuspectReckoned:
        """The head and the foot of the column."""
        return SuspectReckoned(
            instance=instance,
            prior=_probability(self._told.prior[self._number]),
            prior_db=self.prior,
            rest_db=self.rest,
            posterior_db=self.posterior,
            posterior=_probability(self._told.posterior[self._number]),
            calibration_db=self.calibration,
            failed_db=self.failed,
            probability_db=self.final,
            probability=round(self._probability, 6),
        )


def _heaviest(line: EvidenceLine) -> tuple[float, str]:
    return -abs(line.decibans), line.key


def _probability(decibans: float) -> float:
    return round(1.0 / (1.0 + 10.0 ** (-decibans / 10.0)), 6) if decibans > -3000 else 0.0


def _decibans(probability: float) -> float:
    """Of the odds; finite where a probability is 0, or 1 for all that a number can hold."""
    return 10.0 * (math.log10(max(probability, _TINIEST)) - math.log10(max(1.0 - probability, _TINIEST)))


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
    behind = first.probability_db - other.probability_db
    if behind < _TELLING:
        return Sentence("as likely as the first: these logs do not tell them apart")
    reasons = sorted(_reasons(reckoning, at), key=lambda reason: reason.here - reason.there)
    told = [reason for reason in reasons[:_REASONS] if reason.there - reason.here >= _TELLING]
    if not told:
        return Sentence("{behind:.1f} dB behind the first", behind=behind)
    return Sentence("{behind:.1f} dB behind the first: {reasons}", behind=behind, reasons=listed(map(_told, told)))


class _Reason(NamedTuple):
    """Something that adds to the odds of the first (`there`) and of another suspect (`here`)."""

    what: str
    there: float
    here: float


def _told(reason: _Reason) -> Sentence:
    return Sentence(
        "{what} ({there:+.1f} dB there, {here:+.1f} here)", what=reason.what, there=reason.there, here=reason.here
    )


def _reasons(reckoning: Reckoning, at: int) -> Iterator[_Reason]:
    first, other = reckoning.suspects[0], reckoning.suspects[at]
    yield _Reason(Sentence("how common it is"), first.prior_db, other.prior_db)
    for line in reckoning.lines:
        what = Sentence("{event} on {machine}", event=line.event, machine=line.machine) if line.machine else line.event
        yield _Reason(what, line.adds_db[0], line.adds_db[at])
    yield _Reason(Sentence("all other lines"), first.rest_db, other.rest_db)
    yield _Reason(Sentence("that a job failed by it"), first.failed_db, other.failed_db)
