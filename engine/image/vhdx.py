"""VHDX and AVHDX: fixed, dynamic and differencing.

Source: [MS-VHDX], Microsoft. Numbers are little-endian.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from engine.image.crc32c import crc32c
from engine.image.errors import ImageError
from engine.image.reading import Holder, Piece, RawDisk, by_block, by_presence, read
from engine.image.vhdx_log import replayed

SIGNATURE = b"vhdxfile"
_HEADERS = (64 << 10, 128 << 10)
_HEADER_SIZE = 4096
_HEADER = struct.Struct("<4sIQ16s16s16sHHIQ")
"""Signature, checksum, sequence number, three identifiers (file write, data write, log), versions of log and file,
length and offset of the log."""
_REGION_TABLES = (192 << 10, 256 << 10)
_REGION_TABLE_SIZE = 64 << 10
_REGION_HEAD = struct.Struct("<4sIII")
_REGION = struct.Struct("<16sQII")
_MOST_REGIONS = 2047
_METADATA_SIZE = 64 << 10
_METADATA_HEAD = struct.Struct("<8sHH20x")
_ITEM = struct.Struct("<16sIII4x")
_MOST_ITEMS = 2047
_LOCATOR_HEAD = struct.Struct("<16sHH")
_LOCATOR_ENTRY = struct.Struct("<IIHH")

_BAT = UUID("2dc27766-f623-4200-9d64-115e9bfd4a08")
_METADATA = UUID("8b7ca206-4790-4b9a-b8fe-575f050f886e")
_FILE_PARAMETERS = UUID("caa16737-fa36-4d43-b3b6-33f0aa44e76b")
_DISK_SIZE = UUID("2fa54224-cd1b-4876-b211-5dbed83bf4b8")
_LOGICAL_SECTOR = UUID("8141bf1d-a96f-4709-ba47-f233a8faab5f")
_DISK_ID = UUID("beca12ab-b2e6-4523-93ef-c309e000c746")
_PARENT_LOCATOR = UUID("a8d35f2d-b30b-454d-abf7-d3d84834ab0c")
_PHYSICAL_SECTOR = UUID("cda348c7-445d-4471-9cc9-e9885251c556")
_KNOWN = frozenset({_FILE_PARAMETERS, _DISK_SIZE, _LOGICAL_SECTOR, _PHYSICAL_SECTOR, _DISK_ID, _PARENT_LOCATOR})

_ALLOCATED_ALWAYS = 1
_HAS_PARENT = 2
_REQUIRED = 4
_PARENT_PATHS = ("relative_path", "volume_path", "absolute_win32_path")
_MEBIBYTE = 1 << 20
_BLOCK_SIZES = tuple(_MEBIBYTE << power for power in range(9))
_SECTORS = (512, 4096)
_LARGEST = 64 << 40
"""No VHDX is larger."""
_FULLY_PRESENT, _PARTIALLY_PRESENT, _ABSENT = 6, 7, 0


class Vhdx(NamedTuple):
    """What headers, region table and metadata say."""

    size: int
    """Bytes of the virtual disk."""
    block_size: int
    sector: int
    fixed: bool
    log_dirty: bool
    """Whether it was not closed, or is in use, so that its log may hold what is not in the disk yet."""
    id: UUID | None
    data_write_id: UUID
    """Changes whenever the disk's content does; children remember their parent's."""
    bat: int
    """Offset of the block allocation table."""
    bat_size: int
    parent_id: UUID | None = None
    """The parent's `data_write_id` when this was made from it; None where it has no parent."""
    parent_names: tuple[str, ...] = ()
    """The parent's paths, as whoever made the disk wrote them: hostile."""


class _Place(NamedTuple):
    offset: int
    length: int


