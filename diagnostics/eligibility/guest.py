"""From what was read inside of a virtual machine, or in the images of its disks, to its disks and volumes."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from diagnostics.eligibility.images import IMAGE, disk_name
from diagnostics.eligibility.ledger import Ledger
from diagnostics.event import Event, Kind
from engine.hyperv.conditions import Disk, ShadowStorage, VirtualDisk, Volume

OF_ONE_VOLUME, _WITHOUT_NAMES = "fsutil", "diskpart"
"""Exports that are no complete list, and that call volumes without a letter by a number of their own."""


def disks_of(events: Iterable[Event], ledger: Ledger) -> tuple[Disk, ...]:
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
            if dynamic is None or truth(row, "Dynamic") is dynamic:
                ledger.note("disks", name, row)
    return tuple(disks)


def _any_dynamic(rows: Iterable[Event]) -> bool | None:
    """True if any is; false if all that tell are not, and no partition is of a type that nobody knows."""
    told = {truth(row, "Dynamic") for row in rows if "Dynamic" in row.fields or "Partition" in row.fields}
    if True in told:
        return True
    return None if None in told or not told else False


def all_imaged(own: Iterable[Event], virtual_disks: Iterable[VirtualDisk]) -> bool:
    """Whether images were given, and of every disk that the host tells of; all that were given where it tells none."""
    imaged = {event.fields["Disk"].lower() for event in own if event.kind is Kind.DISK and event.provider == IMAGE}
    return bool(imaged) and {disk_name(disk.path) for disk in virtual_disks} <= imaged


def volume_rows(own: Iterable[Event]) -> list[Event]:
    """The rows about fixed volumes. Those of DiskPart without a letter name no volume that another list does not."""
    rows = [event for event in own if event.kind is Kind.VOLUME and event.fields.get("DriveType", "fixed") == "fixed"]
    if all(event.provider in {OF_ONE_VOLUME, _WITHOUT_NAMES} for event in rows):
        return rows
    return [event for event in rows if event.provider != _WITHOUT_NAMES or "DriveLetter" in event.fields]


def volumes_of(events: Iterable[Event], ledger: Ledger) -> tuple[Volume, ...]:
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


def shadow_storages_of(events: Iterable[Event], ledger: Ledger) -> tuple[ShadowStorage, ...]:
    kept = []
    for event in events:
        volume, storage = event.fields.get("ForVolume", "a volume"), event.fields.get("StorageVolume", "?")
        kept.append(
            ShadowStorage(volume, storage, {"true": True, "false": False}.get(event.fields.get("SameVolume", "")))
        )
        ledger.note("shadow_storages", volume, event)
    return tuple(kept)


def shadow_storages_listed(own: Iterable[Event], ledger: Ledger) -> bool:
    """Whether `vssadmin list shadowstorage` was exported: what it does not list, there is not."""
    listings = [event for event in own if event.kind is Kind.VSS_LISTING]
    for event in listings:
        ledger.note("shadow_storages", "", event)
    return bool(listings)


def truth(event: Event, field: str) -> bool | None:
    """A field that says true or false; None where it says neither, or is not there."""
    return {"true": True, "false": False}.get(event.fields.get(field, ""))
