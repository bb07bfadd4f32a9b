"""Jobs: which attempts to back up a virtual machine the logs speak of, and how far each of them came."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from functools import cache
from importlib.resources import files

import msgspec

from diagnostics.case.topology import UNKNOWN, Topology, named
from diagnostics.event import Event, Kind
from diagnostics.parsers.timestamps import parse_timestamp
from engine.pipeline import STAGES, Mode, Stage

Interval = tuple[Stage, Stage]
"""First and last stage, both inclusive."""

ANYWHERE: Interval = (STAGES[0], STAGES[-1])
BEFORE_TRANSFER: Interval = (STAGES[0], Stage.COMPARE_CHECKSUMS)
"""`Data transferred: 0 MB`: it failed in the preparation, or while both sides were read and compared."""
_BURST = 120
"""Seconds within which records of one failure repeat each other."""
FROM_TRANSFER_ON: Interval = (Stage.READ_REPLICA, STAGES[-1])


class Outcome(StrEnum):
    """How a job ended."""

    FAILED = "failed"
    SUCCEEDED = "succeeded"
    UNKNOWN = "unknown"


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to back up one virtual machine, as one or several reports tell it."""

    id: str
    vm: str
    """Short upper-case name, empty where no report names it."""
    host: str
    mode: Mode
    outcome: Outcome
    failed: Interval | None
    """Where it failed; None unless it failed."""
    started: int | None
    ended: int | None
    bytes_sent: int | None
    reports: tuple[Event, ...]


class _JobRecord(msgspec.Struct, forbid_unknown_fields=True):
    provider: str
    event_ids: list[int]
    product: str
    outcome: Outcome


@cache
def _job_records() -> dict[int, list[_JobRecord]]:
    table: dict[int, list[_JobRecord]] = defaultdict(list)
    raw = files(__package__).joinpath("job_records.yml").read_bytes()
    for record in msgspec.yaml.decode(raw, type=list[_JobRecord]):
        for event_id in record.event_ids:
            table[event_id].append(record)
    return table


StagesOfCode = Callable[[str], Interval | None]
"""Where a job that ends with this code has failed, None where the code may come from anywhere."""


def read_jobs(events: Iterable[Event], topology: Topology, stages_of_code: StagesOfCode) -> tuple[Job, ...]:
    """The jobs that the events report, in time order (those without a time last)."""
    reports: dict[tuple[str, str, int], list[tuple[Event, Outcome]]] = defaultdict(list)
    bursts = _Bursts()
    for event in sorted(events, key=lambda event: event.time or 0):
        outcome = outcome_of(event)
        if outcome is not None:
            reports[bursts.of(event, outcome, _attempt(event, topology))].append((event, outcome))
    jobs = [_job(key, told, stages_of_code) for key, told in sorted(reports.items())]
    return tuple(sorted(jobs, key=lambda job: (job.ended is None, job.ended or 0, job.id)))


def outcome_of(event: Event) -> Outcome | None:
    """How the job that this event reports ended; None for an event that reports no job."""
    if event.kind in {Kind.JOB, Kind.ALERT}:
        status = event.fields.get("Status", "failed" if event.kind is Kind.ALERT else "unknown")
        return Outcome.SUCCEEDED if status == "succeeded" else Outcome.FAILED if status == "failed" else Outcome.UNKNOWN
    if event.kind is Kind.RECORD:
        for record in _job_records().get(event.event_id, ()):
            if event.provider.casefold().startswith(record.provider.casefold()):
                return record.outcome
    return None


def _attempt(event: Event, topology: Topology) -> tuple[str, str, int]:
    """What reports of one attempt share: machine, host and start; those without a start are of one attempt."""
    vm = named(event, "VmName")
    host = named(event, "ClusterNode", "Server") or (topology.host_of.get(vm, "") if vm else "")
    started = event.fields.get("StartTime") or event.fields.get("EndTime")
    timed = event.time // 1_000_000 if event.time is not None and (started or event.kind is Kind.RECORD) else -1
    return vm, host, timed


