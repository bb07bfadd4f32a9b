"""The localization benchmark.

usage: python -m tests.bench.localization [--quick] [--diagram FILE.svg] [--confusions]
"""

import argparse
import sys
import time

from tests.bench.localization.suites import run, suites
from tests.bench.localization.table import confusions, goals, rows, words


def main() -> int:
    """Print the table; 1 where a goal is missed."""
    arguments = _arguments()
    began = time.perf_counter()
    results = run(suites(quick=arguments.quick), lambda name: print(f"... {name}", file=sys.stderr))
    print("\n".join(rows(results)))
    print("\nverdicts\n" + "\n".join(words(results)))
    if arguments.confusions:
        print("\nnot first\n" + "\n".join(confusions(results["one fault"])))
    reached = goals(results)
    print("\n" + "\n".join(goal.line() for goal in reached))
    print(f"\n{time.perf_counter() - began:.0f} s")
    return int(not all(goal.met for goal in reached))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.localization", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the nights")
    parser.add_argument("--confusions", action="store_true", help="what stands before the true component, by cause")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
