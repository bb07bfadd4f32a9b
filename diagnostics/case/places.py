"""On which plate an event belongs: the machine's own, one around it, or one that it names."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

from diagnostics.case.jobs import Job, Outcome
from diagnostics.case.pipeline import PlateId, unnamed_vm
from diagnostics.case.sharing import SharedPlate, Sharing
from diagnostics.case.topology import ALONE, SITE, UNKNOWN, Role, Topology, host_plate, named, short_name, vm_plate
from diagnostics.event import Event, Kind
from diagnostics.rules.rule import Plate, Rule
from engine.pipeline import COMPONENTS, Component, Scope


class Places:
    """Finds the plate that an event speaks of."""

    def __init__(self, topology: Topology, jobs: Iterable[Job] = (), shared: Iterable[SharedPlate] = ()) -> None:
        """With the jobs, what a host says of a virtual machine without naming it is taken for the one that failed."""
        self._topology = topology
        self._sharing = Sharing(shared, topology)
        self._vms_of: dict[str, list[str]] = defaultdict(list)
        for vm in topology.vms:
            self._vms_of[topology.host(vm)].append(vm)
        self._likely_vms = [vm for vm in topology.vms if topology.role(vm) is not Role.DOMAIN_CONTROLLER]
        self._failed_on: dict[str, list[Job]] = defaultdict(list)
        for job in jobs:
            if job.outcome is Outcome.FAILED and job.vm:
                self._failed_on[topology.host(job.vm)].append(job)

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
        """The scope of the machine that an event speaks of: that logged it, or that a report is about."""
        if event.kind in {Kind.JOB, Kind.ALERT} and self._topology.role(event.machine) is Role.DPM_SERVER:
            return Scope.HOST
        return self._topology.plate_of(event.machine)[0]

    def is_no_guest(self, event: Event) -> bool:
        """Whether the machine that an event is of is known to be no virtual machine."""
        return self._topology.role(event.machine) not in {Role.GUEST, *ALONE}

    def is_sure(self, event: Event, plate: PlateId) -> bool:
        """Whether an event is of its plate for certain: of a virtual machine, if that logged it or is named by it."""
        return plate.scope is not Scope.VM or bool(named(event, "VmName") or self._vm_that_logged(event))

    def shared(self, event: Event, component: Component) -> list[SharedPlate]:
        """The shared plates with this component that an event may speak of."""
        return self._sharing.of(event, component, lambda: (self._host(event), self._vm(event).name))

    def on_site(self, component: Component) -> bool:
        """Whether a component is where it usually is, not on shared plates alone."""
        return not self._sharing.moved(component)

    def machines_of(self, event: Event) -> frozenset[str]:
        """The machines that a job's report is about: the virtual machine and its host."""
        return frozenset({self._host(event), self._vm(event).name.partition(":")[2]})

    def _host(self, event: Event) -> str:
        machine = short_name(event.machine)
        match self._topology.role(machine):
            case Role.HOST | Role.DOMAIN_CONTROLLER | Role.UNKNOWN if machine:
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
        return hosts[0] if len(hosts) == 1 else self._host_of_failure(event)

    def _host_of_failure(self, event: Event) -> str:
        """What names no host is taken for the failed job nearest in time; for the last, if it is a mere state."""
        jobs = [job for of_host in self._failed_on.values() for job in of_host]
        nearest = _nearest(event, jobs)
        return self._topology.host(nearest.vm) if nearest else UNKNOWN

    def _vm(self, event: Event) -> PlateId:
        vm = named(event, "VmName") or self._vm_that_logged(event) or self._protected_guest(event)
        if vm:
            return PlateId(vm_plate(vm), Scope.VM, host_plate(self._topology.host(vm)))
        host = self._host(event)
        vm = self._vm_that_failed(event, host) or self._only_vm(host)
        return PlateId(vm_plate(vm), Scope.VM, host_plate(self._topology.host(vm))) if vm else unnamed_vm(host)

    def _vm_that_failed(self, event: Event, host: str) -> str:
        """Of the virtual machines whose jobs failed on the host, the nearest in time; the last, for a mere state."""
        nearest = _nearest(event, self._failed_on[host])
        return nearest.vm if nearest else ""

    def _only_vm(self, host: str) -> str:
        candidates = self._vms_of[host] if host != UNKNOWN else self._likely_vms
        return candidates[0] if len(candidates) == 1 else ""

    def _vm_that_logged(self, event: Event) -> str:
        machine = short_name(event.machine)
        return machine if machine and self._topology.role(machine) in {Role.GUEST, *ALONE} else ""

    def _protected_guest(self, event: Event) -> str:
        """A guest that a DPM report names as its protected server."""
        server = named(event, "Server")
        return server if server in self._topology.vms else ""


def _nearest(event: Event, jobs: Sequence[Job]) -> Job | None:
    """The job nearest in time, the last for an event without a time."""
    if event.time is None or not jobs:
        return jobs[-1] if jobs else None
    return min(jobs, key=lambda job: (_distance(event.time, job), job.id))


def _distance(time: int | None, job: Job) -> float:
    """Microseconds between a moment and a job's span; 0 within it."""
    if time is None or job.started is None or job.ended is None:
        return math.inf
    return max(job.started - time, time - job.ended, 0)


def own_scope(event: Event, rule: Rule, places: Places) -> Scope:
    """The scope of the component that a rule speaks of, for this event."""
    scopes = COMPONENTS[rule.component].scopes
    wanted = places.home(event) if rule.plate is Plate.MACHINE else Scope(rule.plate)
    return wanted if wanted in scopes else scopes[0]
