"""Backups in a row of an image whose writer never pauses: each restores to the bytes of its instant.

usage: python -m tests.bench.bench_backups_under_load [--gib N] [--backups N]

A model keeps every write in order. What a recovery point must hold is the image as it was before the first write, with
all writes of the model up to the moment of the shadow copy. Storage may grow by the blocks that changed and 2 % only.
"""

import argparse
import os
import random
import sys
import tempfile
import threading
import time
from pathlib import Path

from engine.blocks import DEFAULT_BLOCK_SIZE
from engine.dpm.repository import Repository
from engine.dpm.restore import restore
from engine.files import SYSTEM
from engine.progress import Unwatched
from engine.sync.direct import copy_differences
from engine.sync.scope import Tracked
from engine.sync.shadow import ShadowSource, tracked_since
from engine.volume import Volume

_MIB = 1 << 20
_SPARE = 1.02


class Writer(threading.Thread):
    """Writes at random places without a pause, and keeps what it wrote."""

    def __init__(self, volume: Volume, size: int) -> None:
        super().__init__(daemon=True)
        self.volume, self.size = volume, size
        self.written: list[tuple[int, bytes]] = []
        self.turn = threading.Lock()
        """Held for one write, and while a shadow copy is made, so that the model knows on which side a write lies."""
        self.stopped = threading.Event()

    def run(self) -> None:
        dice = random.Random(7)  # noqa: S311 - reproducible, not secret
        while not self.stopped.is_set():
            data = dice.randbytes(dice.choice((512, 4096)))
            offset = dice.randrange(0, (self.size - len(data)) // 512) * 512
            with self.turn:
                self.volume.write(offset, data)
                self.written.append((offset, data))
            time.sleep(0)  # whoever waits for the turn gets it


def make_image(path: Path, size: int) -> None:
    """A third of it data, the rest a hole."""
    with path.open("wb") as image:
        image.truncate(size)
        for offset in range(0, size, 3 * _MIB):
            image.seek(offset)
            image.write(os.urandom(_MIB))


def compare(restored: Path, model: Path) -> bool:
    with restored.open("rb") as one, model.open("rb") as other:
        while True:
            found, expected = one.read(4 * _MIB), other.read(4 * _MIB)
            if found != expected:
                return False
            if not found:
                return True


def run(folder: Path, size: int, backups: int) -> bool:
    """Make the backups; whether all of them restore, and storage grew by what changed."""
    image, model = folder / "disk.img", folder / "model.img"
    make_image(image, size)
    make_image_of(image, model)
    good = True
    with Repository.create(folder / "repository") as repository:
        volume = Volume(image, tracked=True)
        writer = Writer(volume, size)
        writer.start()
        replica = repository.replica_of(str(image))
        moments, began = [], time.perf_counter()
        tracked: Tracked | None = None
        root, changed = b"", 0
        for number in range(backups):
            with writer.turn, volume.writes_held():
                copy = volume.create_shadow_copy(f"backup {number}")
                moments.append(len(writer.written))
            if number:
                tracked = tracked_since(copy, f"backup {number - 1}", root)
            with repository.draft(replica, size) as draft:
                copy_differences(ShadowSource(copy), draft, Unwatched(), trust_digests=True, tracked=tracked)
                point = draft.commit("online", repository.clock())
            root = point.root
            changed += point.bytes_changed
            if number:
                volume.shadow_copies[0].release()
        took = time.perf_counter() - began
        writer.stopped.set()
        writer.join()
        slots = folder / "repository" / "replicas" / f"{replica.id:06}" / "slots"
        stored = slots.stat().st_blocks * 512
        print(
            f"{backups} backups in {took:.1f} s beside {len(writer.written)} writes; {changed >> 20} MiB changed blocks"
        )
        print(f"stored {stored >> 20} MiB: {stored / changed:.3f} of what changed, goal at most {_SPARE}")
        good &= stored <= _SPARE * changed
        good &= restores(repository, folder, model, writer, moments)
        volume.close()
    return good


def make_image_of(image: Path, copy: Path) -> None:
    """A second file with the same bytes."""
    with image.open("rb") as source, copy.open("wb") as target:
        while data := source.read(4 * _MIB):
            target.write(data)


def restores(repository: Repository, folder: Path, model: Path, writer: Writer, moments: list[int]) -> bool:
    """Bring the model to each moment in turn, and compare."""
    done, good = 0, 0
    for point, moment in zip(repository.points(), moments, strict=True):
        with model.open("r+b") as file:
            for offset, data in writer.written[done:moment]:
                file.seek(offset)
                file.write(data)
        done = moment
        target = folder / "restored.img"
        with repository.reading(point.id) as opened:
            restore(opened, target, SYSTEM, Unwatched())
        good += compare(target, model)
        target.unlink()
    print(f"{good} of {len(moments)} recovery points restore to exactly the bytes of their instant")
    return good == len(moments)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bench_backups_under_load")
    parser.add_argument("--gib", type=float, default=1.0)
    parser.add_argument("--backups", type=int, default=20)
    arguments = parser.parse_args()
    size = int(arguments.gib * (1 << 30)) // DEFAULT_BLOCK_SIZE * DEFAULT_BLOCK_SIZE
    with tempfile.TemporaryDirectory() as name:
        return 0 if run(Path(name), size, arguments.backups) else 1


if __name__ == "__main__":
    sys.exit(main())
