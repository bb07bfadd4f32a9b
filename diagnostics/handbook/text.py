"""Articles on a terminal: 80 columns suffice, commands and addresses stay whole."""

from collections.abc import Iterator
from typing import TextIO

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from diagnostics.handbook.article import Article, Code, Form, Line, Link, Ref, Section
from diagnostics.language import in_words, say
from diagnostics.language.lines import wrapped
from diagnostics.sanitize import one_line

_LABEL_WIDTH = 19
_WHOLE = 4000
"""Nothing in a catalog is longer; one_line cuts there."""


def print_articles(articles: list[Article], file: TextIO) -> None:
    """Print articles in the user's language, an empty line between them."""
    console = Console(file=file, highlight=False, emoji=False)
    for number, article in enumerate(articles):
        if number:
            console.print()
        _Writer(console).article(in_words(article))


class _Writer:
    """Writes on a console; everything goes in as `Text`, never as markup."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def article(self, article: Article) -> None:
        named = "" if article.title == article.ref.id else f": {article.title}"
        self._block(Text(f"{say(article.ref.subject)} {article.ref.id}{named}", style="bold"))
        for label, value in article.facts:
            self._block(_styled(value), f"  {set_cell_size(f'{label}:', _LABEL_WIDTH - 2)}")
        for paragraph in article.lead:
            self._block(_styled(paragraph), "  ")
        for section in article.sections:
            self._section(section)

    def _section(self, section: Section) -> None:
        self._block(Text(say(section.title), style="bold underline"), "  ")
        for number, item in enumerate(section.items, 1):
            mark = {Form.LIST: "- ", Form.STEPS: f"{number}. ", Form.PROSE: ""}[section.form]
            words, whole = _apart(item.line)
            margin = "  " + "  " * item.depth + mark
            if words:
                self._block(_styled(words), margin)
            for text in whole:
                self._console.print(Text("  " * (item.depth + 2) + text, style="cyan"), soft_wrap=True)

    def _block(self, text: Text, margin: str = "") -> None:
        """Text wrapped to the console behind a margin; later lines begin where the first does."""
        width = max(self._console.width - cell_len(margin), 20)
        for number, line in enumerate(wrapped(text, self._console, width)):
            line.rstrip()
            self._console.print(Text.assemble(" " * len(margin) if number else margin, line), soft_wrap=True)


def _apart(line: Line) -> tuple[Line, list[str]]:
    """The words of a line, and what has to stay whole below them."""
    whole = [_plain(part) for part in line if isinstance(part, Code | Link)]
    return tuple(part for part in line if not isinstance(part, Code | Link)), whole


def _styled(line: Line) -> Text:
    return Text.assemble(*((_plain(part), "cyan" if isinstance(part, Ref) else "") for part in line))


def plain_text(line: Line) -> str:
    """A line without any form."""
    return "".join(map(_plain, line))


def _plain(part: str | Ref | Code | Link) -> str:
    match part:
        case Ref(_, id_):
            return one_line(id_)
        case Code(text) | Link(text):
            return one_line(text, _WHOLE)
    lead, trail = part[: len(part) - len(part.lstrip())], part[len(part.rstrip()) :]
    return f"{lead}{one_line(part, _WHOLE)}{trail}" if part.strip() else part


def plain_articles(articles: list[Article]) -> Iterator[dict[str, object]]:
    """Articles for programs."""
    for article in articles:
        sections = {section.title: [plain_text(item.line) for item in section.items] for section in article.sections}
        yield {
            "subject": article.ref.subject,
            "id": article.ref.id,
            "title": str(article.title),
            "facts": {str(label): plain_text(value) for label, value in article.facts},
            "text": [plain_text(paragraph) for paragraph in article.lead],
            "sections": sections,
        }
