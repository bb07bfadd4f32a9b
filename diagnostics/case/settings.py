"""What several exports of a host tell only together: whether a machine's checkpoints lie beside its disks.

`Get-VM` names the folder of the checkpoints, `Get-VMHardDiskDrive` the disks, `Win32_Volume` the folders that volumes
are mounted in.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from diagnostics.case.topology import named, short_name
from diagnostics.event import Event, Kind
from diagnostics.parsers.host_paths import beside_checkpoints, mount_folders

_BESIDE = "CheckpointsBesideDisks"


def joined(events: Sequence[Event]) -> list[Event]:
    """The events; those of virtual machines with what other exports of the same host add to them."""
    disks: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for event in events:
        if event.kind is Kind.VIRTUAL_DISK and event.fields.get("Path"):
            disks[_of(event)].append(event.fields["Path"])
    if not disks:
        return list(events)
    folders = _folders(events)
    return [_completed(event, disks.get(_of(event), ()), folders.get(_of(event)[0], ())) for event in events]


def _of(event: Event) -> tuple[str, str]:
    return short_name(event.machine), named(event, "VmName")


def _folders(events: Iterable[Event]) -> dict[str, list[str]]:
    """The folders that volumes of a machine are mounted in."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for event in events:
        if event.kind is Kind.VOLUME:
            names[short_name(event.machine)].append(event.fields.get("Volume", ""))
    return {machine: mount_folders(volumes) for machine, volumes in names.items()}


def _completed(event: Event, disks: Iterable[str], folders: Iterable[str]) -> Event:
    checkpoints = event.fields.get("CheckpointPath")
    if event.kind is not Kind.VM or not checkpoints or _BESIDE in event.fields:
        return event
    beside = beside_checkpoints(checkpoints, disks, folders)
    return msgspec.structs.replace(event, fields={**event.fields, _BESIDE: beside}) if beside else event
