"""A lab like the case: its hosts and virtual machines, shrunk to what the suspected causes concern."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import msgspec

from diagnostics.case.jobs import Job, Outcome
from diagnostics.case.topology import UNKNOWN, Role, host_plate, vm_plate
from diagnostics.understanding import Case
from engine.lab import Fault
from engine.lab.scenario import Host, Scenario, Site, VirtualMachine
from engine.lab.scenario import Job as LabJob
from engine.pipeline import Mode, Scope
from engine.sentence import Sentence
from engine.vss.identities import CLASS_IDS

_HOSTS = 2
_MACHINES = 2
"""So many hosts, and virtual machines on each, tell a machine's fault from its host's and a host's from the site's."""
_NAME = re.compile(r"[A-Z0-9][A-Z0-9-]{0,14}").fullmatch
_GUEST_WRITERS = VirtualMachine(name="X").writers
_OFFLINE_FORBIDDEN = "ID 30288"
"""DPM's code where a machine could only have been saved for its backup, and its group does not allow that."""


class Stand(NamedTuple):
    """What stands in the lab for a case."""

    scenario: Scenario
    plates: Mapping[str, str]
    """Plates of the case that have one in the lab -> how it is called there."""
    notes: tuple[str, ...]
    """What was built, and what was left out, in sentences."""
    passes: int = 0
    """After so many failed jobs faults are gone; 0 where they stay."""

    def placed(self, faults: Iterable[Fault], plate: str) -> tuple[Fault, ...]:
        """The faults on what stands in the lab for a plate of the case; without those that cannot sit there."""
        there = self.plates.get(plate, Scope.SITE.value)
        scope = Scope(there.partition(":")[0])
        fitting = (fault for fault in faults if scope in fault.kind.plates)
        return tuple(replace(fault, plate=there, passes=self.passes or fault.passes) for fault in fitting)


def writers_needed(faults: Iterable[Fault]) -> set[str]:
    """The VSS writers that must be there for the faults to show."""
    named = (fault.parameters.get("writer", fault.kind.parameters.get("writer")) for fault in faults)
    return {str(name) for name in named if name in CLASS_IDS}


def passing(stand: Stand) -> Stand:
    """The same for a failure that passed: DPM runs a job that failed once more, and by then the fault is gone."""
    job = msgspec.structs.replace(stand.scenario.job, retries=1)
    return stand._replace(scenario=msgspec.structs.replace(stand.scenario, job=job), passes=1)


def equipped(scenario: Scenario, faults: Iterable[Fault]) -> Scenario:
    """A lab in whose guests there are the writers that faults need, and no others than before."""
    writers = sorted(writers_needed(faults))

    def with_them(vm: VirtualMachine) -> VirtualMachine:
        return msgspec.structs.replace(vm, writers=tuple(dict.fromkeys((*vm.writers, *writers))))

    hosts = [
        msgspec.structs.replace(host, virtual_machines=tuple(map(with_them, host.virtual_machines)))
        for host in scenario.hosts
    ]
    return msgspec.structs.replace(scenario, hosts=tuple(hosts))


def stand_in(case: Case, suspected: Iterable[str] = (), writers: Iterable[str] = ()) -> Stand:
    """A lab like a case.

    Args:
        case: what was diagnosed.
        suspected: plates that must be there, beside those of failed jobs.
        writers: VSS writers that faults need in every guest.
    """
    jobs = _latest(case.jobs)
    failed = [vm for vm, job in jobs.items() if job.outcome is Outcome.FAILED]
    may_save = not any(_OFFLINE_FORBIDDEN in report.codes for vm in failed for report in jobs[vm].reports)
    asked = [plate for plate in suspected if not plate.startswith(Scope.SITE)]
    chosen = _chosen(case, failed, asked)
    names = _Names()
    hosts: list[Host] = []
    plates = {Scope.SITE.value: Scope.SITE.value}
    for host, vms in chosen.items():
        called = names.of(host, "HV")
        plates[host_plate(host)] = host_plate(called)
        declared = []
        for vm in vms:
            name = names.of(vm, "VM")
            plates[vm_plate(vm)] = vm_plate(name)
            saved = may_save and vm in jobs and jobs[vm].mode is Mode.OFFLINE
            declared.append(_machine(case, vm, name, writers, saved=saved))
        hosts.append(Host(name=called, virtual_machines=tuple(declared)))
    servers = case.topology.with_role(Role.DPM_SERVER)
    site = Site(server=names.of(servers[0] if servers else "DPM01", "DPM"))
    job = LabJob(retries=0, offline_allowed=may_save)
    scenario = Scenario(title="a lab like the case", site=site, hosts=tuple(hosts), job=job)
    return Stand(scenario, _with_unnamed(case, plates), tuple(_notes(case, scenario, chosen)))


