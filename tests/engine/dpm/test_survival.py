"""Processes are killed at random moments and bits flipped: what was committed survives, what is damaged is named.

The long runs are in `tests.bench.durability`.
"""

import random
import tempfile
from pathlib import Path

from tests.engine.dpm.disk import MEMORY
from tests.engine.dpm.survival import flip, kill_at_a_random_moment, some_bits, victim


def test_whatever_was_committed_survives_kill_9(tmp_path: Path):
    dice = random.Random(5)
    for _ in range(3):
        assert kill_at_a_random_moment(tmp_path, dice) > 0


def test_a_flipped_bit_is_found_or_harmless():
    found: dict[str, set[str]] = {}
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        chosen = victim(Path(folder, "r"), blocks=4)
        for path, bit in some_bits(chosen, 250, random.Random(5)):
            found.setdefault(path.name, set()).add(flip(chosen, path, bit))
    assert found.pop("catalog.sqlite") == {"found", "harmless"}
    assert found.pop("used") == {"harmless"}, "one that does not match its digest is not believed"
    assert all(outcome == {"found"} for outcome in found.values())
