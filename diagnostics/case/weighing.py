"""What the model is told of sightings: which causes make them likely, how usual they are here, and how near in time."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from diagnostics.case.cascades import echo_links
from diagnostics.case.episodes import Nights
from diagnostics.case.observations import Sighting, links_of
from diagnostics.case.places import Places
from diagnostics.knowledge.catalog import Catalog
from diagnostics.localize.problem import EventObservation, Link
from engine.pipeline import Scope


class Context(NamedTuple):
    """What a sighting is weighed by, beside its rule."""

    places: Places
    catalog: Catalog
    nights: Nights
    rates: Mapping[tuple[str, Scope], float]
    """P(seen | nothing is wrong) by rule and scope."""
    around: Mapping[str, str | None]
    """The plate around each plate."""


def observe(sightings: Iterable[Sighting], context: Context) -> list[EventObservation]:
    """The sightings as observations."""
    sightings = list(sightings)
    links = {
        sighting.key: links_of(sighting.events[0], sighting.rule, context.places, context.catalog)
        for sighting in sightings
    }
    echoes = echo_links(sightings, links, context.around)
    return [_observation(sighting, (*links[sighting.key], *echoes[sighting.key]), context) for sighting in sightings]


def _observation(sighting: Sighting, links: tuple[Link, ...], context: Context) -> EventObservation:
    spurious = context.rates.get((sighting.rule.name, sighting.plate.scope), sighting.rule.spurious)
    relevance = context.nights.relevance(event.time for event in sighting.events)
    return EventObservation(
        key=sighting.key,
        plate=sighting.plate.name,
        seen=True,
        links=tuple(_faded(link, relevance, spurious) for link in links),
        spurious=spurious,
        family=sighting.rule.family,
    )


def _faded(link: Link, relevance: float, spurious: float) -> Link:
    """A link as telling as its event is relevant: one from long before says no more than chance."""
    return link._replace(sensitivity=max(link.sensitivity * relevance, min(spurious, link.sensitivity)))
