"""An article of the handbook as lines; a line that mentions something else leads there."""

from collections.abc import Iterator

from textual.content import Content

from diagnostics.handbook.article import Article, Code, Form, Link, Ref
from diagnostics.handbook.article import Line as Words
from diagnostics.handbook.text import plain_text
from diagnostics.language import in_words, say
from tui.plain import plain
from tui.themes import Glyphs
from tui.widgets.lines import Line, What


def article_lines(article: Article, glyphs: Glyphs) -> Iterator[Line]:
    """Heading, facts, paragraphs and sections, in the user's language."""
    article = in_words(article)
    named = "" if article.title == article.ref.id else f": {article.title}"
    yield Line(plain(f"{say(article.ref.subject)} {article.ref.id}{named}", "$primary"), heading=True)
    for label, value in article.facts:
        yield Line(Content.assemble((f"{label}: ", "bold"), _content(value)), _leads_to(value), indent=1)
    for paragraph in article.lead:
        yield Line(_content(paragraph), _leads_to(paragraph), indent=1)
    for section in article.sections:
        yield Line(plain(say(section.title)), heading=True, indent=1)
        for number, item in enumerate(section.items, 1):
            mark = {Form.LIST: glyphs.bullet, Form.STEPS: f"{number}.", Form.PROSE: ""}[section.form]
            yield Line(_content(item.line), _leads_to(item.line), mark, 1 + 2 * item.depth)


def _content(line: Words) -> Content:
    return Content("").join([_part(part) for part in line])


def _part(part: str | Ref | Code | Link) -> Content:
    told = plain_text((part,))
    return Content(told) if isinstance(part, str) else Content.styled(told, "$accent")


def _leads_to(line: Words) -> What:
    """To what is mentioned in it; a command or an address is what is copied."""
    mentioned = tuple(part.id for part in line if isinstance(part, Ref))
    copied = next((plain_text((part,)) for part in line if isinstance(part, Code | Link)), "")
    return What(terms=mentioned[:1], copied=copied)
