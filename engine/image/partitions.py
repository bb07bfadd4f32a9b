"""The partitions of a disk, and whether it is a dynamic one: MBR, GPT, and the marks of the Logical Disk Manager.

Sources: UEFI specification 2.10, chapter 5; https://learn.microsoft.com/windows/win32/api/winioctl/ (partition types);
libldm and the Linux kernel's documentation of LDM for PRIVHEAD.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from engine.image.errors import ImageError
from engine.image.reading import SECTOR, Disk, read

_ENTRY = struct.Struct("<B3xB3xII")
"""Status (0x80: the machine starts from it), type, first sector, sectors."""
_TABLE = 446
_EXTENDED = (0x05, 0x0F, 0x85)
_PROTECTIVE = 0xEE
_DYNAMIC = 0x42
_ACTIVE = 0x80
_SMALL = 1 << 30
"""An active partition of less, beside others, is taken for the one that Windows calls System Reserved."""
_MOST_LOGICAL = 128
_GPT = struct.Struct("<8sIII4xQQQQ16sQIII")
"""Signature, revision, size, checksum, own and other place, first and last usable sector, identifier, place, number
and size of entries, their checksum."""
_GPT_ENTRY = struct.Struct("<16s16sQQQ72s")
_SECTORS = (512, 4096)
_MOST_ENTRIES = 1024
_LARGEST_ENTRY = 1024
_PRIVHEAD = 6 * SECTOR
"""Where a dynamic MBR disk repeats its private header."""

_UNUSED = UUID(int=0)
_DYNAMIC_GUIDS = {
    UUID("5808c8aa-7e8f-42e0-85d2-e1e90434cfb3"),  # LDM metadata
    UUID("af9b60a0-1431-4f62-bc68-3311714a69ad"),  # LDM data
}
_RESERVED_GUIDS = {
    UUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b"),  # EFI system
    UUID("e3c9e316-0b5c-4db8-817d-f92df00215ae"),  # Microsoft reserved
    UUID("de94bba4-06d1-4d40-a16a-bfd50179d6ac"),  # recovery
}
_RESERVED_TYPES = {0x27, 0xEF}
"""Windows recovery and EFI system on an MBR disk."""


class _Entry(NamedTuple):
    """One of the four of a table, used or not."""

    status: int
    kind: int
    first: int
    sectors: int


class Partition(NamedTuple):
    """A range of a disk."""

    number: int
    start: int
    """Bytes from the disk's beginning."""
    size: int
    kind: str
    """Its type: two hexadecimal digits (MBR) or a GUID (GPT)."""
    reserved: bool
    """Whether Windows keeps it for itself."""
    dynamic: bool
    """Whether it belongs to a dynamic disk's volumes."""


class Layout(NamedTuple):
    """How a disk is divided."""

    scheme: str
    """`gpt`, `mbr`, or `none`."""
    dynamic: bool
    """Whether the Logical Disk Manager has it."""
    partitions: tuple[Partition, ...]


def layout(disk: Disk) -> Layout:
    """The partitions; ImageError where a table is there but cannot be trusted."""
    if disk.size < 2 * disk.sector:
        return Layout("none", dynamic=False, partitions=())
    boot = read(disk, 0, SECTOR)
    if boot[510:] != b"\x55\xaa":
        return Layout("none", dynamic=False, partitions=())
    primary = list(_entries(boot))
    if any(entry.kind == _PROTECTIVE for entry in primary):
        partitions = tuple(_gpt(disk))
        return Layout("gpt", any(one.dynamic for one in partitions), partitions)
    partitions = tuple(_mbr(disk, primary))
    dynamic = any(one.dynamic for one in partitions) or _has_private_header(disk)
    return Layout("mbr", dynamic, partitions)


def _has_private_header(disk: Disk) -> bool:
    return disk.size >= _PRIVHEAD + SECTOR and read(disk, _PRIVHEAD, 8) == b"PRIVHEAD"


# --- MBR -------------------------------------------------------------------------------------------------------------


def _entries(sector: bytes) -> Iterator[_Entry]:
    for number in range(4):
        yield _Entry(*_ENTRY.unpack_from(sector, _TABLE + number * _ENTRY.size))


