"""From the model's judgement to the verdict that people and programs read."""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from diagnostics.answer.advising import update_advice
from diagnostics.answer.next_steps import next_evidence, told_apart_by
from diagnostics.answer.reckoning import Names, reckon, why_lost
from diagnostics.answer.wording import (
    advice,
    event_name,
    evidence_of_absence,
    evidence_of_event,
    evidence_of_job,
    job_report,
    skewed,
    source_line,
    timeline_report,
    topology_report,
    writer_named,
)
from diagnostics.case.collecting import Missing, missing
from diagnostics.case.jobs import Interval, Outcome
from diagnostics.case.observations import Sighting
from diagnostics.case.topology import Role, host_writers, short_name
from diagnostics.case.updates import read_inventories
from diagnostics.event import Event
from diagnostics.evidence.inventory import NOT_EVENTS
from diagnostics.knowledge.catalog import Cause
from diagnostics.localize.explain import EvidenceLine
from diagnostics.localize.judge import FIRM, LIKELY, Judgement
from diagnostics.localize.judge import Candidate as CandidateFound
from diagnostics.localize.judge import Fault as FaultFound
from diagnostics.rules.rule import Polarity
from diagnostics.sanitize import harmless, one_line
from diagnostics.understanding import Case
from diagnostics.verdict import (
    Candidate,
    Evidence,
    Fault,
    NextEvidence,
    Noise,
    NotChecked,
    Reckoning,
    Verdict,
    VerdictWord,
    foremost,
    supported,
)
from engine.pipeline import COMPONENTS, STAGES, Component, Scope, Stage
from engine.sentence import Sentence, listed

_STAGE_OF_EVENT = {
    "PrepareForBackup": Stage.GUEST_PREPARE,
    "PrepareForSnapshot": Stage.GUEST_PREPARE,
    "Freeze": Stage.GUEST_FREEZE,
    "Thaw": Stage.GUEST_THAW,
}
"""What VSS calls the events that it sends to writers; the names are the same in every language."""
_IN_THE_GUEST = {
    Stage.HOST_FREEZE: Stage.GUEST_FREEZE,
    Stage.HOST_SNAPSHOT: Stage.GUEST_SNAPSHOT,
    Stage.HOST_THAW: Stage.GUEST_THAW,
    Stage.PREPARE_BACKUP: Stage.GUEST_PREPARE,
}
_SUSPECTS_NAMED = 3
"""So many are named at most in the summary of a verdict that names no fault."""
_DECIBANS = 10.0 / math.log(10.0)
"""In a nat."""


def compose(case: Case) -> Verdict:
    """The verdict on a case."""
    writer, word = _Writer(case), _word(case)
    faults = [writer.fault(found) for found in case.judgement.faults]
    reckoning = reckon(case.posterior.network, case.judgement, Names(writer.instance, writer.evidence))
    candidates = [writer.candidate(found, reckoning) for found in case.judgement.candidates]
    named = [_suspect(fault.title, fault.instance) for fault in foremost(faults)[0]]
    named = named or _first_suspects(case.judgement.candidates, candidates, reckoning)
    lacking = missing(case.topology, case.reading.events, case.reading.channels())
    apart = told_apart_by(case, lacking)
    return Verdict(
        verdict=word,
        summary=_summary(case, word, named, apart),
        faults=faults,
        candidates=candidates,
        noise=_noise(case),
        jobs=[job_report(job) for job in case.jobs],
        topology=topology_report(case.topology),
        next_evidence=[] if word is VerdictWord.HEALTHY else next_evidence(case, lacking),
        told_apart_by=apart,
        sources=[source_line(source) for source in case.reading.sources],
        not_checked=list(_not_checked(case, lacking)),
        timeline=timeline_report(case.reading.events, case.jobs, case.sightings, _evidence_keys(case.judgement)),
        reckoning=reckoning,
    )


