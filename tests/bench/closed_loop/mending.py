"""Remedies on faults: each that a cause names is applied in the lab, the failed job run again, its result verified."""

from collections.abc import Iterator
from typing import NamedTuple

from diagnostics.knowledge.catalog import LabEffect
from diagnostics.retry import FailedJob, NothingToRetryError, Wish, retry
from engine.lab import parse_fault
from tests.bench.closed_loop.nights import Injectable, knowledge, placed, site

_JOBS: tuple[dict[str, object], ...] = ({}, {"offline_allowed": False}, {"retries": 0})
"""As the site has it; where that leaves no job failed, without offline backups; then without DPM's own retry, which may
find running again what had ended."""


class Mended(NamedTuple):
    """What came of a remedy."""

    fault: str
    remedy: str
    recovered: bool
    """The job passed, and every block of its recovery point was read and checked."""
    told: str


def mend(one: Injectable, seed: int) -> list[Mended]:
    """The first remedy that mends, and offline backup where the cause names it."""
    return [_tried(one, seed, remedy) for remedy in _remedies(one)]


def _remedies(one: Injectable) -> Iterator[str]:
    known = knowledge().catalog.remedies
    own = [known[name] for name in one.causes[0].remedies]
    for effect in (LabEffect.MENDS, LabEffect.OFFLINE):
        yield from [remedy.id for remedy in own if remedy.lab is effect][:1]


def _tried(one: Injectable, seed: int, remedy: str) -> Mended:
    told = ""
    for job in _JOBS:
        scenario = site([parse_fault(one.text)], seed=seed, **job)
        fault = placed(one, seed, scenario)
        failed = FailedJob(scenario, (fault,), one.causes[0], fault.plate, ())
        try:
            done = retry(failed, knowledge().catalog, Wish(remedy))
        except NothingToRetryError as error:
            told = str(error)
            continue
        after = ", ".join(f"{job.vm} {job.outcome} {job.error}".strip() for job in done.after)
        return Mended(one.name, remedy, done.recovered, after)
    return Mended(one.name, remedy, recovered=False, told=told)