def read_vhdx(file: RawDisk) -> tuple[Vhdx, RawDisk]:
    """Everything that describes the disk, and the file with its log replayed; ImageError where it is not sound."""
    header = _HEADER.unpack_from(_current_header(file))
    log, log_length, log_offset = header[5], header[8], header[9]
    if any(log):
        file = replayed(file, UUID(bytes_le=log), log_offset, log_length)
    regions = _regions(file)
    items = _items(file, regions[_METADATA])
    parameters = _number(file, items, _FILE_PARAMETERS, 8)
    block_size, flags = parameters & 0xFFFFFFFF, parameters >> 32
    described = Vhdx(
        size=_number(file, items, _DISK_SIZE, 8),
        block_size=block_size,
        sector=_number(file, items, _LOGICAL_SECTOR, 4),
        fixed=bool(flags & _ALLOCATED_ALWAYS),
        log_dirty=any(log),
        id=UUID(bytes_le=read(file, items[_DISK_ID].offset, 16)) if _DISK_ID in items else None,
        data_write_id=UUID(bytes_le=header[4]),
        bat=regions[_BAT].offset,
        bat_size=regions[_BAT].length,
    )
    _check(file, described, items)
    return _with_parent(file, described, items) if flags & _HAS_PARENT else described, file


def _current_header(file: RawDisk) -> bytes:
    """Of the two headers the sound one, or the one with the higher number."""
    sound = []
    for offset in _HEADERS:
        header = read(file, offset, _HEADER_SIZE)
        if header[:4] == b"head" and _checksum_is_right(header):
            sound.append(header)
    if not sound:
        raise ImageError(file.path, _HEADERS[0], "no VHDX header with a right checksum, here or at byte 131072")
    current = max(sound, key=lambda header: int.from_bytes(header[8:16], "little"))
    version = int.from_bytes(current[66:68], "little")
    if version != 1:
        raise ImageError(file.path, _HEADERS[0] + 66, f"VHDX version 1 expected, not {version}")
    return current


def _checksum_is_right(structure: bytes) -> bool:
    return crc32c(structure[:4] + bytes(4) + structure[8:]) == int.from_bytes(structure[4:8], "little")


def _regions(file: RawDisk) -> dict[UUID, _Place]:
    for offset in _REGION_TABLES:
        table = read(file, offset, _REGION_TABLE_SIZE)
        if table[:4] == b"regi" and _checksum_is_right(table):
            return _parsed_regions(file, offset, table)
    raise ImageError(file.path, _REGION_TABLES[0], "no region table with a right checksum, here or at byte 262144")


def _parsed_regions(file: RawDisk, offset: int, table: bytes) -> dict[UUID, _Place]:
    _, _, count, _ = _REGION_HEAD.unpack_from(table)
    if count > _MOST_REGIONS:
        raise ImageError(file.path, offset + 8, f"{count} regions")
    regions = {}
    for number in range(count):
        place = _REGION_HEAD.size + number * _REGION.size
        name, start, length, required = _REGION.unpack_from(table, place)
        region = UUID(bytes_le=name)
        if required & 1 and region not in (_BAT, _METADATA):
            raise ImageError(file.path, offset + place, f"region {region} is required, but not known")
        regions[region] = _Place(start, length)
    for region in (_BAT, _METADATA):
        if region not in regions:
            raise ImageError(file.path, offset, f"the region {region} is missing")
    return regions


def _items(file: RawDisk, region: _Place) -> dict[UUID, _Place]:
    table = read(file, region.offset, _METADATA_SIZE)
    signature, _, count = _METADATA_HEAD.unpack_from(table)
    if signature != b"metadata" or count > _MOST_ITEMS:
        raise ImageError(file.path, region.offset, "a table of metadata expected")
    items = {}
    for number in range(count):
        place = _METADATA_HEAD.size + number * _ITEM.size
        name, offset, length, flags = _ITEM.unpack_from(table, place)
        item = UUID(bytes_le=name)
        if flags & _REQUIRED and item not in _KNOWN:
            raise ImageError(file.path, region.offset + place, f"item {item} is required, but not known")
        if offset + length > region.length:
            raise ImageError(file.path, region.offset + place, f"item {item} leaves the region of metadata")
        items[item] = _Place(region.offset + offset, length)
    return items


def _number(file: RawDisk, items: dict[UUID, _Place], item: UUID, length: int) -> int:
    if item not in items or items[item].length < length:
        raise ImageError(file.path, 0, f"the metadata item {item} of {length} bytes is missing")
    return int.from_bytes(read(file, items[item].offset, length), "little")


