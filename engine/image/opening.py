"""Opening an image as the disk that a machine sees, whatever format it is kept in.

An image is recognized by its content, not by its name; but a file that is named as a VHD, and shows no mark of one,
is no raw disk. A differencing disk is read together with its parents. The paths that it gives for them are hostile
and say where they were on another machine: only their last part is used, in the child's own folder, beside the files
that the caller offers. A parent is taken when its identifier is the one that the child remembers.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path, PureWindowsPath
from typing import NamedTuple
from uuid import UUID

from engine.files import SYSTEM, Files
from engine.image.errors import ImageError, ParentMissingError
from engine.image.qcow2 import SIGNATURE as QCOW2
from engine.image.qcow2 import read_qcow2
from engine.image.reading import Disk, RawDisk, VirtualDisk, read
from engine.image.vhd import Vhd, VhdBlocks, VhdKind, is_vhd, read_vhd
from engine.image.vhdx import SIGNATURE as VHDX
from engine.image.vhdx import Vhdx, VhdxBlocks, read_vhdx

_LONGEST_CHAIN = 64
_CHECKPOINTS = frozenset({".avhd", ".avhdx"})
_NEVER_RAW = frozenset({".vhd", ".vhdx", ".qcow2", *_CHECKPOINTS})


class Format(StrEnum):
    """How an image is kept."""

    RAW = "raw"
    VHD = "VHD"
    VHDX = "VHDX"
    QCOW2 = "qcow2"


class Kind(StrEnum):
    """How much of it is kept."""

    FIXED = "fixed"
    DYNAMIC = "dynamic"
    DIFFERENCING = "differencing"


class Described(NamedTuple):
    """What an image says of itself."""

    path: Path
    format: Format
    kind: Kind
    size: int
    """Bytes of the virtual disk."""
    file_size: int
    block_size: int = 0
    """Bytes, 0 where it has no blocks."""
    sector: int = 512
    id: UUID | None = None
    """What children know it by."""
    parent_id: UUID | None = None
    parent_names: tuple[str, ...] = ()
    """As whoever made it wrote them: hostile."""
    log_dirty: bool = False
    checkpoint: bool = False
    """Whether its name says that it holds what was written since a checkpoint (AVHD, AVHDX)."""


class Opened(NamedTuple):
    """An image that can be read."""

    described: Described
    disk: Disk
    chain: tuple[Path, ...]
    """Its file and those of its parents, the oldest last."""


def describe(path: Path, files: Files = SYSTEM) -> Described:
    """What an image is; ImageError where it is damaged, OSError where it cannot be read."""
    file = files.open(path, "read")
    try:
        return _describe(RawDisk(path, file))[0]
    finally:
        file.close()


@contextmanager
def opened(path: Path, parents: Sequence[Path] = (), files: Files = SYSTEM) -> Iterator[Opened]:
    """An image as a disk, for the time of the block.

    Args:
        path: the image.
        parents: files that may be its parents, or theirs, wherever they lie.
        files: where all of these are.

    Raises:
        OSError: a file cannot be read.
        ImageError: an image is damaged, or of a format that is only described.
        ParentMissingError: a parent is not there, or changed after its child was made.
    """
    with ExitStack() as stack:
        yield _Opener(parents, files, stack).open(path, ())


class _Opener:
    """Opens a chain of disks; a stack closes their files."""

    def __init__(self, offered: Sequence[Path], files: Files, stack: ExitStack) -> None:
        self._offered = offered
        self._files = files
        self._stack = stack

    def open(self, path: Path, children: tuple[Path, ...]) -> Opened:
        if len(children) >= _LONGEST_CHAIN:
            raise ImageError(path, 0, f"a chain of more than {_LONGEST_CHAIN} differencing disks")
        system_file = self._files.open(path, "read")
        self._stack.callback(system_file.close)
        file = RawDisk(path, system_file)
        described, details, file = _describe(file)
        if described.format is Format.QCOW2:
            raise ImageError(path, 0, "a qcow2 image: convert it to raw, VHD or VHDX to have it read")
        parent = self._parent(described, (*children, path)) if described.kind is Kind.DIFFERENCING else None
        disk = _disk(file, described, details, parent.disk if parent else None)
        return Opened(described, disk, (path, *(parent.chain if parent else ())))

    def _parent(self, child: Described, children: tuple[Path, ...]) -> Opened:
        tried = []
        for path in self._candidates(child):
            if path in children:
                continue
            try:
                found = describe(path, self._files)
            except (ImageError, OSError) as error:
                tried.append(str(error))
                continue
            if found.id == child.parent_id:
                return self.open(path, children)
            tried.append(f"{path} is {found.id or 'no parent of anything'}")
        names = ", ".join(repr(name) for name in child.parent_names) or "no path"
        problem = f"its parent {child.parent_id} (once at {names}) is not beside it"
        raise ParentMissingError(child.path, 0, "; ".join([problem, *tried]))

    def _candidates(self, child: Described) -> Iterator[Path]:
        yield from self._offered
        for name in dict.fromkeys(PureWindowsPath(name).name for name in child.parent_names):
            path = child.path.with_name(name) if _is_plain(name) else None
            if path is not None and self._files.exists(path):
                yield path


def _describe(file: RawDisk) -> tuple[Described, Vhd | Vhdx | None, RawDisk]:
    """What an image is, what it says in its format's own terms, and the file to read it from."""
    begins = read(file, 0, min(8, file.size))
    plain = Described(file.path, Format.RAW, Kind.FIXED, file.size, file.size)
    plain = plain._replace(checkpoint=file.path.suffix.lower() in _CHECKPOINTS)
    if begins == VHDX:
        vhdx, file = read_vhdx(file)
        return _of_vhdx(plain, vhdx), vhdx, file
    if begins[:4] == QCOW2:
        qcow2 = read_qcow2(file)
        kind = Kind.DIFFERENCING if qcow2.parent_names else Kind.DYNAMIC
        qcow2_plain = plain._replace(format=Format.QCOW2, kind=kind, size=qcow2.size)
        return qcow2_plain._replace(block_size=qcow2.block_size, parent_names=qcow2.parent_names), None, file
    if is_vhd(file):
        return _of_vhd(plain, vhd := read_vhd(file)), vhd, file
    if not file.size:
        raise ImageError(file.path, 0, "the file is empty")
    if (suffix := file.path.suffix.lower()) in _NEVER_RAW:
        raise ImageError(file.path, 0, f"cut off or overwritten: neither beginning nor end is that of a {suffix} file")
    return plain, None, file


