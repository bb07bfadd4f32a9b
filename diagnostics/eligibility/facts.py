"""From events to what is known of each virtual machine, and which line says so.

What a host's exports say of a machine carries its name; what was exported inside of a guest belongs to the machine
that the file is of. Where two exports disagree, the one that speaks against an online backup counts.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from diagnostics.case.topology import named, short_name
from diagnostics.eligibility.guest import (
    OF_ONE_VOLUME,
    all_imaged,
    disks_of,
    shadow_storages_listed,
    shadow_storages_of,
    truth,
    volume_rows,
    volumes_of,
)
from diagnostics.eligibility.images import IMAGE
from diagnostics.eligibility.ledger import Ledger, Place
from diagnostics.event import Event, Kind
from diagnostics.parsers.host_paths import mount_folders, volume_of
from engine.hyperv.conditions import Facts, VirtualDisk
from engine.pipeline import Mode

OF_HOST = frozenset({Kind.VM, Kind.INTEGRATION_SERVICE, Kind.CHECKPOINT, Kind.VIRTUAL_DISK})
"""What a host tells of its virtual machines."""
OF_GUEST = frozenset({Kind.VOLUME, Kind.DISK, Kind.SHADOW_STORAGE, Kind.VSS_LISTING})
"""What a machine tells of itself."""
UNNAMED = ""
"""A machine that no export names."""

_ANSWERS = {"ok": True, "no contact": False, "lost communication": False, "communication timed out": False,
            "communication failed": False, "error": False, "non recoverable error": False}  # fmt: skip
"""Statuses of the backup integration service; the others leave open whether it answers."""
_NOT_INSTALLED = "0.0"
_RUNNING = frozenset({"running", "runningcritical"})
_UNSTEADY = frozenset({"starting", "stopping", "saving", "pausing", "resuming", "reset", "other"})


class Known(NamedTuple):
    """What is known of one virtual machine."""

    vm: str
    host: str
    facts: Facts
    places: Mapping[tuple[str, str], tuple[Place, ...]]
    """Where it says so, by the field of the facts and the disk or volume; the lists as a whole have no item."""
    writer_says: tuple[Mode, Place] | None
    """How the Hyper-V writer itself lists the machine, where an export of DiskShadow tells."""


class Told(NamedTuple):
    """What exports tell, all together."""

    machines: list[Known]
    """By name. Where no host tells of any, every machine that tells of itself is taken for one."""
    strangers: list[str]
    """Machines that tell of themselves, and that no host names as one of its virtual machines."""


def facts_of(events: Iterable[Event], guests: Mapping[str, str] | None = None) -> Told:
    """What the events tell of every virtual machine.

    Args:
        events: of all kinds; those that tell no settings are left aside.
        guests: computer name -> virtual machine, where the two are called differently; both in upper case.
    """
    told = [event for event in events if event.kind in OF_HOST | OF_GUEST]
    from_hosts: defaultdict[str, list[Event]] = defaultdict(list)
    for event in told:
        if event.kind in OF_HOST and (vm := named(event, "VmName")):
            from_hosts[vm].append(event)
    hosts = {short_name(event.machine) for events in from_hosts.values() for event in events} - {""}
    own = _own(told, from_hosts, hosts, guests or {})
    loose = [event for event in told if event.kind is Kind.VIRTUAL_DISK and not event.fields.get("VmName")]
    if len(from_hosts) == 1:
        next(iter(from_hosts.values())).extend(loose)
    of_hosts = [event for host in hosts for event in own.pop(host, [])]
    folders = mount_folders(event.fields.get("Volume", "") for event in of_hosts if event.kind is Kind.VOLUME)
    machines = sorted(from_hosts or own)
    known = [_known(vm, from_hosts.get(vm, []), own.get(vm, []), folders) for vm in machines]
    return Told(known, sorted(set(own) - set(machines)))


def _own(
    told: Iterable[Event], from_hosts: Mapping[str, object], hosts: set[str], guests: Mapping[str, str]
) -> dict[str, list[Event]]:
    """What machines tell of themselves, by virtual machine, or by host."""
    own: defaultdict[str, list[Event]] = defaultdict(list)
    for event in told:
        if event.kind in OF_GUEST and event.fields.get("Listing", "shadowstorage") == "shadowstorage":
            machine = short_name(event.machine)
            own[guests.get(machine, machine)].append(event)
    if UNNAMED in own and len(from_hosts) == 1:
        (only,) = from_hosts
        own[only] = [*own.get(only, []), *own.pop(UNNAMED)]
    return {
        machine: events
        for machine, events in own.items()
        if machine in hosts or any(event.kind is not Kind.VSS_LISTING for event in events) or machine in from_hosts
    }


def _known(vm: str, from_host: Sequence[Event], own: Sequence[Event], folders: Sequence[str]) -> Known:
    ledger = Ledger()
    services = [event for event in from_host if event.fields.get("Service") == "vss"]
    machines = [event for event in from_host if event.kind is Kind.VM]
    running = ledger.truth("running", machines, _running)
    disks = disks_of([event for event in own if event.kind is Kind.DISK], ledger)
    listed = volume_rows(own)
    volumes = volumes_of(listed, ledger)
    kept = shadow_storages_of([event for event in own if event.kind is Kind.SHADOW_STORAGE], ledger)
    virtual_disks = _virtual_disks(from_host, ledger, folders)
    complete = all_imaged(own, virtual_disks)
    facts = Facts(
        integration_installed=ledger.truth(
            "integration_installed", [*services, *machines], lambda event: _installed(event, running)
        ),
        backup_service_enabled=ledger.truth("backup_service_enabled", services, lambda event: truth(event, "Enabled")),
        backup_service_answers=ledger.truth("backup_service_answers", services, _answers),
        disks=disks,
        all_disks=complete or any(event.kind is Kind.DISK and event.provider != IMAGE for event in own),
        volumes=volumes,
        all_volumes=(complete and not any(disk.dynamic is not False for disk in disks))
        or any(event.provider not in {OF_ONE_VOLUME, IMAGE} for event in listed),
        shadow_storages=kept,
        all_shadow_storages=shadow_storages_listed(own, ledger) or bool(kept),
        running=running,
        virtual_disks=virtual_disks,
        all_virtual_disks=bool(virtual_disks),
    )
    host = next((short_name(event.machine) for event in from_host if event.machine), "")
    places = {key: tuple(found) for key, found in ledger.places.items()}
    return Known(vm, host, facts, places, _writer_says(machines))


# --- the machine -----------------------------------------------------------------------------------------------------


def _running(event: Event) -> bool | None:
    state = event.fields.get("State", "").lower()
    return None if not state or state in _UNSTEADY else state in _RUNNING


def _installed(event: Event, running: bool | None) -> bool | None:  # noqa: FBT001 - a fact
    """A service that answers is installed; a running machine of which no version is known has none."""
    version = event.fields.get("IntegrationVersion", "")
    if version:
        return True if not version.startswith(_NOT_INSTALLED) else False if running else None
    return True if _answers(event) else None


def _answers(event: Event) -> bool | None:
    return _ANSWERS.get(event.fields.get("PrimaryStatus", "").lower())


def _writer_says(machines: Iterable[Event]) -> tuple[Mode, Place] | None:
    for event in machines:
        if event.fields.get("Mode") in {Mode.ONLINE, Mode.OFFLINE}:
            return Mode(event.fields["Mode"]), Place(event.source, event.record)
    return None


# --- disks of the virtual machine on its host ------------------------------------------------------------------------


def _virtual_disks(from_host: Sequence[Event], ledger: Ledger, folders: Sequence[str]) -> tuple[VirtualDisk, ...]:
    roots = {volume_of(path, folders): event for event in from_host if (path := event.fields.get("CheckpointPath", ""))}
    disks: dict[str, VirtualDisk] = {}
    for path, event in _disk_paths(from_host):
        volume = volume_of(path, folders)
        beside = all(root == volume for root in roots) if volume and roots and "" not in roots else None
        disks.setdefault(path.lower(), VirtualDisk(path, beside))
        for said in (event, *roots.values()):
            ledger.note("virtual_disks", path, said)
    return tuple(disks[path] for path in sorted(disks))


def _disk_paths(from_host: Iterable[Event]) -> Iterator[tuple[str, Event]]:
    for event in from_host:
        if event.kind is Kind.VIRTUAL_DISK and (path := event.fields.get("Path", "")):
            yield path, event
        for path in event.fields.get("DiskPaths", "").splitlines():
            yield path, event
