"""From rule hits to observations: on which plate an event belongs, and which causes there would make it likely."""

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from diagnostics.event import Event
from diagnostics.knowledge.catalog import Catalog, Cause
from diagnostics.localize.problem import OTHER, EventObservation, Link
from diagnostics.pipeline import PlateId, unnamed_vm
from diagnostics.rules.rule import Plate, Polarity, Rule
from diagnostics.topology import SITE, UNKNOWN, Role, Topology, host_plate, named, short_name, vm_plate
from engine.pipeline import COMPONENTS, Scope

_DEPTH = {Scope.SITE: 0, Scope.HOST: 1, Scope.VM: 2}
_OTHER_SENSITIVITY = {Polarity.FAULT: 0.05, Polarity.SYMPTOM: 0.2}
"""How readily an unknown cause brings about an event: a fault's own event hardly, a general symptom rather."""


class Sighting(msgspec.Struct, kw_only=True):
    """A rule's hits on one plate: one observation, however often it was logged."""

    key: str
    rule: Rule
    plate: PlateId
    events: list[Event]


class Places:
    """Finds the plate that an event speaks of."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._vms_of: dict[str, list[str]] = defaultdict(list)
        for vm in topology.vms:
            self._vms_of[topology.host(vm)].append(vm)

    def find(self, event: Event, scope: Scope) -> PlateId:
        """The plate of this scope that the event is about: the machine's own, one around it, or one that it names."""
        match scope:
            case Scope.SITE:
                return PlateId(SITE, Scope.SITE, None)
            case Scope.HOST:
                return PlateId(host_plate(self._host(event)), Scope.HOST, SITE)
            case Scope.VM:
                return self._vm(event)

    def home(self, event: Event) -> Scope:
        """The scope of the machine that logged the event."""
        return self._topology.plate_of(event.machine)[0]

    def _host(self, event: Event) -> str:
        machine = short_name(event.machine)
        match self._topology.role(machine):
            case Role.HOST | Role.UNKNOWN if machine:
                return machine
            case Role.GUEST:
                return self._topology.host(machine)
        server = named(event, "ClusterNode", "Server")
        if server:
            return self._topology.host(server) if self._topology.role(server) is Role.GUEST else server
        vm = named(event, "VmName")
        if vm:
            return self._topology.host(vm)
        hosts = self._topology.with_role(Role.HOST)
        return hosts[0] if len(hosts) == 1 else UNKNOWN

    def _vm(self, event: Event) -> PlateId:
        vm = named(event, "VmName") or self._vm_that_logged(event) or self._protected_guest(event)
        if vm:
            return PlateId(vm_plate(vm), Scope.VM, host_plate(self._topology.host(vm)))
        host = self._host(event)
        candidates = self._vms_of[host] if host != UNKNOWN else self._topology.vms
        if len(candidates) == 1:
            (vm,) = candidates
            return PlateId(vm_plate(vm), Scope.VM, host_plate(self._topology.host(vm)))
        return unnamed_vm(host)

    def _vm_that_logged(self, event: Event) -> str:
        machine = short_name(event.machine)
        return machine if machine and self._topology.role(machine) in {Role.GUEST, Role.UNKNOWN} else ""

    def _protected_guest(self, event: Event) -> str:
        """A guest that a DPM report names as its protected server."""
        server = named(event, "Server")
        return server if server in self._topology.vms else ""


def gather(hits: Iterable[tuple[Event, Rule]], places: Places, catalog: Catalog) -> tuple[Sighting, ...]:
    """Group the hits that speak of one thing on one plate, in a fixed order."""
    groups: dict[tuple[str, PlateId], Sighting] = {}
    for event, rule in hits:
        plate = places.find(event, _innermost(event, rule, places, catalog))
        sighting = groups.get((rule.name, plate))
        if sighting is None:
            groups[rule.name, plate] = Sighting(key=f"{rule.name}@{plate.name}", rule=rule, plate=plate, events=[event])
        else:
            sighting.events.append(event)
    return tuple(groups[key] for key in sorted(groups, key=lambda key: (key[1].name, key[0])))


def own_scope(event: Event, rule: Rule, places: Places) -> Scope:
    """The scope of the component that a rule speaks of, for this event."""
    scopes = COMPONENTS[rule.component].scopes
    wanted = places.home(event) if rule.plate is Plate.MACHINE else Scope(rule.plate)
    return wanted if wanted in scopes else scopes[0]


def _innermost(event: Event, rule: Rule, places: Places, catalog: Catalog) -> Scope:
    own = own_scope(event, rule, places)
    scopes = [own, *(_scope_of(catalog.causes[link.id], own) for link in rule.causes if link.id in catalog.causes)]
    return max(scopes, key=_DEPTH.__getitem__)


def _scope_of(cause: Cause, preferred: Scope) -> Scope:
    return preferred if preferred in cause.scopes else cause.scopes[0]


def observe(sighting: Sighting, places: Places, catalog: Catalog, *, seen: bool = True) -> EventObservation:
    """What the model is told of a sighting."""
    rule, own = sighting.rule, own_scope(sighting.events[0], sighting.rule, places) if sighting.events else Scope.HOST
    links = [
        Link(_scope_of(catalog.causes[link.id], own), link.id, link.sensitivity)
        for link in rule.causes
        if link.id in catalog.causes
    ]
    if rule.polarity in _OTHER_SENSITIVITY:
        links.append(Link(own, OTHER, _OTHER_SENSITIVITY[rule.polarity]))
    return EventObservation(
        key=sighting.key,
        plate=sighting.plate.name,
        seen=seen,
        links=tuple(links),
        spurious=max((link.spurious for link in rule.causes), default=0.01),
        family=rule.family,
    )