def _of_vhd(plain: Described, vhd: Vhd) -> Described:
    return plain._replace(
        format=Format.VHD,
        kind=Kind[vhd.kind.name],
        size=vhd.size,
        block_size=vhd.block_size,
        id=vhd.id,
        parent_id=vhd.parent_id,
        parent_names=vhd.parent_names,
    )


def _of_vhdx(plain: Described, vhdx: Vhdx) -> Described:
    kind = Kind.FIXED if vhdx.fixed else Kind.DYNAMIC
    return plain._replace(
        format=Format.VHDX,
        kind=Kind.DIFFERENCING if vhdx.parent_id else kind,
        size=vhdx.size,
        block_size=vhdx.block_size,
        sector=vhdx.sector,
        id=vhdx.data_write_id,
        parent_id=vhdx.parent_id,
        parent_names=vhdx.parent_names,
        log_dirty=vhdx.log_dirty,
    )


def _disk(file: RawDisk, described: Described, details: Vhd | Vhdx | None, parent: Disk | None) -> Disk:
    if isinstance(details, Vhdx):
        return VirtualDisk(file, VhdxBlocks(file, details), described.size, described.sector, parent)
    if isinstance(details, Vhd) and details.kind is not VhdKind.FIXED:
        return VirtualDisk(file, VhdBlocks(file, details), described.size, described.sector, parent)
    return RawDisk(file.path, file.file, described.size)


def _is_plain(name: str) -> bool:
    """Whether a name names a file in a folder, and nothing else."""
    return name not in ("", ".", "..") and not any(letter in "/\\:\0" or letter < " " for letter in name)
