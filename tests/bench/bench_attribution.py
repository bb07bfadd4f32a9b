"""Whose fault it was when one call to a file fails: `python -m tests.bench.bench_attribution`.

Every numbered call of a transfer fails once with EIO, and every write with ENOSPC; each time the logs of the night
are diagnosed. Exits with 1 where the component is named in fewer than 90 % of the nights with a failed job.
"""

import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

from diagnostics.diagnosis import load_knowledge
from tests.diagnostics.failing_calls import attribution, calls_of_a_job, errors_of

GOAL = 0.90


def main() -> int:
    """Measure, print, judge."""
    knowledge = load_knowledge()
    found: Counter[tuple[str, str, bool]] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for number, call in enumerate(calls_of_a_job(Path(folder, "whole"))):
            for error in errors_of(call):
                told = attribution(Path(folder, f"{number}-{error}"), call, error, knowledge)
                if told.failed:
                    found[call.place, os.strerror(error), told.right] += 1
                    if not told.right:
                        print(f"call {number} ({call.place}): {os.strerror(error)}: {told.named}")
    right = sum(count for (_, _, good), count in found.items() if good)
    for place, why in sorted({(place, why) for place, why, _ in found}):
        good, bad = found[place, why, True], found[place, why, False]
        print(f"{place}, {why}: {good} of {good + bad}")
    print(f"named rightly: {right} of {found.total()}, {right / found.total():.1%}")
    return 0 if right >= GOAL * found.total() else 1


if __name__ == "__main__":
    sys.exit(main())
