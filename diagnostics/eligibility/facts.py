"""From events to what is known of each virtual machine, and which line says so.

What a host's exports say of a machine carries its name; what was exported inside of a guest belongs to the machine
that the file is of. Where two exports disagree, the one that speaks against an online backup counts.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from diagnostics.case.topology import named, short_name
from diagnostics.eligibility.images import IMAGE, disk_name
from diagnostics.event import Event, Kind
from diagnostics.parsers.host_paths import volume_of
from engine.hyperv.conditions import Disk, Facts, ShadowStorage, VirtualDisk, Volume
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
_OF_ONE_VOLUME, _WITHOUT_NAMES = "fsutil", "diskpart"
"""Exports that are no complete list, and that call volumes without a letter by a number of their own."""
_NOT_INSTALLED = "0.0"
_RUNNING = frozenset({"running", "runningcritical"})
_UNSTEADY = frozenset({"starting", "stopping", "saving", "pausing", "resuming", "reset", "other"})


class Place(NamedTuple):
    """A line that says something."""

    source: str
    record: int


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
    folders = _folders(event for host in hosts for event in own.pop(host, []))
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


def _folders(events: Iterable[Event]) -> list[str]:
    """The folders that a host's volumes are mounted in."""
    names = (event.fields.get("Volume", "") for event in events if event.kind is Kind.VOLUME)
    return [name for name in names if name[1:3] == ":\\" and len(name) > 3]


class _Ledger:
    """Collects facts, and notes where each was read."""

    def __init__(self) -> None:
        self.places: defaultdict[tuple[str, str], list[Place]] = defaultdict(list)

    def note(self, fact: str, item: str, event: Event) -> None:
        """Remember the line; one line counts once."""
        place = Place(event.source, event.record)
        if place not in self.places[fact, item]:
            self.places[fact, item].append(place)

    def truth(self, fact: str, events: Iterable[Event], tell: Callable[[Event], bool | None]) -> bool | None:
        """What the events tell of a fact; one that speaks against it counts more than any other."""
        told = [(holds, event) for event in events if (holds := tell(event)) is not None]
        worst = None if not told else all(holds for holds, _ in told)
        for holds, event in told:
            if holds is worst:
                self.note(fact, "", event)
        return worst


