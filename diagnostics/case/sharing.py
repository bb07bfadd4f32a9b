"""What machines share without being nested in it: a cluster shared volume, one of several DPM servers, a disk pool.

Each becomes a plate of its own, whose causes reach only those who share it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import re2

from diagnostics.case.jobs import Job, Outcome
from diagnostics.case.topology import Role, Topology, named, short_name, vm_plate
from diagnostics.event import Event
from engine.pipeline import Component, Scope

MOST_SHARED = 8
"""So many shared plates are told apart, those with the most failed jobs; each makes every other question dearer."""
_LOOKED_AT = 4096
"""So many characters of a value are searched for paths."""
_VOLUME = re2.compile(r"(?i)ClusterStorage\\([^\\/:*?\"<>|]+)")
_DRIVE = re2.compile(r"[A-Za-z]:\\")


class SharedKind(NamedTuple):
    """A sort of thing that machines share."""

    scope: Scope
    components: tuple[Component, ...]
    moved: tuple[Component, ...] = ()
    """Those of them that then sit on these plates only, and not on the site as well."""


KINDS = {
    "csv": SharedKind(Scope.HOST, (Component.CSV_CLUSTER,)),
    "dpm": SharedKind(
        Scope.SITE,
        (Component.DPM_SERVER, Component.DPM_STORAGE, Component.IDENTITY_NETWORK),
        moved=(Component.DPM_SERVER, Component.DPM_STORAGE),
    ),
    "storage": SharedKind(Scope.SITE, (Component.DPM_STORAGE,)),
}


class SharedPlate(NamedTuple):
    """One such thing, and who shares it."""

    name: str
    """`csv:VOLUME1`, `dpm:DPM02`, `storage:E`."""
    members: frozenset[str]
    """Plates of virtual machines."""

    @property
    def kind(self) -> SharedKind:
        """What sort of thing it is, by its name."""
        return KINDS[self.name.partition(":")[0]]

    @property
    def label(self) -> str:
        """Its name without the kind."""
        return self.name.partition(":")[2]


def shared_plates(
    events: Iterable[Event], topology: Topology, jobs: Sequence[Job], given: Mapping[str, Iterable[str]]
) -> tuple[SharedPlate, ...]:
    """What is worth a plate: several DPM servers, and volumes across hosts with a failed job among their members.

    What a person has given (name -> virtual machines) stands in place of what the logs tell.
    """
    told = list(events)
    members = _servers(jobs, topology) | (_volumes(told, topology) or _cluster(jobs, topology, _on_own_disks(told)))
    members |= {name: {vm.upper() for vm in vms} for name, vms in given.items()}
    failed = Counter(job.vm for job in jobs if job.outcome is Outcome.FAILED)
    plates = [SharedPlate(name, frozenset(map(vm_plate, vms))) for name, vms in members.items()]
    failures = {plate.name: sum(failed[vm] for vm in members[plate.name]) for plate in plates}
    worth = [plate for plate in plates if plate.kind.moved or failures[plate.name]]
    return tuple(sorted(worth, key=lambda plate: (-failures[plate.name], plate.name))[:MOST_SHARED])


def _volumes(events: Iterable[Event], topology: Topology) -> dict[str, set[str]]:
    """Cluster shared volumes with the machines whose files lie on them, where these run on several hosts."""
    members: dict[str, set[str]] = defaultdict(set)
    for event in events:
        vm = named(event, "VmName")
        if vm:
            for volume in volumes_in(event):
                members[f"csv:{volume}"].add(vm)
    return {name: vms for name, vms in members.items() if len({topology.host(vm) for vm in vms}) > 1}


def _on_own_disks(events: Iterable[Event]) -> set[str]:
    """The machines of which a list of disks shows that they lie on a drive of their host."""
    paths = ((event, event.fields.get("Path", "")) for event in events)
    return {named(event, "VmName") for event, path in paths if _DRIVE.match(path) and "ClusterStorage" not in path}


def _cluster(jobs: Iterable[Job], topology: Topology, elsewhere: Collection[str]) -> dict[str, set[str]]:
    """The machines that run on nodes of a cluster, by what reports name the hosts, where no volume is known.

    One cluster is supposed: reports name its nodes, not itself. Machines whose disks are `elsewhere` share none of it.
    """
    clustered = {job.vm for job in jobs for report in job.reports if job.vm and named(report, "ClusterNode")}
    clustered -= set(elsewhere)
    return {"csv:CLUSTER": clustered} if len({topology.host(vm) for vm in clustered}) > 1 else {}


def _servers(jobs: Iterable[Job], topology: Topology) -> dict[str, set[str]]:
    """The DPM servers with the machines whose jobs they report, where there are several."""
    members: dict[str, set[str]] = defaultdict(set)
    for job in jobs:
        for report in job.reports:
            if job.vm and topology.role(report.machine) is Role.DPM_SERVER:
                members[f"dpm:{short_name(report.machine)}"].add(job.vm)
    return members if len(members) > 1 else {}


def volumes_in(event: Event) -> frozenset[str]:
    """The cluster shared volumes that an event's fields and text name by their path, in upper case."""
    told = (*event.fields.values(), event.text)
    found = (_VOLUME.findall(value[:_LOOKED_AT]) for value in told if "ClusterStorage" in value)
    return frozenset(name.upper() for names in found for name in names)


class Sharing:
    """Finds the shared plates that an event may speak of."""

    def __init__(self, plates: Iterable[SharedPlate], topology: Topology) -> None:
        self.plates = tuple(plates)
        self._hosts = {
            plate.name: {topology.host(member.partition(":")[2]) for member in plate.members} for plate in self.plates
        }

    def moved(self, component: Component) -> bool:
        """Whether a component sits on shared plates only."""
        return any(component in plate.kind.moved for plate in self.plates)

    def of(self, event: Event, component: Component, about: Callable[[], tuple[str, str]]) -> list[SharedPlate]:
        """Those that have the component and that the event names; where it names none, those of its machines.

        `about` tells the host and the plate of the virtual machine that the event is about.
        """
        having = [plate for plate in self.plates if component in plate.kind.components]
        if not having:
            return []
        volumes = volumes_in(event) | {event.fields.get("VolumeName", "").upper()}
        named_here = [plate for plate in having if plate.label in volumes or plate.label == short_name(event.machine)]
        if named_here:
            return named_here
        host, vm = about()
        return [plate for plate in having if vm in plate.members or host in self._hosts[plate.name]]
