"""What an event must have for a condition to be worth asking: the keys of the index."""

from enum import StrEnum
from typing import NamedTuple

from diagnostics.rules.conditions import ANY_FIELD, AllOf, AnyOf, Like, Node, Number, is_item

MAX_BRANCHES = 32
"""Of one condition; one with more stays whole."""


def branches(node: Node) -> tuple[Node, ...]:
    """Conditions that together mean the same: alternatives apart, each with all that it demands."""
    found = _branches(node)
    return found if len(found) <= MAX_BRANCHES else (node,)


def _branches(node: Node) -> tuple[Node, ...]:
    match node:
        case AnyOf(parts) if not is_item(node):
            return tuple(branch for part in parts for branch in branches(part))
        case AllOf(parts):
            split = next((part for part in parts if isinstance(part, AnyOf | AllOf) and not is_item(part)), None)
            if split is not None:
                others = tuple(part for part in parts if part is not split)
                return tuple(AllOf((*_parts(branch), *others)) for branch in branches(split))
    return (node,)


def _parts(node: Node) -> tuple[Node, ...]:
    return node.parts if isinstance(node, AllOf) else (node,)


class By(StrEnum):
    """Where an event shows a trigger."""

    EVENT_ID = "event id"
    CODE = "code"
    PROVIDER = "provider"
    WORDS = "words"


class Trigger(NamedTuple):
    """An event that lacks all triggers of a condition cannot meet it."""

    by: By
    what: int | str | Like
    """An event id; a code, case-folded; a pattern of the provider; words, case-folded, in the text or in a value."""


def triggers(node: Node) -> frozenset[Trigger] | None:
    """The triggers one of which every event that meets the condition has; None where it may have none.

    An event must meet every part of an `AllOf`, so the part with the rarest triggers will do; of an `AnyOf`, it may
    meet each.
    """
    match node:
        case AllOf(parts):
            known = [found for part in parts if (found := triggers(part)) is not None]
            return min(known, key=_frequency, default=None)
        case AnyOf(parts):
            known = [found for part in parts if (found := triggers(part)) is not None]
            return frozenset[Trigger]().union(*known) if len(known) == len(parts) else None
        case Number("eventid", "=", number):
            return frozenset({Trigger(By.EVENT_ID, int(number))} if number == int(number) else ())
        case Like():
            return _of_pattern(node)
    return None


def words_of(node: Node) -> frozenset[str] | None:
    """Words one of which every text has that meets the condition, case-folded; None where it may have none."""
    match node:
        case AllOf(parts):
            known = [words for part in parts if (words := words_of(part)) is not None]
            return min(known, key=lambda words: sum(100 / _size(word) for word in words), default=None)
        case AnyOf(parts):
            known = [words for part in parts if (words := words_of(part)) is not None]
            return frozenset[str]().union(*known) if len(known) == len(parts) else None
        case Like(field, parts) if field in {"text", ANY_FIELD}:
            longest = max((part for part in parts if isinstance(part, str)), key=_size, default="").casefold()
            return frozenset({longest}) if longest else None
    return None


_NOT_IN_VALUES = frozenset(("channel", "computer", "level"))


def _of_pattern(node: Like) -> frozenset[Trigger] | None:
    if node.field == "provider_name":
        return frozenset({Trigger(By.PROVIDER, node)})
    if node.field in {"eventid", "code"}:
        return None if node.literal is None else _of_literal(node.field, node.literal)
    words = max((part for part in node.parts if isinstance(part, str)), key=_size, default="").casefold()
    return None if node.field in _NOT_IN_VALUES or not words else frozenset({Trigger(By.WORDS, words)})


def _of_literal(field: str, literal: str) -> frozenset[Trigger]:
    if field == "code":
        return frozenset({Trigger(By.CODE, literal.casefold())})
    is_id = literal.isascii() and literal.isdecimal() and len(literal) < 10
    return frozenset({Trigger(By.EVENT_ID, int(literal))} if is_id else ())


def _size(words: str) -> int:
    return len(words.encode())


def _frequency(found: frozenset[Trigger]) -> float:
    """How often an event may have one of them, roughly: ids and codes are rare, short words are everywhere."""
    return sum(_weight(trigger) for trigger in found)


def _weight(trigger: Trigger) -> float:
    match trigger:
        case (By.WORDS, str(words)):
            return 100 / _size(words)
        case (By.EVENT_ID, 0):
            return 1000.0  # every event of a source without ids
        case (By.PROVIDER, _):
            return 10.0
    return 1.0
