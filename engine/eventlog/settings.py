"""What DiskPart prints of a machine's disks. Source: captured listings of `list disk` and `list volume`, in English."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

GIB, MIB, KIB = 1 << 30, 1 << 20, 1 << 10


RESERVED = "System Reserved"
"""What setup calls the partition that Windows starts from."""


class DiskSetting(NamedTuple):
    """A disk with the volume that fills it, but for the system partition that is on one of them."""

    volume: str
    """Its drive letter, as in `C:`."""
    size: int
    """Bytes."""
    file_system: str
    dynamic: bool
    system_partition: int = 0
    """Its bytes; 0 where it is on another disk."""


def diskpart(machine: str, disks: Iterable[DiskSetting]) -> str:
    """`list disk` and `list volume`."""
    disks = list(disks)
    lines = [
        "Microsoft DiskPart version 6.1.7601",
        "Copyright (C) 1999-2008 Microsoft Corporation.",
        f"On computer: {machine}",
        "",
        "DISKPART> list disk",
        "",
        *_table(_DISK, "Disk ###|Status|Size|Free|Dyn|Gpt", (_disk(n, disk) for n, disk in enumerate(disks))),
        "",
        "DISKPART> list volume",
        "",
        *_table(_VOLUME, "Volume ###|Ltr|Label|Fs|Type|Size|Status|Info", _volumes(disks)),
    ]
    return "\n".join(lines) + "\n"


_DISK = (8, 13, 7, 7, 3, 3)
_VOLUME = (10, 3, 11, 5, 10, 7, 9, 8)


def _disk(number: int, disk: DiskSetting) -> tuple[str, ...]:
    size = disk.size + disk.system_partition
    return (f"Disk {number}", "Online", f"{_size(size):>7}", f"{'0 B':>7}", " *" if disk.dynamic else "", "")


def _volumes(disks: Iterable[DiskSetting]) -> Iterator[tuple[str, ...]]:
    number = 0
    for disk in disks:
        kind, letter, information = "Simple" if disk.dynamic else "Partition", f" {disk.volume[0]}", ""
        if disk.system_partition:
            size, label = f"{_size(disk.system_partition):>7}", RESERVED[: _VOLUME[2]]
            yield (f"Volume {number}", "", label, "NTFS", kind, size, "Healthy", "System")
            number, information = number + 1, "Boot"
        size = f"{_size(disk.size):>7}"
        yield (f"Volume {number}", letter, "", disk.file_system, kind, size, "Healthy", information)
        number += 1


def _table(widths: Sequence[int], head: str, rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for row in (head.split("|"), ["-" * width for width in widths], *rows):
        yield "  ".join(["", *(cell.ljust(width) for cell, width in zip(row, widths, strict=True))]).rstrip()


def device(machine: str, volume: str) -> str:
    """A volume's GUID path; Windows makes it up when it first sees the volume, so that any will do."""
    number = int.from_bytes(f"{machine}{volume}".encode()[-6:].rjust(6, b"\0"), "big")
    return f"\\\\?\\Volume{{de393808-58d8-11df-be86-{number:012x}}}\\"


def _size(size: int) -> str:
    for unit, name in ((GIB, "GB"), (MIB, "MB"), (KIB, "KB")):
        if size >= unit * 10 or (unit == KIB and size):
            return f"{size // unit} {name}"
    return f"{size} B"
