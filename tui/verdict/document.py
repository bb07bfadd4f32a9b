"""The verdict from its first word to the last file that was read: what the text report says, line by line.

Lines of evidence stand for their events, suspects for why they lost; commands are copied as they stand.
"""

from collections.abc import Iterable, Iterator, Sequence

from textual.content import Content

from diagnostics.language import in_words, say
from diagnostics.report import phrases
from diagnostics.sanitize import one_line
from diagnostics.verdict import (
    OPEN,
    Candidate,
    Evidence,
    Fault,
    JobReport,
    NextEvidence,
    RemedyAdvice,
    Reproduction,
    Verdict,
    VerdictWord,
    foremost,
    rivals,
)
from engine.pipeline import COMPONENTS, Component
from tui.i18n import Words
from tui.plain import plain
from tui.themes import Glyphs
from tui.widgets.lines import Line, What

_UNLIKELY = 0.01
"""Suspects below are told only where nothing else is."""
_MOST_SUSPECTS = 12
_MOST_LISTED = 500
"""Jobs and files: a site of ten thousand machines has more than anybody walks through, or waits for."""
_COLLECTED = ("dpm-server", "host", "guest")
_NO_WORDS = What()


def term(*words: str | None) -> What:
    """Words that have explanations."""
    return What(terms=tuple(one_line(word, 200) for word in words if word))


def verdict_lines(verdict: Verdict, words: Words, glyphs: Glyphs) -> Iterator[Line]:
    """All that a verdict says."""
    return _Document(verdict, words, glyphs).lines()


