"""The closed loop, measured: every fault that the lab can bring about is injected, diagnosed and recognized.

usage: python -m tests.bench.closed_loop [--seeds N] [--pairs N] [--only TEXT] [--json]

Exit 1 below a goal. Tables list the faults with what was not found; `--json` prints the same for programs.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from random import Random
from typing import NamedTuple

import msgspec

from tests.bench.closed_loop.measures import Library, named, place, share
from tests.bench.closed_loop.mending import Mended, mend
from tests.bench.closed_loop.nights import Beside, Injectable, Said, beside, injectables, play
from tests.bench.localization.table import Goal

_REFERENCE = 1000
"""The seed of the nights that others are compared with."""


def main() -> int:
    """Print the tables; 1 where a goal is missed."""
    arguments = _arguments()
    began = time.perf_counter()
    every = injectables()
    chosen = [one for one in every if arguments.only in one.name]
    with ProcessPoolExecutor(max_workers=arguments.processes) as pool:
        usual = play([], _REFERENCE).signature
        references = list(pool.map(play, [[one] for one in every], [_REFERENCE] * len(every), chunksize=4))
        library = Library({one.name: said.signature for one, said in zip(every, references, strict=True)}, usual)
        singles = [([one], seed) for one in chosen for seed in range(1, arguments.seeds + 1)]
        nights = list(pool.map(play, *zip(*singles, strict=True), chunksize=4)) if singles else []
        loud = [one for one, said in zip(every, references, strict=True) if said.failed and not said.forced]
        pairs = list(_pairs(loud, arguments.pairs))
        played = pool.map(play, [them for them, _, _ in pairs], [seed for _, seed, _ in pairs], chunksize=4)
        twos = [_Two(how, said) for (_, _, how), said in zip(pairs, played, strict=True)]
        mended = [one for of_fault in pool.map(mend, chosen, [1] * len(chosen)) for one in of_fault]
    rows = [_Row.of(one, [said for said in nights if said.truths[0].injectable == one], library) for one in chosen]
    elsewhere = [two.both for two in twos if two.how is Beside.OTHER_HOSTS]
    unhidden = [two.both for two in twos if two.how is not Beside.WITHIN]
    goals = [
        Goal("the component is named first", share([hit for row in rows for hit in row.component]), 0.9),
        Goal("the cause is named first", share([hit for row in rows for hit in row.cause]), 0.8),
        Goal("the fault ranks first by its signature", share([hit for row in rows for hit in row.first]), 0.9),
        Goal("two on different hosts, both of the first three", share(elsewhere), 0.75, note=f"n = {len(elsewhere)}"),
        Goal("two that do not hide each other, likewise", share(unhidden), 0.75, note=f"n = {len(unhidden)}"),
        Goal("a remedy brings the job back, verified", share([one.recovered for one in mended]), 0.95),
    ]
    if arguments.json:
        document = {"faults": rows, "remedies": mended, "goals": [goal._asdict() | {"met": goal.met} for goal in goals]}
        print(msgspec.json.format(msgspec.json.encode(document)).decode())
    else:
        print(_HEADING, *(row.line() for row in rows), sep="\n")
        print("\nremedies: the job run again, its recovery point read whole")
        print(*map(_mended, mended), sep="\n")
        print("\nnot both among the first three", *(two.line() for two in twos if not two.both), sep="\n")
        for how in Beside:
            print(
                f"  {how}: {sum(two.both for two in twos if two.how is how)} of {sum(two.how is how for two in twos)}"
            )
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
    def of(cls, one: Injectable, nights: Sequence[Said], library: Library) -> "_Row":
        told = [named(said) for said in nights]
        ranks = [library.rank(said) for said in nights]
        wrong = [said.ranking[0] if said.ranking else ("", said.verdict, None)
                 for said, it in zip(nights, told, strict=True) if not it.cause]  # fmt: skip
        instead = max(wrong, key=wrong.count) if wrong else ("", "", "")
        least = min(ranks, key=lambda it: it.score - it.rival_score)
        return cls(
            fault=one.name,
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


class _Two(NamedTuple):
    """A night with two faults."""

    how: Beside
    said: Said

    @property
    def both(self) -> bool:
        """Whether both are among the first three."""
        return all(0 < place(self.said, truth) <= 3 for truth in self.said.truths)

    def line(self) -> str:
        told = ", ".join(
            f"{truth.injectable.text}@{truth.plate} (place {place(self.said, truth)})" for truth in self.said.truths
        )
        first = " ".join(map(str, self.said.ranking[0])) if self.said.ranking else self.said.verdict
        return f"  {self.how}: {told}; first: {first}"


def _pairs(every: Sequence[Injectable], count: int) -> Iterator[tuple[list[Injectable], int, Beside]]:
    """Pairs of faults of different components, drawn by a fixed seed: so many for each way in which they may sit."""
    chance = Random(7)  # noqa: S311 - repeatable on purpose
    wanted = Counter(dict.fromkeys(Beside, count))
    for seed in range(1, 100 * count if len(every) > 1 else 0):
        one, other = chance.sample(every, 2)
        how = beside(one, other, seed)
        if one.component != other.component and wanted[how] > 0:
            wanted[how] -= 1
            yield [one, other], seed, how


def _mended(it: Mended) -> str:
    return f"{'ok' if it.recovered else 'MISSED':6} {it.fault:40} {it.remedy:32} {it.told}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.closed_loop")
    parser.add_argument("--seeds", type=int, default=5, help="nights of each fault")
    parser.add_argument(
        "--pairs", type=int, default=40, help="nights with two faults, for each way in which they may sit"
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="faults whose text holds this")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