def _mbr(disk: Disk, primary: list[_Entry]) -> Iterator[Partition]:
    alone = sum(bool(entry.kind and entry.sectors) for entry in primary) == 1
    for number, entry in enumerate(primary, 1):
        if entry.kind in _EXTENDED:
            yield from _logical(disk, entry.first)
        elif entry.kind and entry.sectors:
            found = _mbr_partition(disk, number, entry, 0)
            system = entry.status == _ACTIVE and found.size < _SMALL and not alone
            yield found._replace(reserved=found.reserved or system)


def _logical(disk: Disk, extended: int) -> Iterator[Partition]:
    """The chain of logical partitions: each table holds one, and where the next table is."""
    table, seen = extended, set[int]()
    while table not in seen and len(seen) < _MOST_LOGICAL:
        seen.add(table)
        sector = read(disk, table * disk.sector, SECTOR)
        if sector[510:] != b"\x55\xaa":
            raise ImageError(disk.path, table * disk.sector, "a table of a logical partition expected (55 AA)")
        entry, link, *_ = _entries(sector)
        if entry.kind and entry.sectors:
            yield _mbr_partition(disk, 4 + len(seen), entry, table)
        if link.kind not in _EXTENDED or not link.first:
            return
        table = extended + link.first
    raise ImageError(disk.path, table * disk.sector, "the chain of logical partitions does not end")


def _mbr_partition(disk: Disk, number: int, entry: _Entry, base: int) -> Partition:
    """A partition; logical ones are counted from the table that names them, `base`."""
    start, size = (base + entry.first) * disk.sector, entry.sectors * disk.sector
    if start + size > disk.size:
        raise ImageError(disk.path, _TABLE, f"partition {number} ends at {start + size}, the disk at {disk.size}")
    kind = entry.kind
    return Partition(number, start, size, f"{kind:02x}", kind in _RESERVED_TYPES, kind == _DYNAMIC)


# --- GPT -------------------------------------------------------------------------------------------------------------


def _gpt(disk: Disk) -> Iterator[Partition]:
    sector, header, table = _sound_gpt(disk)
    count, size = header[10], header[11]
    for number in range(count):
        kind, _, first, last, _, _ = _GPT_ENTRY.unpack_from(table, number * size)
        guid = UUID(bytes_le=kind)
        if guid == _UNUSED:
            continue
        start, end = first * sector, (last + 1) * sector
        if not 0 <= start < end <= disk.size:
            raise ImageError(disk.path, header[9] * sector + number * size, f"partition {number + 1} lies outside")
        yield Partition(number + 1, start, end - start, str(guid), guid in _RESERVED_GUIDS, guid in _DYNAMIC_GUIDS)


def _sound_gpt(disk: Disk) -> tuple[int, tuple[int, ...], bytes]:
    """Bytes of a sector, header and entries, of the first table, or of its copy at the end of the disk."""
    for sector in dict.fromkeys((disk.sector, *_SECTORS)):  # a raw image does not tell which
        for place in (sector, disk.size // sector * sector - sector):
            if found := _gpt_at(disk, sector, place):
                return sector, *found
    raise ImageError(disk.path, disk.sector, "no GPT with right checksums, here or at the end of the disk")


def _gpt_at(disk: Disk, sector: int, place: int) -> tuple[tuple[int, ...], bytes] | None:
    """Header and entries, None where they are not there or damaged."""
    if place + SECTOR > disk.size:
        return None
    block = read(disk, place, SECTOR)
    header = _GPT.unpack_from(block)
    length, checksum = header[2], header[3]
    if header[0] != b"EFI PART" or not _GPT.size <= length <= SECTOR:
        return None
    if zlib.crc32(block[:16] + bytes(4) + block[20:length]) != checksum:
        return None
    table_at, count, size, entries_checksum = header[9:]
    if not 0 < count <= _MOST_ENTRIES or not _GPT_ENTRY.size <= size <= _LARGEST_ENTRY:
        raise ImageError(disk.path, place + 80, f"{count} entries of {size} bytes")
    table = read(disk, table_at * sector, count * size)
    return (header, table) if zlib.crc32(table) == entries_checksum else None
