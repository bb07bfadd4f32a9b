"""What happened when: the moments of a case that are worth reading in order, some hundreds of them at most.

What the verdict rests on comes first, then restarts, then other trouble, progress, and jobs that passed. Of each sort
the moments nearest to a failed job are kept. What has no time of its own (a listing, say) is not on the line.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache
from importlib.resources import files
from operator import attrgetter
from typing import NamedTuple

import msgspec

from diagnostics.case.jobs import Job, Outcome
from diagnostics.case.observations import Sighting
from diagnostics.event import Event, Kind
from diagnostics.rules.rule import Polarity

MOST = 300
_APART = 60_000_000
"""Microseconds: events of one sort that are closer than this are one moment."""
_BESIDE = 86_400_000_000
"""Restarts further than a day from every job tell nothing about any."""


class Sort(StrEnum):
    """Why a moment is on the line."""

    JOB_STARTED = "job-started"
    JOB_ENDED = "job-ended"
    EVIDENCE = "evidence"
    TROUBLE = "trouble"
    PROGRESS = "progress"
    CONTEXT = "context"


_SORTS = {
    Polarity.FAULT: Sort.TROUBLE,
    Polarity.SYMPTOM: Sort.TROUBLE,
    Polarity.PROGRESS: Sort.PROGRESS,
    Polarity.CONTEXT: Sort.CONTEXT,
}
_RANK = {Sort.EVIDENCE: 0, Sort.CONTEXT: 1, Sort.TROUBLE: 2, Sort.PROGRESS: 3, Sort.JOB_STARTED: 4, Sort.JOB_ENDED: 4}


class Moment(NamedTuple):
    """Something that happened; of a burst, the first event and how many there were."""

    time: int
    sort: Sort
    event: Event
    times: int
    rule: str = ""
    """The rule that read the event, if one did."""
    job: Job | None = None
    """The job that started or ended."""
    meaning: str = ""
    """What a context record says, in words."""

    @property
    def rank(self) -> int:
        """The lower, the sooner it is kept."""
        return 0 if self.job and self.job.outcome is Outcome.FAILED else _RANK[self.sort]


class _ContextRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    provider: str
    event_id: int
    meaning: str


@cache
def _context_records() -> Mapping[int, list[_ContextRecord]]:
    table: dict[int, list[_ContextRecord]] = defaultdict(list)
    raw = files(__package__).joinpath("context_records.yml").read_bytes()
    for record in msgspec.yaml.decode(raw, type=list[_ContextRecord]):
        table[record.event_id].append(record)
    return dict(table)


def moments(
    events: Iterable[Event],
    jobs: Sequence[Job],
    sightings: Iterable[Sighting],
    evidence: Collection[str],
    most: int = MOST,
) -> tuple[tuple[Moment, ...], int]:
    """The moments of a case in time order, and how many were left out.

    Args:
        events: all events of the case.
        jobs: its jobs.
        sightings: its sightings; what is known and harmless is never a moment.
        evidence: keys of the sightings that the verdict rests on.
        most: so many are kept.
    """
    reported = {id(event) for job in jobs for event in job.reports}
    found = [
        *_of_jobs(jobs),
        *(moment for sighting in sightings for moment in _of_sighting(sighting, evidence, reported)),
        *_of_machines(events, jobs),
    ]
    near = _Nearness(jobs)
    found = _one_for_each_event(found)
    found.sort(key=lambda moment: (moment.rank, near.distance(moment.time), _place(moment)))
    return tuple(sorted(found[:most], key=_place)), max(0, len(found) - most)


def _one_for_each_event(found: Iterable[Moment]) -> list[Moment]:
    """Several rules may read one event; the one that the verdict rests on speaks for it."""
    kept: dict[tuple[object, ...], Moment] = {}
    for moment in sorted(found, key=lambda moment: (moment.rank, -moment.times, _place(moment))):
        event, job = moment.event, moment.job
        kept.setdefault((event.source, event.record, event.machine, job and (job.id, moment.sort)), moment)
    return list(kept.values())


def _place(moment: Moment) -> tuple[object, ...]:
    """In time order; what happens in the same microsecond, by its name in the files."""
    job = moment.job.id if moment.job else ""
    return moment.time, moment.event.source, moment.event.record, moment.sort, moment.rule, job


def _of_jobs(jobs: Iterable[Job]) -> Iterator[Moment]:
    for job in jobs:
        if job.started is not None and job.started != job.ended:
            yield Moment(job.started, Sort.JOB_STARTED, job.reports[0], 1, job=job)
        if job.ended is not None:
            yield Moment(job.ended, Sort.JOB_ENDED, job.reports[0], len(job.reports), job=job)


def _of_sighting(sighting: Sighting, evidence: Collection[str], reported: Collection[int]) -> Iterator[Moment]:
    """The bursts of a sighting; the reports of jobs are on the line as such."""
    sort = _SORTS.get(sighting.rule.polarity)
    if sort is None:
        return
    sort = Sort.EVIDENCE if sighting.key in evidence else sort
    timed = (event for event in sighting.events if event.time is not None and id(event) not in reported)
    for burst in _bursts(sorted(timed, key=attrgetter("time", "source", "record"))):
        first = burst[0]
        yield Moment(first.time or 0, sort, first, len(burst), rule=sighting.rule.name)


def _bursts(events: Iterable[Event]) -> Iterator[list[Event]]:
    burst: list[Event] = []
    for event in events:
        if burst and (event.time or 0) - (burst[-1].time or 0) > _APART:
            yield burst
            burst = []
        burst.append(event)
    if burst:
        yield burst


def _of_machines(events: Iterable[Event], jobs: Sequence[Job]) -> Iterator[Moment]:
    """Restarts, crashes and set clocks near any job."""
    near, known = _Nearness(jobs, failed_only=False), _context_records()
    for event in events:
        if event.event_id not in known or event.kind is not Kind.RECORD or event.time is None:
            continue
        if near.distance(event.time) <= _BESIDE:
            for record in known[event.event_id]:
                if event.provider.casefold() == record.provider.casefold():
                    yield Moment(event.time, Sort.CONTEXT, event, 1, meaning=record.meaning)


class _Nearness:
    """How far a moment is from the nearest job's start or end."""

    def __init__(self, jobs: Iterable[Job], *, failed_only: bool = True) -> None:
        wanted = [job for job in jobs if job.outcome is Outcome.FAILED or not failed_only]
        self._marks = sorted({time for job in wanted for time in (job.started, job.ended) if time is not None})

    def distance(self, time: int) -> int:
        """Microseconds; 0 where no job tells a time."""
        at = bisect_left(self._marks, time)
        return min((abs(mark - time) for mark in self._marks[max(0, at - 1) : at + 1]), default=0)
