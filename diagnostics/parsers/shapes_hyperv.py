"""Rows that are Hyper-V's inventory: virtual machines, integration services, checkpoints and virtual disks."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import msgspec

from diagnostics.event import Event, Kind
from diagnostics.parsers.cells import Cells, Origin, Reader, Value, integer_of, moment_of, text_of, unwrapped
from diagnostics.parsers.codes import find_codes
from diagnostics.parsers.host_paths import beside_checkpoints

_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")
_VM_PROPERTIES = frozenset(
    {
        "generation",
        "vmid",
        "uptime",
        "cpuusage",
        "cpuusage(%)",
        "memoryassigned",
        "memoryassigned(m)",
        "configurationlocation",
    }
)
_OF_VM_ALONE = frozenset(
    {"checkpointfilelocation", "snapshotfilelocation", "integrationservicesversion", "integrationservicesstate"}
)
"""Properties that nothing but a machine has; one of them tells the shape even where its state was not selected."""
_DRIVE_PROPERTIES = frozenset({"controllertype", "controllernumber", "controllerlocation"})
_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_PARENTS = ("parentcheckpointname", "parentsnapshotname")


class _Names(msgspec.Struct, frozen=True):
    vm_states: dict[int, str]
    enabled_states: dict[int, str]
    snapshot_types: dict[int, str]
    vhd_types: dict[int, str]
    vhd_formats: dict[int, str]
    integration_statuses: dict[int, str]
    integration_ids: dict[str, list[str]]
    integration_names: dict[str, list[str]]


@cache
def _names() -> _Names:
    return msgspec.yaml.decode(Path(__file__).with_name("hyperv.yml").read_bytes(), type=_Names)


@cache
def _services() -> Mapping[str, str]:
    """Integration services by the last part of their ids."""
    return {guid.upper(): service for service, guids in _names().integration_ids.items() for guid in guids}


def integration_service(identity: str, name: str) -> str:
    """Which integration service it is, by the GUID at the end of its id, else by its name in any language known.

    `vss`, `heartbeat`, `kvp`, `shutdown`, `time`, `guest-interface`, or `unknown`.
    """
    service = _services().get(identity.rpartition("\\")[2].strip("{} ").upper())
    if service:
        return service
    lowered = name.lower()
    for candidate, words in _names().integration_names.items():
        if any(word in lowered for word in words):
            return candidate
    return "unknown"


def _named(names: Mapping[int, str], value: Value) -> str:
    """An enumeration's value by its name: JSON holds the number, everything else the name."""
    number = integer_of(value)
    return text_of(unwrapped(value)) if number is None else names.get(number, str(number))


def _items(value: Value) -> list[Value]:
    if isinstance(value, (list, tuple)):
        return list(value)
    text = text_of(unwrapped(value))
    if not text or text.endswith("[]"):  # the type's name: what Export-Csv prints for a list
        return []
    return [item.strip() for item in text.strip("{}").split(",")]


def _event(kind: Kind, cells: Cells, origin: Origin, fields: dict[str, str]) -> Event:
    held = {name: value for name, value in fields.items() if value}
    return Event(
        kind=kind,
        source=origin.document.name,
        record=cells.record,
        machine=cells.text("computername", "pscomputername") or origin.document.machine,
        fields=held,
        codes=find_codes("\n".join(held.values())),
    )


def _vm(cells: Cells, origin: Origin) -> Event | None:
    name = cells.text("vmname", "name")
    checkpoints = cells.text("checkpointfilelocation", "snapshotfilelocation")
    disks = [path for drive in _items(cells.get("harddrives")) if (path := _drive_path(drive))]
    fields = {
        "VmName": name,
        "VmId": cells.text("vmid", "id"),
        "State": _named(_names().vm_states, cells.get("state")),
        "Status": cells.text("status", "primarystatusdescription"),
        "Version": cells.text("version"),
        "Generation": cells.text("generation"),
        "CheckpointPath": checkpoints,
        "Path": cells.text("path", "configurationlocation"),
        "IntegrationVersion": cells.text("integrationservicesversion").replace("\n", "."),
        "DiskPaths": "\n".join(disks),
        "CheckpointsBesideDisks": beside_checkpoints(checkpoints, disks),
    }
    return _event(Kind.VM, cells, origin, fields) if name else None


def _drive_path(drive: Value) -> str:
    """The file of a `HardDrives` entry, which only exports with some depth hold."""
    return text_of(drive.get("Path")) if isinstance(drive, dict) else ""


