"""The rules and the catalogs joined: who points to what."""

import math
from collections import defaultdict
from functools import cached_property
from typing import NamedTuple

from diagnostics.knowledge.catalog import Catalog, Cause
from diagnostics.knowledge.events import EventInfo
from diagnostics.rules.reach import asks_for, reach
from diagnostics.rules.rule import CauseLink, Rule


class Pointer(NamedTuple):
    """A rule that points to a cause."""

    rule: Rule
    link: CauseLink


class Likeness(NamedTuple):
    """A cause that shares rules with another."""

    cause: Cause
    shared: int
    same: bool
    """Its rules are the very same: no event tells the two apart."""


class Library:
    """Everything that is known, by name, id and code."""

    def __init__(self, rules: tuple[Rule, ...], catalog: Catalog) -> None:
        self.rules = {rule.name: rule for rule in rules}
        self.catalog = catalog

    @cached_property
    def pointers(self) -> dict[str, list[Pointer]]:
        """The rules that point to each cause, the weightiest first."""
        found: defaultdict[str, list[Pointer]] = defaultdict(list)
        for rule in self.rules.values():
            for link in rule.causes:
                found[link.id].append(Pointer(rule, link))
        return {id_: sorted(those, key=lambda it: (-decibans(it.link), it.rule.name)) for id_, those in found.items()}

    @cached_property
    def helped(self) -> dict[str, list[Cause]]:
        """The causes that each remedy helps against."""
        found: defaultdict[str, list[Cause]] = defaultdict(list)
        for cause in self.catalog.causes.values():
            for remedy in cause.remedies:
                found[remedy].append(cause)
        return found

    def alike(self, cause: Cause) -> list[Likeness]:
        """The causes that half of its rules, or half of their own, are shared with; the most alike first."""
        own = self._signature(cause.id)
        found: list[tuple[float, Likeness]] = []
        for other in self.catalog.causes.values():
            theirs = self._signature(other.id)
            shared = len(own & theirs)
            if other.id != cause.id and shared and 2 * shared >= min(len(own), len(theirs)):
                found.append((shared / len(own | theirs), Likeness(other, shared, own == theirs)))
        return [likeness for _, likeness in sorted(found, key=lambda it: (-it[0], it[1].cause.id))]

    def coded(self, code: str) -> list[Rule]:
        """The rules that ask for a code."""
        return [rule for rule in self.rules.values() if code in reach(rule).codes]

    def about(self, provider: str, event_id: int) -> list[Rule]:
        """The rules about records of an id, of one provider or (where it is empty) of any."""
        found = (rule for rule in self.rules.values() if asks_for(rule, provider, event_id))
        return [rule for rule in found if any(event_id in source.event_ids for source in reach(rule).sources)]

    def about_event(self, info: EventInfo) -> list[Rule]:
        """The same for records that a table lists."""
        return self.about(info.provider.replace("*", ""), info.event_id)

    def _signature(self, cause: str) -> frozenset[str]:
        return frozenset(pointer.rule.name for pointer in self.pointers.get(cause, ()))


def decibans(link: CauseLink) -> float:
    """What one hit adds to the odds of a cause: 10 log10 of sensitivity over spurious rate."""
    return 10 * math.log10(link.sensitivity / link.spurious)
