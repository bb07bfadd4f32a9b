"""The suites of nights behind the rows of the table, and how they are run on all cores."""

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from random import Random
from typing import NamedTuple

import msgspec

from diagnostics.knowledge.catalog import load_catalog
from diagnostics.localize.judge import MOST_EXPLAINED
from diagnostics.rules.packs import SHIPPED, load_from
from tests.bench.localization.chance import chance_of
from tests.bench.localization.digging import USUAL_REPORTS, VAGUE_REPORTS, Digging, dig
from tests.bench.localization.leave_out import without
from tests.bench.localization.night import InvisibleFaultError, make_night
from tests.bench.localization.setting import HEALTHY, Setting, split
from tests.bench.localization.signals import Signals
from tests.bench.localization.trial import Result, try_night

Plan = tuple[tuple[str, ...], int]
"""The causes that are present, and the seed."""


class Suite(NamedTuple):
    """Nights of one kind."""

    name: str
    setting: Setting
    plans: tuple[Plan, ...]
    explained: bool = False
    """Whether evidence is weighed line by line, which takes longer than all else."""
    unknown: bool = False
    """Whether the causes are taken out of the catalog and the rules first."""


@cache
def shipped() -> Signals:
    """The shipped rules and catalog, read once per process."""
    return Signals(load_from([SHIPPED]).rules, load_catalog())


def shows(cause: str) -> bool:
    """Whether some night with the cause shows it."""
    try:
        make_night((cause,), 0, Setting(), shipped())
    except InvisibleFaultError:
        return False
    return True


def singles(causes: Iterable[str], seeds: range) -> tuple[Plan, ...]:
    return tuple(((cause,), seed) for cause in causes for seed in seeds)


def several(causes: Sequence[str], number: int, seeds: range) -> tuple[Plan, ...]:
    """Nights with so many causes each, of different components."""
    return tuple((_some(causes, number, chance_of("causes", number, seed)), seed) for seed in seeds)


def _some(causes: Sequence[str], number: int, chance: Random) -> tuple[str, ...]:
    while True:
        chosen = tuple(chance.sample(causes, number))
        if len({shipped().catalog.causes[cause].component for cause in chosen}) == number:
            return chosen


def reported_causes() -> list[str]:
    """The causes on which nothing was fitted, as far as anything shows them."""
    _, reported = split(shipped().catalog.causes)
    return [cause for cause in reported if shows(cause)]


def suites(*, quick: bool) -> list[Suite]:
    """What is reported: only causes and seeds on which nothing was fitted."""
    causes = reported_causes()
    most = causes[::5] if quick else causes
    part = causes[:: 10 if quick else 1]
    nights = range(12 if quick else 180)
    usual = Setting()
    change = msgspec.structs.replace
    big = change(HEALTHY, hosts=(6, 10), machines=(8, 12))
    one, four = range(1), range(1 if quick else 4)
    return [
        Suite("one fault", usual, singles(most, range(2 if quick else 10))),
        Suite("one fault, explained", usual, singles(part[::5], range(100, 101)), explained=True),
        Suite("two faults", usual, several(causes, 2, nights)),
        Suite("three faults", usual, several(causes, 3, nights)),
        Suite("30 % of evidence lost", change(usual, lost=0.3), singles(part, one)),
        Suite("noise x2.7", change(usual, noise=2.7), singles(part, four)),
        Suite("noise x4.3", change(usual, noise=4.3), singles(part, four)),
        Suite("no logs, only jobs", _collecting(usual, 0.0), singles(part, one)),
        Suite("40 % of logs", _collecting(usual, 0.4), singles(part, one)),
        Suite("unknown cause", usual, singles(part, four), unknown=True),
        Suite("healthy", big, tuple(((), seed) for seed in range(13 if quick else 130))),
        Suite("healthy, noise x4.3", change(HEALTHY, noise=4.3), tuple(((), seed) for seed in nights)),
        Suite("transient failures only", change(usual, transient=0.05), tuple(((), seed) for seed in nights)),
    ]


def _collecting(setting: Setting, share: float) -> Setting:
    return msgspec.structs.replace(
        setting, collected=share, collected_of_guest=share, collected_rarely=min(share, setting.collected_rarely)
    )


def _answer(task: tuple[Suite, Plan]) -> Result:
    suite, (causes, seed) = task
    night = make_night(causes, seed, suite.setting, shipped())
    knowledge = without(causes[0], shipped().knowledge) if suite.unknown else shipped().knowledge
    return try_night(night, seed, knowledge, MOST_EXPLAINED if suite.explained else 0)


def _dig(task: tuple[Setting, Plan]) -> Digging | None:
    setting, (causes, seed) = task
    try:
        night = make_night(causes, seed, setting, shipped())
    except InvisibleFaultError:
        return None  # only the reports of jobs could show it
    return dig(night, seed, shipped().knowledge)


def dig_all(*, quick: bool) -> dict[str, list[Digging]]:
    """Nights of which only the job reports are handed in at first: such as they are, and such as tell little."""
    few = _collecting(Setting(), 0.0)
    causes = reported_causes()
    planned = {
        USUAL_REPORTS: (few, singles(causes[:: 15 if quick else 3], range(200, 201))),
        VAGUE_REPORTS: (
            msgspec.structs.replace(few, precise=0.0),
            singles(causes[:: 15 if quick else 1], range(300, 301)),
        ),
    }
    with pool() as workers:
        return {
            name: list(filter(None, workers.map(_dig, [(setting, plan) for plan in plans])))
            for name, (setting, plans) in planned.items()
        }


def run(planned: Iterable[Suite]) -> Iterator[tuple[str, list[Result]]]:
    """Answer all nights, suite by suite; the order of processes decides nothing."""
    with pool() as workers:
        for suite in planned:
            tasks = [(suite._replace(plans=()), plan) for plan in suite.plans]
            yield suite.name, list(workers.map(_answer, tasks, chunksize=4))


def pool() -> ProcessPoolExecutor:
    """A process per core; numpy's own threads stay away, matrices here are small."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    return ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn"))
