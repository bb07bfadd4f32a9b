"""Disk images of virtual machines, as what an export of the guest would tell: their disks and volumes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PureWindowsPath
from typing import NamedTuple

from diagnostics.case.topology import named
from diagnostics.event import Event, Kind
from engine.image import FoundVolume, ImageError, Inspection, ParentMissingError, inspect

IMAGE = "image"
"""The provider of what was read from images."""
_SUFFIXES = frozenset({".vhd", ".vhdx", ".avhd", ".avhdx", ".qcow2", ".img", ".raw"})
_ENCRYPTED = "BitLocker"
"""What is below it, only the guest knows."""
_SIGNATURES = (b"vhdxfile", b"conectix", b"QFI\xfb")


class Told(NamedTuple):
    """What images tell."""

    events: list[Event]
    problems: list[str]
    """Whatever of them could not be read: a condition may be unknown because of it."""


def is_image(path: Path) -> bool:
    """Whether a path names a disk image: by its content, or, as raw ones have no mark, by its name."""
    if not path.is_file():
        return False
    if path.suffix.lower() in _SUFFIXES:
        return True
    with path.open("rb") as file:
        return file.read(8).startswith(_SIGNATURES)


def disk_name(path: str) -> str:
    """What a disk is known by on another machine than its host: the last part of its path."""
    return PureWindowsPath(path).name.lower()


def owners(events: Iterable[Event]) -> dict[str, str]:
    """Disk -> virtual machine, as the exports of hosts tell; without those that several machines have."""
    found: dict[str, set[str]] = {}
    for event in events:
        paths = [event.fields.get("Path", "")] if event.kind is Kind.VIRTUAL_DISK else []
        for path in (*paths, *event.fields.get("DiskPaths", "").splitlines()):
            if path and (vm := named(event, "VmName")):
                found.setdefault(disk_name(path), set()).add(vm)
    return {disk: next(iter(vms)) for disk, vms in found.items() if len(vms) == 1}


def told_by(paths: Sequence[Path], owned: Mapping[str, str], owner: str = "") -> Told:
    """Read images. Those that are parents of others are not disks of their own.

    Args:
        paths: the images.
        owned: disk -> virtual machine.
        owner: the machine of images that nobody owns.
    """
    told = Told([], [])
    found: dict[Path, Inspection | None] = {}
    for path in paths:
        others = [other for other in paths if other != path]
        try:
            found[path] = inspect(path, others)
        except ParentMissingError as error:
            found[path] = None
            told.problems.append(f"{error}; give the parent's file as well")
        except (ImageError, OSError) as error:
            found[path] = None
            told.problems.append(str(error))
    parents = {parent for one in found.values() if one for parent in one.chain[1:]}
    for path, inspection in found.items():
        if path not in parents:
            machine = owned.get(disk_name(path.name), owner)
            told.events.extend(_events(path, inspection, machine))
            told.problems.extend(one.problem for one in (inspection.volumes if inspection else ()) if one.problem)
    return told


def _events(path: Path, inspection: Inspection | None, machine: str) -> Iterator[Event]:
    """The disk, and its volumes; what an unreadable or dynamic disk has for volumes is not known."""
    known = {"Dynamic": str(inspection.dynamic).lower()} if inspection and inspection.dynamic is not None else {}
    yield _event(Kind.DISK, path, machine, {"Disk": path.name, **known})
    for volume in inspection.volumes if inspection and not inspection.dynamic else ():
        yield _event(Kind.VOLUME, path, machine, _fields(path, volume))


def _event(kind: Kind, path: Path, machine: str, fields: dict[str, str]) -> Event:
    return Event(kind=kind, source=str(path), record=0, machine=machine, provider=IMAGE, fields=fields)


def _fields(path: Path, volume: FoundVolume) -> dict[str, str]:
    part = f" partition {volume.partition}" if volume.partition else ""
    fields = {"Volume": f"{path.name}{part}", "SizeBytes": str(volume.size), "Reserved": str(volume.reserved).lower()}
    if volume.file_system and volume.file_system != _ENCRYPTED:
        fields["FileSystem"] = volume.file_system
    if volume.free is not None:
        fields["FreeBytes"] = str(volume.free)
    return fields
