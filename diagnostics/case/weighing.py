"""What the model is told of sightings: which causes make them likely, how usual they are here, and how near in time."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from diagnostics.case.cascades import echo_links
from diagnostics.case.episodes import Nights
from diagnostics.case.observations import Sighting, links_of
from diagnostics.case.places import Places
from diagnostics.case.readings import each_record_once
from diagnostics.event import Kind
from diagnostics.knowledge.catalog import Catalog
from diagnostics.localize.problem import OTHER, EventObservation, Link
from diagnostics.rules.rule import Polarity

OF_ANY_FAILURE = 0.004
"""P(a job that failed by whatever cause brings about a symptom of others): symptoms are true of many causes."""
_TIMELESS = {Kind.JOB, Kind.CHECKPOINT, Kind.SHADOW_COPY}
UNKNOWN_GAIN = 2.0
"""By how much at most an unknown cause makes an event likelier than chance does."""


class Context(NamedTuple):
    """What a sighting is weighed by, beside its rule."""

    places: Places
    catalog: Catalog
    nights: Nights
    rates: Mapping[str, float]
    """P(seen | nothing is wrong) by rule."""
    around: Mapping[str, str | None]
    """The plate around each plate."""


def observe(sightings: Iterable[Sighting], context: Context) -> list[EventObservation]:
    """The sightings as observations, in the order of their keys; a record counts once, however many rules read it."""
    sightings = list(sightings)
    links = {
        sighting.key: links_of(sighting.events[0], sighting.rule, context.places, context.catalog)
        for sighting in sightings
    }
    echoes = echo_links(sightings, links, context.around)
    observed = {
        sighting.key: _observation(sighting, (*links[sighting.key], *echoes[sighting.key]), context)
        for sighting in sightings
    }
    return list(each_record_once(sightings, observed))


def observe_said(job: str, sighting: Sighting, context: Context) -> EventObservation:
    """What a rule reads from the report of a failed job, as an observation of that job."""
    links = links_of(sighting.events[0], sighting.rule, context.places, context.catalog)
    return _observation(sighting, links, context)._replace(of_job=job)


def _observation(sighting: Sighting, links: tuple[Link, ...], context: Context) -> EventObservation:
    usual = context.rates.get(sighting.rule.name, sighting.rule.spurious)
    timing = context.nights.timing(sighting.plate.name, _times(sighting))
    spurious = usual * timing.spurious
    if sighting.rule.polarity is Polarity.SYMPTOM and timing.at_failure:
        spurious += OF_ANY_FAILURE
    spurious = _rounded(spurious)
    return EventObservation(
        key=sighting.key,
        plate=sighting.plate.name,
        seen=True,
        links=tuple(_faded(link, timing.sensitivity, spurious) for link in links),
        spurious=spurious,
        family=sighting.rule.family,
    )


def _times(sighting: Sighting) -> Iterator[int | None]:
    """When it was logged; a job's own report has no time of its own, and a list tells when its items were made."""
    return (None if event.kind in _TIMELESS else event.time for event in sighting.events)


def _faded(link: Link, relevance: float, spurious: float) -> Link:
    """A link as telling as its event is relevant: one from long before says no more than chance.

    The unknown cause makes each event only somewhat likelier, or it would explain best whatever is logged much of.
    """
    if link.cause == OTHER:
        return link._replace(sensitivity=_rounded(min(link.sensitivity, UNKNOWN_GAIN * spurious)))
    return link._replace(sensitivity=_rounded(max(link.sensitivity * relevance, min(spurious, link.sensitivity))))


def _rounded(rate: float) -> float:
    """To two digits: no rate is known better, and what is nearly equal is treated alike."""
    return float(f"{rate:.2g}")
