"""Writes and reads of a volume with shadow copies, beside those of the bare file; memory that a volume of 1 TiB takes.

usage: python -m tests.bench.bench_volume [ROUNDS]     (default 5; exits 1 where a goal is missed)

Random writes of 4 KiB into 1 GiB of data: to the bare file; through a volume of which no copy was made; through one
that tracks changes, which syncs its marks; at the first touch after a copy was made, when 16 KiB are copied away; and
later, to blocks that were. Reads of 1 MiB in order: of the bare file, of a copy of which nothing was overwritten, and
of one of which everything was. Each round does all of them; a round's ratio is against the bare file of that round,
and the table shows medians.
"""

import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median

from engine.files import SYSTEM
from engine.volume import ShadowCopy, Volume
from engine.volume.diffarea import BLOCK

MEBIBYTE = 1 << 20
GIBIBYTE = 1 << 30
TEBIBYTE = 1 << 40
WRITES = 20_000
UNIT = 4096
PASSES = 10
"""Over all that is read, by each reader of a round."""
GOALS = {"volume, no copy": 0.5, "first touch": 0.2, "later": 0.5, "copy, untouched": 0.8}
"""Rates as shares of the bare file's."""
BASES = {
    "bare file, reading": "bare file, reading",
    "copy, untouched": "bare file, reading",
    "bare file, reading again": "bare file, reading again",
    "copy, all overwritten": "bare file, reading again",
}
"""What a reading is compared with; everything else is writing."""
GOAL_MEGABYTES = 64.0
"""More memory than before, for a copy of a volume of 1 TiB and 20,000 writes all over it."""


def places(seed: int, size: int = GIBIBYTE) -> list[int]:
    dice = random.Random(seed)  # noqa: S311 - reproducible, not secret
    return [dice.randrange(size // UNIT) * UNIT for _ in range(WRITES)]


def one_per_block(seed: int) -> list[int]:
    """Places of which no two are in one block."""
    dice = random.Random(seed)  # noqa: S311 - as above
    return [block * BLOCK for block in dice.sample(range(GIBIBYTE // BLOCK), WRITES)]


def writes_per_second(write: Callable[[int, bytes], object], offsets: list[int]) -> float:
    data = os.urandom(UNIT)
    started = time.perf_counter()
    for offset in offsets:
        write(offset, data)
    return len(offsets) / (time.perf_counter() - started)


def gigabytes_per_second(*readers: Callable[[int, bytearray], object]) -> list[float]:
    """Of each. One pass takes a few hundredths of a second, so they take turns: noise meets all alike."""
    room, seconds = bytearray(MEBIBYTE), [0.0] * len(readers)
    for _ in range(PASSES):
        for place, read_into in enumerate(readers):
            started = time.perf_counter()
            for offset in range(0, GIBIBYTE, MEBIBYTE):
                read_into(offset, room)
            seconds[place] += time.perf_counter() - started
    return [PASSES * GIBIBYTE / 1e9 / taken for taken in seconds]


def copy_of(volume: Volume, name: str) -> ShadowCopy:
    with volume.writes_held():
        return volume.create_shadow_copy(name)


def one_round(path: Path, seed: int) -> dict[str, float]:
    bare = SYSTEM.open(path, "write")
    volume = Volume(path)
    offsets, single = places(seed), one_per_block(seed)
    rates = {
        "bare file": writes_per_second(lambda offset, data: bare.pwrite(data, offset), offsets),
        "volume, no copy": writes_per_second(volume.write, offsets),
    }
    copy = copy_of(volume, "first")
    rates["first touch"] = writes_per_second(volume.write, single)
    rates["later"] = writes_per_second(volume.write, single)
    copy.release()
    copy = copy_of(volume, "second")
    read = [lambda offset, room: bare.pread(room, offset), copy.read_into]
    rates["bare file, reading"], rates["copy, untouched"] = gigabytes_per_second(*read)
    for offset in range(0, GIBIBYTE, MEBIBYTE):
        volume.write(offset, bytes(MEBIBYTE))
    rates["bare file, reading again"], rates["copy, all overwritten"] = gigabytes_per_second(*read)
    volume.close()
    bare.close()
    fill(path)
    tracked = Volume(path, tracked=True)
    rates["volume, tracked"] = writes_per_second(tracked.write, offsets)
    tracked.close()
    return rates


def fill(path: Path) -> None:
    with path.open("wb") as file:
        for _ in range(GIBIBYTE // MEBIBYTE):
            file.write(os.urandom(UNIT) * (MEBIBYTE // UNIT))


def show(rounds: list[dict[str, float]]) -> bool:
    passed = True
    print(f"{'':24}{'median':>12}{'of the bare file':>20}{'goal':>8}")
    for name in rounds[0]:
        base = BASES.get(name, "bare file")
        rate = median(one[name] for one in rounds)
        share = median(one[name] / one[base] for one in rounds)
        goal = GOALS.get(name, 0.0)
        passed &= share >= goal
        number = f"{rate:,.0f}/s" if rate > 1000 else f"{rate:.2f} GB/s"
        print(f"{name:24}{number:>12}{share:>19.0%} {f'{goal:.0%}' if goal else '':>7}")
    return passed


def megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def memory(folder: Path) -> bool:
    """What a copy of a large volume costs in memory, all over which is written."""
    path = folder / "tebibyte"
    with path.open("wb") as file:
        file.truncate(TEBIBYTE)
    volume = Volume(path, tracked=True)
    before = megabytes()
    started = time.perf_counter()
    copy = copy_of(volume, "copy")
    made = time.perf_counter() - started
    for offset in places(1, TEBIBYTE):
        volume.write(offset, b"new")
    taken = megabytes() - before
    print(f"1 TiB: copy made in {made * 1000:.0f} ms; {WRITES:,} writes all over it took {taken:.0f} MB of memory")
    started = time.perf_counter()
    copy.release()
    print(f"       released in {(time.perf_counter() - started) * 1000:.0f} ms")
    volume.close()
    return taken <= GOAL_MEGABYTES


def main(arguments: Iterable[str]) -> int:
    rounds = int(next(iter(arguments), "5"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small = memory(folder)
        fill(folder / "disk")
        fast = show([one_round(folder / "disk", seed) for seed in range(rounds)])
    return 0 if fast and small else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
