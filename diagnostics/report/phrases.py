"""The words that every report shares, said in the user's language: probabilities, moments, odds, jobs, sources."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from diagnostics.language import Sentence, listed, say
from diagnostics.verdict import (
    Candidate,
    DamageReport,
    Fault,
    JobReport,
    LabRun,
    LineCompared,
    LineReckoned,
    Reckoning,
    SourceLine,
    SuspectReckoned,
    UpdateAdvice,
    Verdict,
    VerdictWord,
    lines_for,
)
from engine.pipeline import STAGES

RISKS = {
    "read-only": Sentence("changes nothing"),
    "changes-configuration": Sentence("changes a setting"),
    "restarts-service": Sentence("restarts a service"),
    "pauses-vm": Sentence("pauses the virtual machine"),
    "restarts-machine": Sentence("restarts the machine"),
    "loses-data": Sentence("may lose data"),
}
MEANINGS = {
    VerdictWord.ASSERTED: Sentence("a fault, at least 98% sure, from independent evidence"),
    VerdictWord.LEADING: Sentence("a fault, more likely than not"),
    VerdictWord.AMBIGUOUS: Sentence("a few that these logs cannot tell apart"),
    VerdictWord.INSUFFICIENT: Sentence("the logs do not tell; see what to collect"),
    VerdictWord.TRANSIENT: Sentence("it failed once, and a retry passed"),
    VerdictWord.UNEXPLAINED: Sentence("something failed that Shindan does not know"),
    VerdictWord.HEALTHY: Sentence("no fault found"),
}
_STATES_OF_UPDATES = {
    "unknown": Sentence("{which}: not known whether installed"),
    "superseded": Sentence("{which}: superseded by an installed one"),
    "installed": Sentence("{which}: installed"),
}
_NAMES_SHOWN = 6
_LINES_SHOWN = 3
_CERTAIN_DB = 60.0
"""Odds beyond a million to one are not told apart."""


def percent(probability: float) -> str:
    """Nothing that is inferred is certain: 100% is never said, nor 0%."""
    return ">99%" if probability > 0.99 else "<1%" if probability < 0.01 else f"{probability:.0%}"


def cause_named(fault: Fault) -> str:
    """`disk-failing, 84%`; empty where no cause is named. The component may be surer than the cause within it."""
    if fault.cause is None or fault.cause_probability is None:
        return fault.cause or ""
    return f"{fault.cause}, {percent(fault.cause_probability)}"


def moment(time: str | None) -> str:
    """To the second: `2026-11-20 01:01:13Z`."""
    return f"{time[:10]} {time[11:19]}Z" if time else say("no time")


def job_text(job: JobReport) -> str:
    """`SQL01 on HV01: failed at guest-freeze (online), ended 2026-11-20 01:01:13Z`."""
    machine = job.vm or say("a virtual machine")
    where = say("{vm} on {host}", vm=machine, host=job.host) if job.host else machine
    told = f"{where}: {fared_text(job)} ({say(job.mode)})"
    return say("{job}, ended {time}", job=told, time=moment(job.ended)) if job.ended else told


def fared_text(job: JobReport) -> str:
    """What a job came to, and in which stage: `failed at guest-freeze`."""
    outcome, stages = say(job.outcome), job.stages
    if not stages:
        return outcome
    if (stages[0], stages[-1]) == (STAGES[0], STAGES[-1]):
        return say("{outcome} at an unknown stage", outcome=outcome)
    first, last = say(stages[0]), say(stages[-1])
    if first == last:
        return say("{outcome} at {stage}", outcome=outcome, stage=first)
    return say("{outcome} between {first} and {last}", outcome=outcome, first=first, last=last)


def counted(count: int, one: str, many: str) -> str:
    """`1 host`, `2 hosts`: the first for one thing, the second, with a place `{count}`, for any other number."""
    return say(one if count == 1 else many, count=count)


_KINDS = {
    "job-started": Sentence("job started"),
    "job-ended": Sentence("job ended"),
    "evidence": Sentence("evidence"),
    "trouble": Sentence("trouble"),
    "progress": Sentence("progress"),
    "context": Sentence("context"),
}


def kind_text(kind: str) -> str:
    """What sort of moment it is."""
    return say(_KINDS.get(kind, kind))


def joined(parts: Iterable[str]) -> str:
    """What has been said already, one after the other."""
    return say(listed(map(_as_it_is, parts)))


def _as_it_is(text: str) -> Sentence:
    return Sentence("{text}", text=text)


def span_text(first: str | None, last: str | None) -> str:
    """`2026-11-20 01:01:13Z to 2026-11-20 02:00:00Z`."""
    return say("{first} to {last}", first=moment(first), last=moment(last))


def source_text(source: SourceLine) -> str:
    """A file: what it is, whose, which time it covers, and what is unusual about it."""
    span = span_text(source.first, source.last) if source.first else ""
    zone = say("time zone {zone}", zone=source.time_zone) if source.time_zone else ""
    records = counted(source.records, "1 record", "{count} records")
    parts = (say(source.kind), source.machine, records, span, source.encoding, zone, *source.remarks)
    return f"{source.path}: {', '.join(part for part in parts if part)}"


def damage_text(damage: DamageReport) -> str:
    """What is wrong with a source: `damaged: chunk 3: its checksum differs`; of one that was not read at all, why."""
    return say("damaged: {where}: {why}", where=damage.where, why=damage.why) if damage.where else damage.why


def by_reason(sources: Iterable[SourceLine]) -> list[tuple[str, list[str]]]:
    """Sources without any record by what is the matter with them, that of most sources last: (reason, paths)."""
    reasons: defaultdict[str, list[str]] = defaultdict(list)
    for source in sources:
        why = "; ".join(map(damage_text, source.damage))
        reasons[why or say("no record was found in it ({kind})", kind=say(source.kind))].append(source.path)
    return sorted(reasons.items(), key=lambda reason: (len(reason[1]), reason[0]))


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
    """The suspects worth a column, as (heading, place in the reckoning): the faults, and the first that lost.

    None where nothing was weighed.
    """
    if not (reckoning.lines or reckoning.rest_lines):
        return []
    named = {fault.instance for fault in faults}
    own = [place for place, suspect in enumerate(reckoning.suspects) if suspect.instance in named]
    others = [place for place, suspect in enumerate(reckoning.suspects) if suspect.instance not in named]
    headings = [
        say("fault {number}", number=number) if len(own) > 1 else say("the fault") for number in range(1, len(own) + 1)
    ]
    headings += [say("the next")] if own else [say("the first"), say("the next")]
    return list(zip(headings, (*own, *others), strict=False))


def suspect_named(suspect: Candidate) -> str:
    """`VSS in the guest: VSS hangs (vm:SQL01/guest_vss)`, as the headline names a fault."""
    return f"{suspect.title} ({suspect.instance})"


def in_favour(verdict: Verdict, suspect: Candidate) -> str:
    """The lines that speak for a suspect, heaviest first; empty where a fault is named, which lists its evidence."""
    lines = [] if verdict.faults else lines_for(verdict.reckoning, suspect.instance)
    told = joined(_line_told(line, adds) for adds, line in lines[:_LINES_SHOWN])
    return say("for it: {lines}", lines=and_more(told, len(lines) - _LINES_SHOWN)) if lines else ""


def _line_told(line: LineReckoned, adds: float) -> str:
    what = say("{event} on {machine}", event=line.event, machine=line.machine) if line.machine else line.event
    return f"{what} ({line.source}:{line.record}, {line.rule}, {adds:+.1f} dB)"


def sums(suspects: Sequence[SuspectReckoned]) -> list[tuple[str, list[float]]]:
    """The foot of the arithmetic, as (label, a number for each suspect): rows that change nothing are left out."""
    failed = [suspect.failed_db for suspect in suspects]
    calibration = [suspect.calibration_db for suspect in suspects]
    rows = [(say("sum: it is at fault"), [suspect.posterior_db for suspect in suspects])]
    rows += [(say("calibration"), calibration)] if any(calibration) else []
    rows += [(say("that a job failed by it"), failed)] if any(failed) else []
    if len(rows) > 1:
        rows.append((say("sum: what the verdict says"), [suspect.probability_db for suspect in suspects]))
    return rows


def redundancy(fault: Fault, suspect: SuspectReckoned) -> str:
    """What to say where the weights of the evidence do not add up; empty where they do."""
    alone = sum(line.weight_db for line in (*fault.evidence, *fault.counter_evidence))
    together = suspect.posterior_db - suspect.prior_db
    if abs(together - alone) < 1.0:
        return ""
    why = say("lines that say the same are not missed one at a time" if together > alone else "some tell only together")
    return say(
        "Left out one at a time, the lines come to {alone:+.1f} dB; counted together, to {together:+.1f} dB: {why}.",
        alone=alone,
        together=together,
        why=why,
    )


def name_told(fault: Fault) -> str:
    """What the name of a cause rests on; empty where none is named."""
    if fault.cause is None or fault.cause_ahead_db is None or fault.cause_sign is None:
        return ""
    return say(
        "The cause, {named}: {ahead:+.1f} dB against the others of its component, most telling sign {sign} its own.",
        named=cause_named(fault),
        ahead=fault.cause_ahead_db,
        sign=percent(fault.cause_sign),
    )


def known_updates(updates: Sequence[UpdateAdvice]) -> list[tuple[str, str]]:
    """Known updates as (sentence, address): each that is missing; of the others only which they are."""
    told = [(_missing_update(update), update.references[0]) for update in updates if update.state == "missing"]
    for state, words in _STATES_OF_UPDATES.items():
        named = [update for update in updates if update.state == state]
        if named:
            which, where = (
                _few(update.kb for update in named),
                _few(update.machine for update in named if update.machine),
            )
            known = say(words.template, which=f"{which} ({where})" if where else which)
            told.append((f"{known} ({say(named[0].why)})", ""))
    return told


def _missing_update(update: UpdateAdvice) -> str:
    missing = say("{kb} is missing on {machine}.", kb=update.kb, machine=update.machine)
    return f"{missing} {say(update.title)} ({say(update.why)})"


def _few(names: Iterable[str]) -> str:
    """Names, each once, and how many more there are."""
    distinct = list(dict.fromkeys(names))
    return and_more(", ".join(distinct[:_NAMES_SHOWN]), len(distinct) - _NAMES_SHOWN)


def and_more(told: str, more: int) -> str:
    """How many there are beside those that are named."""
    return say("{told} and {more} more", told=told, more=more) if more > 0 else told


def lab_run(run: LabRun) -> str:
    """A cause and how it did in the lab: `0.93 alike: sql-writer-failed (vm:SQL01/...), by ...`."""
    which = f"{run.cause} ({run.instance})"
    if run.likeness is None:
        return f"{which}: {say('not run' if run.fault else 'the lab knows no fault for it')}"
    return say("{likeness:.2f} alike: {which}, by {fault}", likeness=run.likeness, which=which, fault=run.fault)


def compared(run: LabRun) -> list[tuple[str, list[LineCompared]]]:
    """What was compared, under headings; without those under which nothing stands."""
    told = [
        (say("Both logged"), run.both),
        (say("Only the case"), run.only_case),
        (say("Only the lab"), run.only_lab),
    ]
    return [(heading, lines) for heading, lines in told if lines]


def line_compared(line: LineCompared) -> str:
    """What was logged, by whom and in which stage."""
    codes = f" {', '.join(line.codes)}" if line.codes else ""
    stage = f", {say(line.stage)}" if line.stage else ""
    return f"{line.event}{codes} ({say(line.role)}{stage})"