def _computer_system(cells: Cells, origin: Origin) -> Event | None:
    """`Msvm_ComputerSystem`: the host is one too, but its name is no GUID."""
    identity = cells.text("name")
    if not _GUID.fullmatch(identity):
        return None
    state = _named(_names().enabled_states, cells.get("enabledstate"))
    return _event(Kind.VM, cells, origin, {"VmName": cells.text("elementname"), "VmId": identity, "State": state})


def _setting_data(cells: Cells, origin: Origin) -> Event | None:
    """`Msvm_VirtualSystemSettingData`: of the machine, not of its checkpoints, which are called as they are."""
    if "snapshot" in cells.text("virtualsystemtype").lower():
        return None
    fields = {
        "VmName": cells.text("elementname"),
        "VmId": cells.text("virtualsystemidentifier", "systemname"),
        "Version": cells.text("version"),
        "CheckpointPath": cells.text("snapshotdataroot"),
        "Path": cells.text("configurationdataroot"),
    }
    return _event(Kind.VM, cells, origin, fields)


def _integration_service(cells: Cells, origin: Origin) -> Event | None:
    name = cells.text("name")
    statuses = _items(cells.get("operationalstatus"))
    fields = {
        "VmName": cells.text("vmname"),
        "ServiceName": name,
        "Service": integration_service(cells.text("id"), name),
        "Enabled": cells.text("enabled").lower(),
        "PrimaryStatus": _status(cells, "primary", statuses[:1]),
        "SecondaryStatus": _status(cells, "secondary", statuses[1:2]),
    }
    return _event(Kind.INTEGRATION_SERVICE, cells, origin, fields) if name else None


def _status(cells: Cells, rank: str, listed: list[Value]) -> str:
    """The status as the English description spells it, from the enumeration where there is one."""
    value = cells.get(f"{rank}operationalstatus") or next(iter(listed), None)
    if value is None:
        return cells.text(f"{rank}statusdescription")
    name = _WORDS.sub(" ", _named(_names().integration_statuses, value))
    return "OK" if name == "Ok" else name


def _checkpoint(cells: Cells, origin: Origin) -> Event | None:
    moment = moment_of(cells.get("creationtime"), origin)
    fields = {
        "VmName": cells.text("vmname"),
        "CheckpointName": cells.text("checkpointname", "snapshotname", "name"),
        "SnapshotType": _named(_names().snapshot_types, cells.get("snapshottype")),
        "ParentCheckpointName": cells.text(*_PARENTS),
    }
    event = _event(Kind.CHECKPOINT, cells, origin, fields)
    if moment is None:
        return event
    return msgspec.structs.replace(event, time=moment.microseconds, local_time=moment.local)


def _virtual_disk(cells: Cells, origin: Origin) -> Event | None:
    path = cells.text("path")
    fields = {
        "Path": path,
        "ParentPath": cells.text("parentpath"),
        "VhdType": _named(_names().vhd_types, cells.get("vhdtype")),
        "VhdFormat": _named(_names().vhd_formats, cells.get("vhdformat")),
        "Attached": cells.text("attached").lower(),
        "VmName": cells.text("vmname"),
    }
    return _event(Kind.VIRTUAL_DISK, cells, origin, fields) if path else None


def _is_integration_service(columns: frozenset[str]) -> bool:
    statuses = {"primarystatusdescription", "primaryoperationalstatus", "operationalstatus"}
    return {"name", "enabled"} <= columns and ("vmname" in columns or bool(statuses & columns))


def _is_checkpoint(columns: frozenset[str]) -> bool:
    named = bool({"name", "checkpointname", "snapshotname"} & columns)
    return "vmname" in columns and named and ("snapshottype" in columns or _PARENTS[0] in columns)


def _is_vm(columns: frozenset[str]) -> bool:
    shaped = ("state" in columns and bool(_VM_PROPERTIES & columns)) or bool(_OF_VM_ALONE & columns)
    return shaped and bool({"name", "vmname"} & columns)


def _is_virtual_disk(columns: frozenset[str]) -> bool:
    if "path" not in columns or "dvdmediatype" in columns:
        return False
    return bool({"vhdtype", "vhdformat", "parentpath"} & columns) or (
        "vmname" in columns and bool(_DRIVE_PROPERTIES & columns)
    )


HYPERV_SHAPES: tuple[tuple[Callable[[frozenset[str]], bool], Reader], ...] = (
    (_is_integration_service, _integration_service),
    (_is_checkpoint, _checkpoint),
    (_is_vm, _vm),
    (lambda columns: {"elementname", "enabledstate", "name"} <= columns, _computer_system),
    (lambda columns: {"elementname", "snapshotdataroot"} <= columns, _setting_data),
    (_is_virtual_disk, _virtual_disk),
)
