"""What a volume is formatted with, by the marks that file systems leave at known places."""

from typing import NamedTuple

from engine.image.reading import Disk, read


class _Mark(NamedTuple):
    offset: int
    bytes: bytes
    name: str
    """As Windows calls it, or those who made it."""


_MARKS = (
    _Mark(3, b"NTFS    ", "NTFS"),
    _Mark(3, b"ReFS\0\0\0\0", "ReFS"),
    _Mark(3, b"-FVE-FS-", "BitLocker"),
    _Mark(3, b"MSWIN4.1-FVE-FS-", "BitLocker"),
    _Mark(3, b"EXFAT   ", "exFAT"),
    _Mark(82, b"FAT32   ", "FAT32"),
    _Mark(54, b"FAT16   ", "FAT"),
    _Mark(54, b"FAT12   ", "FAT"),
    _Mark(54, b"FAT     ", "FAT"),
    _Mark(0, b"XFSB", "XFS"),
    _Mark(0, b"LUKS\xba\xbe", "LUKS"),
    _Mark(0x200, b"LABELONE", "LVM"),
    _Mark(0x438, b"\x53\xef", "ext"),
    _Mark(0xFF6, b"SWAPSPACE2", "swap"),
    _Mark(0x10040, b"_BHRfS_M", "btrfs"),
)
_EXT_COMPATIBLE, _EXT_INCOMPATIBLE = 0x45C, 0x460
_JOURNAL, _EXTENTS = 0x4, 0x40


def file_system(volume: Disk) -> str | None:
    """Its name; None where no mark is known."""
    for mark in _MARKS:
        if mark.offset + len(mark.bytes) <= volume.size and read(volume, mark.offset, len(mark.bytes)) == mark.bytes:
            return _which_ext(volume) if mark.name == "ext" else mark.name
    return None


def _which_ext(volume: Disk) -> str:
    """ext2, 3 or 4, by the features that a superblock asks for."""
    compatible, incompatible = (
        int.from_bytes(read(volume, offset, 4), "little") for offset in (_EXT_COMPATIBLE, _EXT_INCOMPATIBLE)
    )
    if incompatible & _EXTENTS:
        return "ext4"
    return "ext3" if compatible & _JOURNAL else "ext2"
