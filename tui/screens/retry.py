"""A remedy in the lab: which, and what came of it, before and after side by side."""

from collections.abc import Iterable, Iterator, Sequence

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from diagnostics.knowledge.catalog import Catalog, Cause, Remedy
from engine.lab import Fault, JobRecord, Night, parse_fault
from tui.outcome import size
from tui.plain import plain
from tui.screens.base import Dialog
from tui.widgets.lines import Line, Lines, What


class RemedyScreen(Dialog[tuple[Fault, ...]]):
    """The remedies of what is wrong in the lab; its answer is what the chosen one takes away, which may be nothing."""

    AUTO_FOCUS = "Lines"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__()
        self._faults = faults

    def body(self) -> ComposeResult:
        """The remedies, once the catalog is read."""
        yield Static(self.say("lab.remedy.title"), classes="title")
        yield Static(self.say("lab.remedy.hint"), classes="muted")
        yield Lines()
        self._read()

    @work(thread=True, exclusive=True)
    def _read(self) -> None:
        self.app.call_from_thread(self._fill, self.app.library().catalog)

    def _fill(self, catalog: Catalog) -> None:
        self.query_one(Lines).fill(self._lines(catalog))

    def _lines(self, catalog: Catalog) -> Iterator[Line]:
        for fault in self._faults:
            yield Line(plain(str(fault)), heading=True)
            for remedy in _remedies(catalog, fault):
                risk = self.say(f"verdict.risk.{remedy.risk}")
                body = plain(remedy.title, "bold").append("\n").append(plain(risk, "$foreground-muted"))
                mended = tuple(one for one in self._faults if remedy in _remedies(catalog, one))
                yield Line(body, What(mended, (remedy.id,)), self.app.glyphs.bullet, 1)
        yield Line(plain(self.say("lab.remedy.none")), What(()), self.app.glyphs.bullet, 1)

    @on(Lines.Entered)
    def _chosen(self, event: Lines.Entered) -> None:
        if isinstance(event.line.what.of, tuple):
            self.dismiss(event.line.what.of)


def _remedies(catalog: Catalog, fault: Fault) -> list[Remedy]:
    """Of the causes that the fault brings about."""
    causes: Iterable[Cause] = (
        cause
        for cause in catalog.causes.values()
        if fault.kind.name in {parse_fault(text).kind.name for text in cause.inject}
    )
    names = dict.fromkeys(name for cause in causes for name in cause.remedies)
    return [catalog.remedies[name] for name in names if name in catalog.remedies]


class CompareScreen(Dialog[None]):
    """Two nights: the one that failed, and the retry."""

    CSS_PATH = "compare.tcss"

    def __init__(self, before: Night, after: Night) -> None:
        super().__init__()
        self.before = before
        self.after = after

    def body(self) -> ComposeResult:
        """The jobs that were run again, then and now."""
        recovered = not self.after.failed
        yield Static(self.say("lab.compare.recovered" if recovered else "lab.compare.not-recovered"), classes="title")
        vms = {job.vm for job in self.after.jobs}
        with Horizontal():
            yield Lines(self._side("before", [job for job in self.before.jobs if job.vm in vms]), id="before")
            yield Lines(self._side("after", self.after.jobs), id="after")
        yield Static(self.say("lab.compare.hint"), classes="muted")

    def _side(self, key: str, jobs: Iterable[JobRecord]) -> Iterator[Line]:
        yield Line(Content(self.say(f"lab.compare.{key}")), heading=True)
        for job in jobs:
            glyphs = self.app.glyphs
            yield Line(self._job(job), What(job), glyphs.failed if job.failed else glyphs.passed, 1)

    def _job(self, job: JobRecord) -> Content:
        took = f"{(job.ended - job.started).total_seconds():.0f} s"
        lines = [plain(f"{job.vm} ({job.mode})", "bold")]
        if job.failed:
            stage = job.stage.value if job.stage else "?"
            lines += [
                plain(self.say("lab.compare.failed", stage=stage, number=job.number, code=str(job.hresult))),
                plain(job.reason, "$foreground-muted", 300),
            ]
        else:
            lines.append(plain(self.say("lab.compare.point")))
        lines.append(plain(self.say("lab.compare.sent", size=size(job.sent), took=took)))
        return Content("\n").join(lines)
