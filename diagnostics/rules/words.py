"""A condition in words, for people: on one line, or as an outline."""

from collections.abc import Iterator, Sequence

from diagnostics.rules.conditions import (
    ANY_FIELD,
    AllOf,
    AnyOf,
    Exists,
    Like,
    Node,
    Not,
    Null,
    Number,
    Regex,
    Wild,
    is_item,
)
from engine.sentence import Sentence

_NAMES = {
    ANY_FIELD: Sentence("anything in it"),
    "provider_name": Sentence("the provider"),
    "eventid": Sentence("the event id"),
    "code": Sentence("an error code"),
    "text": Sentence("the text"),
    "data": Sentence("an unnamed value"),
    "computer": Sentence("the computer"),
    "channel": Sentence("the channel"),
    "level": Sentence("the level"),
}
_SHOWN = {Wild.MANY: "*", Wild.ONE: "?"}
_IS = Sentence("{field} is {value}")
_RELATIONS = {
    "=": _IS,
    "<": Sentence("{field} is below {value}"),
    "<=": Sentence("{field} is at most {value}"),
    ">": Sentence("{field} is above {value}"),
    ">=": Sentence("{field} is at least {value}"),
}
_AND, _OR = Sentence("{first} and {rest}"), Sentence("{first} or {rest}")


def in_words(node: Node, most: int = 12) -> Sentence:
    """The condition on one line; of more than `most` values for one field the rest are counted."""
    match node:
        case Not(part):
            return Sentence("not ({condition})", condition=in_words(part, most))
        case AllOf(()):
            return Sentence("anything")
        case AnyOf(()):
            return Sentence("nothing")
        case AllOf(parts) | AnyOf(parts):
            joint = _AND if isinstance(node, AllOf) else _OR
            return _item(parts, joint, most) or _joined([_nested(part, most) for part in parts], joint)
    field, relation, value = _test(node)
    return _told(field, relation, value)


def _told(field: str, relation: Sentence, value: str) -> Sentence:
    return Sentence(relation.template, field=_NAMES.get(field, field), value=value)


def _joined(parts: Sequence[str], joint: Sentence) -> Sentence:
    """Values are as a rule has them, in every language."""
    first, *rest = [part if isinstance(part, Sentence) else Sentence("{value}", value=part) for part in parts]
    return Sentence(joint.template, first=first, rest=_joined(rest, joint)) if rest else first


def outline(node: Node, most: int = 12) -> Iterator[tuple[int, Sentence]]:
    """The condition as lines, each with its depth: what is alternative or joint stands below a line that says so."""
    match node:
        case AllOf() | AnyOf() if not is_item(node):
            yield 0, Sentence("all of") if isinstance(node, AllOf) else Sentence("any of")
            for part in _flat(node):
                yield from ((depth + 1, line) for depth, line in outline(part, most))
        case Not(part) if isinstance(part, AllOf | AnyOf) and not is_item(part):
            yield 0, Sentence("but not")
            yield from ((depth + 1, line) for depth, line in outline(part, most))
        case _:
            yield 0, in_words(node, most)


def _flat(node: AllOf | AnyOf) -> Iterator[Node]:
    """The parts, those of parts that are joined in the same way among them."""
    for part in node.parts:
        if type(part) is type(node) and isinstance(part, AllOf | AnyOf) and not is_item(part):
            yield from _flat(part)
        else:
            yield part


def _nested(node: Node, most: int) -> Sentence:
    text = in_words(node, most)
    return Sentence("({condition})", condition=text) if isinstance(node, AllOf | AnyOf) and not is_item(node) else text


def _item(parts: tuple[Node, ...], joint: Sentence, most: int) -> Sentence | None:
    """Several values for one field, where all are compared alike; None where they are not."""
    if any(isinstance(part, AllOf | AnyOf | Not) for part in parts):
        return None
    tests = [_test(part) for part in parts]
    if len({(field, relation) for field, relation, _ in tests}) > 1:
        return None
    field, relation, _ = tests[0]
    values: list[str] = list(dict.fromkeys(value for _, _, value in tests))
    rest = len(values) - most
    shown = values if rest <= 1 else [*values[:most], Sentence("{count} others", count=rest)]
    return _told(field, relation, _joined(shown, joint))


def _test(node: Node) -> tuple[str, Sentence, str]:
    """Field, relation and value of one test."""
    match node:
        case Like(field, parts):
            return field, *_pattern(parts)
        case Regex(field, pattern):
            return field, Sentence("{field} matches {value}"), f"/{pattern}/"
        case Number(field, relation, number):
            return field, _RELATIONS[relation], f"{number}"
        case Exists(field, exists):
            return field, Sentence("{field} is there") if exists else Sentence("{field} is not there"), ""
        case Null(field):
            return field, Sentence("{field} is empty"), ""
    raise TypeError(f"no such test: {node!r}")


def _pattern(parts: tuple[str | Wild, ...]) -> tuple[Sentence, str]:
    match parts:
        case (str(text),):
            return _IS, f"'{text}'"
        case (Wild.MANY, str(text), Wild.MANY):
            return Sentence("{field} contains {value}"), f"'{text}'"
        case (str(text), Wild.MANY):
            return Sentence("{field} begins with {value}"), f"'{text}'"
        case (Wild.MANY, str(text)):
            return Sentence("{field} ends with {value}"), f"'{text}'"
    return Sentence("{field} is like {value}"), f"'{pattern_text(parts)}'"


def pattern_text(parts: tuple[str | Wild, ...]) -> str:
    """A pattern as Sigma writes it, with `*` and `?`."""
    return "".join(_SHOWN[part] if isinstance(part, Wild) else part for part in parts)


def many(count: int, one: str, several: str = "") -> str:
    """`1 rule`, `2 rules`, `0 near misses`."""
    return f"{count} {one if count == 1 else several or f'{one}s'}"
