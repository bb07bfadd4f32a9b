"""What a rule asks of an event, as plain data: the tree that matching runs, the index reads and lint takes apart.

A tree is immutable; it can be sent to another process, and be written as JSON.
"""

from collections.abc import Iterator
from enum import Enum
from typing import Literal, Protocol

import msgspec
import re2

ANY_FIELD = ""
"""The field of a keyword, which is searched in the text and in every data value."""


Relation = Literal["=", "<", "<=", ">", ">="]


class Wild(Enum):
    """A wildcard in a pattern; a number, so that a pattern written as JSON tells it from text."""

    MANY = 0
    """Any text (`*`)."""
    ONE = 1
    """Any character (`?`)."""


class _Node(msgspec.Struct, frozen=True, gc=False, tag=True, forbid_unknown_fields=True):
    """A part of a condition."""


class Like(_Node, frozen=True):
    """A value of the field equals the pattern, ignoring case unless `cased`."""

    field: str
    """Lower-case."""
    parts: tuple[str | Wild, ...]
    cased: bool = False

    @property
    def literal(self) -> str | None:
        """The whole text, where the pattern has no wildcard."""
        texts = [part for part in self.parts if isinstance(part, str)]
        return "".join(texts) if len(texts) == len(self.parts) else None


class Regex(_Node, frozen=True):
    """RE2 finds the pattern in a value of the field."""

    field: str
    pattern: str


class Number(_Node, frozen=True):
    """A value of the field is a number in this relation to `number`."""

    field: str
    relation: Relation
    number: float | int


class Exists(_Node, frozen=True):
    """The event has the field, even if it is empty (or has it not, where `exists` is False)."""

    field: str
    exists: bool


class Null(_Node, frozen=True):
    """The event does not have the field, or only empty."""

    field: str


class Not(_Node, frozen=True):
    """The part does not hold."""

    part: "Node"


class AllOf(_Node, frozen=True):
    """Every part holds."""

    parts: "tuple[Node, ...]"


class AnyOf(_Node, frozen=True):
    """At least one part holds."""

    parts: "tuple[Node, ...]"


Node = Like | Regex | Number | Exists | Null | Not | AllOf | AnyOf


def leaves(node: Node) -> Iterator[Node]:
    """The tests of a condition, in the order in which they are written."""
    if isinstance(node, AllOf | AnyOf):
        for part in node.parts:
            yield from leaves(part)
    elif isinstance(node, Not):
        yield from leaves(node.part)
    else:
        yield node


def items(node: Node) -> Iterator[Node]:
    """The same, but the values that are listed for one field stay together."""
    if is_item(node):
        yield node
    elif isinstance(node, AllOf | AnyOf):
        for part in node.parts:
            yield from items(part)
    elif isinstance(node, Not):
        yield from items(node.part)


def replace(node: Node, place: int, other: Node) -> Node:
    """The condition with another test in place of the item of this number (from 0, in the order of `items`)."""
    if is_item(node):
        return other if place == 0 else node
    if isinstance(node, Not):
        return Not(replace(node.part, place, other))
    parts: list[Node] = []
    for part in node.parts if isinstance(node, AllOf | AnyOf) else ():
        parts.append(replace(part, place, other))
        place -= sum(1 for _ in items(part))
    return AllOf(tuple(parts)) if isinstance(node, AllOf) else AnyOf(tuple(parts))


def is_item(node: Node) -> bool:
    """Is it a test, or the values that are listed for one field?"""
    if isinstance(node, AllOf | AnyOf):
        simple = not any(isinstance(part, AllOf | AnyOf | Not) for part in node.parts)
        return simple and len({getattr(part, "field", "") for part in node.parts}) == 1
    return not isinstance(node, Not)


class Pattern(Protocol):
    """What is used of a compiled regular expression."""

    def search(self, text: str) -> object | None:
        """A match anywhere."""

    def fullmatch(self, text: str) -> object | None:
        """A match of the whole text."""


def compile_pattern(pattern: str, memory: int = 8 << 20) -> Pattern:
    """Compile with RE2 (time linear in the text), without its own words on standard error; raises `re2.error`.

    Nobody asks what groups matched; not recording it makes a search ten times faster. `memory` is in bytes; an
    automaton that outgrows it is replaced by a slower search.
    """
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = memory
    compiled: Pattern = re2.compile(pattern, options)
    return compiled