class _Writer:
    """Puts the model's keys back into events, jobs and words."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._sightings = {sighting.key: sighting for sighting in case.sightings}
        self._absences = {absence.observation.key: absence for absence in case.absences}
        self._jobs = {job.id: job for job in case.jobs}
        self._inventories = read_inventories(case.reading.events)

    def fault(self, found: FaultFound) -> Fault:
        component = Component(found.component)
        cause = self._case.catalog.causes.get(found.cause or "")
        causes = [cause] if cause else self._likely_causes(found)
        remedies = dict.fromkeys(remedy for likely in causes for remedy in likely.remedies)
        shown = _weighing(found)
        evidence = [self.evidence(line) for line in shown.evidence]
        return Fault(
            component=component,
            instance=self.instance(found.plate, component),
            scope=self._scope(found.plate),
            stage=self._stage(found, cause),
            cause=cause.id if cause else None,
            probability=round(found.probability, 6),
            cause_probability=None if found.cause_probability is None else round(found.cause_probability, 6),
            cause_ahead_db=round(found.name.log_odds * _DECIBANS, 1) if cause else None,
            cause_sign=round(found.name.own_sign, 2) if cause else None,
            title=_title(found, cause, self._case.judgement.verdict),
            explanation=self._explanation(found, cause),
            evidence=evidence,
            counter_evidence=_other_records((self.evidence(line) for line in shown.counter_evidence), evidence),
            minimal_evidence=list(shown.minimal_evidence),
            jobs=[one_line(job) for job in found.jobs],
            confirm=list(dict.fromkeys(Sentence(line) for likely in causes for line in likely.confirm)),
            remedies=list(remedies),
            remedy_details=[advice(self._case.catalog.remedies[remedy]) for remedy in remedies],
            references=list(dict.fromkeys(line for likely in causes for line in likely.references)),
            updates=update_advice(
                [likely.id for likely in causes],
                found.plate,
                self._case.catalog.updates,
                self._inventories,
                self._case.topology,
            ),
        )

    def candidate(self, found: CandidateFound, reckoning: Reckoning) -> Candidate:
        """A line of the ranking."""
        instance = self.instance(found.plate, found.component)
        return Candidate(
            component=found.component,
            instance=instance,
            cause=found.cause,
            probability=found.probability,
            title=_named(found.component, self._case.catalog.causes.get(found.cause)),
            why=why_lost(reckoning, instance),
        )

    def _explanation(self, found: FaultFound, cause: Cause | None) -> Sentence:
        causes = listed(likely.title for likely in self._likely_causes(found) if likely != cause)
        if cause is None:
            if len(self._likely_causes(found)) == 1:
                return Sentence("Most likely: {cause}.", cause=causes)
            return Sentence("It may be one of these: {causes}.", causes=causes)
        told = Sentence(cause.explanation)
        if _firm(found):
            return told
        if not causes:
            return Sentence("{told} It may also be a cause like it that Shindan does not know.", told=told)
        return Sentence("{told} It may also be: {causes}.", told=told, causes=causes)

    def _likely_causes(self, found: FaultFound) -> list[Cause]:
        """The causes of the component that hold the most of its probability, three at most."""
        masses = self._case.posterior.plates[found.plate].causes
        own = [cause for cause in self._case.catalog.causes.values() if cause.component == found.component]
        ranked = sorted((cause for cause in own if cause.id in masses), key=lambda cause: (-masses[cause.id], cause.id))
        return [cause for cause in ranked[:3] if masses[cause.id] >= 0.1 * found.probability]

    def instance(self, plate: str, component: str) -> str:
        """The component on its plate, with the VSS writer's name where the events tell it."""
        name = one_line(f"{plate}/{component}")
        if component != Component.GUEST_WRITER:
            return name
        spoken = (one for one in self._case.sightings if _speaks_of(one, plate, component))
        writer = writer_named(event for one in spoken for event in one.events if not self._of_host(event))
        return f"{name}:{writer}" if writer else name

    def _of_host(self, event: Event) -> bool:
        """Whether the writer that an event names is a host's: that host listed it, or only hosts have it."""
        return self._case.topology.role(event.machine) is Role.HOST or event.fields.get("WriterName") in host_writers()

    def _scope(self, plate: str) -> Scope:
        scope: Scope = self._case.graph.nodes[plate]["scope"]
        return scope

    def evidence(self, line: EvidenceLine) -> Evidence:
        """A line of the model, in words."""
        if line.key in self._jobs:
            return evidence_of_job(self._jobs[line.key], line.decibans)
        if line.key in self._absences:
            return evidence_of_absence(self._absences[line.key], line.decibans)
        return evidence_of_event(self._sightings[line.key], line.decibans)

    def _stage(self, found: FaultFound, cause: Cause | None) -> Stage | None:
        """The stage that what tells most of the cause speaks of, else the first in which a job failed.

        That is the event, or the report of a failed job, that the cause brings about most readily; of several the first
        in the pipeline. An operation that an event names comes before what its rule says of all such events, and what
        was logged comes before what a listing shows: that is what the last job left. Where the jobs tell their own
        stages, an event of another one does not decide.
        """
        about = COMPONENTS[Component(found.component)]
        intervals = [failed for job in found.jobs if (failed := self._jobs[job].failed)]
        lines = {line.key for line in found.evidence}
        telling = [self._jobs[key] for key in lines & self._jobs.keys()]
        reports = {(report.source, report.record) for job in telling for report in job.reports}
        seen = [one for one in self._case.sightings if _is_told_by(one, reports)]
        seen += [self._sightings[line.key] for line in found.evidence if line.key in self._sightings]
        speaking = [sighting for sighting in seen if sighting.rule.component == found.component]
        speaking.sort(key=lambda sighting: _tells_less_of_the_stage(sighting, found.cause))
        of_guest = self._scope(found.plate) is Scope.VM and len(about.scopes) > 1
        for stage in filter(None, [*map(_rejected, speaking), *(sighting.rule.stage for sighting in speaking)]):
            there = _IN_THE_GUEST.get(stage, stage) if of_guest else stage
            if not intervals or any(_lies_in(there, failed) for failed in intervals):
                return there
        needed = cause.stages if cause else about.stages
        return next((stage for stage in needed if any(_lies_in(stage, failed) for failed in intervals)), None)


