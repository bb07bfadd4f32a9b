"""A remedy in the lab: which, and what came of it, before and after side by side."""

from collections.abc import Iterator, Sequence

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from diagnostics.knowledge.catalog import Catalog
from diagnostics.language import say
from diagnostics.retry.opening import FailedJob, causes_of
from diagnostics.retry.plan import Plan, plan
from diagnostics.retry.report import plan_lines, verified_line
from diagnostics.retry.trying import JobTried, Retried
from tui.lab import Bench
from tui.plain import plain, plain_block
from tui.screens.base import Dialog
from tui.widgets.lines import Line, Lines, What
from tui.wording import size


class RemedyScreen(Dialog[Plan]):
    """The remedies of what is wrong in the lab; its answer is what the chosen one changes."""

    AUTO_FOCUS = "Lines"

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self._bench = bench

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
        bench = self._bench
        for fault in bench.faults:
            yield Line(plain(str(fault)), heading=True)
            for cause in causes_of(fault, catalog.causes):
                job = FailedJob(bench.scenario, (), cause, fault.plate, ())
                for remedy in (catalog.remedies[name] for name in cause.remedies if name in catalog.remedies):
                    planned = plan(job, bench.faults, bench.failed, catalog, remedy)
                    risk = self.say(f"verdict.risk.{remedy.risk}")
                    effect = "mends" if planned.takes_away else "offline" if planned.offline else "nothing"
                    told = f"{self.say(f'lab.remedy.{effect}')}; {risk}"
                    body = plain(say(remedy.title), "bold").append("\n").append(plain(told, "$foreground-muted"))
                    yield Line(body, What(planned, (remedy.id, cause.id)), self.app.glyphs.bullet, 1)
        if not bench.faults:
            yield Line(plain(self.say("lab.remedy.none")), What())

    @on(Lines.Entered)
    def _chosen(self, event: Lines.Entered) -> None:
        if isinstance(event.line.what.of, Plan):
            self.dismiss(event.line.what.of)


class CompareScreen(Dialog[None]):
    """The jobs that failed, and the same after the remedy."""

    CSS_PATH = "compare.tcss"

    def __init__(self, told: Retried) -> None:
        super().__init__()
        self.told = told

    def body(self) -> ComposeResult:
        """Then and now; what was verified; what it would be on real machines."""
        told = self.told
        yield Static(self.say(f"lab.compare.{'recovered' if told.recovered else 'not-recovered'}"), classes="title")
        with Horizontal():
            yield Lines(self._side("before", told.before), id="before")
            yield Lines(self._side("after", told.after), id="after")
        yield Static(plain(verified_line(told), width=600), id="verified")
        yield Lines(Line(plain_block(line)) for line in plan_lines(told.plan))

    def _side(self, key: str, jobs: Sequence[JobTried]) -> Iterator[Line]:
        yield Line(Content(self.say(f"lab.compare.{key}")), heading=True)
        for job in jobs:
            failed = job.outcome == "failed"
            yield Line(self._job(job, failed=failed), mark=self.app.glyphs.failed if failed else self.app.glyphs.passed)

    def _job(self, job: JobTried, *, failed: bool) -> Content:
        ended = (
            self.say("lab.compare.failed", stage=say(job.stage or "?"), error=job.error)
            if failed
            else self.say("lab.compare.point")
        )
        sent = self.say("lab.compare.sent", size=size(job.bytes_sent))
        named = f"{job.vm} ({say(job.mode)}, {job.attempt})"
        return Content("\n").join([plain(named, "bold"), plain(ended), plain(sent)])
