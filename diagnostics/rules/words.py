"""A condition in words, for people: on one line, or as an outline."""

from collections.abc import Iterator

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

_NAMES = {
    ANY_FIELD: "anything in it",
    "provider_name": "the provider",
    "eventid": "the event id",
    "code": "an error code",
    "text": "the text",
    "data": "an unnamed value",
    "computer": "the computer",
    "channel": "the channel",
    "level": "the level",
}
_SHOWN = {Wild.MANY: "*", Wild.ONE: "?"}
_RELATIONS = {"=": "is", "<": "is below", "<=": "is at most", ">": "is above", ">=": "is at least"}


def in_words(node: Node, most: int = 12) -> str:
    """The condition on one line; of more than `most` values for one field the rest are counted."""
    match node:
        case Not(part):
            return f"not ({in_words(part, most)})"
        case AllOf(()):
            return "anything"
        case AnyOf(()):
            return "nothing"
        case AllOf(parts) | AnyOf(parts):
            word = " and " if isinstance(node, AllOf) else " or "
            return _item(parts, word, most) or word.join(_nested(part, most) for part in parts)
    field, verb, value = _test(node)
    return f"{_NAMES.get(field, field)} {verb} {value}".rstrip()


def outline(node: Node, most: int = 12) -> Iterator[tuple[int, str]]:
    """The condition as lines, each with its depth: what is alternative or joint stands below a line that says so."""
    match node:
        case AllOf() | AnyOf() if not is_item(node):
            yield 0, "all of" if isinstance(node, AllOf) else "any of"
            for part in _flat(node):
                yield from ((depth + 1, line) for depth, line in outline(part, most))
        case Not(part) if isinstance(part, AllOf | AnyOf) and not is_item(part):
            yield 0, "but not"
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


def _nested(node: Node, most: int) -> str:
    text = in_words(node, most)
    return f"({text})" if isinstance(node, AllOf | AnyOf) and not is_item(node) else text


def _item(parts: tuple[Node, ...], word: str, most: int) -> str:
    """Several values for one field, where all are compared alike; empty where they are not."""
    if any(isinstance(part, AllOf | AnyOf | Not) for part in parts):
        return ""
    tests = [_test(part) for part in parts]
    if len({(field, verb) for field, verb, _ in tests}) > 1:
        return ""
    field, verb, _ = tests[0]
    values = list(dict.fromkeys(value for _, _, value in tests))
    rest = len(values) - most
    shown = word.join(values) if rest <= 1 else f"{word.join(values[:most])}{word}{rest} others"
    return f"{_NAMES.get(field, field)} {verb} {shown}"


def _test(node: Node) -> tuple[str, str, str]:
    """Field, relation and value of one test."""
    match node:
        case Like(field, parts):
            return field, *_pattern(parts)
        case Regex(field, pattern):
            return field, "matches", f"/{pattern}/"
        case Number(field, relation, number):
            return field, _RELATIONS[relation], f"{number}"
        case Exists(field, exists):
            return field, "is there" if exists else "is not there", ""
        case Null(field):
            return field, "is empty", ""
    raise TypeError(f"no such test: {node!r}")


def _pattern(parts: tuple[str | Wild, ...]) -> tuple[str, str]:
    match parts:
        case (str(text),):
            return "is", f"'{text}'"
        case (Wild.MANY, str(text), Wild.MANY):
            return "contains", f"'{text}'"
        case (str(text), Wild.MANY):
            return "begins with", f"'{text}'"
        case (Wild.MANY, str(text)):
            return "ends with", f"'{text}'"
    return "is like", f"'{pattern_text(parts)}'"


def pattern_text(parts: tuple[str | Wild, ...]) -> str:
    """A pattern as Sigma writes it, with `*` and `?`."""
    return "".join(_SHOWN[part] if isinstance(part, Wild) else part for part in parts)
