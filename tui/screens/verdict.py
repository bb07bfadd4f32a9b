"""Verdict: what failed, where, how sure, why, and what to do; the line under the cursor in full beside it."""

from collections.abc import Iterator
from itertools import pairwise

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Resize
from textual.widgets import Static

from diagnostics.handbook.lookup import find
from diagnostics.language import say
from diagnostics.verdict import Candidate, Evidence, VerdictWord
from tui.plain import plain
from tui.screens.base import CaseScreen, Dialog
from tui.verdict.document import suspect_lines, verdict_lines
from tui.verdict.event import evidence_lines
from tui.widgets.article import article_lines
from tui.widgets.lines import Hanging, Line, Lines

_LOOKS = {
    VerdictWord.ASSERTED: "error",
    VerdictWord.LEADING: "warning",
    VerdictWord.AMBIGUOUS: "warning",
    VerdictWord.INSUFFICIENT: "primary",
    VerdictWord.TRANSIENT: "primary",
    VerdictWord.UNEXPLAINED: "secondary",
    VerdictWord.HEALTHY: "success",
}
"""The theme's colour of a verdict; glyph and word say the same without it."""


class VerdictScreen(CaseScreen):
    """The home of a case."""

    PLACE = "verdict"
    CSS_PATH = "verdict.tcss"
    AUTO_FOCUS = LIST = "#verdict"

    def body(self) -> ComposeResult:
        """Word and summary above, the verdict line by line, and the line under the cursor in full."""
        verdict = self.case.verdict
        with Vertical(id="headline"):
            yield Static(self._word(), id="word")
            yield Static(Hanging(Line(plain(say(verdict.summary)))), id="summary")
        with Horizontal():
            yield Lines(verdict_lines(verdict, self.app.words, self.app.glyphs), id="verdict")
            yield Lines(id="detail")

    def on_mount(self) -> None:
        """Fetch what explains words, while the person reads the first lines."""
        self._fetch_library()

    def on_resize(self, _event: Resize) -> None:
        """Where there is room now, show what is under the cursor beside it."""
        self.call_after_refresh(self._refresh_detail)

    @work(thread=True)
    def _fetch_library(self) -> None:
        self.app.library()
        self.app.call_from_thread(self._refresh_detail)

    def _refresh_detail(self) -> None:
        if not self.is_attached:  # another case has been opened meanwhile
            return
        line = self.query_one("#verdict", Lines).here
        if line and self.query_one("#detail").display:
            self.query_one("#detail", Lines).fill(self._detail(line))

    def _word(self) -> Content:
        word = self.case.verdict.verdict
        badge = f" {getattr(self.app.glyphs, word)} {self.say(f'verdict.word.{word}').upper()} "
        colour = _LOOKS[word]
        meaning = self.say(f"verdict.meaning.{word}")
        cut = f"  {self.say('verdict.cut-short')}" if self.case.cut_short else ""
        return Content.assemble((badge, f"bold $background on ${colour}"), f" {meaning}", (cut, "$warning"))

    @on(Lines.Reached, "#verdict")
    def _show_beside(self, event: Lines.Reached) -> None:
        if event.lines is self.query_one("#verdict"):
            self._refresh_detail()

    @on(Lines.Entered)
    def _enter(self, event: Lines.Entered) -> None:
        what = event.line.what
        if isinstance(what.of, Evidence | Candidate):
            if self.query_one("#detail").display:
                self.query_one("#detail").focus()
            else:
                self.app.push_screen(DetailScreen(list(self._detail(event.line)), what.terms))
        elif what.copied:
            self.action_copy()
        elif what.terms:
            self.action_explain()

    def _detail(self, line: Line) -> Iterator[Line]:
        words, glyphs = self.app.words, self.app.glyphs
        match line.what.of:
            case Evidence() as evidence:
                yield from evidence_lines(evidence, self.case, words, glyphs)
            case Candidate() as candidate:
                yield from suspect_lines(candidate, words)
            case _ if line.what.copied:
                yield Line(Content(words("verdict.copied-by-enter")))
            case _ if line.what.terms and self.app.library_at_hand:
                for article in find(line.what.terms[0], self.app.library_at_hand):
                    yield from article_lines(article, glyphs)

    def action_next_section(self) -> None:
        """To the first line below the next heading."""
        self._to_section([number for number in self._sections() if number > (self._cursor or 0)][:1])

    def action_previous_section(self) -> None:
        """To the first line of the section before."""
        self._to_section([number for number in self._sections() if number < (self._cursor or 0)][-1:])

    @property
    def _cursor(self) -> int | None:
        return self.query_one("#verdict", Lines).highlighted

    def _sections(self) -> list[int]:
        lines = self.query_one("#verdict", Lines).shown
        return [number for number, (above, line) in enumerate(pairwise(lines), 1) if above.heading and not line.heading]

    def _to_section(self, found: list[int]) -> None:
        if found:
            self.query_one("#verdict", Lines).highlighted = found[0]


class DetailScreen(Dialog[None]):
    """The line under the cursor in full, where there is no room beside it."""

    def __init__(self, lines: list[Line], terms: tuple[str, ...] = ()) -> None:
        """Lines, and the words to explain where the one under the cursor has none."""
        super().__init__()
        self._lines = lines
        self._terms = list(terms)

    def words_here(self) -> list[str]:
        """Of the line under the cursor, else of the whole."""
        return super().words_here() or self._terms

    def body(self) -> ComposeResult:
        """The lines."""
        yield Lines(self._lines)
