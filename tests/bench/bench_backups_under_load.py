"""Backups in a row of an image whose writer never pauses: each restores to the bytes of its instant.

usage: python -m tests.bench.bench_backups_under_load [--gib N] [--backups N]

Most writes go to a part of the image that moves on, as a database's do, and some anywhere. A model keeps every write in
order: what a recovery point must hold is the image as it was before the first write, with all writes of the model up to
the moment of the shadow copy. Storage may grow by the blocks that were written, by the model's account, and 2 %.
"""

import argparse
import os
import random
import sys
import tempfile
import threading
import time
from array import array
from itertools import pairwise
from pathlib import Path

from engine.blocks import DEFAULT_BLOCK_SIZE
from engine.dpm.repository import Repository
from engine.dpm.restore import restore
from engine.files import SYSTEM, File
from engine.progress import Unwatched
from engine.sync.backup import Wishes, keep
from engine.sync.shadow import TrackedVolume
from engine.volume import ShadowCopy, Volume

_MIB = 1 << 20
_SECTOR = 512
_SPARE = 1.02
_WORKING_SET = 64 * _MIB
_STAYS = 20_000
"""Writes after which the working set is elsewhere."""
_ANYWHERE = 0.01


class Writer(threading.Thread):
    """Writes without a pause, and keeps where; what it writes is the number of the write."""

    def __init__(self, volume: Volume, size: int) -> None:
        super().__init__(daemon=True)
        self.volume, self.size = volume, size
        self.written = array("Q")
        """Places, in sectors, and the number of sectors in the lowest four bits."""
        self.turn = threading.Lock()
        """Held for one write, and while a shadow copy is made, so that the model knows on which side a write lies."""
        self.stopped = threading.Event()

    def run(self) -> None:
        dice = random.Random(7)  # noqa: S311 - reproducible, not secret
        sectors, near = self.size // _SECTOR - 8, min(self.size, _WORKING_SET) // _SECTOR - 8
        while not self.stopped.is_set():
            if len(self.written) % _STAYS == 0:
                home = dice.randrange(sectors - near) if sectors > near else 0
            sector = dice.randrange(sectors) if dice.random() < _ANYWHERE else home + dice.randrange(near)
            count = dice.choice((1, 8))
            with self.turn:
                self.volume.write(sector * _SECTOR, content(len(self.written), count))
                self.written.append(sector << 4 | count)
            time.sleep(0)  # whoever waits for the turn gets it


