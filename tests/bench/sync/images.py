"""Disk images to measure with: 40 % holes, 30 % that compresses, 30 % random, in stretches of a megabyte."""

import random
from pathlib import Path

MIB = 1 << 20
BLOCK = 64 << 10


def make(path: Path, size: int, seed: int = 1) -> None:
    """A sparse image."""
    dice = random.Random(seed)  # noqa: S311 - reproducible, not secret
    with path.open("wb") as file:
        file.truncate(size)
        for start in range(0, size, MIB):
            share = dice.random()
            if share >= 0.4:
                file.seek(start)
                file.write(_words(dice) if share < 0.7 else dice.randbytes(MIB))


def _words(dice: random.Random) -> bytes:
    """What looks like files: half of it repeats."""
    part = dice.randbytes(2048)
    return b"".join(part + dice.randbytes(2048) for _ in range(MIB // 4096))


def change(path: Path, share: float, seed: int) -> tuple[tuple[int, int], ...]:
    """Overwrite this share of the blocks, scattered over the data; the byte ranges that were."""
    dice = random.Random(seed)  # noqa: S311 - as above
    blocks = path.stat().st_size // BLOCK
    chosen = sorted(dice.sample(range(blocks), max(1, int(blocks * share))))
    with path.open("r+b") as file:
        for block in chosen:
            file.seek(block * BLOCK)
            file.write(dice.randbytes(BLOCK))
    return tuple((block * BLOCK, (block + 1) * BLOCK) for block in chosen)
