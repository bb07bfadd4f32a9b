"""What the lab says of a verdict, from how like the case its runs are."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from diagnostics.reproduce.likeness import compare, rarity
from diagnostics.reproduce.signature import Signature, Token
from diagnostics.verdict import LabRun, LineCompared, Reproduction, ReproductionWord
from engine.sentence import Sentence

ALIKE = 0.6
"""From here on a run logs what the case logged."""
CLEARLY = 0.05
"""By so much a run must be more like the case than another to fit it better."""


class Trial(NamedTuple):
    """A cause, what it stands on, and what the lab logged with it."""

    cause: str
    instance: str
    fault: str
    """As the lab writes it; empty where it knows none for the cause."""
    signature: Signature | None
    """None where it was not run."""


def conclude(case: Signature, usual: Signature, trials: Sequence[Trial], lab: Iterable[str], seed: int) -> Reproduction:
    """Compare the runs with the case, less what a good run logs (`usual`); the first trial is of the verdict's cause.

    Where several faults bring about a cause, the one that is most like the case speaks for it.
    """
    rest = case.without(usual)
    own = [trial.signature.without(usual) for trial in trials if trial.signature is not None]
    weigh = rarity(own)
    runs: dict[str, LabRun] = {}
    for trial in trials:
        run = LabRun(cause=trial.cause, instance=trial.instance, fault=trial.fault, likeness=None)
        if trial.signature is not None:
            told = compare(rest, trial.signature.without(usual), weigh)
            run.likeness = round(told.score, 3)
            run.both, run.only_case, run.only_lab = map(_lines, (told.both, told.only_first, told.only_second))
        known = runs.setdefault(trial.cause, run)
        if _rank(run) > _rank(known):
            runs[trial.cause] = run
    ranked = sorted(runs.values(), key=_rank, reverse=True)
    nothing = ReproductionWord.NOT_REPRODUCED, Sentence("These logs tell of no failure: there is nothing to reproduce.")
    outcome, summary = _outcome(runs[trials[0].cause], ranked) if runs else nothing
    return Reproduction(outcome=outcome, summary=summary, runs=ranked, lab=list(lab), seed=seed)


def _rank(run: LabRun) -> float:
    return -1.0 if run.likeness is None else run.likeness


def _lines(tokens: Iterable[Token]) -> list[LineCompared]:
    return [
        LineCompared(event=token.what, role=token.role, codes=list(token.codes), stage=token.stage) for token in tokens
    ]


def _outcome(first: LabRun, ranked: Sequence[LabRun]) -> tuple[ReproductionWord, str]:
    """The word, and a sentence; `first` is the verdict's own cause."""
    ran = [(run, run.likeness) for run in ranked if run.likeness is not None]
    if first.likeness is None:
        return ReproductionWord.NO_FAULT_KNOWN, _not_run(first, ran)
    best, likeness = ran[0]
    if likeness < ALIKE:
        told = Sentence(
            "Not reproduced: nothing that was run logs what the case logged; the nearest is {nearest}.",
            nearest=_called(best, likeness),
        )
        return ReproductionWord.NOT_REPRODUCED, told
    if likeness - first.likeness >= CLEARLY:
        told = Sentence(
            "{best} explains the logs better than {first}.",
            best=_called(best, likeness), first=_called(first, first.likeness),
        )  # fmt: skip
        return ReproductionWord.ANOTHER, told
    others = [(run, score) for run, score in ran if run is not first]
    equal = [run.cause for run, score in others if first.likeness - score < CLEARLY]
    if equal:
        told = Sentence(
            "{first} logs what the case logged, and so does {others}.",
            first=_called(first, first.likeness), others=", ".join(equal),
        )  # fmt: skip
        return ReproductionWord.NOT_TOLD_APART, told
    told = Sentence(
        "Reproduced: {first} logs what the case logged; the next is {next}."
        if others
        else "Reproduced: {first} logs what the case logged.",
        first=_called(first, first.likeness),
        next=_called(*others[0]) if others else "",
    )
    return ReproductionWord.REPRODUCED, told


def _not_run(first: LabRun, ran: Sequence[tuple[LabRun, float]]) -> Sentence:
    why = Sentence(
        "{cause} was not run." if first.fault else "{cause} cannot be brought about in the lab.", cause=first.cause
    )
    if not ran:
        return why
    return Sentence("{why} Of the others, {nearest} is most like the case.", why=why, nearest=_called(*ran[0]))


def _called(run: LabRun, likeness: float) -> Sentence:
    return Sentence("{cause} ({likeness:.2f} alike)", cause=run.cause, likeness=likeness)
