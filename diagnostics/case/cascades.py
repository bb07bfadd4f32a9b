"""Which events may be echoes of an earlier one below them: the first cause of a cascade explains what follows.

A fault of a lower layer (a disk, say) makes the layers above it fail and log within minutes. So an event gets a link to
the causes that an earlier event of a lower layer speaks of, on its own plate or one around it; where the lower cause
is believed, the upper event needs none of its own. Source: knowledge/timeline.md, section 4, item 7.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from diagnostics.case.observations import Sighting
from diagnostics.case.topology import SITE
from diagnostics.localize.problem import OTHER, Link
from diagnostics.rules.rule import Polarity
from engine.pipeline import Component, layer_of

_WINDOW = 600 * 1_000_000
"""Microseconds: a snapshot set lives for minutes, and its failures follow each other within them."""
_SLACK = 2_000_000
"""Records of one second are not always written in the order of what happened."""
ECHO = {Polarity.SYMPTOM: 0.3, Polarity.FAULT: 0.03}
"""P(an upper layer logs its own event | a lower one failed before it): a complaint that many causes bring about, or
one that is known to be of a fault of its own."""
_OF_THE_WHOLE_SITE = {Component.IDENTITY_NETWORK}
"""Hosts stand on the site's network, not on the DPM server's disks."""


class _First(NamedTuple):
    """An event of a lower layer that may be the first of a cascade."""

    times: list[int]
    component: Component
    links: tuple[Link, ...]


def echo_links(
    sightings: Iterable[Sighting], links: Mapping[str, tuple[Link, ...]], around: Mapping[str, str | None]
) -> dict[str, tuple[Link, ...]]:
    """For each sighting, by key, the further links that cascades give it.

    Args:
        sightings: what was seen.
        links: the links of each, by key.
        around: the plate around each plate.
    """
    sightings = list(sightings)
    firsts: dict[str, list[_First]] = defaultdict(list)
    for sighting in sightings:
        times = _times(sighting)
        if times and sighting.rule.polarity is Polarity.FAULT:
            own = tuple(link for link in links[sighting.key] if link.cause != OTHER)
            firsts[sighting.plate.name].append(_First(times, sighting.rule.component, own))
    return {sighting.key: tuple(_echoes(sighting, links[sighting.key], firsts, around)) for sighting in sightings}


def _echoes(
    sighting: Sighting, own: Iterable[Link], firsts: Mapping[str, list[_First]], around: Mapping[str, str | None]
) -> Iterator[Link]:
    known = {(link.scope, link.cause, link.plate) for link in own}
    layer, times = layer_of(sighting.rule.component), _times(sighting)
    echoed = ECHO[sighting.rule.polarity]
    plate: str | None = sighting.plate.name
    while plate is not None:
        for first in firsts.get(plate, ()):
            stands_on_it = plate == sighting.plate.name or plate != SITE or first.component in _OF_THE_WHOLE_SITE
            if (
                stands_on_it
                and layer_of(first.component) < layer
                and any(_follows(time, first.times) for time in times)
            ):
                for link in first.links:
                    place = link.scope, link.cause, link.plate
                    if place not in known:
                        known.add(place)
                        yield link._replace(sensitivity=echoed * link.sensitivity)
        plate = around.get(plate)


def _follows(time: int, earlier: list[int]) -> bool:
    """Whether one of the sorted earlier moments lies within the window before `time`."""
    at = bisect_left(earlier, time - _WINDOW)
    return at < len(earlier) and earlier[at] <= time + _SLACK


def _times(sighting: Sighting) -> list[int]:
    return sorted(event.time for event in sighting.events if event.time is not None)
