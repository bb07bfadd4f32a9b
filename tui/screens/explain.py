"""`e`: what a code, an event, a rule or any term of the field means; what is mentioned can be followed."""

from collections.abc import Iterator

from textual import on, work
from textual.app import ComposeResult
from textual.widgets import Input, Static

from diagnostics.handbook.article import Article
from diagnostics.handbook.lookup import find, suggestions
from tui.plain import plain
from tui.screens.base import Dialog
from tui.widgets.article import article_lines
from tui.widgets.field import Field
from tui.widgets.lines import Line, Lines, What

_MOST_WORDS = 12


class ExplainScreen(Dialog[None]):
    """The articles that words name."""

    def __init__(self, words: list[str]) -> None:
        super().__init__()
        self._words = words[:_MOST_WORDS]

    def body(self) -> ComposeResult:
        """A word to look up, and what it means."""
        yield Static(self.say("explain.title"), classes="title")
        yield Field(", ".join(self._words[:1]), placeholder=self.say("explain.word"), compact=True, id="word")
        yield Lines(id="article")

    def on_mount(self) -> None:
        """Explain what was under the cursor."""
        if self._words:
            self._look_up(self._words)

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self._look_up([event.value.strip()])

    @work(thread=True, exclusive=True)
    def _look_up(self, words: list[str]) -> None:
        library = self.app.library()
        found = {article.ref: article for word in words for article in find(word, library)}
        near = [] if found else suggestions(words[0], library)
        self.app.call_from_thread(self._show, words, list(found.values()), near)

    def _show(self, words: list[str], articles: list[Article], near: list[str]) -> None:
        if not self.is_attached:  # closed meanwhile
            return
        lines = self.query_one("#article", Lines)
        lines.highlighted = None
        lines.fill(self._lines(words, articles, near))
        lines.focus()

    def _lines(self, words: list[str], articles: list[Article], near: list[str]) -> Iterator[Line]:
        for article in articles:
            yield from article_lines(article, self.app.glyphs)
        if not articles:
            yield Line(plain(self.say("explain.unknown", word=", ".join(words))))
            for name in near:
                yield Line(plain(name, "$accent"), What(terms=(name,)), self.app.glyphs.bullet, 1)

    @on(Lines.Entered)
    def _follow(self, event: Lines.Entered) -> None:
        if event.line.what.terms:
            self._look_up(list(event.line.what.terms))
