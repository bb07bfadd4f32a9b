"""How many exports it takes to be sure, asking for what the verdict recommends next, or for any at random."""

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import NamedTuple

from diagnostics.answer.composing import compose
from diagnostics.case.collecting import Missing, missing
from diagnostics.diagnosis import Knowledge
from diagnostics.localize.judge import FIRM
from diagnostics.understanding import Case
from tests.bench.localization.chance import chance_of
from tests.bench.localization.handed import Source, with_source
from tests.bench.localization.logbook import Export
from tests.bench.localization.night import Night
from tests.bench.localization.trial import is_at_fault, understood

MOST = 15
"""Where digging stops; a fault that is not found by then counts so many."""


class Dug(NamedTuple):
    """Exports asked for until the true component was firm."""

    advised: int
    at_random: int


Choice = Callable[[Case, Sequence[Missing]], Missing | None]


def dig(night: Night, seed: int, knowledge: Knowledge) -> Dug:
    """Begin with the job reports; the night has all else withheld."""
    chance = chance_of("dig", seed)
    return Dug(_asked(night, knowledge, _advised), _asked(night, knowledge, lambda _, options: _any(options, chance)))


def _asked(night: Night, knowledge: Knowledge, choose: Choice) -> int:
    reading = night.reading
    asked: set[tuple[str, str]] = set()
    for number in range(MOST):
        case = understood(reading, knowledge)
        first = case.judgement.candidates[0]
        if first.probability >= FIRM and is_at_fault((first.plate, first.component), night.truths):
            return number
        options = [
            item for item in missing(case.topology, reading.events, ()) if (item.machine, item.export.id) not in asked
        ]
        chosen = choose(case, _on_failed_machines(case, options))
        if chosen is None:
            return MOST
        asked.add((chosen.machine, chosen.export.id))
        for export in _exports(chosen):
            reading = with_source(reading, Source(export, night.withheld.get(export, ())))
    return MOST


def _on_failed_machines(case: Case, options: Sequence[Missing]) -> list[Missing]:
    """What the machines that ran a failed job have to give, and the server: nobody would look elsewhere first."""
    failed = {plate for job in case.problem.jobs if not job.succeeded for plate in _around(case, job.plate)}
    machines = {plate.partition(":")[2] for plate in failed}
    return [
        item
        for item in options
        if item.machine in machines or item.machine not in case.topology.vms + case.topology.hosts
    ]


def _around(case: Case, plate: str) -> Iterator[str]:
    parents = {known.name: known.parent for known in case.problem.plates}
    around: str | None = plate
    while around is not None:
        yield around
        around = parents.get(around)


def _advised(case: Case, options: Sequence[Missing]) -> Missing | None:
    """The first recommended export; retries are no exports."""
    by_title = {(item.option.title, item.machine): item for item in options}
    for advice in compose(case).next_evidence:
        if (advice.collect, advice.machine) in by_title:
            return by_title[advice.collect, advice.machine]
    return None


def _any(options: Sequence[Missing], chance: Random) -> Missing | None:
    return chance.choice(options) if options else None


def _exports(item: Missing) -> Iterator[Export]:
    """What of a night the export holds."""
    have = item.export.have
    names = {*have.channels, *have.listings, *(f"{kind}s" for kind in have.kinds)}
    names |= {f"{binary}.errlog" for binary in have.binaries}
    yield from ((item.machine, name) for name in sorted(names))