class _Document:
    def __init__(self, verdict: Verdict, words: Words, glyphs: Glyphs) -> None:
        self._verdict = in_words(verdict)
        self._words = words
        self._glyphs = glyphs

    def lines(self) -> Iterator[Line]:
        verdict = self._verdict
        undecided = verdict.verdict in OPEN
        if undecided:
            yield from self._next_steps()
        first, beside = foremost(verdict.faults)
        for number, fault in enumerate(first, 1):
            yield from self._fault(fault, number, len(first))
        for fault in beside:
            yield from self._fault(fault, 0, 0)
        yield from self._suspects()
        if verdict.reproduced:
            yield from self._reproduced(verdict.reproduced)
        if not undecided:
            yield from self._jobs(verdict.jobs)
        yield from self._collect("told-apart", verdict.told_apart_by)
        yield from self._collect("collect", verdict.next_evidence)
        if undecided:
            yield from self._jobs(verdict.jobs)
        noise = [Line(plain(f"{one.event} ({one.count}x): {one.why}"), term(one.event)) for one in verdict.noise]
        yield from self._section("noise", noise)
        unchecked = [Line(plain(f"{one.what}: {one.why}", width=400)) for one in verdict.not_checked]
        yield from self._section("not-checked", unchecked)
        yield from self._sources()

    def _next_steps(self) -> Iterator[Line]:
        """What a person does with a verdict that names nothing, or too much."""
        verdict = self._verdict
        wanted = verdict.told_apart_by or verdict.next_evidence
        kind = verdict.verdict.value if wanted else "nothing"
        yield self._heading("next")
        yield Line(plain(self._words(f"verdict.next.{kind}")), mark="1.", indent=1)
        for role in () if wanted else _COLLECTED:
            yield self._command(f"shindan collect --role {role}", indent=4)
        if wanted:
            first = wanted[0]
            yield Line(plain(self._words("verdict.gain-first", collect=first.collect, machine=first.machine)), indent=4)
            if first.command:
                yield self._command(first.command, indent=4)
        yield Line(plain(self._words("verdict.next.again")), mark="2.", indent=1)
        if verdict.candidates and verdict.jobs:
            yield Line(plain(self._words("verdict.next.lab")), mark="3.", indent=1)

    def _fault(self, fault: Fault, number: int, of: int) -> Iterator[Line]:
        if not number:
            yield self._heading("beside")
        elif of > 1:
            yield self._heading("fault-of", number=number, of=of)
        else:
            yield self._heading("fault")
        yield self._fact("where", f"{fault.title} ({fault.instance})", term(fault.component))
        yield self._fact(
            "stage", say(fault.stage) if fault.stage else self._words("verdict.no-stage"), term(fault.stage)
        )
        cause = phrases.cause_named(fault) or self._words("verdict.no-cause")
        yield self._fact("cause", cause, term(fault.cause or fault.component))
        yield self._fact("probability", phrases.percent(fault.probability))
        if fault.explanation:
            yield Line(plain(fault.explanation), term(fault.cause or fault.component), indent=1)
        yield from self._evidence("why", fault.evidence)
        yield from self._evidence("against", fault.counter_evidence)
        yield from self._section("confirm", [Line(plain(line)) for line in fault.confirm])
        for remedy in fault.remedy_details:
            yield from self._remedy(remedy)
        yield from self._updates(fault)
        yield from self._section(
            "read-more", [Line(plain(line, "$accent"), What(copied=line)) for line in fault.references]
        )

    def _evidence(self, name: str, lines: Sequence[Evidence]) -> Iterator[Line]:
        yield from self._section(
            name, [Line(evidence_content(line), evidence_what(line), self._glyphs.event) for line in lines]
        )

    def _remedy(self, remedy: RemedyAdvice) -> Iterator[Line]:
        risk = self._words(f"verdict.risk.{remedy.risk}")
        yield self._heading("remedy", title=remedy.title, risk=risk)
        for number, step in enumerate(remedy.steps, 1):
            yield Line(plain(step.do), term(remedy.id), f"{number}.", 1)
            if step.run:
                yield self._command(phrases.command_line(step.run), indent=4)
        for name, text in (("undo", remedy.undo), ("verify", remedy.verify)):
            if text:
                yield self._fact(name, text, term(remedy.id))

    def _updates(self, fault: Fault) -> Iterator[Line]:
        told = phrases.known_updates(fault.updates)
        if told:
            yield self._heading("updates")
        for text, address in told:
            yield Line(plain(text), term(text.split()[0].rstrip(":,")), self._glyphs.bullet, 1)
            if address:
                yield self._command(address, indent=3)

    def _suspects(self) -> Iterator[Line]:
        likely = [one for one in rivals(self._verdict) if one.probability > _UNLIKELY or one.why][:_MOST_SUSPECTS]
        if self._verdict.verdict is VerdictWord.HEALTHY or not likely:
            return
        yield self._heading("others" if self._verdict.faults else "suspects")
        for candidate in likely:
            yield Line(self._suspect(candidate), What(candidate, _words_of(candidate)), self._glyphs.bullet, 1)

    def _suspect(self, candidate: Candidate) -> Content:
        share = (f"{phrases.percent(candidate.probability):>4}  ", "bold")
        head = Content.assemble(share, plain(phrases.suspect_named(candidate)))
        told = filter(None, (phrases.in_favour(self._verdict, candidate), candidate.why))
        return Content("\n").join([head, *(plain(line, "$foreground-muted") for line in told)])

    def _reproduced(self, told: Reproduction) -> Iterator[Line]:
        runs = [Line(plain(phrases.lab_run(run), width=400), term(run.cause)) for run in told.runs]
        yield from self._section("lab", [Line(plain(told.summary)), *runs, *(Line(plain(line)) for line in told.lab)])

    def _jobs(self, jobs: Sequence[JobReport]) -> Iterator[Line]:
        if jobs:
            failed = sum(job.outcome == "failed" for job in jobs)
            yield self._heading("jobs", count=len(jobs), failed=failed)
        for job in sorted(jobs, key=lambda job: job.outcome != "failed")[:_MOST_LISTED]:
            signs = {"failed": self._glyphs.failed, "succeeded": self._glyphs.passed}
            mark = signs.get(job.outcome, self._glyphs.unknown)
            stage = term(*job.stages[:1])
            yield Line(plain(phrases.job_text(job)), stage, mark, 1)
        yield from self._more(len(jobs))

    def _collect(self, name: str, wanted: Iterable[NextEvidence]) -> Iterator[Line]:
        for number, item in enumerate(wanted):
            if not number:
                yield self._heading(name)
            said = self._words("verdict.gain", collect=item.collect, machine=item.machine, bits=f"{item.gain_bits:.2f}")
            yield Line(plain(said), What(copied=item.command), self._glyphs.bullet, 1)
            if item.command:
                yield self._command(item.command, indent=3)

    def _sources(self) -> Iterator[Line]:
        yield self._heading("read", count=len(self._verdict.sources))
        damaged_first = sorted(self._verdict.sources, key=lambda source: not source.damage)
        for source in damaged_first[:_MOST_LISTED]:
            mark = self._glyphs.warning if source.damage else self._glyphs.bullet
            yield Line(plain(phrases.source_text(source), width=500), mark=mark, indent=1)
            for damage in source.damage:
                yield Line(plain(phrases.damage_text(damage), "$warning", 500), indent=3)
        yield from self._more(len(damaged_first))

    def _more(self, count: int) -> Iterator[Line]:
        """What nobody would walk through: how many there are is said, and where they can be read."""
        if count > _MOST_LISTED:
            yield Line(plain(self._words("verdict.more", count=count - _MOST_LISTED), "$foreground-muted"), indent=1)

    def _section(self, name: str, lines: Sequence[Line]) -> Iterator[Line]:
        """A heading and its lines, or nothing where there are none."""
        if lines:
            yield self._heading(name)
        for line in lines:
            yield line._replace(mark=line.mark or self._glyphs.bullet, indent=line.indent or 1)

    def _heading(self, name: str, **values: object) -> Line:
        return Line(plain(self._words(f"verdict.heading.{name}", **values), "bold $primary"), heading=True)

    def _fact(self, name: str, value: str, what: What = _NO_WORDS) -> Line:
        label = self._words(f"verdict.fact.{name}")
        return Line(Content.assemble((f"{label}: ", "bold"), plain(value)), what, indent=1)

    def _command(self, text: str, indent: int) -> Line:
        return Line(plain(text, "$accent", 4000), What(copied=text), self._glyphs.command, indent)


