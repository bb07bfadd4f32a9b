"""Writers and settings: what exports tell of each machine, and what was not given."""

from textual import on, work
from textual.app import ComposeResult

from diagnostics.verdict import Evidence
from tui.machines.document import Told, machine_lines, told_by
from tui.plain import plain
from tui.screens.base import CaseScreen
from tui.screens.verdict import DetailScreen
from tui.verdict.event import evidence_lines
from tui.widgets.lines import Line, Lines


class WritersScreen(CaseScreen):
    """VSS writers, conditions of an online backup, shadow storage, software, and gaps, machine by machine."""

    PLACE = "writers"
    AUTO_FOCUS = LIST = "#machines"

    def body(self) -> ComposeResult:
        """All of it, line by line."""
        yield Lines([Line(plain(self.say("writers.gathering")))], id="machines")

    def on_mount(self) -> None:
        """Gather it beside the screen."""
        self._gather()

    @work(thread=True, exclusive=True)
    def _gather(self) -> None:
        told = told_by(self.case.case)
        self.app.call_from_thread(self._show, told)

    def _show(self, told: Told) -> None:
        self.query_one("#machines", Lines).fill(machine_lines(told, self.app.words, self.app.glyphs))
        self.call_after_refresh(self.resume)

    @on(Lines.Entered)
    def _entered(self, event: Lines.Entered) -> None:
        what = event.line.what
        if isinstance(what.of, Evidence):
            detail = evidence_lines(what.of, self.case, self.app.words, self.app.glyphs)
            self.app.push_screen(DetailScreen(list(detail)))
        elif what.copied:
            self.action_copy()
        elif what.terms:
            self.action_explain()
