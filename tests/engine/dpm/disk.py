"""What the tests of repositories share: an image in memory, and a crashing disk that a real folder stands beside."""

import random
from collections.abc import Iterator
from pathlib import Path

from engine.dpm import Repository
from engine.dpm.draft import Draft
from engine.dpm.records import RecoveryPoint
from engine.files import Files, Room
from engine.progress import Unwatched
from engine.sync.direct import copy_differences
from tests.engine.disks import CrashDisk

BLOCK = 512
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - the catalog syncs often, and may do so quickly


class Image:
    """An image in memory that knows which of its blocks are zeros."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def pread(self, room: Room, offset: int) -> int:
        part = self.data[offset : offset + len(room)]
        memoryview(room)[: len(part)] = part
        return len(part)

    def size(self) -> int:
        return len(self.data)

    def extents(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        for position in range(start, end, BLOCK):
            stop = min(position + BLOCK, end)
            if any(self.data[position:stop]):
                yield position, stop


class MixedDisk(CrashDisk):
    """A crashing disk in memory; folders are real too, since the catalog and the locks need them."""

    def make_folder(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().make_folder(folder)

    def crashed(self, dice: random.Random) -> "MixedDisk":
        left = MixedDisk()
        left.__dict__.update(super().crashed(dice).__dict__)
        return left


class Ticks:
    """A clock that goes on by a second each time it is asked."""

    def __init__(self) -> None:
        self.now = 1_700_000_000 * 10**9

    def __call__(self) -> int:
        self.now += 10**9
        return self.now


def back_up(repository: Repository, data: bytes, name: str = "disk.vhdx", *, trust: bool = False) -> RecoveryPoint:
    """A recovery point of an image that holds these bytes; every call of the file layer in the same order each time."""
    with repository.draft(repository.replica_of(name, BLOCK), len(data)) as draft:
        fill(draft, data, trust=trust)
        return draft.commit("crash-consistent", repository.clock())


def fill(draft: Draft, data: bytes, *, trust: bool = False) -> None:
    copy_differences(Image(data), draft, Unwatched(), trust_digests=trust, threads=0)


def content(repository: Repository, point: int) -> bytes:
    """All bytes of a recovery point."""
    with repository.reading(point) as opened:
        room = bytearray(opened.map.blocks * opened.map.block_size)
        opened.image.pread(room, 0)
        return bytes(room[: opened.map.image_size])


def opened(folder: Path, files: Files, clock: Ticks) -> Repository:
    return Repository.create(folder, files, clock)