def _check(file: RawDisk, described: Vhdx, items: dict[UUID, _Place]) -> None:
    at = items[_FILE_PARAMETERS].offset
    if described.block_size not in _BLOCK_SIZES:
        raise ImageError(file.path, at, f"{described.block_size} is no size for blocks")
    if described.sector not in _SECTORS:
        raise ImageError(file.path, items[_LOGICAL_SECTOR].offset, f"{described.sector} is no size for sectors")
    if not 0 < described.size <= _LARGEST or described.size % described.sector:
        raise ImageError(file.path, items[_DISK_SIZE].offset, f"{described.size} is no size for a disk")
    blocks = -(-described.size // described.block_size)
    if 8 * (blocks + blocks // _chunk(described)) > described.bat_size:
        raise ImageError(file.path, at, f"a table of {described.bat_size} bytes is too short for {blocks} blocks")


def _chunk(described: Vhdx) -> int:
    """So many blocks share a block of sector bits."""
    return (described.sector << 23) // described.block_size


def _with_parent(file: RawDisk, described: Vhdx, items: dict[UUID, _Place]) -> Vhdx:
    if _PARENT_LOCATOR not in items:
        raise ImageError(file.path, 0, "a differencing disk without a parent locator")
    place = items[_PARENT_LOCATOR]
    locator = read(file, place.offset, min(place.length, _METADATA_SIZE))
    _, _, count = _LOCATOR_HEAD.unpack_from(locator.ljust(_LOCATOR_HEAD.size, b"\0"))
    if _LOCATOR_HEAD.size + count * _LOCATOR_ENTRY.size > len(locator):
        raise ImageError(file.path, place.offset, f"a parent locator of {len(locator)} bytes with {count} entries")
    entries = {}
    for number in range(count):
        fields = _LOCATOR_ENTRY.unpack_from(locator, _LOCATOR_HEAD.size + number * _LOCATOR_ENTRY.size)
        key, value, key_length, value_length = fields
        entries[_text(locator, key, key_length)] = _text(locator, value, value_length)
    try:
        parent = UUID(entries.get("parent_linkage", ""))
    except ValueError:
        raise ImageError(file.path, place.offset, "the parent locator does not say which parent it is") from None
    names = tuple(entries[key] for key in _PARENT_PATHS if entries.get(key))
    return described._replace(parent_id=parent, parent_names=names)


def _text(locator: bytes, offset: int, length: int) -> str:
    return locator[offset : offset + length].decode("utf-16-le", "replace")


class VhdxBlocks:
    """Where a disk keeps its blocks."""

    def __init__(self, file: RawDisk, described: Vhdx) -> None:
        self._file = file
        self._described = described
        self._chunk = _chunk(described)
        self._absent = Holder.NOWHERE if described.parent_id is None else Holder.PARENT

    def pieces(self, offset: int, length: int) -> Iterator[Piece]:
        for block, start, stop in by_block(offset, length, self._described.block_size):
            yield from self._block(block, start, stop)

    def _entry(self, number: int) -> tuple[int, int]:
        """State and offset of an entry of the table."""
        place = self._described.bat + 8 * number
        entry = int.from_bytes(read(self._file, place, 8), "little")
        state, offset = entry & 7, entry >> 20 << 20
        if state in (_FULLY_PRESENT, _PARTIALLY_PRESENT) and not 0 < offset <= self._file.size - _MEBIBYTE:
            raise ImageError(self._file.path, place, f"entry {number} points to byte {offset}, not within the file")
        return state, offset

    def _block(self, block: int, start: int, stop: int) -> Iterator[Piece]:
        state, offset = self._entry(block + block // self._chunk)
        if state == _FULLY_PRESENT:
            yield Piece(stop - start, Holder.FILE, offset + start)
        elif state == _PARTIALLY_PRESENT:
            yield from self._sectors(block, start, stop, offset)
        else:
            yield Piece(stop - start, self._absent if state == _ABSENT else Holder.NOWHERE)

    def _sectors(self, block: int, start: int, stop: int, offset: int) -> Iterator[Piece]:
        chunk, within = divmod(block, self._chunk)
        state, bitmap_at = self._entry(chunk * (self._chunk + 1) + self._chunk)
        if state != _FULLY_PRESENT:
            raise ImageError(self._file.path, offset, f"block {block} is present in part, but not known in which")
        size = self._described.sector
        bits = self._described.block_size // size
        bitmap = read(self._file, bitmap_at + within * bits // 8, bits // 8)
        for low, high, here in by_presence(
            start, stop, size, lambda number: bool(bitmap[number >> 3] >> (number & 7) & 1)
        ):
            yield Piece(high - low, Holder.FILE if here else Holder.PARENT, offset + low)
