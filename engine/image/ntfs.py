"""How large an NTFS volume is and how much of it is free: its boot sector, and the bits of $Bitmap.

Source: the NTFS documentation of the Linux-NTFS project, checked against mkntfs and ntfsinfo.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from engine.image.errors import ImageError
from engine.image.reading import SECTOR, Disk, read

_BOOT = struct.Struct("<11xHB26xQQ8xb")
"""Bytes of a sector, sectors of a cluster, sectors, cluster of $MFT, size of a record."""
_RECORD = struct.Struct("<4sHH12xHHI")
"""Mark, offset and number of update words, offset of the first attribute, flags, bytes used."""
_BITMAP = 6
"""The record of $Bitmap."""
_DATA, _ATTRIBUTE_LIST, _END = 0x80, 0x20, 0xFFFFFFFF
_LARGEST_CLUSTER = 2 << 20
_LARGEST_RECORD = 64 << 10
_MOST_CLUSTERS = (1 << 32) - 1
"""NTFS has no more; their bits take 512 MiB."""
_PIECE = 1 << 20


class Ntfs(NamedTuple):
    """An NTFS volume."""

    cluster_size: int
    clusters: int
    free_clusters: int

    @property
    def size(self) -> int:
        """Bytes."""
        return self.clusters * self.cluster_size

    @property
    def free(self) -> int:
        """Bytes."""
        return self.free_clusters * self.cluster_size


class _Geometry(NamedTuple):
    cluster_size: int
    clusters: int
    mft: int
    """Bytes from the volume's beginning."""
    record_size: int


def read_ntfs(volume: Disk) -> Ntfs:
    """Size and free clusters; ImageError where boot sector or $Bitmap are not sound."""
    geometry = _geometry(volume)
    at = geometry.mft + _BITMAP * geometry.record_size
    record = _record(volume, at, geometry.record_size)
    used = counted = 0
    for piece in _data(volume, at, record, geometry):
        bits = min(8 * len(piece), geometry.clusters - counted)
        used += (int.from_bytes(piece, "little") & ((1 << bits) - 1)).bit_count()
        counted += bits
        if counted == geometry.clusters:
            return Ntfs(geometry.cluster_size, geometry.clusters, geometry.clusters - used)
    raise ImageError(volume.path, _place(volume, at), f"$Bitmap has {counted} bits for {geometry.clusters} clusters")


def _geometry(volume: Disk) -> _Geometry:
    sector, per_cluster, sectors, mft, record = _BOOT.unpack_from(read(volume, 0, SECTOR))
    cluster = sector * (per_cluster if per_cluster <= 128 else 1 << (256 - per_cluster))
    if sector not in (512, 1024, 2048, 4096) or not 0 < cluster <= _LARGEST_CLUSTER:
        raise ImageError(volume.path, _place(volume, 11), f"clusters of {cluster} bytes in sectors of {sector}")
    record_size = record * cluster if record > 0 else 1 << -record
    if not SECTOR <= record_size <= _LARGEST_RECORD:
        raise ImageError(volume.path, _place(volume, 64), f"records of {record_size} bytes")
    clusters = sectors * sector // cluster
    if not 0 < clusters <= _MOST_CLUSTERS or clusters * cluster > volume.size:
        raise ImageError(volume.path, _place(volume, 40), f"{clusters} clusters of {cluster} bytes in {volume.size}")
    return _Geometry(cluster, clusters, mft * cluster, record_size)


def _place(volume: Disk, offset: int) -> int:
    return getattr(volume, "start", 0) + offset


def _record(volume: Disk, at: int, size: int) -> bytes:
    """A file record with its update words put back."""
    record = bytearray(read(volume, at, size))
    mark, words_at, count, *_ = _RECORD.unpack_from(record)
    if mark != b"FILE" or words_at + 2 * count > size or (count - 1) * SECTOR > size:
        raise ImageError(volume.path, _place(volume, at), "the file record of $Bitmap expected (FILE)")
    check = record[words_at : words_at + 2]
    for number in range(1, count):
        end = number * SECTOR
        if record[end - 2 : end] != check:
            raise ImageError(volume.path, _place(volume, at + end - 2), "a sector of another write in the file record")
        record[end - 2 : end] = record[words_at + 2 * number : words_at + 2 * number + 2]
    return bytes(record)


def _data(volume: Disk, at: int, record: bytes, geometry: _Geometry) -> Iterator[bytes]:
    """The content of the record's unnamed data attribute, in pieces."""
    place = _RECORD.unpack_from(record)[3]
    while place + 24 <= len(record):
        kind, length = struct.unpack_from("<II", record, place)
        if kind == _END or length < 24 or place + length > len(record):
            break
        if kind == _ATTRIBUTE_LIST:
            raise ImageError(volume.path, _place(volume, at + place), "$Bitmap is described in several records")
        attribute = record[place : place + length]
        if kind == _DATA and not attribute[9]:
            if attribute[8]:
                return _scattered(volume, at + place, attribute, geometry)
            start = int.from_bytes(attribute[20:22], "little")
            return iter([attribute[start : start + int.from_bytes(attribute[16:20], "little")]])
        place += length
    raise ImageError(volume.path, _place(volume, at), "the record of $Bitmap has no data")


def _scattered(volume: Disk, at: int, attribute: bytes, geometry: _Geometry) -> Iterator[bytes]:
    """The content that the runs of an attribute point to."""
    for first, count in _runs(volume, at, attribute):
        start, end = first * geometry.cluster_size, (first + count) * geometry.cluster_size
        if first < 0 or first + count > geometry.clusters:
            raise ImageError(volume.path, _place(volume, at), f"a run of $Bitmap at cluster {first} leaves the volume")
        for piece in range(start, end, _PIECE):
            yield read(volume, piece, min(_PIECE, end - piece))


def _runs(volume: Disk, at: int, attribute: bytes) -> Iterator[tuple[int, int]]:
    """First cluster and clusters of each run."""
    place, first = int.from_bytes(attribute[32:34], "little"), 0
    while place < len(attribute) and attribute[place]:
        count_size, first_size = attribute[place] & 15, attribute[place] >> 4
        middle = place + 1 + count_size
        if not count_size or not first_size or middle + first_size > len(attribute):
            raise ImageError(volume.path, _place(volume, at + place), "a run of $Bitmap is a hole or cut off")
        first += int.from_bytes(attribute[middle : middle + first_size], "little", signed=True)
        yield first, int.from_bytes(attribute[place + 1 : middle], "little")
        place = middle + first_size
