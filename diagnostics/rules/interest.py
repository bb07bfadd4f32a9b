"""Which records are worth decoding, told from provider and event id alone."""

from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import Self

import msgspec

from diagnostics.event import Event, Kind
from diagnostics.rules.conditions import ANY_FIELD, AllOf, AnyOf, Like, Node, Not, Wild
from diagnostics.rules.matching import View, like, predicate

Possibility = Callable[[View], bool | None]
"""Whether a condition holds, as far as provider and id decide; None where the rest of the record does."""

_PROVIDERS = Path(__file__).with_name("providers.yml")
_NOWHERE = ("\0", -1)
"""A record that no rule can be after unless it is after any record at all."""
_MAX_REMEMBERED = 1 << 16


class _Listing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    providers: tuple["Listed", ...]


class Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry of `providers.yml`."""

    provider: str
    """Lower-case; `*` stands for any text."""
    why: str
    event_ids: frozenset[int] = frozenset()
    """Empty for all of its events."""


@cache
def listed_providers() -> tuple[Listed, ...]:
    """The shipped list of providers whose records matter whatever the rules say."""
    return msgspec.yaml.decode(_PROVIDERS.read_bytes(), type=_Listing).providers


@lru_cache(maxsize=_MAX_REMEMBERED)
def is_listed(provider: str, event_id: int) -> bool:
    """Whether `providers.yml` names such records: those that speak of backups, or of what backups stand on."""
    folded = provider.casefold()
    return any((not ids or event_id in ids) and named(folded) for named, ids in _listed_tests())


@cache
def _listed_tests() -> tuple[tuple[Callable[[str], bool], frozenset[int]], ...]:
    return tuple((_provider_test(item.provider), item.event_ids) for item in listed_providers())


class Interest:
    """Callable with (provider, event id): could some rule match such a record, or is it listed in `providers.yml`?

    Rules that ask neither for a provider nor for an id (those on codes, say) are served by the listed providers only.
    It can be pickled.
    """

    def __init__(self, conditions: Iterable[Node]) -> None:
        nowhere = view_of_source(*_NOWHERE)
        asked = ((node, possibility(node)) for node in conditions)
        asked_of_source = [(node, ask) for node, ask in asked if ask(nowhere) is False]
        self._conditions = tuple(node for node, _ in asked_of_source)
        self._asked = [ask for _, ask in asked_of_source]
        self._remembered: dict[tuple[str, int], bool] = {}

    def __reduce__(self) -> tuple[type[Self], tuple[tuple[Node, ...]]]:
        """Closures do not travel; what they are made from does."""
        return type(self), (self._conditions,)

    def __call__(self, provider: str, event_id: int) -> bool:
        known = self._remembered.get((provider, event_id))
        return self._ask(provider, event_id) if known is None else known

    def _ask(self, provider: str, event_id: int) -> bool:
        if len(self._remembered) >= _MAX_REMEMBERED:  # names come from hostile files
            self._remembered.clear()
        answer = is_listed(provider, event_id) or self._may_match(provider, event_id)
        self._remembered[provider, event_id] = answer
        return answer

    def _may_match(self, provider: str, event_id: int) -> bool:
        view = view_of_source(provider, event_id)
        return any(ask(view) is not False for ask in self._asked)


def view_of_source(provider: str, event_id: int) -> View:
    """A record of which only these two are known."""
    return View(Event(kind=Kind.RECORD, source="", record=0, provider=provider, event_id=event_id))


def _provider_test(pattern: str) -> Callable[[str], bool]:
    parts: list[str | Wild] = []
    for place, text in enumerate(pattern.split("*")):
        parts += [Wild.MANY] * bool(place) + [text] * bool(text)
    return like(Like("provider_name", tuple(parts)))


VIEW_OF_LINE = View(Event(kind=Kind.TEXT, source="", record=0))
"""A line of text in which no parser finds anything; its text, its machine and its level are not known."""


def decided_of_source(field: str) -> bool:
    """Whether provider and event id tell a field."""
    return field in {"provider_name", "eventid"}


def decided_of_lines(field: str) -> bool:
    """Whether it is known of all such lines what a field holds: a provider, an id, a code and data are not there."""
    return field not in {"text", "computer", "level", ANY_FIELD}


def possibility(node: Node, decided: Callable[[str], bool] = decided_of_source) -> Possibility:
    """Compile what some fields alone decide of a condition."""
    match node:
        case AllOf(parts):
            return _least([possibility(part, decided) for part in parts])
        case AnyOf(parts):
            return _most([possibility(part, decided) for part in parts])
        case Not(part):
            inner = possibility(part, decided)
            return lambda view: None if (found := inner(view)) is None else not found
    return predicate(node) if decided(getattr(node, "field", ANY_FIELD)) else lambda _: None


def _least(parts: list[Possibility]) -> Possibility:
    def holds(view: View) -> bool | None:
        unknown = False
        for part in parts:
            found = part(view)
            if found is False:
                return False
            unknown |= found is None
        return None if unknown else True

    return holds


def _most(parts: list[Possibility]) -> Possibility:
    def holds(view: View) -> bool | None:
        unknown = False
        for part in parts:
            found = part(view)
            if found:
                return True
            unknown |= found is None
        return None if unknown else False

    return holds
