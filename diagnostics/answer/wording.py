"""Parts of a case as the verdict carries them: events, jobs, machines, sources, remedies.

Here log text crosses over to display: every string that a log or a file name brought is sanitized on its way in.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from diagnostics.case.coverage import Absence
from diagnostics.case.jobs import Job
from diagnostics.case.observations import Sighting
from diagnostics.case.skew import Skew
from diagnostics.case.timeline import Moment as MomentFound
from diagnostics.case.timeline import Sort, moments
from diagnostics.case.topology import Role, Topology
from diagnostics.event import Event, Level
from diagnostics.evidence.inventory import SourceReport
from diagnostics.knowledge.catalog import Remedy
from diagnostics.knowledge.events import named_values
from diagnostics.sanitize import harmless, one_line
from diagnostics.verdict import (
    DamageReport,
    Evidence,
    JobReport,
    MachineReport,
    Moment,
    RemedyAdvice,
    RemedyStep,
    SourceLine,
    Timeline,
    TopologyReport,
)
from engine.sentence import Sentence

_MACHINE_ONLY = {"Binary", "ProcessId", "CommandLine", "User"}
_EPOCH = datetime(1970, 1, 1)  # UTC, left unsaid so that `isoformat` does not say it in numbers


def iso(time: int | None) -> str | None:
    """Microseconds since 1970 as `2026-11-22T01:02:03.456789Z`; None where no calendar has the time."""
    if time is None:
        return None
    try:
        return f"{(_EPOCH + timedelta(microseconds=time)).isoformat(timespec='microseconds')}Z"
    except OverflowError:
        return None


def event_name(event: Event) -> str:
    """How a report calls an event: `VSS/8229`, or what sort of line it is."""
    if event.event_id and event.provider:
        return one_line(f"{event.provider}/{event.event_id}")
    return one_line(event.provider) or event.kind.value


def evidence_of_event(sighting: Sighting, weight_db: float) -> Evidence:
    """A sighting as a line of evidence: its first event speaks for the burst."""
    return _evidence(sighting.events[0], sighting.rule.name, weight_db, len(sighting.events))


def evidence_of_record(event: Event) -> Evidence:
    """An event that nothing is concluded from, in the words that evidence has."""
    return _evidence(event, "", 0.0, 1)


def evidence_of_job(job: Job, weight_db: float) -> Evidence:
    """A job as a line of evidence, called by its virtual machine."""
    line = _evidence(job.reports[0], f"job-{job.outcome}", weight_db, len(job.reports))
    return msgspec.structs.replace(line, event=_job_name(job)) if job.vm else line


def evidence_of_absence(absence: Absence, weight_db: float) -> Evidence:
    """A covered absence as a line of evidence."""
    return Evidence(
        source=one_line(absence.source),
        record=0,
        time=None,
        machine=one_line(absence.machine),
        event=Sentence("absent"),
        codes=[],
        rule=absence.rules[0],
        weight_db=round(weight_db, 1) + 0.0,
        text=Sentence(
            "The list shows nothing that {rules} would find"
            if absence.of_list
            else "The log covers the failed job and holds no event of {rules}",
            rules=one_line(", ".join(absence.rules)),
        ),
        count=0,
    )


def _evidence(event: Event, rule: str, weight_db: float, count: int) -> Evidence:
    return Evidence(
        source=one_line(event.source),
        record=event.record,
        time=iso(event.time),
        machine=one_line(event.machine),
        event=event_name(event),
        codes=list(event.codes),
        rule=rule,
        weight_db=round(weight_db, 1) + 0.0,
        text=one_line(said(event)),
        count=count,
    )


def said(event: Event) -> str:
    """What an event says, as the log has it: its text, else its values."""
    return event.text or _values(event)


def _values(event: Event) -> str:
    """What a record without rendered text says: its values, with their names where these are known."""
    told = (
        f"{name}={value}" if name else value
        for name, value in named_values(event)
        if value.strip() and name not in _MACHINE_ONLY
    )
    return "; ".join(told)


def writer_named(events: Iterable[Event]) -> str:
    """The VSS writer that most of the events name, empty where none does."""
    names = Counter(event.fields["WriterName"] for event in events if event.fields.get("WriterName"))
    return one_line(min(names, key=lambda name: (-names[name], name))) if names else ""


def advice(remedy: Remedy) -> RemedyAdvice:
    """A remedy of the catalog, as the verdict carries it."""
    return RemedyAdvice(
        id=remedy.id,
        title=Sentence(remedy.title),
        role=remedy.role,
        risk=remedy.risk,
        steps=[RemedyStep(do=Sentence(step.do), run=list(step.run)) for step in remedy.steps],
        undo=Sentence(remedy.undo),
        verify=Sentence(remedy.verify),
    )


def skewed(skew: Skew) -> str:
    """What was done about a clock that is off."""
    minutes = round(abs(skew.ahead) / 60_000_000)
    return Sentence(
        "it seems {minutes} minutes ahead of the backup server's, for {jobs} failed jobs find its events at that "
        "distance; its times are shown set right"
        if skew.ahead > 0
        else "it seems {minutes} minutes behind the backup server's, for {jobs} failed jobs find its events at that "
        "distance; its times are shown set right",
        minutes=minutes,
        jobs=skew.jobs,
    )


def job_report(job: Job) -> JobReport:
    """A job, as the verdict carries it."""
    return JobReport(
        id=one_line(job.id),
        vm=one_line(job.vm),
        host=one_line(job.host),
        mode=job.mode,
        outcome=job.outcome,
        stages=list(job.failed or ()),
        started=iso(job.started),
        ended=iso(job.ended),
        bytes_sent=job.bytes_sent,
    )


def timeline_report(
    events: Iterable[Event], jobs: Sequence[Job], sightings: Iterable[Sighting], evidence: Collection[str]
) -> Timeline:
    """What happened when, as the verdict carries it; `evidence` holds the keys of what the verdict rests on."""
    found, left_out = moments(events, jobs, sightings, evidence)
    told = (_moment(moment) for moment in found)
    return Timeline(moments=[moment for moment in told if moment], left_out=left_out)


def _moment(found: MomentFound) -> Moment | None:
    """None for a time that no calendar has."""
    time, event, job = iso(found.time), found.event, found.job
    if time is None:
        return None
    level = "" if job or event.level is Level.UNKNOWN else event.level.name.lower()
    return Moment(
        time=time,
        kind=found.sort,
        machine=one_line(event.machine),
        source=one_line(event.source),
        record=event.record,
        level=level,
        event=_job_name(job) if job else event_name(event),
        text=_job_text(found) if job else Sentence(found.meaning) if found.meaning else one_line(said(event)),
        rule=found.rule,
        job=one_line(job.id) if job else "",
        count=found.times,
    )


def _job_name(job: Job) -> str:
    return Sentence("job of {vm}", vm=one_line(job.vm)) if job.vm else Sentence("job")


def _job_text(found: MomentFound) -> str:
    job = found.job
    if job is None or found.sort is Sort.JOB_STARTED:
        return Sentence("started")
    outcome = Sentence(job.outcome.value)
    if job.failed is None:
        return outcome
    first, last = (Sentence(stage.value) for stage in job.failed)
    if first == last:
        return Sentence("{outcome} at {stage}", outcome=outcome, stage=first)
    return Sentence("{outcome} between {first} and {last}", outcome=outcome, first=first, last=last)


def topology_report(topology: Topology) -> TopologyReport:
    """Who is who, as the verdict carries it."""

    def machines(*roles: Role) -> list[MachineReport]:
        return [
            MachineReport(
                name=one_line(name),
                role=topology.machines[name].role,
                basis=topology.machines[name].basis,
                host=one_line(topology.host_of.get(name, "")),
            )
            for name in topology.with_role(*roles)
        ]

    return TopologyReport(
        site={"machines": machines(Role.DPM_SERVER, Role.DOMAIN_CONTROLLER)},
        hosts=machines(Role.HOST, Role.UNKNOWN),
        vms=machines(Role.GUEST),
    )


def source_line(source: SourceReport) -> SourceLine:
    """The inventory line of one file."""
    return SourceLine(
        path=one_line(source.path),
        kind=source.kind,
        machine=one_line(source.machine),
        records=source.records,
        events=source.events,
        first=iso(source.first),
        last=iso(source.last),
        encoding=source.encoding,
        time_zone=harmless(source.time_zone),
        damage=[DamageReport(where=harmless(damage.where), why=harmless(damage.why)) for damage in source.damage],
        remarks=[harmless(remark) for remark in source.remarks],
    )
