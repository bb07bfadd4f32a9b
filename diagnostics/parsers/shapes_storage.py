"""Rows that tell of disks, partitions and volumes: `Get-Volume`, `Win32_Volume`, `Get-Disk`, `Get-Partition`."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import msgspec

from diagnostics.event import Event, Kind
from diagnostics.parsers.cells import Cells, Origin, Reader, Value, integer_of, text_of, unwrapped
from diagnostics.parsers.vssadmin import bytes_of

_MACHINE = ("computername", "pscomputername", "systemname", "csname", "__server", "node")
_FILE_SYSTEM = ("filesystem", "filesystemtype")
_SIZE = ("capacity", "size", "total size")
_FREE = ("sizeremaining", "freespace")
_RESERVED_BELOW = 1 << 30
"""Bytes. EFI, System Reserved and recovery partitions are smaller, and have neither a letter nor a folder."""


class _Names(msgspec.Struct, frozen=True):
    file_systems: dict[int, str]
    drive_types: dict[int, str]
    partition_styles: dict[int, str]
    partition_types: dict[str, list[str | int]]
    partition_words: dict[str, str]


@cache
def _names() -> _Names:
    return msgspec.yaml.decode(Path(__file__).with_name("storage.yml").read_bytes(), type=_Names)


@cache
def _partition_types() -> Mapping[str, str]:
    return {str(known): purpose for purpose, types in _names().partition_types.items() for known in types}


def size_of(value: Value) -> str:
    """Bytes, from a number or from what consoles print (`126.45 GB`); empty where it is neither."""
    number = integer_of(value)
    if number is not None:
        return str(number) if number >= 0 else ""
    return bytes_of(text_of(unwrapped(value)).replace("\xa0", " "))


def volume_fields(
    *, access: str, identity: str, label: str, file_system: str, size: str, free: str, drive_type: str
) -> dict[str, str]:
    """The fields of a `volume` event (docs/events.md); `access` is its letter or folder, `identity` its GUID path."""
    letter = f"{access[0].upper()}:" if access.rstrip(":\\") and len(access.rstrip(":\\")) == 1 else ""
    small = size.isdecimal() and 0 < int(size) < _RESERVED_BELOW
    fixed = drive_type in {"", "fixed"}
    return {
        "Volume": letter or access or identity or label,
        "VolumeId": identity.lower(),
        "DriveLetter": letter,
        "Label": label,
        "FileSystem": file_system,
        "SizeBytes": size,
        "FreeBytes": free,
        "DriveType": drive_type,
        "Reserved": "true" if fixed and not access and small else "false",
    }


def _named(names: Mapping[int, str], value: Value) -> str:
    number = integer_of(value)
    return text_of(unwrapped(value)) if number is None else names.get(number, "")


def _event(kind: Kind, cells: Cells, origin: Origin, fields: Mapping[str, str]) -> Event:
    return Event(
        kind=kind,
        source=origin.document.name,
        record=cells.record,
        machine=cells.text(*_MACHINE) or origin.document.machine,
        fields={name: value for name, value in fields.items() if value},
    )


def _volume(cells: Cells, origin: Origin) -> Event | None:
    name, identity = cells.text("name", "caption"), cells.text("path", "uniqueid", "deviceid")
    access = _letter(cells) or ("" if name.startswith("\\\\?") else name)
    if not access and len(identity) == 2:
        access, identity = identity, ""  # Win32_LogicalDisk: its DeviceID is the letter
    drive_type = _named(_names().drive_types, cells.get("drivetype")).lower()
    fields = volume_fields(
        access=access,
        identity=identity if identity.startswith("\\\\?\\") else "",
        label=cells.text("filesystemlabel", "label", "friendlyname", "volumename"),
        file_system=_file_system(cells, drive_type),
        size=size_of(cells.get(*_SIZE)),
        free=size_of(cells.get(*_FREE)),
        drive_type=drive_type,
    )
    return _event(Kind.VOLUME, cells, origin, fields) if fields["Volume"] or fields["SizeBytes"] else None


def _letter(cells: Cells) -> str:
    """The drive letter; CLIXML holds the number of a character, and a zero where there is none."""
    value = cells.get("driveletter")
    number = integer_of(value)
    if number is not None:
        return chr(number) if ord("A") <= number <= ord("z") else ""
    return text_of(value).strip("\0 :")


def _file_system(cells: Cells, drive_type: str) -> str:
    """`RAW` where the export has the column and the volume has none; empty where nobody knows."""
    name = _named(_names().file_systems, cells.get(*_FILE_SYSTEM))
    if name.lower() == "unknown":
        return ""
    return name or ("RAW" if drive_type == "fixed" else "")


def _disk(cells: Cells, origin: Origin) -> Event | None:
    number = cells.text("number", "disknumber", "index")
    fields = {
        "Disk": number,
        "PartitionStyle": _named(_names().partition_styles, cells.get("partitionstyle", "partition style")),
        "SizeBytes": size_of(cells.get(*_SIZE)),
    }
    return _event(Kind.DISK, cells, origin, fields) if number else None


def _partition(cells: Cells, origin: Origin) -> Event | None:
    purpose = _purpose(cells)
    letter = _letter(cells)
    fields = {
        "Disk": cells.text("disknumber", "diskindex"),
        "Partition": cells.text("partitionnumber", "index"),
        "PartitionType": purpose,
        "Dynamic": "" if purpose == "unknown" else "true" if purpose == "ldm" else "false",
        "DriveLetter": f"{letter}:" if letter else "",
        "SizeBytes": size_of(cells.get(*_SIZE)),
    }
    return _event(Kind.DISK, cells, origin, fields)


def _purpose(cells: Cells) -> str:
    """What a partition is for: `basic`, `ldm`, `reserved`, `extended`, or `unknown`."""
    for column in ("gpttype", "mbrtype", "type"):
        told = cells.text(column).strip("{} ").lower()
        if told in _partition_types():
            return _partition_types()[told]
        for words, purpose in _names().partition_words.items():
            if words in told:
                return purpose
    return "unknown"


def _is_volume(columns: frozenset[str]) -> bool:
    sizes = bool({*_SIZE} & columns) + bool({*_FREE} & columns)
    return bool({*_FILE_SYSTEM} & columns) and sizes > 0 and "hypervisorpresent" not in columns


def _is_disk(columns: frozenset[str]) -> bool:
    return bool({"partitionstyle", "partition style"} & columns) and bool({"number", "disknumber"} & columns)


def _is_partition(columns: frozenset[str]) -> bool:
    return bool({"partitionnumber", "diskindex"} & columns) and bool({"type", "gpttype", "mbrtype"} & columns)


STORAGE_SHAPES: tuple[tuple[Callable[[frozenset[str]], bool], Reader], ...] = (
    (_is_partition, _partition),
    (_is_disk, _disk),
    (_is_volume, _volume),
)
