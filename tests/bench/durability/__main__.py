"""Kill -9, flipped bits and failing disks, for long; ends with an AssertionError where anything is lost or hidden.

usage: python -m tests.bench.durability [--kills N] [--flips N] [--states N] [--remote N] [--links N] [--wire N]
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.bench.durability.remote import cut_links, remote_kills, wire_flips
from tests.engine.dpm.disk import MEMORY
from tests.engine.dpm.survival import Victim, bits, flip, kill_at_a_random_moment, some_bits, victim
from tests.engine.dpm.test_repository_states import RepositoryMachine


def kills(count: int) -> None:
    """Kill processes that back up."""
    dice = random.Random()  # noqa: S311 - not secret
    versions = 0
    with tempfile.TemporaryDirectory() as name:
        for _ in range(count):
            versions += kill_at_a_random_moment(Path(name), dice)
    print(f"{count} processes killed among {versions} backups: every committed recovery point is there, none is half")


def flips(chosen: Victim, count: int | None, title: str) -> None:
    """Flip so many random bits, or all."""
    dice = random.Random()  # noqa: S311 - not secret
    places = list(bits(chosen) if count is None else some_bits(chosen, count, dice))
    tally = Counter(
        f"{'map' if path.parent.name == 'maps' else path.name}: {flip(chosen, path, bit)}" for path, bit in places
    )
    print(f"{title}: {len(places)} bits flipped; {dict(tally)}")
    assert not [name for name in tally if "harmless" in name and not name.startswith(("catalog", "used"))]


def states(count: int) -> None:
    """The repository against its model, on disks that fail and crash."""
    wanted = settings(max_examples=count, stateful_step_count=40, deadline=None)
    run_state_machine_as_test(RepositoryMachine, settings=wanted)
    print(f"{count} histories of a repository on failing and crashing disks: as the model says")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.durability")
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--flips", type=int, default=10_000)
    parser.add_argument("--states", type=int, default=1_000)
    parser.add_argument("--remote", type=int, default=500, help="servers and agents killed in remote backups")
    parser.add_argument("--links", type=int, default=5, help="links cut in remote backups")
    parser.add_argument("--wire", type=int, default=500, help="bits flipped on the wire")
    wishes = parser.parse_args()
    begun = time.perf_counter()
    states(wishes.states)
    kills(wishes.kills)
    remote_kills(wishes.remote)
    cut_links(wishes.links)
    wire_flips(wishes.wire)
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        flips(victim(Path(name, "tiny"), blocks=2, points=2), None, "tiny repository, every bit")
        flips(victim(Path(name, "larger"), blocks=1000, points=10), wishes.flips, "larger repository")
    print(f"{time.perf_counter() - begun:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
