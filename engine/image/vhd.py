"""VHD and AVHD: fixed, dynamic and differencing.

Source: *Virtual Hard Disk Image Format Specification*, Microsoft 2006. Numbers are big-endian.
"""

import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple
from uuid import UUID

from engine.image.errors import ImageError
from engine.image.reading import SECTOR, Holder, Piece, RawDisk, by_block, by_presence, read

_FOOTER = struct.Struct(">8sIIQI4sIIQQ4sII16s")
"""Cookie, features, version, offset of the header, time, creator, its version and host, original size, size,
geometry, type, checksum, identifier."""
_FOOTER_CHECKSUM = 64
_HEADER = struct.Struct(">8sQQIIII16sII512s")
"""Cookie, unused, offset of the table, version, entries, bytes of a block, checksum, parent's identifier, its time,
reserved, its name."""
_HEADER_SIZE = 1024
_HEADER_CHECKSUM = 36
_LOCATOR = struct.Struct(">4sIIIQ")
"""Platform, space, bytes, reserved, offset."""
_LOCATORS = 8
_UNALLOCATED = 0xFFFFFFFF
_LARGEST_BLOCK = 256 << 20
_PATHS = {b"W2ru": "utf-16-le", b"W2ku": "utf-16-le"}
"""Platforms of locators: relative and absolute paths of Windows."""
_LONGEST_PATH = 65536


class VhdKind(IntEnum):
    """Types of disks, as the footer numbers them."""

    FIXED = 2
    DYNAMIC = 3
    DIFFERENCING = 4


class Vhd(NamedTuple):
    """What footer and header say."""

    kind: VhdKind
    size: int
    """Bytes of the virtual disk."""
    id: UUID
    creator: str
    block_size: int = 0
    """0 where it is fixed."""
    table: int = 0
    """Offset of the table of blocks."""
    entries: int = 0
    parent_id: UUID | None = None
    parent_names: tuple[str, ...] = ()
    """The parent's paths and its name, as whoever made the disk wrote them: hostile."""


def is_vhd(file: RawDisk) -> bool:
    """Whether there is a footer, or its copy at the beginning."""
    return any(_at(file, offset)[:8] == b"conectix" for offset in _footers(file))


def read_vhd(file: RawDisk) -> Vhd:
    """Footer and header; ImageError where neither footer nor its copy is sound, or the header is not."""
    footer, offset = _sound_footer(file)
    fields = _FOOTER.unpack_from(footer)
    header, creator, size, kind, identifier = fields[3], fields[5], fields[9], fields[11], fields[13]
    try:
        kind = VhdKind(kind)
    except ValueError:
        raise ImageError(file.path, offset + 60, f"disk type 2, 3 or 4 expected, not {kind}") from None
    described = Vhd(kind, size, UUID(bytes=identifier), creator.decode("ascii", "replace").strip())
    if kind is VhdKind.FIXED:
        if size > file.size - SECTOR:
            raise ImageError(file.path, offset + 48, f"a disk of {size} bytes does not fit into {file.size}")
        return described
    return _with_header(file, header, described)


def _footers(file: RawDisk) -> tuple[int, ...]:
    return (file.size - SECTOR, 0) if file.size >= SECTOR else ()


def _at(file: RawDisk, offset: int) -> bytes:
    return read(file, offset, SECTOR)


def _sound_footer(file: RawDisk) -> tuple[bytes, int]:
    for offset in _footers(file):
        footer = _at(file, offset)
        if footer[:8] == b"conectix" and _checksum(footer, _FOOTER_CHECKSUM) == _stated(footer, _FOOTER_CHECKSUM):
            return footer, offset
    raise ImageError(file.path, file.size - SECTOR, "no VHD footer with a right checksum, nor a copy at byte 0")


def _checksum(structure: bytes, field: int) -> int:
    """The ones' complement of the sum of all bytes but the field's."""
    return ~(sum(structure) - sum(structure[field : field + 4])) & 0xFFFFFFFF


def _stated(structure: bytes, field: int) -> int:
    return int.from_bytes(structure[field : field + 4], "big")


def _with_header(file: RawDisk, offset: int, described: Vhd) -> Vhd:
    header = read(file, offset, _HEADER_SIZE)
    if header[:8] != b"cxsparse" or _checksum(header, _HEADER_CHECKSUM) != _stated(header, _HEADER_CHECKSUM):
        raise ImageError(file.path, offset, "a dynamic disk header (cxsparse) with a right checksum expected")
    _, _, table, _, entries, block_size, _, parent, _, _, name = _HEADER.unpack_from(header)
    if block_size < SECTOR or block_size & (block_size - 1) or block_size > _LARGEST_BLOCK:
        raise ImageError(file.path, offset + 32, f"{block_size} is no size for blocks")
    if entries * block_size < described.size:
        raise ImageError(file.path, offset + 28, f"{entries} blocks are too few for {described.size} bytes")
    described = described._replace(block_size=block_size, table=table, entries=entries)
    if described.kind is VhdKind.DYNAMIC:
        return described
    names = (*_located(file, header, offset), name.decode("utf-16-be", "replace").partition("\0")[0])
    return described._replace(parent_id=UUID(bytes=parent), parent_names=tuple(name for name in names if name))


def _located(file: RawDisk, header: bytes, offset: int) -> Iterator[str]:
    """What the parent locators say."""
    for number in range(_LOCATORS):
        place = _HEADER.size + number * _LOCATOR.size
        platform, _, length, _, data = _LOCATOR.unpack_from(header, place)
        if platform not in _PATHS:
            continue
        if length > _LONGEST_PATH:
            raise ImageError(file.path, offset + place, f"a path of {length} bytes")
        yield read(file, data, length).decode(_PATHS[platform], "replace").partition("\0")[0]


class VhdBlocks:
    """Where a dynamic or differencing disk keeps its blocks."""

    def __init__(self, file: RawDisk, described: Vhd) -> None:
        self._file = file
        self._described = described
        self._absent = Holder.PARENT if described.kind is VhdKind.DIFFERENCING else Holder.NOWHERE
        bits = described.block_size // SECTOR
        self._bitmap_size = -(-bits // (8 * SECTOR)) * SECTOR

    def pieces(self, offset: int, length: int) -> Iterator[Piece]:
        for block, start, stop in by_block(offset, length, self._described.block_size):
            yield from self._block(block, start, stop)

    def _block(self, block: int, start: int, stop: int) -> Iterator[Piece]:
        entry = self._described.table + 4 * block
        sector = int.from_bytes(read(self._file, entry, 4), "big")
        if sector == _UNALLOCATED:
            yield Piece(stop - start, self._absent)
            return
        at = sector * SECTOR
        if at + self._bitmap_size + stop > self._file.size:
            raise ImageError(self._file.path, entry, f"block {block} would lie at byte {at}, beyond the file's end")
        data = at + self._bitmap_size
        if self._absent is Holder.NOWHERE:  # sectors that were never written are zeros there, whatever their bits say
            yield Piece(stop - start, Holder.FILE, data + start)
            return
        bitmap = read(self._file, at, self._bitmap_size)
        for low, high, here in by_presence(
            start, stop, SECTOR, lambda number: bool(bitmap[number >> 3] & 0x80 >> (number & 7))
        ):
            yield Piece(high - low, Holder.FILE if here else Holder.PARENT, data + low)
