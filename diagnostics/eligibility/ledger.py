"""Where facts were read."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

from diagnostics.event import Event


class Place(NamedTuple):
    """A line that says something."""

    source: str
    record: int


class Ledger:
    """Collects facts, and notes where each was read."""

    def __init__(self) -> None:
        self.places: defaultdict[tuple[str, str], list[Place]] = defaultdict(list)

    def note(self, fact: str, item: str, event: Event) -> None:
        """Remember the line; one line counts once."""
        place = Place(event.source, event.record)
        if place not in self.places[fact, item]:
            self.places[fact, item].append(place)

    def truth(self, fact: str, events: Iterable[Event], tell: Callable[[Event], bool | None]) -> bool | None:
        """What the events tell of a fact; one that speaks against it counts more than any other."""
        told = [(holds, event) for event in events if (holds := tell(event)) is not None]
        worst = None if not told else all(holds for holds, _ in told)
        for holds, event in told:
            if holds is worst:
                self.note(fact, "", event)
        return worst