def content(number: int, sectors: int) -> bytes:
    """What the write of this number writes."""
    return number.to_bytes(8, "little") * (sectors * _SECTOR // 8)


def blocks_written(writes: "array[int]") -> int:
    """How many blocks these writes touched."""
    per_block = DEFAULT_BLOCK_SIZE // _SECTOR
    return len({
        block
        for write in writes
        for block in ((write >> 4) // per_block, ((write >> 4) + (write & 15) - 1) // per_block)
    })  # fmt: skip


def make_image(path: Path, size: int) -> None:
    """A third of it data, the rest a hole."""
    with path.open("wb") as image:
        image.truncate(size)
        for offset in range(0, size, 3 * _MIB):
            image.seek(offset)
            image.write(os.urandom(_MIB))


def make_model(image: Path, model: Path) -> None:
    """A second file with the same bytes, and the same holes."""
    source = SYSTEM.open(image, "read")
    with model.open("wb") as target:
        target.truncate(source.size())
        for start, end in source.extents(0, source.size()):
            for offset in range(start, end, 4 * _MIB):
                room = bytearray(min(4 * _MIB, end - offset))
                source.pread(room, offset)
                target.seek(offset)
                target.write(room)
    source.close()


def same(one: Path, other: Path) -> bool:
    """Whether two files hold the same bytes; where both have a hole nothing is read."""
    files = [SYSTEM.open(path, "read") for path in (one, other)]
    sizes = {file.size() for file in files}
    try:
        return len(sizes) == 1 and all(
            _part(files[0], offset, end) == _part(files[1], offset, end)
            for file in files
            for start, end in file.extents(0, file.size())
            for offset in range(start, end, 4 * _MIB)
        )
    finally:
        for file in files:
            file.close()


def _part(file: File, offset: int, end: int) -> bytearray:
    room = bytearray(min(4 * _MIB, end - offset))
    file.pread(room, offset)
    return room


class Remembering(TrackedVolume):
    """A volume whose model knows at which write each shadow copy was made."""

    def __init__(self, writer: Writer, memory: Path) -> None:
        super().__init__(writer.volume, memory)
        self._writer = writer
        self.moments: list[int] = []

    def copied(self) -> ShadowCopy:
        with self._writer.turn:
            self.moments.append(len(self._writer.written))
            return super().copied()


def back_up_in_a_row(repository: Repository, writer: Writer, memory: Path, backups: int) -> list[int]:
    """Make the backups; at which write each of them is."""
    protected = Remembering(writer, memory)
    for number in range(backups):
        with protected.instant() as instant:
            assert (instant.tracked is not None) == (number > 0), "the volume knows what was written"
            keep(repository, "disk", instant, Unwatched(), Wishes(trust_digests=True))
    return protected.moments


def grown_as_written(repository: Repository, writer: Writer, moments: list[int]) -> bool:
    """Whether storage has grown by the blocks that were written, and by no more than is to be spared."""
    folder = repository.folder / "replicas" / "000001"
    stored = (folder / "slots").stat().st_blocks * 512
    first = repository.points()[0].bytes_changed
    written = sum(blocks_written(writer.written[low:high]) for low, high in pairwise(moments)) * DEFAULT_BLOCK_SIZE
    maps = sum(path.stat().st_blocks * 512 for path in (folder / "maps").iterdir())
    share = stored / (first + written)
    print(f"{first >> 20} MiB at first, then {written >> 20} MiB of blocks written; stored {stored >> 20} MiB:")
    print(f"{share:.3f} of that, goal at most {_SPARE}; and {maps / _MIB:.1f} MiB of maps")
    return share <= _SPARE


def restores(repository: Repository, folder: Path, model: Path, writer: Writer, moments: list[int]) -> bool:
    """Bring the model to each moment in turn, and compare."""
    done, good = 0, 0
    for point, moment in zip(repository.points(), moments, strict=True):
        with model.open("r+b") as file:
            for number in range(done, moment):
                write = writer.written[number]
                file.seek((write >> 4) * _SECTOR)
                file.write(content(number, write & 15))
        done = moment
        target = folder / "restored.img"
        with repository.reading(point.id) as opened:
            restore(opened, target, SYSTEM, Unwatched())
        good += same(target, model)
        target.unlink()
    print(f"{good} of {len(moments)} recovery points restore to exactly the bytes of their instant")
    return good == len(moments)


def run(folder: Path, size: int, backups: int) -> bool:
    """Make the backups; whether all of them restore, and storage grew by what was written."""
    image, model = folder / "disk.img", folder / "model.img"
    make_image(image, size)
    make_model(image, model)
    with Repository.create(folder / "repository") as repository:
        volume = Volume(image, tracked=True)
        writer = Writer(volume, size)
        writer.start()
        began = time.perf_counter()
        moments = back_up_in_a_row(repository, writer, folder / "memory", backups)
        took = time.perf_counter() - began
        writer.stopped.set()
        writer.join()
        print(f"{backups} backups in {took:.1f} s beside {len(writer.written):,} writes")
        sparing = grown_as_written(repository, writer, moments)
        began = time.perf_counter()
        good = restores(repository, folder, model, writer, moments)
        print(f"restored and compared in {time.perf_counter() - began:.0f} s")
        volume.close()
    return good and sparing


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bench_backups_under_load")
    parser.add_argument("--gib", type=float, default=4.0)
    parser.add_argument("--backups", type=int, default=20)
    arguments = parser.parse_args()
    size = int(arguments.gib * (1 << 30)) // DEFAULT_BLOCK_SIZE * DEFAULT_BLOCK_SIZE
    with tempfile.TemporaryDirectory() as name:
        return 0 if run(Path(name), size, arguments.backups) else 1


if __name__ == "__main__":
    sys.exit(main())
