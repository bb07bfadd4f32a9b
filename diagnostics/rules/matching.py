"""Conditions as Python closures over events. What a field is: docs/events.md."""

import operator
import re
from collections.abc import Callable

from diagnostics.event import Event
from diagnostics.knowledge.events import value_of
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
    compile_pattern,
)

MAX_LENGTH = 1 << 16
"""Characters of a value that are looked at."""

Values = tuple[str, ...]
Predicate = Callable[["View"], bool]


def _unnamed(event: Event) -> Values:
    return tuple(value for name, value in event.fields.items() if name.startswith("Data[") or name == "Data")


def _told(text: str) -> Values:
    return (text,) if text else ()


_COMMON: dict[str, Callable[[Event], Values]] = {
    "provider_name": lambda event: _told(event.provider),
    "eventid": lambda event: (str(event.event_id),),
    "channel": lambda event: _told(event.channel),
    "computer": lambda event: _told(event.machine),
    "level": lambda event: (str(int(event.level)),),
    "code": lambda event: event.codes,
    "text": lambda event: _told(event.text),
    "data": _unnamed,
    ANY_FIELD: lambda event: (event.text, *event.fields.values()),
}


class View:
    """One event as conditions see it; what several conditions ask for is worked out once."""

    __slots__ = ("_event", "_folded", "_numbers", "_values")

    def __init__(self, event: Event) -> None:
        self._event = event
        self._values: dict[str, Values] = {}
        self._folded: dict[str, Values] = {}
        self._numbers: dict[str, tuple[float, ...]] = {}

    def values(self, field: str) -> Values:
        """The values of a field (lower-case), cut to what is looked at; empty where the event has no such field."""
        found = self._values.get(field)
        if found is None:
            found = self._values[field] = tuple(value[:MAX_LENGTH] for value in self._find(field))
        return found

    def folded(self, field: str) -> Values:
        """The same, for comparison regardless of case."""
        found = self._folded.get(field)
        if found is None:
            found = self._folded[field] = tuple(value.casefold() for value in self.values(field))
        return found

    def numbers(self, field: str) -> tuple[float, ...]:
        """The values that are numbers."""
        found = self._numbers.get(field)
        if found is None:
            numbers = (number_in(value.strip()) for value in self.values(field))
            found = self._numbers[field] = tuple(number for number in numbers if number is not None)
        return found

    def _find(self, field: str) -> Values:
        common = _COMMON.get(field)
        if common is not None:
            return common(self._event)
        named = tuple(value for name, value in self._event.fields.items() if name.lower() == field)
        unnamed = None if named else value_of(self._event, field)
        return named if unnamed is None else (unnamed,)


def predicate(node: Node) -> Predicate:
    """Compile a condition."""
    match node:
        case AllOf(parts):
            return _all_of([predicate(part) for part in parts])
        case AnyOf(parts):
            lists, others = _lists(parts)
            return _any_of([*lists, *(predicate(part) for part in others)])
        case Not(part):
            inner = predicate(part)
            return lambda view: not inner(view)
    return _test(node)


def _test(node: Node) -> Predicate:
    match node:
        case Exists(field, exists):
            return lambda view: bool(view.values(field)) == exists
        case Null(field):
            return lambda view: not any(view.values(field))
        case Number():
            return _number(node)
        case Regex(field, pattern):
            search = compile_pattern(pattern).search
            return lambda view: any(search(value) is not None for value in view.values(field))
        case Like():
            return _like(node)
    raise TypeError(f"no such condition: {node!r}")


def _all_of(parts: list[Predicate]) -> Predicate:
    if len(parts) == 2:
        first, second = parts
        return lambda view: first(view) and second(view)

    def holds(view: View) -> bool:
        for part in parts:  # noqa: SIM110 - a loop is a third faster than all(...), and this is the hot path
            if not part(view):
                return False
        return True

    return holds


