"""What belongs to the trouble at hand: logs span days, and only the latest episode is to be explained.

A virtual machine's episode begins after its last success before its last failures. Earlier successes only bound the
onset, they do not exonerate; what a log holds of days when nothing failed tells the less, the farther away it is.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

from diagnostics.case.jobs import Job, Outcome

_HOUR = 3_600_000_000
NIGHT = 18 * _HOUR
"""Microseconds. Jobs of one night lie within it, those of the nights before do not."""
_HALF_LIFE = 24 * _HOUR
"""In so much time beyond the night the relevance of an event halves."""


def current(jobs: Sequence[Job]) -> list[Job]:
    """The jobs that tell of the latest episode, in the given order (by time); all of them where nothing failed."""
    by_vm: dict[tuple[str, str], list[Job]] = defaultdict(list)
    for job in jobs:
        by_vm[job.host, job.vm].append(job)
    onsets = [onset for of_vm in by_vm.values() if (onset := _onset(of_vm)) is not None]
    if not onsets:
        return list(jobs)
    since = min(onsets) - NIGHT
    kept = {job.id for of_vm in by_vm.values() for job in _of_episode(of_vm, since)}
    return [job for job in jobs if job.id in kept]


def _of_episode(jobs: Sequence[Job], since: int) -> list[Job]:
    """The jobs of one machine that count: those of the night of its onset and later; without one, since the case's."""
    onset = _onset(jobs)
    bound = since if onset is None else onset - NIGHT
    return [job for job in jobs if job.ended is None or job.ended >= bound]


def _onset(jobs: Sequence[Job]) -> int | None:
    """When the last run of failures began: after the last success that lies more than a night before the last one."""
    failed = [job.ended for job in jobs if job.outcome is Outcome.FAILED and job.ended is not None]
    if not failed:
        return None
    passed = [job.ended for job in jobs if job.outcome is Outcome.SUCCEEDED and job.ended is not None]
    before = max((ended for ended in passed if ended < failed[-1] - NIGHT), default=-math.inf)
    return next(ended for ended in failed if ended > before)


class Nights:
    """How near to the trouble a moment lies."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._spans = [
            (job.started, job.ended)
            for job in jobs
            if job.outcome is Outcome.FAILED and job.started is not None and job.ended is not None
        ]

    def relevance(self, times: Iterable[int | None]) -> float:
        """1 for events of a night in which a job failed, or whose time is unknown; halved for each day beyond."""
        distances = [0 if time is None else self._distance(time) for time in times] if self._spans else [0]
        beyond = max(min(distances, default=0) - NIGHT, 0)
        return float(0.5 ** (beyond / _HALF_LIFE))

    def _distance(self, time: int) -> int:
        return min(max(started - time, time - ended, 0) for started, ended in self._spans)
