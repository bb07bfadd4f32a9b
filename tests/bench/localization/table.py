"""From results to the table: goals with their values, and what stands behind them."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import mean, median
from typing import NamedTuple

from diagnostics.verdict import VerdictWord
from tests.bench.localization.digging import (
    ADVISED,
    KNOWING,
    MOST,
    RANDOM,
    USUAL,
    USUAL_REPORTS,
    VAGUE_REPORTS,
    Digging,
)
from tests.bench.localization.figures import Answer, Bin, bins, brier, calibration_error, share, wilson
from tests.bench.localization.trial import MODEL, Named, Result
from tests.bench.localization.yardsticks import YARDSTICKS

METHODS = (MODEL, *YARDSTICKS)
CLEAN = ("one fault", "two faults", "three faults")
Results = Mapping[str, Sequence[Result]]


class Goal(NamedTuple):
    """A figure with what it should be."""

    name: str
    value: float
    limit: float
    at_most: bool = False
    note: str = ""

    @property
    def met(self) -> bool:
        return self.value <= self.limit if self.at_most else self.value >= self.limit

    def line(self) -> str:
        mark, sense = "ok" if self.met else "MISSED", "<=" if self.at_most else ">="
        return f"{mark:6} {self.name:50} {self.value:10.3f}  goal {sense} {self.limit:<6g} {self.note}"


def found(results: Iterable[Result], method: str, extra: int = 0) -> float:
    """The share of the true components that are among the first k (+ extra), for k faults."""
    return share([0 < rank <= len(r.causes) + extra for r in results for rank in r.ranks[method]])


def all_found(results: Iterable[Result], method: str, extra: int = 0) -> float:
    """The share of nights whose k true components are all among the first k (+ extra)."""
    return share([all(0 < rank <= len(r.causes) + extra for rank in r.ranks[method]) for r in results])


def kinds_found(results: Iterable[Result], extra: int = 0) -> float:
    """The same as `found` for the model, whatever the plate: components are ranked once each."""
    return share([0 < place <= len(r.causes) + extra for r in results for place in r.kinds])


def firm(results: Iterable[Result]) -> list[Named]:
    return [named for result in results for named in result.named]


def precision(results: Iterable[Result]) -> tuple[float, int]:
    """Of the components that asserted verdicts name as firm: how many are at fault, and of how many."""
    named = firm(results)
    return share([one.right for one in named]), len(named)


def answers(results: Iterable[Result]) -> list[Answer]:
    return [result.candidates[0] if result.candidates else (0.0, False) for result in results]


def goals(results: Results, dug: Mapping[str, Sequence[Digging]]) -> list[Goal]:
    """Every goal with its value."""
    one, two, three = (results[name] for name in CLEAN)
    clean = [result for name in CLEAN for result in results[name]]
    named = firm(clean)
    right = sum(one.right for one in named)
    lost = results["30 % of evidence lost"]
    paired = {(r.causes, r.seed) for r in lost}
    before = [r for r in one if (r.causes, r.seed) in paired]
    healthy = [*results["healthy"], *results["healthy, noise x4.3"]]
    transient = results["transient failures only"]
    said = answers(clean)
    return [
        Goal("one fault: component on its plate in first 1", found(one, MODEL), 0.85,
             note=f"on any plate {kinds_found(one):.3f}"),
        Goal("one fault: component on its plate in first 3", found(one, MODEL, 2), 0.95,
             note=f"on any plate {kinds_found(one, 2):.3f}"),
        Goal("two faults: both in first 2", all_found(two, MODEL), 0.75),
        Goal("two faults: both in first 4", all_found(two, MODEL, 2), 0.85),
        Goal("two faults: share in first 2 over best yardstick", _margin(two), 0.15, note=_best(two)),
        Goal("three faults: share in first 3 over best yardstick", _margin(three), 0.15, note=_best(three)),
        Goal("asserted: precision, Wilson 95 % lower bound", wilson(right, len(named))[0], 0.95,
             note=f"{right} of {len(named)} right"),
        Goal("asserted: number of cases", len(named), 500),
        Goal("first answer: ECE", calibration_error(said), 0.05, at_most=True, note=f"n = {len(said)}"),
        Goal("first answer: Brier", brier(said), 0.10, at_most=True),
        Goal("healthy: components asserted", len(firm(healthy)), 0, at_most=True,
             note=f"{sum(r.jobs for r in healthy)} jobs"),
        Goal("healthy: jobs", sum(r.jobs for r in healthy), 10_000),
        _false_alarms(transient),
        Goal("30 % of evidence lost: lost of the first 1", found(before, MODEL) - found(lost, MODEL), 0.10,
             at_most=True),
        _precise("30 % of evidence lost", lost, 0.95),
        _precise("noise x2.7", results["noise x2.7"], 0.95),
        _precise("noise x4.3", results["noise x4.3"], 0.90),
        _wrong_component(results["unknown cause"]),
        _named(clean),
        _named(results["unknown cause"], known=False),
        _sooner(dug[VAGUE_REPORTS]),
        _fewer(dug[USUAL_REPORTS]),
        Goal("minimal evidence: median lines", _minimal(results["one fault, explained"]), 6, at_most=True),
    ]  # fmt: skip


def _wrong_component(results: Sequence[Result]) -> Goal:
    wrong = [any(not one.right for one in result.named) for result in results]
    return Goal("unknown cause: wrong component asserted", share(wrong), 0.03, at_most=True, note=_interval(wrong))


def _false_alarms(transient: Sequence[Result]) -> Goal:
    named, failed = len(firm(transient)), sum(result.failed for result in transient)
    note = f"{named} of {failed} failed jobs"
    return Goal("transient only: asserted per failed job", named / max(1, failed), 0.01, at_most=True, note=note)


def _sooner(dug: Sequence[Digging]) -> Goal:
    """On nights whose reports alone leave something else first: how much sooner the truth is."""
    took = {way: [night.ways[way].first for night in dug if night.open] for way in (ADVISED, USUAL, RANDOM, KNOWING)}
    ways = ", ".join(
        f"{way} {mean(numbers):.1f} (median {median(numbers):g}, never {share([n == MOST for n in numbers]):.2f})"
        for way, numbers in took.items()
    )
    return Goal("next evidence: exports spared until the truth is first", _spared(took), 0.30,
                note=f"{ways} on {len(took[RANDOM])} of {len(dug)} nights")  # fmt: skip


def _fewer(dug: Sequence[Digging]) -> Goal:
    took = {way: [night.ways[way].firm for night in dug] for way in (ADVISED, RANDOM, KNOWING)}
    ways = ", ".join(f"{way} {mean(numbers):.1f}" for way, numbers in took.items())
    return Goal(
        "next evidence: exports spared until it is firm", _spared(took), 0.30, note=f"{ways} on {len(dug)} nights"
    )


def _spared(took: Mapping[str, Sequence[int]]) -> float:
    """Of the exports that it takes at random."""
    return 1.0 - mean(took[ADVISED]) / mean(took[RANDOM])


def _named(results: Iterable[Result], *, known: bool = True) -> Goal:
    """How often the cause that is named as firm is the one; where the catalog lacks it, on how many nights one is."""
    if known:
        named = firm(results)
        causes = [one.cause_right for one in named if one.cause_firm]
        note = f"{_interval(causes)}; of {sum(one.cause_right for one in named)} right ones"
        return Goal("asserted cause: precision", share(causes), 0.95, note=note)
    wrong = [any(one.cause_firm for one in result.named) for result in results]
    return Goal("unknown cause: a cause asserted", share(wrong), 0.03, at_most=True, note=_interval(wrong))


def _interval(hits: Sequence[bool]) -> str:
    low, high = wilson(sum(hits), len(hits))
    return f"{sum(hits)} of {len(hits)}, Wilson {low:.3f} to {high:.3f}"


def _precise(name: str, results: Sequence[Result], limit: float) -> Goal:
    right = [one.right for one in firm(results)]
    return Goal(f"{name}: asserted precision", share(right), limit, note=_interval(right))


def _margin(results: Sequence[Result]) -> float:
    return found(results, MODEL) - max(found(results, method) for method in YARDSTICKS)


def _best(results: Sequence[Result]) -> str:
    best = max(YARDSTICKS, key=lambda method: found(results, method))
    return f"{found(results, MODEL):.3f} against {found(results, best):.3f} ({best})"


def _minimal(results: Sequence[Result]) -> float:
    lines = [one.minimal for one in firm(results) if one.minimal is not None]
    return median(lines) if lines else math.nan


def heading() -> str:
    heads = "".join(
        f"{head:>14}" for head in (*METHODS, "any plate", "all k: model", "asserted", "precision", "ECE / Brier")
    )
    return f"{'true components in first k / k + 2':36}{heads}"


def row(name: str, results: Sequence[Result]) -> str:
    """A line of the table: for each method, the share of the k true components in the first k and the first k + 2."""
    right, number = precision(results)
    said = answers(results)
    cells = [
        *(f"{found(results, method):.2f} / {found(results, method, 2):.2f}" for method in METHODS),
        f"{kinds_found(results):.2f} / {kinds_found(results, 2):.2f}",
        f"{all_found(results, MODEL):.2f} / {all_found(results, MODEL, 2):.2f}",
        f"{share([result.word is VerdictWord.ASSERTED for result in results]):.2f}",
        f"{right:.3f} ({number})",
        f"{calibration_error(said):.2f} / {brier(said):.2f}",
    ]
    return f"{f'{name} (n = {len(results)})':36}" + "".join(f"{cell:>14}" for cell in cells)


def words(results: Sequence[Result]) -> str:
    """How often each word is said."""
    counts = Counter(result.word.value for result in results)
    return ", ".join(f"{word} {count}" for word, count in counts.most_common())


def confusions(results: Iterable[Result], most: int = 40) -> Iterable[str]:
    """Causes of single-fault nights that are often not first, and what stands before them."""
    wrong: dict[str, Counter[str]] = {}
    total: Counter[str] = Counter()
    for result in results:
        (cause,) = result.causes
        total[cause] += 1
        if result.ranks[MODEL] != (1,):
            truth = result.truths[0]
            here = "" if result.first[0] == truth[0] else "elsewhere "
            wrong.setdefault(cause, Counter())[f"{here}{result.first[0].partition(':')[0]}/{result.first[1]}"] += 1
    worst = sorted(wrong, key=lambda cause: (-wrong[cause].total() / total[cause], cause))
    for cause in worst[:most]:
        told = ", ".join(f"{what} {count}" for what, count in wrong[cause].most_common(4))
        yield f"  {cause} {wrong[cause].total()}/{total[cause]}: {told}"


def misses(results: Iterable[Result]) -> Iterable[str]:
    """The nights whose asserted verdict names a component that is not at fault."""
    for result in results:
        for named in result.named:
            if not named.right:
                truth = ", ".join("/".join(at) for at in result.truths)
                yield f"  {'+'.join(result.causes)} seed {result.seed}: {'/'.join(named.instance)}, not {truth}"


def reliability(results: Results) -> list[Bin]:
    """How often the first answers on clean nights are right, by what they say."""
    return bins([answer for name in CLEAN for answer in answers(results[name])])
