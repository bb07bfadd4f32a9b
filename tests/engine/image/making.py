"""Makes small disk images as Hyper-V would: VHD and VHDX, dynamic and differencing, and partition tables."""

import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import UUID, uuid5

from engine.image.crc32c import crc32c

SECTOR = 512
MEBIBYTE = 1 << 20
CLEAN = UUID(int=0)
NAMES = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")

Sectors = Mapping[int, bytes]
"""Content by number of sector."""


def identifier(name: str) -> UUID:
    return uuid5(NAMES, name)


# --- VHD --------------------------------------------------------------------------------------------------------------


def _summed(structure: bytearray, field: int) -> bytes:
    struct.pack_into(">I", structure, field, ~sum(structure) & 0xFFFFFFFF)
    return bytes(structure)


def vhd_footer(name: str, size: int, kind: int) -> bytes:
    footer = bytearray(SECTOR)
    header = 0xFFFFFFFFFFFFFFFF if kind == 2 else SECTOR
    struct.pack_into(">8sIIQI4sI4sQQHBBI", footer, 0, b"conectix", 2, 0x10000, header, 0, b"win ", 0x10000, b"Wi2k",
                     size, size, 64, 16, 63, kind)  # fmt: skip
    footer[68:84] = identifier(name).bytes
    return _summed(footer, 64)