def _title(found: FaultFound, cause: Cause | None, word: VerdictWord) -> Sentence:
    """The component, and the cause; where only the component is firm in what is asserted, it says so."""
    component = _component(found.component)
    if cause is None:
        return component
    named = Sentence(cause.title)
    if (found.cause_probability or 0.0) < LIKELY:
        return Sentence("{component}, perhaps: {cause}", component=component, cause=named)
    if word is VerdictWord.ASSERTED and not _firm(found):
        return Sentence("{component}, probably: {cause}", component=component, cause=named)
    return _named(found.component, cause)


def _named(component: str, cause: Cause | None) -> Sentence:
    if cause is None:
        return _component(component)
    return Sentence("{component}: {cause}", component=_component(component), cause=Sentence(cause.title))


def _component(component: str) -> Sentence:
    return Sentence(COMPONENTS[Component(component)].title)


def _other_records(against: Iterable[Evidence], evidence: Iterable[Evidence]) -> list[Evidence]:
    """What speaks against a fault, without records that speak for it with more weight, as another rule reads them.

    Nobody believes one line of a log that is listed for and against the same; the reckoning has both readings.
    """
    weights: dict[tuple[str, int], float] = {}
    for line in evidence:
        if line.record:  # else it tells of something that is absent
            weights[line.source, line.record] = max(line.weight_db, weights.get((line.source, line.record), 0.0))
    return [line for line in against if -line.weight_db > weights.get((line.source, line.record), -1.0)]


