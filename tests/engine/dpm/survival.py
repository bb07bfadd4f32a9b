"""Killing a process that backs up, and flipping bits of what it left: shared by the tests and the long runs.

As a program it backs up one version of an image after another until it is killed:
`python -m tests.engine.dpm.survival FOLDER`.
"""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from engine.dpm import Repository, prune, verify
from engine.dpm.errors import RepositoryError
from engine.files import SYSTEM
from engine.progress import Unwatched
from engine.sync.backup import Wishes
from engine.sync.backup import back_up as back_up_image
from tests.engine.dpm.disk import BLOCK, Ticks, back_up, content

VERSION_BLOCK = 4096
VERSION_BLOCKS = 600


def version(number: int) -> bytes:
    """What the image holds in this version: its number, and blocks that each change now and then."""
    blocks = [
        bytes(VERSION_BLOCK)
        if (number + place) % 7 == 0
        else random.Random(place * 1000 + (number + place) // 3).randbytes(VERSION_BLOCK)
        for place in range(1, VERSION_BLOCKS)
    ]
    return b"".join([number.to_bytes(8, "big").ljust(VERSION_BLOCK, b"#"), *blocks])


def back_up_forever(folder: Path) -> None:
    """Version after version, told once it is committed; old ones are pruned."""
    image = folder / "image"
    with Repository.create(folder / "repository") as repository:
        number = newest(repository)
        while True:
            number += 1
            image.write_bytes(version(number))
            back_up_image(repository, image, Unwatched(), Wishes(VERSION_BLOCK, trust_digests=number % 2 == 0))
            print(number, flush=True)  # noqa: T201 - this is how the test knows
            if number % 3 == 0:
                prune(repository, 4)


def newest(repository: Repository) -> int:
    """The version in the newest recovery point."""
    points = repository.points()
    return int.from_bytes(content(repository, points[-1].id)[:8], "big") if points else 0


def kill_at_a_random_moment(folder: Path, dice: random.Random) -> int:
    """Let a process back up, kill it, and see that nothing is lost or half; how many versions it committed."""
    process = subprocess.Popen([sys.executable, "-m", __name__, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    first = process.stdout.readline()
    time.sleep(dice.random() * 0.2)
    process.send_signal(signal.SIGKILL)
    told = [first, *process.stdout]
    process.wait()
    committed = int([line for line in told if line.endswith("\n")][-1])
    with Repository.open(folder / "repository") as repository:
        assert verify(repository, [], Unwatched()) == []
        versions = []
        for point in repository.points():
            found = content(repository, point.id)
            versions.append(int.from_bytes(found[:8], "big"))
            assert found == version(versions[-1])
        assert versions == sorted(set(versions))
        assert versions[-1] in (committed, committed + 1)
    return len(told)


class Victim(NamedTuple):
    """A repository whose bits are flipped, one at a time."""

    folder: Path
    files: dict[Path, bytes]
    contents: dict[int, bytes]
    """What its recovery points hold."""


def victim(folder: Path, blocks: int, points: int = 3, seed: int = 1) -> Victim:
    """A repository in which every slot is used, and whose catalog has small pages so that most bytes matter."""
    dice = random.Random(seed)
    contents = {}
    data = bytearray(dice.randbytes(blocks * BLOCK))
    with Repository.create(folder, SYSTEM, Ticks()) as repository:
        for _ in range(points):
            contents[back_up(repository, bytes(data)).id] = bytes(data)
            place = dice.randrange(blocks) * BLOCK
            data[place : place + BLOCK] = dice.randbytes(BLOCK)
    with sqlite3.connect(folder / "catalog.sqlite") as catalog:
        catalog.execute("PRAGMA page_size = 512")
        catalog.execute("VACUUM")
    catalog.close()
    kept = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    return Victim(folder, {path: data for path, data in kept.items() if data}, contents)


def bits(chosen: Victim) -> Iterator[tuple[Path, int]]:
    """Every bit of every file."""
    for path, data in chosen.files.items():
        for place in range(len(data) * 8):
            yield path, place


def some_bits(chosen: Victim, count: int, dice: random.Random) -> Iterator[tuple[Path, int]]:
    """So many random bits, each as likely as any other."""
    paths, sizes = list(chosen.files), [len(data) for data in chosen.files.values()]
    for path in dice.choices(paths, sizes, k=count):
        yield path, dice.randrange(8 * len(chosen.files[path]))


def flip(chosen: Victim, path: Path, bit: int) -> str:
    """Flip one bit and look; "found", or "harmless" where every recovery point is there byte for byte all the same.

    Raises AssertionError where it is neither, or no recovery point is named. The repository is whole again afterwards.
    """
    data = bytearray(chosen.files[path])
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)
    try:
        return _look(chosen, f"bit {bit} of {path.name}")
    finally:
        for left in chosen.folder.glob("catalog.sqlite-*"):
            left.unlink()
        for file in {path, chosen.folder / "catalog.sqlite"}:
            file.write_bytes(chosen.files[file])


def _look(chosen: Victim, what: str) -> str:
    try:
        with Repository.open(chosen.folder) as repository:
            damages = verify(repository, [], Unwatched())
            if damages:
                assert all(damage.points for damage in damages), what
                return "found"
            assert {point.id: content(repository, point.id) for point in repository.points()} == chosen.contents, what
    except RepositoryError as error:
        if "recovery point" in str(error):
            return "found"
        raise AssertionError(f"{what}: {error}") from error
    return "harmless"


if __name__ == "__main__":
    back_up_forever(Path(sys.argv[1]))