def write_vhd(path: Path, size: int, sectors: Sectors, block_size: int = 16 << 10, parent: str | None = None) -> Path:
    """A dynamic VHD, or a differencing one where a parent is named; identifiers come of the files' names."""
    entries = -(-size // block_size)
    footer = vhd_footer(path.name, size, 4 if parent else 3)
    header = bytearray(1024)
    table = SECTOR + 1024
    struct.pack_into(">8sQQIII", header, 0, b"cxsparse", 0xFFFFFFFFFFFFFFFF, table, 0x10000, entries, block_size)
    content = bytearray(footer + bytes(1024) + b"\xff" * (-(-4 * entries // SECTOR) * SECTOR))
    if parent:
        locator = f".\\{parent}".encode("utf-16-le")
        header[40:56] = identifier(parent).bytes
        header[64 : 64 + 2 * len(parent)] = parent.encode("utf-16-be")
        struct.pack_into(">4sIIIQ", header, 576, b"W2ru", SECTOR, len(locator), 0, len(content))
        content += locator.ljust(SECTOR, b"\0")
    content[SECTOR:table] = _summed(header, 36)
    bitmap = -(-block_size // SECTOR // 8 // SECTOR) * SECTOR
    for block in sorted({number * SECTOR // block_size for number in sectors}):
        struct.pack_into(">I", content, table + 4 * block, len(content) // SECTOR)
        bits, data = bytearray(bitmap), bytearray(block_size)
        for place in range(block_size // SECTOR):
            if (written := sectors.get(block * block_size // SECTOR + place)) is not None:
                bits[place >> 3] |= 0x80 >> (place & 7)
                data[place * SECTOR : (place + 1) * SECTOR] = written
        content += bits + data
    path.write_bytes(content + footer)
    return path


# --- VHDX -------------------------------------------------------------------------------------------------------------

_BAT = UUID("2dc27766-f623-4200-9d64-115e9bfd4a08")
_METADATA = UUID("8b7ca206-4790-4b9a-b8fe-575f050f886e")


def _checked(structure: bytearray) -> bytes:
    structure[4:8] = bytes(4)
    struct.pack_into("<I", structure, 4, crc32c(bytes(structure)))
    return bytes(structure)


def vhdx_header(name: str, number: int, log: UUID) -> bytes:
    header = bytearray(4096)
    ids = (identifier("writer").bytes_le, identifier(name).bytes_le, log.bytes_le)
    struct.pack_into("<4sIQ16s16s16sHHIQ", header, 0, b"head", 0, number, *ids, 0, 1, MEBIBYTE, MEBIBYTE)
    return _checked(header)


def _locator(parent: str) -> bytes:
    entries = {
        "parent_linkage": f"{{{identifier(parent)}}}",
        "relative_path": f".\\{parent}",
        "absolute_win32_path": f"C:\\VMs\\{parent}",
    }
    place = 20 + 12 * len(entries)
    table, texts = b"", b""
    for key, value in entries.items():
        pair = key.encode("utf-16-le"), value.encode("utf-16-le")
        at = place + len(texts)
        table += struct.pack("<IIHH", at, at + len(pair[0]), len(pair[0]), len(pair[1]))
        texts += pair[0] + pair[1]
    kind = UUID("b04aefb7-d19e-4a81-b789-25b8e9445913").bytes_le
    return kind + struct.pack("<HH", 0, len(entries)) + table + texts


def _metadata(size: int, block_size: int, sector: int, parent: str | None) -> bytes:
    items = [
        ("caa16737-fa36-4d43-b3b6-33f0aa44e76b", struct.pack("<II", block_size, 2 if parent else 0), 4),
        ("2fa54224-cd1b-4876-b211-5dbed83bf4b8", struct.pack("<Q", size), 6),
        ("beca12ab-b2e6-4523-93ef-c309e000c746", identifier("disk").bytes_le, 6),
        ("8141bf1d-a96f-4709-ba47-f233a8faab5f", struct.pack("<I", sector), 6),
        ("cda348c7-445d-4471-9cc9-e9885251c556", struct.pack("<I", 4096), 6),
    ]
    if parent:
        items.append(("a8d35f2d-b30b-454d-abf7-d3d84834ab0c", _locator(parent), 4))
    table, values = struct.pack("<8sHH20x", b"metadata", 0, len(items)), b""
    for name, value, flags in items:
        table += struct.pack("<16sIIII", UUID(name).bytes_le, (64 << 10) + len(values), len(value), flags, 0)
        values += value
    return (table.ljust(64 << 10, b"\0") + values).ljust(MEBIBYTE, b"\0")


def write_vhdx(
    path: Path,
    size: int,
    sectors: Sectors,
    block_size: int = MEBIBYTE,
    parent: str | None = None,
) -> Path:
    """A dynamic VHDX, or a differencing one where a parent is named; identifiers come of the files' names."""
    chunk = (SECTOR << 23) // block_size
    blocks = -(-size // block_size)
    regions = bytearray(64 << 10)
    struct.pack_into("<4sIII", regions, 0, b"regi", 0, 2, 0)
    struct.pack_into("<16sQII", regions, 16, _BAT.bytes_le, 3 * MEBIBYTE, MEBIBYTE, 1)
    struct.pack_into("<16sQII", regions, 48, _METADATA.bytes_le, 2 * MEBIBYTE, MEBIBYTE, 1)
    checked = _checked(regions)
    content = bytearray(b"vhdxfile".ljust(64 << 10, b"\0"))
    content += vhdx_header(path.name, 1, CLEAN).ljust(64 << 10, b"\0")
    content += vhdx_header(path.name, 2, CLEAN).ljust(64 << 10, b"\0")
    content += (checked + checked).ljust(MEBIBYTE - len(content), b"\0") + bytes(MEBIBYTE)
    content += _metadata(size, block_size, SECTOR, parent) + bytes(MEBIBYTE)
    per_block = block_size // SECTOR
    bitmap = bytearray(MEBIBYTE)
    for block in sorted({number // per_block for number in sectors}):
        data = bytearray(block_size)
        for place in range(per_block):
            if (written := sectors.get(block * per_block + place)) is not None:
                data[place * SECTOR : (place + 1) * SECTOR] = written
                bit = block % chunk * per_block + place
                bitmap[bit >> 3] |= 1 << (bit & 7)
        struct.pack_into(
            "<Q", content, 3 * MEBIBYTE + 8 * (block + block // chunk), len(content) | (7 if parent else 6)
        )
        content += data
    if parent:
        assert blocks <= chunk, "one block of sector bits is enough for a test"
        struct.pack_into("<Q", content, 3 * MEBIBYTE + 8 * chunk, len(content) | 6)
        content += bitmap
    path.write_bytes(content)
    return path


LogUpdates = Sequence[tuple[int, bytes | int]]
"""Offsets in the file, and 4 KiB to be there, or a number of zeros."""


def log_entry(log: UUID, number: int, tail: int, size: int, updates: LogUpdates) -> bytes:
    descriptors, data = b"", b""
    for offset, what in updates:
        if isinstance(what, int):
            descriptors += struct.pack("<4s4xQQQ", b"zero", what, offset, number)
            continue
        descriptors += struct.pack("<4s4s8sQQ", b"desc", what[-4:], what[:8], offset, number)
        data += struct.pack("<4sI", b"data", number >> 32) + what[8:-4] + struct.pack("<I", number & 0xFFFFFFFF)
    described = bytes(64) + descriptors
    entry = bytearray(described.ljust(-(-len(described) // 4096) * 4096, b"\0") + data)
    struct.pack_into("<4sIIIQII16sQQ", entry, 0, b"loge", 0, len(entry), tail, number, len(updates), 0, log.bytes_le,
                     size, size)  # fmt: skip
    return _checked(entry)


def write_log(path: Path, parts: Mapping[int, bytes], log: UUID) -> None:
    """Leave a VHDX as if its writer had stopped: parts of the log by their offsets in it, a header that names it."""
    with path.open("r+b") as file:
        for offset, part in parts.items():
            file.seek(MEBIBYTE + offset)
            file.write(part)
        file.seek(128 << 10)
        file.write(vhdx_header(path.name, 3, log))


# --- partition tables -------------------------------------------------------------------------------------------------

Parts = Sequence[tuple[int | str, int, int]]
"""Type, first sector, sectors."""


def mbr(parts: Parts, active: int = 0) -> bytes:
    """A table; `active` is the number of the partition that the machine starts from."""
    table = b"".join(
        struct.pack("<B3xB3xII", 0x80 * (number == active), kind, first, count)
        for number, (kind, first, count) in enumerate(parts, 1)
    )
    return bytes(446) + table.ljust(64, b"\0") + b"\x55\xaa"


def write_gpt(path: Path, size: int, parts: Parts, sector: int = SECTOR) -> Path:
    """A sparse raw disk with a GPT at its beginning and its copy at its end."""
    last = size // sector - 1
    span = 128 * 128 // sector
    entries = b"".join(
        struct.pack(
            "<16s16sQQQ72x", UUID(str(kind)).bytes_le, identifier(str(number)).bytes_le, first, first + count - 1, 0
        )
        for number, (kind, first, count) in enumerate(parts)
    ).ljust(128 * 128, b"\0")
    with path.open("wb") as file:
        file.truncate(size)
        file.write(mbr([(0xEE, 1, last)]))
        for own, other, table in ((1, last, 2), (last, 1, last - span)):
            header = bytearray(92)
            places = own, other, span + 2, last - span - 1, identifier("gpt").bytes_le, table
            struct.pack_into(
                "<8sIIIIQQQQ16sQIII", header, 0, b"EFI PART", 0x10000, 92, 0, 0, *places, 128, 128, zlib.crc32(entries)
            )
            struct.pack_into("<I", header, 16, zlib.crc32(header))
            file.seek(own * sector)
            file.write(header)
            file.seek(table * sector)
            file.write(entries)
    return path


# --- NTFS -------------------------------------------------------------------------------------------------------------

NTFS_CLUSTER = 4096
_MFT, _BITS = 4, 20
"""Clusters of $MFT and of $Bitmap."""


def ntfs(clusters: int, used: int, runs: Sequence[tuple[int, int]] = ()) -> bytes:
    """The beginning of an NTFS volume, as far as its size and free space are concerned; the rest may be a hole."""
    boot = bytearray(NTFS_CLUSTER)
    boot[3:11] = b"NTFS    "
    struct.pack_into("<HB", boot, 11, SECTOR, NTFS_CLUSTER // SECTOR)
    struct.pack_into("<QQQb", boot, 40, clusters * NTFS_CLUSTER // SECTOR, _MFT, 2, -10)
    boot[510:512] = b"\x55\xaa"
    bits = ((1 << used) - 1).to_bytes(-(-clusters // 64) * 8, "little")
    runs = runs or ((_BITS, -(-len(bits) // NTFS_CLUSTER)),)
    record = bytearray(1024)
    struct.pack_into("<4sHH12xHHI", record, 0, b"FILE", 48, 3, 56, 1, 512)
    struct.pack_into(
        "<IIBBHHHQQHH4xQQQ", record, 56, 0x80, 0x80, 1, 0, 0, 0, 0, 0, 0, 64, 0, len(bits), len(bits), len(bits)
    )
    place, before = 56 + 64, 0
    for first, count in runs:
        record[place : place + 9] = b"\x44" + struct.pack("<ii", count, first - before)
        place, before = place + 9, first
    struct.pack_into("<I", record, 56 + 0x80, 0xFFFFFFFF)
    for number in (1, 2):
        end = number * SECTOR
        record[48 + 2 * number : 50 + 2 * number] = record[end - 2 : end]
        record[48:50] = record[end - 2 : end] = b"\x07\0"
    content = bytearray(_BITS * NTFS_CLUSTER)
    content[:NTFS_CLUSTER] = boot
    at = _MFT * NTFS_CLUSTER + 6 * 1024
    content[at : at + 1024] = record
    return bytes(content + bits)


def as_sectors(content: bytes, first: int = 0) -> dict[int, bytes]:
    """Content by sectors, without those of zeros."""
    pieces = {
        first + at // SECTOR: content[at : at + SECTOR].ljust(SECTOR, b"\0") for at in range(0, len(content), SECTOR)
    }
    return {number: piece for number, piece in pieces.items() if any(piece)}