def _weighing(found: FaultFound) -> FaultFound:
    """A fault with the lines alone that weigh something as printed, or that it would not stand without.

    Of lines that say the same none is missed alone: they weigh nothing, and yet one of them is needed.
    """
    needed = set(found.minimal_evidence)
    kept = [at for at, line in enumerate(found.evidence) if _weighs(line) or at in needed]
    return found._replace(
        evidence=tuple(found.evidence[at] for at in kept),
        counter_evidence=tuple(filter(_weighs, found.counter_evidence)),
        minimal_evidence=tuple(place for place, at in enumerate(kept) if at in needed),
    )


def _weighs(line: EvidenceLine) -> bool:
    return round(abs(line.decibans), 1) > 0.0


def _firm(found: FaultFound) -> bool:
    """Whether the cause is as firm as the component."""
    return found.probability < FIRM or (found.cause_probability or 0.0) >= FIRM


def _evidence_keys(judgement: Judgement) -> set[str]:
    shown = map(_weighing, judgement.faults)
    return {line.key for fault in shown for line in (*fault.evidence, *fault.counter_evidence)}


def _rejected(sighting: Sighting) -> Stage | None:
    """The stage in which a guest's writer rejected an event, where the records of it name the event."""
    if sighting.rule.component is not Component.GUEST_WRITER:
        return None
    operations = (event.fields.get("Operation", "").partition(" ")[0] for event in sighting.events)
    return next((_STAGE_OF_EVENT[operation] for operation in operations if operation in _STAGE_OF_EVENT), None)


def _lies_in(stage: Stage, interval: Interval) -> bool:
    return STAGES.index(interval[0]) <= STAGES.index(stage) <= STAGES.index(interval[1])


def _tells_less_of_the_stage(sighting: Sighting, cause: str | None) -> tuple[bool, float, int]:
    readily = max((link.sensitivity for link in sighting.rule.causes if link.id == cause), default=0.0)
    timeless = all(event.time is None for event in sighting.events)
    stage = sighting.rule.stage
    return timeless, -readily, STAGES.index(stage) if stage else len(STAGES)


def _is_told_by(sighting: Sighting, reports: Collection[tuple[str, int]]) -> bool:
    return any((event.source, event.record) in reports for event in sighting.events)


def _speaks_of(sighting: Sighting, plate: str, component: str) -> bool:
    return sighting.plate.name == plate and sighting.rule.component == component


_WORDS = {
    VerdictWord.ASSERTED: Sentence("{named}."),
    VerdictWord.LEADING: Sentence("Probably: {named}."),
    VerdictWord.AMBIGUOUS: Sentence(
        "These logs do not tell these apart: {named}. No further export that Shindan knows would."
    ),
    VerdictWord.UNEXPLAINED: Sentence("A cause that Shindan does not know; nearest: {named}."),
    VerdictWord.TRANSIENT: Sentence("It failed once and a retry passed; if it returns, look at: {named}."),
    VerdictWord.INSUFFICIENT: Sentence("The logs do not suffice; first suspects: {named}."),
}


def _word(case: Case) -> VerdictWord:
    """The model's word; where nothing was weighed, healthy if the logs at least show backup activity."""
    if case.problem.jobs or case.problem.events:
        return case.judgement.verdict
    return VerdictWord.HEALTHY if case.sightings else VerdictWord.INSUFFICIENT


_TOLD_APART = Sentence("These logs do not tell these apart: {named}. This would: {export} ({machine}).")


