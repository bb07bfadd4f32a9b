"""What belongs to the trouble at hand: logs span days, and only the latest episode is to be explained.

A virtual machine's episode begins after its last success before its last failures. Earlier successes only bound the
onset, they do not exonerate; what a log holds of days when nothing failed tells the less, the farther away it is.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from diagnostics.case.jobs import Job, Outcome

_HOUR = 3_600_000_000
NIGHT = 18 * _HOUR
"""Microseconds. Jobs of one night lie within it, those of the nights before do not."""
_HALF_LIFE = 24 * _HOUR
"""In so much time beyond the night the relevance of an event halves."""
_EVENING = 8 * _HOUR
"""The time in which a night's backups and their noise fall."""
_MARGIN = _HOUR // 12
"""Before and after a job that belongs to it."""
_SHOWN_WITHIN = 0.8
"""P(a cause shows in the window of the job that it fails | it shows)."""
_LEAST_SHARE = 0.05
"""Of the night; job windows are not known so well that chance could be less."""


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


class Timing(NamedTuple):
    """By how much the time of an event changes its rates."""

    sensitivity: float
    spurious: float
    at_failure: bool = False
    """Whether it was logged while a job failed."""


_UNTIMED = Timing(1.0, 1.0)


class Nights:
    """How the times of events lie to the failed jobs of their plates.

    A cause shows mostly while the job fails; what has nothing to do with it falls anywhere in the night. So an event in
    the window of a failed job is that much less likely to be there by chance, and one outside tells less.
    """

    def __init__(self, jobs: Iterable[Job], plate_of: Mapping[str, str], around: Mapping[str, str | None]) -> None:
        """With the plate of each job, by id, and the plate around each plate."""
        self._spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for job in jobs:
            if job.outcome is Outcome.FAILED and job.started is not None and job.ended is not None:
                plate: str | None = plate_of[job.id]
                while plate is not None:
                    self._spans[plate].append((job.started - _MARGIN, job.ended + _MARGIN))
                    plate = around.get(plate)

    def timing(self, plate: str, times: Iterable[int | None]) -> Timing:
        """The factors for an event that was seen on a plate at these times; 1 where none failed or a time is open."""
        spans = self._spans.get(plate)
        moments = list(times)
        if not spans or any(time is None for time in moments):
            return _UNTIMED
        distance = min(_distance(time, spans) for time in moments if time is not None)
        share = min(max(sum(end - start for start, end in spans) / _EVENING, _LEAST_SHARE), _SHOWN_WITHIN)
        if distance == 0:
            return Timing(_SHOWN_WITHIN, share, at_failure=True)
        faded = 0.5 ** (max(distance - NIGHT, 0) / _HALF_LIFE)
        return Timing((1.0 - _SHOWN_WITHIN) * faded, 1.0 - share)


def _distance(time: int, spans: Iterable[tuple[int, int]]) -> int:
    return min(max(start - time, time - end, 0) for start, end in spans)
