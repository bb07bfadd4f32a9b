"""Clocks that are wrong: machines whose events lie apart from their jobs by the same time, job after job.

The backup server's clock is the reference, because its job list times everything. Where the failures of a machine find
its events regularly at some distance, and hardly any at the time itself, its clock is off by that distance: a virtual
machine that lost its time source, or an export in a zone that nothing told.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from diagnostics.case.jobs import Job, Outcome
from diagnostics.case.topology import Role, Topology, short_name
from diagnostics.event import Event
from diagnostics.rules.rule import Polarity, Rule

_MINUTE = 60_000_000
_BIN = 5 * _MINUTE
"""Events of one cause follow each other within it."""
_LEAST = 15 * _MINUTE
"""A smaller difference may as well be the distance of two jobs."""
_MOST = 14 * 60 * _MINUTE
_ENOUGH_JOBS = 3
_CLEARLY = 3
"""So many times more jobs must find events at the distance than at their own time."""
_TELLING = {Polarity.FAULT, Polarity.SYMPTOM}

Hit = tuple[Event, Rule]


class Skew(NamedTuple):
    """A clock that is off."""

    machine: str
    ahead: int
    """Microseconds; negative where it is behind the backup server's."""
    jobs: int
    """How many failed jobs show it."""


def estimate(hits: Iterable[Hit], jobs: Sequence[Job], topology: Topology) -> tuple[Skew, ...]:
    """The machines whose clock is off, by name."""
    times: dict[str, list[int]] = defaultdict(list)
    for event, rule in hits:
        if rule.polarity in _TELLING and event.time is not None:
            times[short_name(event.machine)].append(event.time)
    found = (
        _skew(machine, moments, _ends(machine, jobs, topology))
        for machine, moments in sorted(times.items())
        if topology.role(machine) in {Role.HOST, Role.GUEST}
    )
    return tuple(skew for skew in found if skew)


def corrected(hits: Iterable[Hit], skews: Iterable[Skew]) -> list[Hit]:
    """The hits with the times of such machines set right."""
    ahead = {skew.machine: skew.ahead for skew in skews}
    return [(_moved(event, ahead), rule) for event, rule in hits]


def _moved(event: Event, ahead: Mapping[str, int]) -> Event:
    by = ahead.get(short_name(event.machine))
    if by is None or event.time is None:
        return event
    return msgspec.structs.replace(event, time=event.time - by)


def _ends(machine: str, jobs: Iterable[Job], topology: Topology) -> list[int]:
    """When the failed jobs that ran on a machine ended."""
    return [
        job.ended
        for job in jobs
        if job.outcome is Outcome.FAILED
        and job.ended is not None
        and machine in {job.vm, job.host, topology.host(job.vm)}
    ]


def _skew(machine: str, times: Sequence[int], ends: Sequence[int]) -> Skew | None:
    found: Counter[int] = Counter()
    for end in ends:
        found.update({round((time - end) / _BIN) for time in times if abs(time - end) <= _MOST})
    by_chance = max(found[near] for near in (-1, 0, 1))
    far = {steps: count for steps, count in found.items() if abs(steps) * _BIN >= _LEAST}
    best = min(far, key=lambda steps: (-far[steps], abs(steps), steps), default=0)
    if far.get(best, 0) < _ENOUGH_JOBS or far[best] < _CLEARLY * by_chance or 2 * far[best] <= len(ends):
        return None
    near = sorted(time - end for end in ends for time in times if abs(time - end - best * _BIN) <= _BIN // 2)
    return Skew(machine, near[len(near) // 2], far[best])