def _known(vm: str, from_host: Sequence[Event], own: Sequence[Event], folders: Sequence[str]) -> Known:
    ledger = _Ledger()
    services = [event for event in from_host if event.fields.get("Service") == "vss"]
    machines = [event for event in from_host if event.kind is Kind.VM]
    running = ledger.truth("running", machines, _running)
    disks = _disks([event for event in own if event.kind is Kind.DISK], ledger)
    listed = _volume_rows(own)
    volumes = _volumes(listed, ledger)
    kept = _shadow_storages([event for event in own if event.kind is Kind.SHADOW_STORAGE], ledger)
    virtual_disks = _virtual_disks(from_host, ledger, folders)
    complete = _all_imaged(own, virtual_disks)
    facts = Facts(
        integration_installed=ledger.truth(
            "integration_installed", [*services, *machines], lambda event: _installed(event, running)
        ),
        backup_service_enabled=ledger.truth("backup_service_enabled", services, lambda event: _truth(event, "Enabled")),
        backup_service_answers=ledger.truth("backup_service_answers", services, _answers),
        disks=disks,
        all_disks=complete or any(event.kind is Kind.DISK and event.provider != IMAGE for event in own),
        volumes=volumes,
        all_volumes=(complete and not any(disk.dynamic is not False for disk in disks))
        or any(event.provider not in {_OF_ONE_VOLUME, IMAGE} for event in listed),
        shadow_storages=kept,
        all_shadow_storages=_listed(own, ledger) or bool(kept),
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


def _truth(event: Event, field: str) -> bool | None:
    return {"true": True, "false": False}.get(event.fields.get(field, ""))


def _answers(event: Event) -> bool | None:
    return _ANSWERS.get(event.fields.get("PrimaryStatus", "").lower())


def _writer_says(machines: Iterable[Event]) -> tuple[Mode, Place] | None:
    for event in machines:
        if event.fields.get("Mode") in {Mode.ONLINE, Mode.OFFLINE}:
            return Mode(event.fields["Mode"]), Place(event.source, event.record)
    return None


# --- disks and volumes of the guest ----------------------------------------------------------------------------------


def _disks(events: Iterable[Event], ledger: _Ledger) -> tuple[Disk, ...]:
    """Disks with what their rows and those of their partitions tell: one dynamic partition makes the disk dynamic."""
    told: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        number = event.fields.get("Disk", "")
        told[f"Disk {number}" if number else "a disk"].append(event)
    disks = []
    for name, rows in sorted(told.items()):
        dynamic = _any_dynamic(rows)
        disks.append(Disk(name, dynamic))
        for row in rows:
            if dynamic is None or _truth(row, "Dynamic") is dynamic:
                ledger.note("disks", name, row)
    return tuple(disks)


def _any_dynamic(rows: Iterable[Event]) -> bool | None:
    """True if any is; false if all that tell are not, and no partition is of a type that nobody knows."""
    told = {_truth(row, "Dynamic") for row in rows if "Dynamic" in row.fields or "Partition" in row.fields}
    if True in told:
        return True
    return None if None in told or not told else False


def _all_imaged(own: Iterable[Event], virtual_disks: Iterable[VirtualDisk]) -> bool:
    """Whether images were given, and of every disk that the host tells of; all that were given where it tells none."""
    imaged = {event.fields["Disk"].lower() for event in own if event.kind is Kind.DISK and event.provider == IMAGE}
    return bool(imaged) and {disk_name(disk.path) for disk in virtual_disks} <= imaged


def _volume_rows(own: Iterable[Event]) -> list[Event]:
    """The rows about fixed volumes. Those of DiskPart without a letter name no volume that another list does not."""
    rows = [event for event in own if event.kind is Kind.VOLUME and event.fields.get("DriveType", "fixed") == "fixed"]
    if all(event.provider in {_OF_ONE_VOLUME, _WITHOUT_NAMES} for event in rows):
        return rows
    return [event for event in rows if event.provider != _WITHOUT_NAMES or "DriveLetter" in event.fields]


def _volumes(events: Iterable[Event], ledger: _Ledger) -> tuple[Volume, ...]:
    """Of a volume that several exports list, each fact is taken from the first that tells it."""
    told: dict[str, list[Event]] = {}
    names: dict[str, str] = {}
    for event in events:
        name, identity = event.fields.get("Volume", ""), event.fields.get("VolumeId", "")
        key = names.get(identity) or names.get(name.lower()) or name
        names |= {alias: key for alias in (identity, name.lower()) if alias}
        told.setdefault(key, []).append(event)
    volumes = []
    for name, rows in told.items():
        volumes.append(_volume(name, rows))
        for row in rows:
            ledger.note("volumes", name, row)
    return tuple(sorted(volumes))


def _volume(name: str, rows: Sequence[Event]) -> Volume:
    file_system = _first(rows, "FileSystem")
    size, free = _first(rows, "SizeBytes"), _first(rows, "FreeBytes")
    return Volume(
        name,
        file_system or None,
        int(size) if size.isdecimal() else None,
        int(free) if free.isdecimal() else None,
        reserved=all(row.fields.get("Reserved") == "true" for row in rows),
    )


def _first(rows: Iterable[Event], field: str) -> str:
    return next((row.fields[field] for row in rows if field in row.fields), "")


def _shadow_storages(events: Iterable[Event], ledger: _Ledger) -> tuple[ShadowStorage, ...]:
    kept = []
    for event in events:
        volume, storage = event.fields.get("ForVolume", "a volume"), event.fields.get("StorageVolume", "?")
        kept.append(
            ShadowStorage(volume, storage, {"true": True, "false": False}.get(event.fields.get("SameVolume", "")))
        )
        ledger.note("shadow_storages", volume, event)
    return tuple(kept)


def _listed(own: Iterable[Event], ledger: _Ledger) -> bool:
    """Whether `vssadmin list shadowstorage` was exported: what it does not list, there is not."""
    listings = [event for event in own if event.kind is Kind.VSS_LISTING]
    for event in listings:
        ledger.note("shadow_storages", "", event)
    return bool(listings)


# --- disks of the virtual machine on its host ------------------------------------------------------------------------


def _virtual_disks(from_host: Sequence[Event], ledger: _Ledger, folders: Sequence[str]) -> tuple[VirtualDisk, ...]:
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