def _latest(jobs: Iterable[Job]) -> dict[str, Job]:
    """The last job of each virtual machine; jobs come by time."""
    return {job.vm: job for job in jobs if job.vm}


def _chosen(case: Case, failed: Sequence[str], asked: Sequence[str]) -> dict[str, list[str]]:
    """The hosts and machines that stand in the lab: those asked for, those that failed, then others.

    On each host those asked for come last: what its writers are listed as is what its last job left them in.
    """
    wanted = [plate.partition(":")[2] for plate in asked if plate.startswith(f"{Scope.VM}:")]
    ranked = list(dict.fromkeys([*wanted, *failed, *case.topology.vms]))
    ranked = [vm for vm in ranked if not vm.startswith(UNKNOWN)]
    hosts = [plate.partition(":")[2] for plate in asked if plate.startswith(f"{Scope.HOST}:")]
    hosts = list(dict.fromkeys([*hosts, *(case.topology.host(vm) for vm in ranked), *case.topology.hosts]))
    chosen: dict[str, list[str]] = {}
    for host in hosts[:_HOSTS] or [UNKNOWN]:
        on_it = [vm for vm in ranked if case.topology.host(vm) == host and vm != host]
        chosen[host] = on_it[:_MACHINES][::-1] or [UNKNOWN]
    return chosen


class _Names:
    """Calls machines as the case does, where NetBIOS allows it; else by a word and a number."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def of(self, name: str, word: str) -> str:
        """A name that no machine of the lab has yet."""
        numbered = (f"{word}{number:02}" for number in range(1, 1000))
        fitting = next(one for one in (name.upper(), *numbered) if _NAME(one) and one not in self._taken)
        self._taken.add(fitting)
        return fitting


def _machine(case: Case, vm: str, name: str, writers: Iterable[str], *, saved: bool) -> VirtualMachine:
    """With the writers that its logs name; `saved` for its backup where its job was."""
    named = {
        event.fields.get("WriterName", "")
        for sighting in case.sightings
        for event in sighting.events
        if sighting.plate.name == vm_plate(vm) and event.machine.upper().startswith(vm)
    }
    own = dict.fromkeys((*_GUEST_WRITERS, *sorted(named & set(CLASS_IDS)), *writers))
    return VirtualMachine(name=name, writers=tuple(own), backup_integration=not saved)


def _with_unnamed(case: Case, plates: Mapping[str, str]) -> dict[str, str]:
    """With placeholders of the case (`vm:?@HV01`) and what machines share, for which the first of a sort stands in."""
    graph, whole = case.graph, dict(plates)
    standing = {scope: [name for name in plates.values() if name.startswith(scope)] for scope in Scope}
    for plate, about in graph.nodes(data=True):
        if about["kind"] == "plate" and plate not in whole:
            there = standing[about["scope"]]
            whole[plate] = there[-1] if about["scope"] is Scope.VM else there[0]
    return whole


def _notes(case: Case, scenario: Scenario, chosen: Mapping[str, Sequence[str]]) -> Iterator[str]:
    machines = "; ".join(
        f"{host.name} ({', '.join(vm.name for vm in host.virtual_machines)})" for host in scenario.hosts
    )
    yield Sentence("In the lab stood {server}; {machines}.", server=scenario.site.server, machines=machines)
    hosts = len(set(case.topology.hosts) - set(chosen))
    vms = len(set(case.topology.vms) - {vm for vms in chosen.values() for vm in vms} - set(chosen))
    if hosts or vms:
        yield Sentence(
            "Left out of the case: other hosts: {hosts}, other virtual machines: {vms}.", hosts=hosts, vms=vms
        )
