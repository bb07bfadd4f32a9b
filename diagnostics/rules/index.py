"""A set of rules, indexed by what their conditions require, so that an event meets few candidates."""

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import cached_property
from typing import Generic, Self, TypeVar

from diagnostics.event import Event, Kind
from diagnostics.parsers.format import Relevance
from diagnostics.rules.conditions import Like, Node, compile_pattern
from diagnostics.rules.interest import (
    VIEW_OF_LINE,
    Interest,
    Possibility,
    decided_of_lines,
    is_listed,
    possibility,
    view_of_source,
)
from diagnostics.rules.logsource import EVERY_KIND
from diagnostics.rules.matching import MAX_LENGTH, Predicate, View, like, predicate
from diagnostics.rules.rule import Rule
from diagnostics.rules.triggers import By, Trigger, branches, triggers, words_of

Units = tuple[int, ...]
"""Numbers of the conditions that are looked up and asked on their own: the branches of rules."""

_MAX_REMEMBERED = 1 << 16
_MAX_REMEMBERED_LENGTH = 256
_GATE_BYTES = 64 << 20
"""For the automaton of all words: it has about as many states as the words have bytes, at 2 KiB each."""

T = TypeVar("T", bound=Hashable)


class _Unit:
    """A branch of a rule. It is compiled when first asked: most logs ask few rules."""

    def __init__(self, rank: int, rule: Rule, condition: Node) -> None:
        self.rank = rank
        """The number of the rule."""
        self.kinds = rule.kinds
        self.any_source = rule.logsource.category != EVERY_KIND
        """For records of every provider; else only of those that `providers.yml` lists: a code alone says little."""
        self.condition = condition

    @cached_property
    def holds(self) -> Predicate:
        return predicate(self.condition)

    @cached_property
    def is_possible(self) -> Possibility:
        return possibility(self.condition)

    @cached_property
    def may_read_lines(self) -> bool:
        """Whether it may hold of a line in which no parser finds a source, an id, a code or a value."""
        return possibility(self.condition, decided_of_lines)(VIEW_OF_LINE) is not False


class RuleSet:
    """Rules ready to match events; `rules` is in the order of their names, and so are all answers."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.rules = rules
        self._units: list[_Unit] = []
        self._rest: dict[Kind, list[int]] = defaultdict(list)
        self._found_by: dict[By, dict[int | str | Like, list[int]]] = {by: defaultdict(list) for by in By}
        self._reads_words: set[Kind] = set()
        for rank, rule in enumerate(rules):
            for branch in branches(rule.condition):
                self._add(_Unit(rank, rule, branch), triggers(branch))
        self._by_code = self._found_by[By.CODE]
        self._by_provider = _provider_finder(self._found_by[By.PROVIDER])
        self._by_words = _Remembering(_words_finder(self._found_by[By.WORDS]), len)
        self._by_source = _Remembering(self._of_source, lambda source: len(source[0]))

    @classmethod
    def compile(cls, rules: Iterable[Rule]) -> Self:
        """Order the rules and index their conditions."""
        return cls(tuple(sorted(rules, key=lambda rule: rule.name)))

    def _add(self, unit: _Unit, found: frozenset[Trigger] | None) -> None:
        number = len(self._units)
        self._units.append(unit)
        for by, what in found or ():
            self._found_by[by][what].append(number)
            if by is By.WORDS:
                self._reads_words |= unit.kinds
        for kind in unit.kinds if found is None else ():
            self._rest[kind].append(number)

    def match(self, event: Event) -> tuple[Rule, ...]:
        """The rules that the event meets, by name."""
        candidates = self._candidates(event)
        if not candidates:
            return ()
        asked = [unit for number in set(candidates) if event.kind in (unit := self._units[number]).kinds]
        if event.kind is Kind.RECORD and not is_listed(event.provider, event.event_id):
            asked = [unit for unit in asked if unit.any_source]
        if not asked:
            return ()
        view = View(event)
        met = {unit.rank for unit in asked if unit.holds(view)}
        return tuple(self.rules[rank] for rank in sorted(met))

    @property
    def relevance(self) -> Relevance:
        """Which lines of traces and texts parsers should keep for these rules."""
        return Relevance(lambda event: bool(self.match(event)), self._words_in_lines)

    @cached_property
    def _words_in_lines(self) -> frozenset[str] | None:
        """Words of which a line of text holds one if a rule reads it though no parser finds anything in it.

        None where some rule may read any line: one that looks for a pattern in texts, and for no word beside it.
        """
        asked = [unit for unit in self._units if Kind.TEXT in unit.kinds and unit.may_read_lines]
        found = [words_of(unit.condition) for unit in asked]
        known = [words for words in found if words is not None]
        return frozenset[str]().union(*known) if len(known) == len(found) else None

    def _candidates(self, event: Event) -> list[int]:
        found = [*self._by_source((event.provider, event.event_id)), *self._rest.get(event.kind, ())]
        for code in event.codes:
            found += self._by_code.get(code.casefold(), ())
        if event.kind in self._reads_words:
            for value in (event.text, *event.fields.values()):
                found += self._by_words(value)
        return found

    def _of_source(self, source: tuple[str, int]) -> Units:
        """The units that provider or event id trigger, without those that the two rule out."""
        provider, event_id = source
        found = {*self._found_by[By.EVENT_ID].get(event_id, ()), *self._by_provider(provider)}
        view = view_of_source(provider, event_id)
        return tuple(number for number in sorted(found) if self._units[number].is_possible(view) is not False)

    @cached_property
    def interest(self) -> Interest:
        """Which records parsers should decode in full for these rules."""
        return Interest(rule.condition for rule in self.rules if Kind.RECORD in rule.kinds)


class _Remembering(Generic[T]):
    """Asks once for each thing, as logs repeat themselves; but forgets before hostile logs fill the memory."""

    def __init__(self, find: Callable[[T], Units], size: Callable[[T], int]) -> None:
        self._find = find
        self._size = size
        self.known: dict[T, Units] = {}

    def __call__(self, thing: T) -> Units:
        known = self.known.get(thing)
        return self._ask(thing) if known is None else known

    def _ask(self, thing: T) -> Units:
        found = self._find(thing)
        if self._size(thing) <= _MAX_REMEMBERED_LENGTH:
            if len(self.known) >= _MAX_REMEMBERED:
                self.known.clear()
            self.known[thing] = found
        return found


def _provider_finder(units: Mapping[int | str | Like, list[int]]) -> Callable[[str], Units]:
    tests = [(like(what), what.cased, numbers) for what, numbers in units.items() if isinstance(what, Like)]

    def find(provider: str) -> Units:
        given = provider[:MAX_LENGTH]
        folded = given.casefold()
        return tuple(
            number for holds, cased, numbers in tests if holds(given if cased else folded) for number in numbers
        )

    return find


def _words_finder(units: Mapping[int | str | Like, list[int]]) -> Callable[[str], Units]:
    """One look for all words together; only a text that has any is searched for each."""
    words = {str(what): numbers for what, numbers in units.items()}
    gate = compile_pattern("|".join(map(re.escape, sorted(words))) or r"\z.", memory=_GATE_BYTES)

    def find(text: str) -> Units:
        folded = text[:MAX_LENGTH].casefold()
        if gate.search(folded) is None:
            return ()
        return tuple(number for word, numbers in words.items() if word in folded for number in numbers)

    return find
