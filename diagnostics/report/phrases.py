"""The words that every report shares: how probabilities, moments, odds, jobs and sources are put."""

from collections.abc import Iterable, Sequence

from diagnostics.verdict import (
    Fault,
    JobReport,
    LabRun,
    LineCompared,
    Reckoning,
    SourceLine,
    SuspectReckoned,
    UpdateAdvice,
    VerdictWord,
)
from engine.pipeline import STAGES

RISKS = {
    "read-only": "changes nothing",
    "changes-configuration": "changes a setting",
    "restarts-service": "restarts a service",
    "pauses-vm": "pauses the virtual machine",
    "restarts-machine": "restarts the machine",
    "loses-data": "may lose data",
}
MEANINGS = {
    VerdictWord.ASSERTED: "one fault, at least 90% sure, from independent evidence",
    VerdictWord.LEADING: "one fault, more likely than not",
    VerdictWord.AMBIGUOUS: "a few that these logs cannot tell apart",
    VerdictWord.INSUFFICIENT: "the logs do not tell; see what to collect",
    VerdictWord.TRANSIENT: "it failed once, and a retry passed",
    VerdictWord.UNEXPLAINED: "something failed that Shindan does not know",
    VerdictWord.HEALTHY: "no fault found",
}
_STATES_OF_UPDATES = {
    "unknown": "not known whether installed",
    "superseded": "superseded by an installed one",
    "installed": "installed",
}
_NAMES_SHOWN = 6
_CERTAIN_DB = 60.0
"""Odds beyond a million to one are not told apart."""


def percent(probability: float) -> str:
    """Nothing that is inferred is certain: 100% is never said, nor 0%."""
    return ">99%" if probability > 0.99 else "<1%" if probability < 0.01 else f"{probability:.0%}"


def moment(time: str | None) -> str:
    """To the second: `2026-11-20 01:01:13Z`."""
    return f"{time[:10]} {time[11:19]}Z" if time else "no time"


def job_text(job: JobReport) -> str:
    machine = job.vm or "a virtual machine"
    on = f" on {job.host}" if job.host else ""
    ended = f", ended {moment(job.ended)}" if job.ended else ""
    stages = f" {interval_text(job.stages)}" if job.stages else ""
    return f"{machine}{on}: {job.outcome}{stages} ({job.mode}){ended}"


def interval_text(stages: Sequence[str]) -> str:
    """Where a job failed, in words; empty where nothing tells."""
    if not stages:
        return ""
    if (stages[0], stages[-1]) == (STAGES[0], STAGES[-1]):
        return "at an unknown stage"
    return f"at {stages[0]}" if stages[0] == stages[-1] else f"between {stages[0]} and {stages[-1]}"


