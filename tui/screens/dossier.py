"""All about a component: how probable its fault is, what speaks for and against it, its causes, jobs through it."""

from collections.abc import Iterator, Sequence

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from diagnostics.inspection.dossier import dossier_of
from diagnostics.language import in_words, say
from diagnostics.report.phrases import job_text, percent
from diagnostics.verdict import Evidence, JobReport
from engine.pipeline import COMPONENTS
from tui.case import OpenCase
from tui.plain import plain
from tui.screens.base import Dialog
from tui.screens.verdict import DetailScreen
from tui.verdict.document import evidence_content, evidence_what
from tui.verdict.event import evidence_lines
from tui.widgets.lines import Line, Lines, What

_MOST_JOBS = 20


class DossierScreen(Dialog[JobReport]):
    """What a case says of a component; its answer is a job through it that shall be stepped through."""

    AUTO_FOCUS = "Lines"

    def __init__(self, case: OpenCase, node: str) -> None:
        super().__init__()
        self._case = case
        self.dossier = in_words(dossier_of(case.case, case.verdict, node))

    def body(self) -> ComposeResult:
        """The component, and all that is known of it."""
        found = self.dossier
        yield Static(plain(f"{say(COMPONENTS[found.component].title)}  {found.instance}"), classes="title")
        yield Lines(self._lines())

    def _lines(self) -> Iterator[Line]:
        found = self.dossier
        yield Line(Content(self.say("dossier.probability", percent=percent(found.probability))))
        if found.fault:
            yield Line(plain(found.fault.explanation))
        if found.why_not:
            yield Line(plain(found.why_not))
        yield from self._section("for", found.evidence)
        yield from self._section("against", found.counter_evidence)
        yield from self._section("logged", found.logged)
        if not (found.evidence or found.counter_evidence or found.logged):
            yield Line(Content.styled(self.say("dossier.nothing-logged"), "$foreground-muted"))
        if found.causes:
            yield Line(Content(self.say("dossier.causes")), heading=True)
        for cause in found.causes:
            yield Line(
                plain(f"{percent(cause.share):>4}  {say(cause.title)} ({cause.id})"), What(cause, (cause.id,)), indent=1
            )
        if found.jobs:
            yield Line(Content(self.say("dossier.jobs", count=len(found.jobs))), heading=True)
        for job in found.jobs[:_MOST_JOBS]:
            mark = self.app.glyphs.failed if job.outcome == "failed" else self.app.glyphs.passed
            yield Line(plain(job_text(job)), What(job), mark, 1)
        if len(found.jobs) > _MOST_JOBS:
            yield Line(Content(self.say("dossier.more-jobs", count=len(found.jobs) - _MOST_JOBS)))

    def _section(self, key: str, lines: Sequence[Evidence]) -> Iterator[Line]:
        if lines:
            yield Line(Content(self.say(f"dossier.{key}")), heading=True)
        for line in lines:
            yield Line(evidence_content(line), evidence_what(line), self.app.glyphs.event, 1)

    @on(Lines.Entered)
    def _open(self, event: Lines.Entered) -> None:
        match event.line.what.of:
            case Evidence() as line:
                detail = evidence_lines(line, self._case, self.app.words, self.app.glyphs)
                self.app.push_screen(DetailScreen(list(detail)))
            case JobReport() as job:
                self.dismiss(job)
