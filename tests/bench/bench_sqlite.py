"""Databases on guests' volumes, stopped at random moments: with the writers, without them, and by killing the process.

usage: python -m tests.bench.bench_sqlite [--rounds N] [--seed N]

With the writers (the whole online backup in real time, while a thread commits), a restored database must need no
recovery and hold exactly what was committed before the freeze. Without them, and after a kill, it must recover all that
was committed. Half of the rounds use a write-ahead log, half a rollback journal.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.engine.hyperv.kills import Round, backed_up, copied, killed

WAYS = {"with writers": backed_up, "without writers": copied, "killed": killed}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200, help="of each way")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(f"{'':16} {'rounds':>7} {'good':>6} {'recovered':>10} {'transactions':>13} {'seconds':>8}")
    failed = False
    for name, way in WAYS.items():
        chance = random.Random(f"{options.seed} {name}")  # noqa: S311 - reproducible, not secret
        began = time.perf_counter()
        rounds = [_round(way, chance, number) for number in range(options.rounds)]
        good = sum(one.good for one in rounds)
        recovered = sum(one.unfinished for one in rounds)
        found = sum(one.found for one in rounds)
        seconds = time.perf_counter() - began
        print(f"{name:16} {len(rounds):7} {good:6} {recovered:10} {found:13} {seconds:8.1f}")
        failed |= good < len(rounds) or (recovered > 0) is (way is backed_up)
    return failed


def _round(way: Callable[[Path, random.Random, str], Round], chance: random.Random, number: int) -> Round:
    with TemporaryDirectory() as folder:
        result = way(Path(folder), chance, ("wal", "delete")[number % 2])
    if not result.good:
        print(f"  round {number}: {result}")
    return result


if __name__ == "__main__":
    sys.exit(main())
