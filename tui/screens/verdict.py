"""Verdict: what failed, where, how sure, why, and what to do."""

from textual.app import ComposeResult

from tui.plain import plain
from tui.screens.base import CaseScreen
from tui.widgets.lines import Line, Lines


class VerdictScreen(CaseScreen):
    """The home of a case."""

    PLACE = "verdict"
    AUTO_FOCUS = "Lines"

    def body(self) -> ComposeResult:
        """The verdict, line by line."""
        yield Lines([Line(plain(self.case.verdict.summary))])