class _Bursts:
    """Takes records that tell of one failure again and again for reports of one attempt."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str, Outcome], tuple[int, int]] = {}
        """When the latest burst began, and when it was last added to, in seconds."""

    def of(self, event: Event, outcome: Outcome, attempt: tuple[str, str, int]) -> tuple[str, str, int]:
        """The attempt that an event reports; events come by time."""
        vm, host, at = attempt
        if event.kind is not Kind.RECORD or at < 0:
            return attempt
        began, latest = self._last.get((vm, host, outcome), (at, at))
        if at - latest > _BURST:
            began = at
        self._last[vm, host, outcome] = (began, at)
        return vm, host, began


def _job(key: tuple[str, str, int], told: list[tuple[Event, Outcome]], stages_of_code: StagesOfCode) -> Job:
    vm, host, _ = key
    events = tuple(event for event, _ in told)
    outcomes = {outcome for _, outcome in told}
    outcome = next((o for o in (Outcome.FAILED, Outcome.SUCCEEDED) if o in outcomes), Outcome.UNKNOWN)
    sent = [
        int(event.fields["BytesTransferred"]) for event in events if event.fields.get("BytesTransferred", "").isdigit()
    ]
    bytes_sent = max(sent) if sent else None
    times = [time for event in events for time in _times(event)]
    return Job(
        id=_id(key, events[0].source),
        vm=vm,
        host=host,
        mode=_mode(events),
        outcome=outcome,
        failed=_failed_in(events, bytes_sent, stages_of_code) if outcome is Outcome.FAILED else None,
        started=min(times, default=None),
        ended=max(times, default=None),
        bytes_sent=bytes_sent,
        reports=events,
    )


def _id(key: tuple[str, str, int], source: str) -> str:
    """`HV01/SQL01@1795139512`: different for different attempts, whatever of it the reports leave open."""
    vm, host, started = key
    named = f"{host or UNKNOWN}/{vm or UNKNOWN}" if host or vm else source
    return named if started < 0 else f"{named}@{started}"


def _times(event: Event) -> Iterator[int]:
    """When the job ran, as far as its report tells: printed times stand to UTC as the event's own time does."""
    if event.time is None:
        return
    yield event.time
    start, end = (parse_timestamp(event.fields.get(name, "")) for name in ("StartTime", "EndTime"))
    if start and end and end.microseconds >= start.microseconds:
        yield event.time - (end.microseconds - start.microseconds)


def _mode(events: Iterable[Event]) -> Mode:
    modes = {event.fields.get("Mode", "unknown") for event in events} - {"unknown"}
    return Mode(modes.pop()) if len(modes) == 1 else Mode.UNKNOWN


def _failed_in(events: Iterable[Event], bytes_sent: int | None, stages_of_code: StagesOfCode) -> Interval:
    interval = ANYWHERE
    if bytes_sent is not None:
        interval = FROM_TRANSFER_ON if bytes_sent else BEFORE_TRANSFER
    for told in _intervals(events, stages_of_code):
        interval = narrow(interval, told)
    return interval


def _intervals(events: Iterable[Event], stages_of_code: StagesOfCode) -> Iterator[Interval]:
    for event in events:
        for code in event.codes:
            interval = stages_of_code(code)
            if interval:
                yield interval


def narrow(one: Interval, other: Interval) -> Interval:
    """What two statements about one failure have in common; where they contradict each other, all that they span."""
    first, last = max(one[0], other[0], key=STAGES.index), min(one[1], other[1], key=STAGES.index)
    if STAGES.index(first) <= STAGES.index(last):
        return first, last
    return min(one[0], other[0], key=STAGES.index), max(one[1], other[1], key=STAGES.index)


def having_passed(job: Job, stage: Stage) -> Job:
    """The job, known to have passed a stage; where it is said to have failed before that, nothing changes."""
    if job.failed is None or stage is STAGES[-1]:
        return job
    after = STAGES[STAGES.index(stage) + 1]
    if STAGES.index(after) > STAGES.index(job.failed[1]) or STAGES.index(after) <= STAGES.index(job.failed[0]):
        return job
    return msgspec.structs.replace(job, failed=(after, job.failed[1]))
