"""What a disk image holds: its volumes, their file systems and how much is free, as far as it can be read."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from engine.files import SYSTEM, Files
from engine.image.errors import ImageError
from engine.image.filesystems import file_system
from engine.image.ntfs import read_ntfs
from engine.image.opening import Described, opened
from engine.image.partitions import Layout, Partition, layout
from engine.image.reading import Disk, PartOf, read


class FoundVolume(NamedTuple):
    """A partition, or a whole disk, with a file system or without one."""

    partition: int
    """Its number; 0 where the volume is the whole disk."""
    size: int
    """Bytes: what the file system has, or the partition where that is not known."""
    file_system: str | None
    """None where it is not formatted, or with something unknown."""
    free: int | None
    """Bytes; None where that is not known."""
    reserved: bool
    """Whether Windows keeps it for itself."""
    problem: str = ""
    """Why something of it is not known."""


class Inspection(NamedTuple):
    """An image, read."""

    described: Described
    chain: tuple[Path, ...]
    """Its file and those of its parents, the oldest last."""
    scheme: str
    """How it is divided: `gpt`, `mbr`, or `none`."""
    dynamic: bool | None
    """Whether it is a dynamic disk: then its partitions are not its volumes. None where nothing on it is known."""
    volumes: tuple[FoundVolume, ...]


_ALIKE = {"NTFS", "ReFS", "BitLocker", "exFAT", "FAT32", "FAT"}
"""The first sectors of these end as that of a divided disk does."""
_BEGINNING = 1 << 20


def inspect(path: Path, parents: Sequence[Path] = (), files: Files = SYSTEM) -> Inspection:
    """Read what an image holds; raises what `opened` does, and ImageError where its partitions are damaged.

    A damaged file system is no error of the image: its volume says so.
    """
    with opened(path, parents, files) as (described, disk, chain):
        whole = file_system(disk)
        divided = Layout("none", dynamic=False, partitions=()) if whole in _ALIKE else layout(disk)
        parts = (_volume(PartOf(disk, one.start, one.size), one) for one in divided.partitions)
        volumes = tuple(parts) if divided.scheme != "none" else tuple(_undivided(disk))
        known = divided.scheme != "none" or all(volume.file_system for volume in volumes)
        return Inspection(described, chain, divided.scheme, divided.dynamic if known else None, volumes)


def _undivided(disk: Disk) -> Iterator[FoundVolume]:
    """The volume that a whole disk is, unless it is blank."""
    whole = PartOf(disk, 0, disk.size)
    if any(read(disk, 0, min(_BEGINNING, disk.size))):
        yield _volume(whole, Partition(0, 0, disk.size, "", reserved=False, dynamic=False))


def _volume(volume: PartOf, partition: Partition) -> FoundVolume:
    found = FoundVolume(partition.number, partition.size, None, None, partition.reserved)
    try:
        found = found._replace(file_system=file_system(volume))
        if found.file_system == "NTFS":
            ntfs = read_ntfs(volume)
            found = found._replace(size=ntfs.size, free=ntfs.free)
    except ImageError as error:
        found = found._replace(problem=str(error))
    return found
