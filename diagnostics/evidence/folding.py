"""Bursts: the thousandth repetition of an event on one day tells nothing that the first ones did not."""

import re
from collections import Counter
from functools import lru_cache
from typing import NamedTuple

from diagnostics.event import Event, Kind

FEW = 100
"""So many lines that nobody asked for are kept of each machine and kind: enough to tell who wrote them."""
BURST = 1_000
"""So many events that differ in nothing but their moment are kept for each day; the rest are counted."""
_DAY = 86_400_000_000
_VOLATILE = re.compile(r"(?i)time|date|process_?id|thread_?id|task_?id|uptime")
"""Fields that differ from one repetition to the next."""
_DIGITS = re.compile(r"[0-9A-Fa-f]*[0-9][0-9A-Fa-f]*")
_SHAPE = 120
"""So many characters of a text, without its numbers, tell one line from another."""


@lru_cache(maxsize=4096)
def _is_volatile(field: str) -> bool:
    return _VOLATILE.search(field) is not None


class Repeat(NamedTuple):
    """What events of a burst have in common."""

    machine: str
    kind: Kind
    provider: str
    event_id: int
    codes: tuple[str, ...]


class Fold:
    """Decides which events are kept; counts the others."""

    def __init__(self, burst: int = BURST) -> None:
        self.repeats: Counter[Repeat] = Counter()
        """How many events of each sort were counted but not kept."""
        self._burst = burst
        self._seen: Counter[tuple[object, ...]] = Counter()

    def keeps(self, event: Event) -> bool:
        """Whether this event is among the first of its burst."""
        burst = self._burst_of(event)
        self._seen[burst] += 1
        if self._seen[burst] <= self._burst:
            return True
        self.repeats[Repeat(event.machine, event.kind, event.provider, event.event_id, event.codes)] += 1
        return False

    def keeps_unasked(self, event: Event) -> bool:
        """Whether this line, which nobody asked for, is among the first of its machine, kind and source."""
        sort = (event.kind, event.machine, event.provider)
        self._seen[sort] += 1
        return self._seen[sort] <= FEW

    def _burst_of(self, event: Event) -> tuple[object, ...]:
        day = None if event.time is None else event.time // _DAY
        return (event.kind, event.machine, event.provider, event.event_id, event.codes, day, *likeness(event))


def likeness(event: Event) -> tuple[object, ...]:
    """What events of one provider and id say when they say the same: their values but for those that always differ."""
    fields = tuple(item for item in event.fields.items() if not _is_volatile(item[0]))
    shape = "" if event.event_id or event.codes else _DIGITS.sub("#", event.text[:_SHAPE])
    return (fields, shape)
