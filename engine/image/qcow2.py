"""qcow2: recognized and described, so that nobody takes it for a raw disk.

Source: docs/interop/qcow2.txt of QEMU. Numbers are big-endian.
"""

import struct
from typing import NamedTuple

from engine.image.errors import ImageError
from engine.image.reading import RawDisk, read

SIGNATURE = b"QFI\xfb"
_HEADER = struct.Struct(">4sIQIIQI")
"""Signature, version, offset and bytes of the backing file's name, bits of a cluster, size, encryption."""
_LONGEST_NAME = 1023


class Qcow2(NamedTuple):
    """What the header says."""

    version: int
    size: int
    """Bytes of the virtual disk."""
    block_size: int
    encrypted: bool
    parent_names: tuple[str, ...]
    """The backing file, as whoever made the disk wrote it: hostile."""


def read_qcow2(file: RawDisk) -> Qcow2:
    """The header; ImageError where it is not sound."""
    _, version, name_at, name_length, bits, size, encryption = _HEADER.unpack(read(file, 0, _HEADER.size))
    if version not in (2, 3):
        raise ImageError(file.path, 4, f"qcow2 version 2 or 3 expected, not {version}")
    if not 9 <= bits <= 21:
        raise ImageError(file.path, 20, f"clusters of 2^{bits} bytes")
    if name_length > _LONGEST_NAME:
        raise ImageError(file.path, 16, f"a backing file's name of {name_length} bytes")
    name = read(file, name_at, name_length).decode("utf-8", "replace") if name_at else ""
    return Qcow2(version, size, 1 << bits, bool(encryption), (name,) if name else ())
