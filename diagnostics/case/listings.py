"""What lists of settings do not show: conditions of an online backup that the exports of a failed machine find met.

An event log shows nothing unless it covers the time; a list shows how things stand. What an export tells completely,
and no rule finds amiss, speaks against the causes that it would have shown.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from diagnostics.case.coverage import Absence
from diagnostics.case.observations import Sighting, links_of
from diagnostics.case.places import Places
from diagnostics.case.topology import short_name
from diagnostics.event import Event, Kind
from diagnostics.knowledge.catalog import Catalog
from diagnostics.localize.problem import OTHER, EventObservation, Link
from diagnostics.rules.rule import Polarity, Rule
from engine.pipeline import Component, Scope

_CONDITIONS = {Component.ONLINE_ELIGIBILITY, Component.INTEGRATION_COMPONENTS}
"""The components whose state lists tell; of the others, a list tells what was left when the night was over."""
_TELLING: Mapping[Kind, tuple[str, ...]] = {
    Kind.INTEGRATION_SERVICE: ("Service", "Enabled", "PrimaryStatus"),
    Kind.VM: ("CheckpointsBesideDisks",),
    Kind.DISK: ("Dynamic",),
    Kind.VOLUME: ("FileSystem", "FreeBytes"),
    Kind.VSS_LISTING: ("Listing",),
}
"""Kinds of lists, and the fields that each row must have, or its rules could not find what they look for."""
_TRUST = 0.6
"""A list is made after the night: what was wrong then may be mended since."""
_SPURIOUS = 0.01


def unlisted(
    events: Iterable[Event],
    failed: Collection[str],
    sightings: Iterable[Sighting],
    rules: Iterable[Rule],
    places: Places,
    catalog: Catalog,
) -> tuple[Absence, ...]:
    """The causes on plates of virtual machines with failed jobs that the lists of these machines do not show."""
    lists = _lists(events, places)
    shown = {(link.id, sighting.plate.name) for sighting in sightings if _is_about_lists(sighting.rule)
             for link in sighting.rule.causes}  # fmt: skip
    found: dict[str, Absence] = {}
    for rule in rules:
        kind = _kind(rule)
        if kind is None or not _is_about_lists(rule):
            continue
        for plate, event in lists.get(kind, {}).items():
            if plate in failed:
                for link in links_of(event, rule, places, catalog):
                    if link.cause != OTHER and link.scope is Scope.VM and (link.cause, plate) not in shown:
                        absence = _absence(link, plate, event, rule)
                        other = found.get(absence.observation.key)
                        if other is None or _weight(other) < _weight(absence):
                            found[absence.observation.key] = absence
    return tuple(found[key] for key in sorted(found))


def _is_about_lists(rule: Rule) -> bool:
    weighed = rule.polarity in {Polarity.FAULT, Polarity.SYMPTOM}
    return weighed and rule.component in _CONDITIONS and _kind(rule) in _TELLING


def _kind(rule: Rule) -> Kind | None:
    """The kind of event that proves the list: of shadow copy storage, which is usually not there, the list itself."""
    return Kind.VSS_LISTING if rule.home is Kind.SHADOW_STORAGE else rule.home


def _lists(events: Iterable[Event], places: Places) -> dict[Kind, dict[str, Event]]:
    """By kind and plate, an event of a list whose rows tell all that its rules ask for."""
    rows: defaultdict[tuple[Kind, str, str], list[Event]] = defaultdict(list)
    for event in events:
        if event.kind in _TELLING and event.fields.get("Listing", "shadowstorage") == "shadowstorage":
            rows[event.kind, places.find(event, Scope.VM).name, event.source].append(event)
    found: dict[Kind, dict[str, Event]] = {}
    for (kind, plate, _), listed in rows.items():
        if all(field in event.fields for event in listed for field in _TELLING[kind]):
            found.setdefault(kind, {}).setdefault(plate, listed[0])
    return found


def _absence(link: Link, plate: str, event: Event, rule: Rule) -> Absence:
    observation = EventObservation(
        key=f"unlisted-{link.cause}@{plate}",
        plate=plate,
        seen=False,
        links=(link._replace(sensitivity=_TRUST * link.sensitivity),),
        spurious=_SPURIOUS,
        family="",
    )
    return Absence(observation, short_name(event.machine), event.source, (rule.name,), of_list=True)


def _weight(absence: Absence) -> float:
    return absence.observation.links[0].sensitivity