def _summary(case: Case, word: VerdictWord, suspects: Sequence[Sentence], apart: Sequence[NextEvidence]) -> str:
    """One sentence, or two where suspects are left side by side: the second says what would tell them apart."""
    if not any(source.records for source in case.reading.sources):
        return Sentence(
            "Nothing was read: no file held a record that Shindan understands; shindan collect prints the commands "
            "that export what helps."
        )
    if word is VerdictWord.INSUFFICIENT and not (case.problem.jobs or case.problem.events):
        return Sentence(
            "The logs say nothing of a backup: no job, no error of one and no trace of one; shindan collect prints "
            "the commands that export what helps."
        )
    if word is VerdictWord.HEALTHY:
        passed = sum(job.outcome is Outcome.SUCCEEDED for job in case.jobs)
        if not case.jobs:
            return Sentence("No fault found.")
        return Sentence("No fault found; {passed} of {count} jobs succeeded.", passed=passed, count=len(case.jobs))
    named = listed(suspects)
    if apart:
        return Sentence(_TOLD_APART.template, named=named, export=apart[0].collect, machine=apart[0].machine)
    return Sentence(_WORDS[word].template, named=named)


def _first_suspects(found: Sequence[CandidateFound], told: Sequence[Candidate], reckoning: Reckoning) -> list[Sentence]:
    """The first of the ranking that something speaks for; where nothing speaks for any, the first as they are."""
    first = list(zip(found, told, strict=True))[:_SUSPECTS_NAMED]
    spoken_for = [pair for pair in first if supported(reckoning, pair[1].instance)]
    return [_suspect(_component(one.component), one_line(one.plate)) for one, _ in spoken_for or first]


def _suspect(title: str, where: str) -> Sentence:
    return Sentence("{title} ({where})", title=title, where=where)


def _noise(case: Case) -> list[Noise]:
    """The known harmless events, one line per rule, the most frequent first."""
    counts: Counter[tuple[str, str]] = Counter()
    repeats: Counter[tuple[str, int]] = Counter()
    for repeat, count in case.reading.repeats.items():
        repeats[repeat.provider, repeat.event_id] += count
    for sighting in case.sightings:
        if sighting.rule.polarity is Polarity.NOISE:
            counts[event_name(sighting.events[0]), sighting.rule.why] += len(sighting.events)
            for source in {(event.provider, event.event_id) for event in sighting.events}:
                counts[event_name(sighting.events[0]), sighting.rule.why] += repeats.pop(source, 0)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [Noise(event=event, count=count, why=Sentence(why)) for (event, why), count in ranked]


def _not_checked(case: Case, lacking: Sequence[Missing]) -> Iterator[NotChecked]:
    heard = {short_name(source.machine) for source in case.reading.sources if source.records}
    titles: defaultdict[str, list[str]] = defaultdict(list)
    for item in lacking:
        titles[item.machine].append(item.export.title)
    for machine, of_machine in titles.items():
        if machine in heard:
            what = Sentence("{machine}: {exports}", machine=one_line(machine), exports=listed(of_machine))
            yield NotChecked(what=what, why=Sentence("not among the files"))
        else:
            yield NotChecked(what=one_line(machine), why=Sentence("no log of it is among the files"))
    for source in case.reading.sources:
        if source.kind in NOT_EVENTS:
            why = Sentence(
                "{kind}: {why}",
                kind=Sentence(source.kind),
                why=listed(harmless(damage.why) for damage in source.damage),
            )
            yield NotChecked(what=one_line(source.path), why=why)
        elif source.lines_not_understood:
            count, first = source.lines_not_understood, source.first_line_not_understood
            why = Sentence("lines not understood: {count}, the first at line {first}", count=count, first=first)
            yield NotChecked(what=one_line(source.path), why=why)
    events = case.reading.events
    if outside := sum(not case.request.holds(event.time) for event in events):
        what = Sentence("{outside} of {count} events", outside=outside, count=len(events))
        yield NotChecked(what=what, why=Sentence("outside the time that was asked for"))
    for skew in case.skews:
        yield NotChecked(what=Sentence("{machine}: its clock", machine=one_line(skew.machine)), why=skewed(skew))
    for limit in case.judgement.limits:
        yield NotChecked(what=Sentence("the model"), why=limit)