def counted(count: int, noun: str) -> str:
    """`1 host`, `2 hosts`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def source_text(source: SourceLine) -> str:
    span = f", {moment(source.first)} to {moment(source.last)}" if source.first else ""
    encoding = f", {source.encoding}" if source.encoding else ""
    machine = f", {source.machine}" if source.machine else ""
    zone = f", time zone {source.time_zone}" if source.time_zone else ""
    return f"{source.path}: {source.kind}{machine}, {source.records} records{span}{encoding}{zone}"


def command_line(arguments: Iterable[str]) -> str:
    """Arguments as a Windows command line shows them."""
    return " ".join(f'"{one}"' if " " in one and not one.startswith('"') else one for one in arguments)


def odds(decibans: float) -> str:
    """Decibans as odds, the smaller side 1: `1 : 16`, `500 : 1`."""
    ratio = 10.0 ** (min(abs(decibans), _CERTAIN_DB) / 10.0)
    more = ">" if abs(decibans) > _CERTAIN_DB else ""
    told = f"{ratio:,.0f}" if ratio >= 9.5 else f"{ratio:.1f}"
    return f"{more}{told} : 1" if decibans >= 0.0 else f"1 : {more}{told}"


def reckoned(reckoning: Reckoning, faults: Iterable[Fault]) -> list[tuple[str, int]]:
    """The suspects worth a column, as (heading, place in the reckoning): the faults, and the first that lost."""
    named = {fault.instance for fault in faults}
    own = [place for place, suspect in enumerate(reckoning.suspects) if suspect.instance in named]
    others = [place for place, suspect in enumerate(reckoning.suspects) if suspect.instance not in named]
    headings = [f"fault {number}" if len(own) > 1 else "the fault" for number in range(1, len(own) + 1)]
    headings += ["the next"] if own else ["the first", "the next"]
    return list(zip(headings, (*own, *others), strict=False))


def sums(suspects: Sequence[SuspectReckoned]) -> list[tuple[str, list[float]]]:
    """The foot of the arithmetic, as (label, a number for each suspect): rows that change nothing are left out."""
    failed = [suspect.failed_db for suspect in suspects]
    calibration = [suspect.calibration_db for suspect in suspects]
    rows = [("sum: it is at fault", [suspect.posterior_db for suspect in suspects])]
    rows += [("that a job failed by it", failed)] if any(failed) else []
    rows += [("calibration", calibration)] if any(calibration) else []
    if len(rows) > 1:
        rows.append(("sum: what the verdict says", [suspect.probability_db for suspect in suspects]))
    return rows


def redundancy(fault: Fault, suspect: SuspectReckoned) -> str:
    """What to say where the weights of the evidence do not add up; empty where they do."""
    alone = sum(line.weight_db for line in (*fault.evidence, *fault.counter_evidence))
    together = suspect.posterior_db - suspect.prior_db
    if abs(together - alone) < 1.0:
        return ""
    why = "lines that say the same are not missed one at a time" if together > alone else "some tell only together"
    return f"Left out one at a time, the lines come to {alone:+.1f} dB; counted together, to {together:+.1f} dB: {why}."


def known_updates(updates: Sequence[UpdateAdvice]) -> list[tuple[str, str]]:
    """Known updates as (sentence, address): each that is missing; of the others only which they are."""
    told = [
        (f"{update.kb} is missing on {update.machine}. {update.title} ({update.why})", update.references[0])
        for update in updates
        if update.state == "missing"
    ]
    for state, words in _STATES_OF_UPDATES.items():
        named = [update for update in updates if update.state == state]
        if named:
            where = _few(update.machine for update in named if update.machine)
            which = f"{_few(update.kb for update in named)}: {words}{f' on {where}' if where else ''}"
            told.append((f"{which} ({named[0].why})", ""))
    return told


def _few(names: Iterable[str]) -> str:
    """Names, each once, and how many more there are."""
    distinct = list(dict.fromkeys(names))
    rest = f" and {len(distinct) - _NAMES_SHOWN} more" if len(distinct) > _NAMES_SHOWN else ""
    return ", ".join(distinct[:_NAMES_SHOWN]) + rest


def lab_run(run: LabRun) -> str:
    """A cause and how it did in the lab: `0.93 like the case  sql-writer-failed on vm:SQL01/... (fault ...)`."""
    if run.likeness is None:
        why = "not run" if run.fault else "the lab knows no fault for it"
        return f"{run.cause} ({run.instance}): {why}"
    return f"{run.likeness:.2f} alike: {run.cause} ({run.instance}), by {run.fault}"


def compared(run: LabRun) -> list[tuple[str, list[LineCompared]]]:
    """What was compared, under headings; without those under which nothing stands."""
    told = [("Both logged", run.both), ("Only the case", run.only_case), ("Only the lab", run.only_lab)]
    return [(heading, lines) for heading, lines in told if lines]


def line_compared(line: LineCompared) -> str:
    """What was logged, by whom and in which stage."""
    codes = f" {', '.join(line.codes)}" if line.codes else ""
    stage = f", {line.stage}" if line.stage else ""
    return f"{line.event}{codes} ({line.role}{stage})"
