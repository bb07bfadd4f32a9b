"""A set of rules, indexed by what their conditions require, so that an event meets few candidates."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple, Self, TypeVar

from diagnostics.event import Event, Kind
from diagnostics.rules.conditions import AllOf, AnyOf, Like, Node, Number
from diagnostics.rules.interest import Interest
from diagnostics.rules.matching import Predicate, View, predicate
from diagnostics.rules.rule import Rule

K = TypeVar("K", int, str)


class _Entry(NamedTuple):
    rank: int
    holds: Predicate


class _Shelf:
    """The rules for one kind of event."""

    def __init__(self) -> None:
        self.by_id: dict[int, list[_Entry]] = defaultdict(list)
        self.by_code: dict[str, list[_Entry]] = defaultdict(list)
        self.rest: list[_Entry] = []

    def add(self, entry: _Entry, ids: frozenset[int] | None, codes: frozenset[str] | None) -> None:
        """Under the ids that the rule requires; else under its codes; else among those that every event meets."""
        for event_id in ids or ():
            self.by_id[event_id].append(entry)
        for code in codes or ():
            self.by_code[code].append(entry)
        if ids is None and codes is None:
            self.rest.append(entry)

    def candidates(self, event: Event) -> list[_Entry]:
        found = self.by_id.get(event.event_id, _NONE) + self.rest
        for code in event.codes:
            found += self.by_code.get(code.casefold(), _NONE)
        return found


_NONE: list[_Entry] = []


class RuleSet:
    """Rules ready to match events; `rules` is in the order of their names, and so are all answers."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.rules = rules
        self._shelves: dict[Kind, _Shelf] = {}
        for rank, rule in enumerate(rules):
            entry = _Entry(rank, predicate(rule.condition))
            ids = required_ids(rule.condition)
            codes = required_codes(rule.condition) if ids is None else None
            for kind in rule.kinds:
                self._shelves.setdefault(kind, _Shelf()).add(entry, ids, codes)

    @classmethod
    def compile(cls, rules: Iterable[Rule]) -> Self:
        """Order the rules and compile their conditions."""
        return cls(tuple(sorted(rules, key=lambda rule: rule.name)))

    def match(self, event: Event) -> tuple[Rule, ...]:
        """The rules that the event meets, by name."""
        shelf = self._shelves.get(event.kind)
        candidates = shelf.candidates(event) if shelf is not None else _NONE
        if not candidates:
            return ()
        view = View(event)
        ranks = {rank for rank, holds in candidates if holds(view)}
        return tuple(self.rules[rank] for rank in sorted(ranks))

    @property
    def interest(self) -> Interest:
        """Which records parsers should decode in full for these rules."""
        return Interest.of(rule.condition for rule in self.rules if Kind.RECORD in rule.kinds)


def required_ids(node: Node) -> frozenset[int] | None:
    """The event ids one of which an event must have to meet the condition; None where it may have any."""
    match node:
        case Number("eventid", "=", number):
            return frozenset({int(number)} if number == int(number) else ())
        case Like("eventid") if (text := node.literal) is not None:
            return frozenset({int(text)}) if text.isascii() and text.isdecimal() and len(text) < 10 else frozenset()
    return _required(node, required_ids)


def required_codes(node: Node) -> frozenset[str] | None:
    """The same for error codes, case-folded."""
    if isinstance(node, Like) and node.field == "code" and (text := node.literal) is not None:
        return frozenset({text.casefold()})
    return _required(node, required_codes)


def _required(node: Node, ask: Callable[[Node], frozenset[K] | None]) -> frozenset[K] | None:
    """An event must meet every part of an `AllOf`, so the narrowest part will do; of an `AnyOf`, it may meet each."""
    match node:
        case AllOf(parts):
            narrow = [found for part in parts if (found := ask(part)) is not None]
            return min(narrow, key=len) if narrow else None
        case AnyOf(parts):
            each = [ask(part) for part in parts]
            wide = [found for found in each if found is not None]
            return frozenset[K]().union(*wide) if len(wide) == len(each) else None
    return None
