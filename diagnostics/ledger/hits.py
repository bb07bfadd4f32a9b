"""What rules made of the events of a ledger: which rule read which row, on which plate, and what that weighs."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from diagnostics.case.observations import Sighting
from diagnostics.case.pipeline import instance_id
from diagnostics.ledger.ledger import Ledger, Rows
from diagnostics.rules.rule import Rule
from diagnostics.sanitize import one_line
from diagnostics.verdict import Verdict


class Hit(NamedTuple):
    """A rule that read an event."""

    rule: Rule
    instance: str
    """The component instance that it speaks of, e.g. `vm:SQL01/guest_writer`."""
    weight_db: float | None
    """What the observation weighs in the verdict, in decibans; None where the verdict does not rest on it."""


class Hits:
    """The hits of a case, by event and by component."""

    def __init__(self, sightings: Iterable[Sighting], verdict: Verdict) -> None:
        weights = _weights(verdict)
        by_place: defaultdict[tuple[str, int], list[Hit]] = defaultdict(list)
        spoken_of: defaultdict[str, set[tuple[str, int]]] = defaultdict(set)
        for sighting in sightings:
            instance = instance_id(sighting.plate.name, sighting.rule.component)
            first = sighting.events[0]
            weight = weights.get((sighting.rule.name, one_line(first.source), first.record))
            hit = Hit(sighting.rule, instance, weight)
            for event in sighting.events:
                by_place[event.source, event.record].append(hit)
                spoken_of[instance].add((event.source, event.record))
        self._by_place = dict(by_place)
        self._spoken_of = dict(sorted(spoken_of.items()))

    def rows(self, ledger: Ledger) -> Mapping[str, Rows]:
        """Rows by the component instance that they speak of: what `component:` finds."""
        found = ledger.rows_by_place(self._by_place)
        return {
            instance: np.unique(np.array([row for place in places for row in found.get(place, ())], np.int64))
            for instance, places in self._spoken_of.items()
        }

    def of(self, source: str, record: int) -> list[Hit]:
        """The hits on a record, those that weigh most first."""
        found = self._by_place.get((source, record), [])
        return sorted(found, key=lambda hit: (-abs(hit.weight_db or 0), hit.rule.name, hit.instance))


def _weights(verdict: Verdict) -> dict[tuple[str, str, int], float]:
    """What lines of evidence weigh, by rule and first event; for or against the first fault that has them."""
    weights: dict[tuple[str, str, int], float] = {}
    for fault in verdict.faults:
        for line in (*fault.evidence, *fault.counter_evidence):
            weights.setdefault((line.rule, line.source, line.record), line.weight_db)
    return weights
