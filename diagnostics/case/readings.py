"""A record is one observation, however many rules read it.

Rules overlap: one about any writer that was rejected, one about the writer by its name, one about the code that both
print. Taken for independent, they would say three times what was logged once, and a single record by chance would look
like a fault.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from diagnostics.case.observations import Sighting
from diagnostics.localize.factors import strength
from diagnostics.localize.problem import EventObservation, Link

_MOST_SENSITIVE = 0.99


def each_record_once(
    sightings: Iterable[Sighting], observed: Mapping[str, EventObservation]
) -> Iterator[EventObservation]:
    """The observations, given by the keys of their sightings, without what says again what a stronger one says.

    A record of a plate goes to the strongest of the rules that read it. What is left without a record of its own is
    told along with one of those; a rule that also read something else stays an observation of its own.
    """
    owner: dict[tuple[str, str, int], str] = {}
    along: dict[str, list[EventObservation]] = {}
    for sighting in sorted(sightings, key=lambda sighting: (-strength(observed[sighting.key]), sighting.key)):
        records = [(sighting.plate.name, event.source, event.record) for event in sighting.events]
        if all(record in owner for record in records):
            along[owner[records[0]]].append(observed[sighting.key])
        else:
            along[sighting.key] = []
            owner |= {record: sighting.key for record in records if record not in owner}
    return (_as_one(observed[key], others) for key, others in sorted(along.items()))


def _as_one(strongest: EventObservation, others: Sequence[EventObservation]) -> EventObservation:
    """One observation, which each cause makes as much likelier than chance as the reading that speaks most for it."""
    if not others:
        return strongest
    gains: dict[Link, float] = {}
    for reading in (strongest, *others):
        for link in reading.links:
            place = link._replace(sensitivity=0.0)
            gains[place] = max(gains.get(place, 0.0), link.sensitivity / reading.spurious)
    return strongest._replace(
        links=tuple(
            place._replace(sensitivity=min(gain * strongest.spurious, _MOST_SENSITIVE)) for place, gain in gains.items()
        )
    )
