"""What a rule asks of an event, as plain data: the tree that matching runs, the index reads and lint takes apart.

A tree is immutable, and can be sent to another process.
"""

from collections.abc import Iterator
from enum import Enum
from typing import Protocol

import msgspec
import re2

ANY_FIELD = ""
"""The field of a keyword, which is searched in the text and in every data value."""


class Wild(Enum):
    """A wildcard in a pattern."""

    MANY = "*"
    ONE = "?"


class Node(msgspec.Struct, frozen=True):
    """A part of a condition."""


class Like(Node, frozen=True):
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


class Regex(Node, frozen=True):
    """RE2 finds the pattern in a value of the field."""

    field: str
    pattern: str


class Number(Node, frozen=True):
    """A value of the field is a number in this relation (`=`, `<`, `<=`, `>`, `>=`) to `number`."""

    field: str
    relation: str
    number: float | int


class Exists(Node, frozen=True):
    """The event has the field, even if it is empty (or has it not, where `exists` is False)."""

    field: str
    exists: bool


class Null(Node, frozen=True):
    """The event does not have the field, or only empty."""

    field: str


class Not(Node, frozen=True):
    """The part does not hold."""

    part: Node


class AllOf(Node, frozen=True):
    """Every part holds."""

    parts: tuple[Node, ...]


class AnyOf(Node, frozen=True):
    """At least one part holds."""

    parts: tuple[Node, ...]


def leaves(node: Node) -> Iterator[Node]:
    """The tests of a condition, in the order in which they are written."""
    if isinstance(node, AllOf | AnyOf):
        for part in node.parts:
            yield from leaves(part)
    elif isinstance(node, Not):
        yield from leaves(node.part)
    else:
        yield node


class Pattern(Protocol):
    """What is used of a compiled regular expression."""

    def search(self, text: str) -> object | None:
        """A match anywhere."""

    def fullmatch(self, text: str) -> object | None:
        """A match of the whole text."""


def compile_pattern(pattern: str) -> Pattern:
    """Compile with RE2 (time linear in the text), without its own words on standard error; raises `re2.error`."""
    options = re2.Options()
    options.log_errors = False
    compiled: Pattern = re2.compile(pattern, options)
    return compiled