def evidence_what(line: Evidence) -> What:
    """Its codes, its event and its rule can be explained."""
    return What(line, (*line.codes, line.event, line.rule))


def suspect_lines(candidate: Candidate, words: Words) -> Iterator[Line]:
    """A suspect that lost: its words, and why."""
    yield Line(plain(phrases.suspect_named(candidate), "bold $primary"), heading=True)
    yield Line(
        plain(words("verdict.suspect", component=say(COMPONENTS[Component(candidate.component)].title))),
        term(candidate.component),
        indent=1,
    )
    if candidate.cause:
        yield Line(plain(words("verdict.suspected", cause=candidate.cause)), term(candidate.cause), indent=1)
    yield Line(plain(candidate.why or words("verdict.no-why")), indent=1)


def _words_of(candidate: Candidate) -> tuple[str, ...]:
    return tuple(word for word in (candidate.cause, candidate.component) if word)


def evidence_content(line: Evidence) -> Content:
    """When, where and what; what it weighs, and where to find it; what it says."""
    times = f"  {line.count}x" if line.count > 1 else ""
    codes = f"  {', '.join(line.codes)}" if line.codes else ""
    head = plain(f"{phrases.moment(line.time)}  {line.machine or '?'}  {line.event}{times}{codes}", "bold")
    weight = f"{line.weight_db:+.1f} dB  " if line.weight_db else ""
    where = plain(f"{weight}{line.source}:{line.record}  {line.rule}", "$foreground-muted")
    said = [plain(line.text, width=240)] if line.text else []
    return Content("\n").join([head, where, *said])
