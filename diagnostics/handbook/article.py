"""What an article is made of. It says what, never how it looks: `text` and `pages` decide that."""

from enum import StrEnum
from typing import NamedTuple

from engine.sentence import Sentence


class Subject(StrEnum):
    """What an article can be about."""

    CAUSE = "cause"
    RULE = "rule"
    REMEDY = "remedy"
    CODE = "code"
    EVENT = "event"
    WRITER_STATE = "writer state"
    UPDATE = "update"
    COMPONENT = "component"
    STAGE = "stage"


class Ref(NamedTuple):
    """A mention of something that has an article."""

    subject: Subject
    id: str


class Code(NamedTuple):
    """Text as a machine has it: a command, a pattern."""

    text: str


class Link(NamedTuple):
    """An address on the web."""

    url: str


Line = tuple[str | Ref | Code | Link, ...]
"""Words, and what is mentioned among them."""


class Form(StrEnum):
    """How the lines of a section belong together."""

    PROSE = "prose"
    LIST = "list"
    STEPS = "steps"


class Item(NamedTuple):
    """A line of a section, and how deep it stands below the one before."""

    line: Line
    depth: int = 0


class Section(NamedTuple):
    """A part of an article with a heading of its own, in English: who shows it says it."""

    title: str
    items: tuple[Item, ...]
    form: Form = Form.LIST


class Article(NamedTuple):
    """What is known of one thing; its words are sentences, which who shows it says in the user's language."""

    ref: Ref
    title: str
    facts: tuple[tuple[str, Line], ...]
    """Short answers: label and value."""
    lead: tuple[Line, ...]
    """Paragraphs."""
    sections: tuple[Section, ...]


def listed(title: str, lines: "list[Line]", form: Form = Form.LIST) -> tuple[Section, ...]:
    """A section of lines, or nothing where there is none."""
    return (Section(title, tuple(Item(line) for line in lines), form),) if lines else ()


def after_colon(text: str) -> Sentence:
    """What stands behind a mention and says more of it."""
    return Sentence(": {text}", text=text if isinstance(text, Sentence) else Sentence(text))


def mentioned(refs: "list[Ref]") -> Line:
    """Several things, with commas between them."""
    line: list[str | Ref | Code | Link] = []
    for ref in refs:
        line += [", ", ref] if line else [ref]
    return tuple(line)
