"""From rule hits to sightings: which hits speak of one thing on one plate, and which causes would make it likely."""

from collections.abc import Iterable, Iterator

import msgspec

from diagnostics.case.pipeline import PlateId
from diagnostics.case.places import Places, own_scope
from diagnostics.event import Event, Kind
from diagnostics.knowledge.catalog import Catalog, Cause
from diagnostics.localize.problem import OTHER, Link
from diagnostics.rules.rule import Plate, Polarity, Rule
from engine.pipeline import COMPONENTS, GUEST_STAGES, Scope, Stage

_DEPTH = {Scope.SITE: 0, Scope.HOST: 1, Scope.VM: 2}
_REPORTS = {Kind.JOB, Kind.ALERT}
_SETTINGS = {Kind.VOLUME, Kind.DISK, Kind.SHADOW_STORAGE}
"""What a machine lists of itself, never of its virtual machines."""
_ABOUT_A_GUEST = frozenset({*GUEST_STAGES, Stage.POST_SNAPSHOT})
"""When a host waits for a guest, or takes back in its shadow copy what the guest wrote since: auto-recovery."""
_ELSEWHERE = 0.5
"""How much less likely a report's code comes from another plate than its rule says."""
_OTHER_SENSITIVITY = {Polarity.FAULT: 0.05, Polarity.SYMPTOM: 0.2}
"""How readily an unknown cause brings about an event: a fault's own event hardly, a general symptom rather."""


class Sighting(msgspec.Struct, kw_only=True):
    """A rule's hits on one plate: one observation, however often it was logged."""

    key: str
    rule: Rule
    plate: PlateId
    events: list[Event]


def gather(hits: Iterable[tuple[Event, Rule]], places: Places, catalog: Catalog) -> tuple[Sighting, ...]:
    """Group the hits that speak of one thing on one plate, in a fixed order."""
    groups: dict[tuple[str, PlateId], Sighting] = {}
    for event, rule in hits:
        if _is_beside_the_point(event, rule, places):
            continue
        plate = places.find(event, _innermost(event, rule, places, catalog))
        sighting = groups.get((rule.name, plate))
        if sighting is None:
            groups[rule.name, plate] = Sighting(key=f"{rule.name}@{plate.name}", rule=rule, plate=plate, events=[event])
        else:
            sighting.events.append(event)
    return tuple(groups[key] for key in sorted(groups, key=lambda key: (key[1].name, key[0])))


def _is_beside_the_point(event: Event, rule: Rule, places: Places) -> bool:
    """Whether a rule about guests hit what a host lists of itself."""
    guests_only = COMPONENTS[rule.component].scopes == (Scope.VM,)
    return event.kind in _SETTINGS and rule.plate is Plate.MACHINE and guests_only and places.is_no_guest(event)


def _innermost(event: Event, rule: Rule, places: Places, catalog: Catalog) -> Scope:
    return max((link.scope for link in links_of(event, rule, places, catalog)), key=_DEPTH.__getitem__)


def links_of(event: Event, rule: Rule, places: Places, catalog: Catalog) -> tuple[Link, ...]:
    """The causes that make an event likely, each on its plate, and the unknown cause."""
    own = own_scope(event, rule, places)
    links = [
        Link(_scope_of(catalog.causes[link.id], own), link.id, link.sensitivity)
        for link in rule.causes
        if link.id in catalog.causes
    ]
    if event.kind in _REPORTS:
        links = [found for link in links for found in _wherever(link, catalog.causes[link.cause])]
    elif rule.plate is Plate.MACHINE and event.kind is not Kind.TEXT:
        links = _said_of_itself(links, places.home(event), own)
    elif own is Scope.HOST and rule.stage in _ABOUT_A_GUEST:
        links = [found for link in links for found in _in_the_guest_too(link, catalog.causes[link.cause])]
    links = [found for link in links for found in _shared_too(link, event, places, catalog.causes[link.cause])]
    return (*links, Link(own, OTHER, _OTHER_SENSITIVITY.get(rule.polarity, 0.01)))


def _wherever(link: Link, cause: Cause) -> Iterator[Link]:
    """The link, and weaker ones to the same cause elsewhere: a job's report holds a code, and not whose it is."""
    yield link
    for scope in cause.scopes:
        if scope is not link.scope:
            yield link._replace(scope=scope, sensitivity=_ELSEWHERE * link.sensitivity)


def _in_the_guest_too(link: Link, cause: Cause) -> Iterator[Link]:
    """A link, and the same to the cause in a guest: the host tells of a time when it depended on one."""
    yield link
    if link.scope is Scope.HOST and Scope.VM in cause.scopes:
        yield link._replace(scope=Scope.VM)


def _said_of_itself(links: list[Link], home: Scope, own: Scope) -> list[Link]:
    """The causes of what a machine says of itself (`{machine}`): those on its own plate, where the rule knows any.

    One rule reads a host's and a guest's event, and names the causes of both. The plate of the component that the rule
    speaks of stays, where it is within the machine's.
    """
    plates = {home} | ({own} if _DEPTH[own] > _DEPTH[home] else set())
    return [link for link in links if link.scope in plates] or links


def _shared_too(link: Link, event: Event, places: Places, cause: Cause) -> Iterator[Link]:
    """A link, and the same for what the machine shares with others; instead of it, where its component sits there."""
    if places.on_site(cause.component):
        yield link
    for plate in places.shared(event, cause.component):
        if plate.kind.scope in cause.scopes:
            yield link._replace(scope=plate.kind.scope, plate=plate.name)


def _scope_of(cause: Cause, preferred: Scope) -> Scope:
    return preferred if preferred in cause.scopes else cause.scopes[0]
