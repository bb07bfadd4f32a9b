"""The closed loop, measured: every fault that the lab can bring about is injected, diagnosed and recognized.

usage: python -m tests.bench.closed_loop [--seeds N] [--pairs N] [--only TEXT] [--json]

Exit 1 below a goal. Tables list the faults with what was not found; `--json` prints the same for programs.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from random import Random

import msgspec

from tests.bench.closed_loop.measures import named, place, rank, share
from tests.bench.closed_loop.mending import Mended, mend
from tests.bench.closed_loop.nights import Injectable, Said, apart, injectables, play
from tests.bench.localization.table import Goal

_REFERENCE = 1000
"""The seed of the nights that others are compared with."""


def main() -> int:
    """Print the tables; 1 where a goal is missed."""
    arguments = _arguments()
    began = time.perf_counter()
    chosen = [one for one in injectables() if arguments.only in one.text]
    every = injectables()
    with ProcessPoolExecutor(max_workers=arguments.processes) as pool:
        usual = play([], _REFERENCE).signature
        references = pool.map(play, [[one] for one in every], [_REFERENCE] * len(every))
        reference = dict(zip((one.text for one in every), references, strict=True))
        library = {text: said.signature for text, said in reference.items()}
        singles = [([one], seed) for one in chosen for seed in range(1, arguments.seeds + 1)]
        nights = list(pool.map(play, *zip(*singles, strict=True), chunksize=4)) if singles else []
        loud = [one for one in every if reference[one.text].failed and not reference[one.text].forced]
        pairs = list(_pairs(loud, arguments.pairs))
        twos = list(pool.map(play, *zip(*pairs, strict=True), chunksize=4)) if pairs else []
        mended = [one for of_fault in pool.map(mend, chosen, [1] * len(chosen)) for one in of_fault]
    rows = [_Row.of(one, [said for said in nights if said.truths[0].injectable.text == one.text], library, usual)
            for one in chosen]  # fmt: skip
    both = [all(0 < place(said, truth) <= 3 for truth in said.truths) for said in twos]
    goals = [
        Goal("the component is named first", share([hit for row in rows for hit in row.component]), 0.9),
        Goal("the cause is named first", share([hit for row in rows for hit in row.cause]), 0.8),
        Goal("the fault ranks first by its signature", share([hit for row in rows for hit in row.first]), 0.9),
        Goal("two faults, both among the first three", share(both), 0.75, note=f"n = {len(both)}"),
        Goal("a remedy brings the job back, verified", share([one.recovered for one in mended]), 0.95),
    ]
    if arguments.json:
        document = {"faults": rows, "remedies": mended, "goals": [goal._asdict() | {"met": goal.met} for goal in goals]}
        print(msgspec.json.format(msgspec.json.encode(document)).decode())
    else:
        print(_HEADING, *(row.line() for row in rows), sep="\n")
        print("\nremedies: the job run again, its recovery point read whole")
        print(*map(_mended, mended), sep="\n")
        print("\nnot both among the first three", *_missed(twos, both), sep="\n")
        print("", *(goal.line() for goal in goals), f"\n{time.perf_counter() - began:.0f} s", sep="\n")
    return int(not all(goal.met for goal in goals))


class _Row(msgspec.Struct):
    """A fault over all seeds."""

    fault: str
    failed: list[bool]
    component: list[bool]
    cause: list[bool]
    first: list[bool]
    score: float
    rival: str
    rival_score: float
    instead: str
    """What was named instead, most often."""

    @classmethod
    def of(cls, one: Injectable, nights: Sequence[Said], library: dict, usual) -> "_Row":  # type: ignore[type-arg]
        told = [named(said) for said in nights]
        ranks = [rank(said, library, usual) for said in nights]
        wrong = [said.ranking[0] if said.ranking else ("", said.verdict, None)
                 for said, it in zip(nights, told, strict=True) if not it.cause]  # fmt: skip
        instead = max(wrong, key=wrong.count) if wrong else ("", "", "")
        least = min(ranks, key=lambda it: it.score - it.rival_score)
        return cls(
            fault=one.text,
            failed=[said.failed for said in nights],
            component=[it.component for it in told],
            cause=[it.cause for it in told],
            first=[it.rank == 1 for it in ranks],
            score=least.score,
            rival=least.rival,
            rival_score=least.rival_score,
            instead=" ".join(map(str, instead)).strip(),
        )

    def line(self) -> str:
        cells = (self.failed, self.component, self.cause, self.first)
        counts = " ".join(f"{sum(hits):3}/{len(hits)}" for hits in cells)
        rival = f"{self.score:.2f} against {self.rival_score:.2f} {self.rival}"
        return f"{self.fault:48} {counts}  {rival:60} {self.instead}"


_HEADING = f"{'fault':48} failed  comp. cause signature, nearest rival"


def _pairs(every: Sequence[Injectable], count: int) -> Iterator[tuple[list[Injectable], int]]:
    """Pairs of faults of different components that do not hide each other, drawn by a fixed seed."""
    chance = Random(7)  # noqa: S311 - repeatable on purpose
    seed = 0
    while count and len(every) > 1 and seed < 100 * count:
        seed += 1
        one, other = chance.sample(every, 2)
        if one.component != other.component and apart(one, other, seed):
            count -= 1
            yield [one, other], seed


def _mended(it: Mended) -> str:
    return f"{'ok' if it.recovered else 'MISSED':6} {it.fault:40} {it.remedy:32} {it.told}"


def _missed(twos: Sequence[Said], both: Sequence[bool]) -> Iterator[str]:
    for said, found in zip(twos, both, strict=True):
        if not found:
            told = ", ".join(
                f"{truth.injectable.text}@{truth.plate} (place {place(said, truth)})" for truth in said.truths
            )
            yield f"  {told}; first: {' '.join(map(str, said.ranking[0]))}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.closed_loop")
    parser.add_argument("--seeds", type=int, default=5, help="nights of each fault")
    parser.add_argument("--pairs", type=int, default=60, help="nights with two faults")
    parser.add_argument("--only", default="", metavar="TEXT", help="faults whose text holds this")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
