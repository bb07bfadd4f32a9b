"""Which slots the recovery points of a replica refer to, remembered so that a job need not read the map of each.

Like the journal this is a shortcut and never the truth. A digest binds it to its recovery points, by the checksums of
their maps, so one that is torn, damaged or of other points is not believed; therefore it is not synced either. File:
magic and version, that digest, a byte for each slot from 0.
"""

import contextlib
import struct
from collections.abc import Iterable
from pathlib import Path

from blake3 import blake3

from engine.blocks import DIGEST_SIZE
from engine.dpm.records import RecoveryPoint
from engine.files import Data, Files, read_fully, write_fully

_HEADER = struct.pack("<8sI", b"SHINUSE\0", 1)
_START = len(_HEADER) + DIGEST_SIZE


def remember(files: Files, path: Path, points: Iterable[RecoveryPoint], used: Data) -> None:
    """Write down which slots exactly these points refer to. Where that fails, the next job reads their maps."""
    with contextlib.suppress(OSError):
        file = files.open(path, "write" if files.exists(path) else "create")
        try:
            write_fully(file, _HEADER + _binding(points, used), 0)
            write_fully(file, used, _START)
            if file.size() > _START + len(used):
                file.truncate(_START + len(used))
        finally:
            file.close()


def remembered(files: Files, path: Path, points: Iterable[RecoveryPoint]) -> bytearray | None:
    """What was written down, if it can be read and is of these points."""
    if not files.exists(path):
        return None
    try:
        raw = _content(files, path)
    except OSError:
        return None
    used = raw[_START:]
    return used if raw[:_START] == _HEADER + _binding(points, used) else None


def _content(files: Files, path: Path) -> bytearray:
    file = files.open(path, "read")
    try:
        raw = bytearray(file.size())
        read_fully(file, raw, 0)
    finally:
        file.close()
    return raw


def _binding(points: Iterable[RecoveryPoint], used: Data) -> bytes:
    digest = blake3(_HEADER)
    for point in points:
        digest.update(point.id.to_bytes(8, "little") + point.map_checksum)
    return digest.update(used).digest()