def _any_of(parts: list[Predicate]) -> Predicate:
    if len(parts) == 1:
        return parts[0]

    def holds(view: View) -> bool:
        for part in parts:  # noqa: SIM110 - as above
            if part(view):
                return True
        return False

    return holds


def _like(node: Like) -> Predicate:
    holds, field = like(node), node.field
    if node.cased:
        return lambda view: any(map(holds, view.values(field)))
    return lambda view: any(map(holds, view.folded(field)))


def like(node: Like) -> Callable[[str], bool]:
    """A test of one text against a pattern; without `cased`, the text must come case-folded."""
    parts = [part if isinstance(part, Wild) or node.cased else part.casefold() for part in node.parts]
    match parts:
        case []:
            return "".__eq__
        case [str(whole)]:
            return whole.__eq__
        case [Wild.MANY, str(inner), Wild.MANY]:
            return lambda text: inner in text
    return _by_regex(parts) if Wild.ONE in parts else _in_order(parts)


def _in_order(parts: list[str | Wild]) -> Callable[[str], bool]:
    """Texts with `*` between them: each is looked for behind the one before, which takes linear time."""
    head = parts[0] if isinstance(parts[0], str) else ""
    tail = parts[-1] if isinstance(parts[-1], str) else ""
    inner = [part for part in parts[bool(head) : len(parts) - bool(tail)] if isinstance(part, str)]

    def holds(text: str) -> bool:
        if not text.startswith(head) or not text.endswith(tail):
            return False
        place, end = len(head), len(text) - len(tail)
        for part in inner:
            found = text.find(part, place, end)
            if found < 0:
                return False
            place = found + len(part)
        return place <= end

    return holds


def _by_regex(parts: list[str | Wild]) -> Callable[[str], bool]:
    wild = {Wild.MANY: ".*", Wild.ONE: "."}
    pattern = "".join(wild[part] if isinstance(part, Wild) else re.escape(part) for part in parts)
    fullmatch = compile_pattern(f"(?s){pattern}").fullmatch
    return lambda text: fullmatch(text) is not None


_DECIMAL = re.compile(r"[-+]?[0-9]{1,30}(\.[0-9]{0,30})?", re.ASCII)
_HEX = re.compile(r"0x[0-9a-f]{1,16}", re.ASCII | re.IGNORECASE)


def number_in(text: str) -> float | int | None:
    """The number that a value is, decimal or as `0x24`; None where it is none."""
    decimal = _DECIMAL.fullmatch(text)
    if decimal:
        return float(text) if decimal[1] else int(text)
    return int(text, 16) if _HEX.fullmatch(text) else None


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _number(node: Number) -> Predicate:
    compare, field, wanted = _COMPARE[node.relation], node.field, node.number
    return lambda view: any(compare(number, wanted) for number in view.numbers(field))


def _lists(parts: tuple[Node, ...]) -> tuple[list[Predicate], list[Node]]:
    """Of alternatives, those that list numbers or texts of one field as one look into a set each; and the others."""
    numbers: dict[str, set[float]] = {}
    texts: dict[str, set[str]] = {}
    others: list[Node] = []
    for part in parts:
        match part:
            case Number(field, "=", number):
                numbers.setdefault(field, set()).add(number)
            case Like(field, cased=False) if (literal := part.literal) is not None:
                texts.setdefault(field, set()).add(literal.casefold())
            case _:
                others.append(part)
    found = [_any_number(field, frozenset(wanted)) for field, wanted in numbers.items()]
    return [*found, *(_any_text(field, frozenset(wanted)) for field, wanted in texts.items())], others


def _any_number(field: str, wanted: frozenset[float]) -> Predicate:
    return lambda view: not wanted.isdisjoint(view.numbers(field))


def _any_text(field: str, wanted: frozenset[str]) -> Predicate:
    return lambda view: not wanted.isdisjoint(view.folded(field))


def matches(node: Node, event: Event) -> bool:
    """Does the event meet the condition? For single questions; many events go through a `RuleSet`."""
    return predicate(node)(View(event))
