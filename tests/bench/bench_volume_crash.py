"""Volumes for long: machines that stop at any call, and random sequences beside a model.

usage: python -m tests.bench.bench_volume_crash [CRASHES] [SEQUENCES]   (3000 and 1000; fails at the first error)

The same as tests/engine/volume/test_crash.py and test_model.py do with few.
"""

import sys
import time
from collections.abc import Sequence

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.engine.volume.test_crash import check_after_crash, run_until
from tests.engine.volume.test_model import VolumeBesideItsModel

_LAST_CALL = 150
"""A job of the crash test makes about so many calls."""


def crashes(count: int) -> None:
    started = time.monotonic()
    known = sum(check_after_crash(*run_until(stop=1 + seed % _LAST_CALL, seed=seed)) for seed in range(count))
    seconds = time.monotonic() - started
    print(
        f"{count:,} crashes: nothing flushed and no change was lost; {known:,} references known after ({seconds:.0f} s)"
    )


def sequences(count: int) -> None:
    started = time.monotonic()
    chosen = settings(max_examples=count, stateful_step_count=60, deadline=None)
    run_state_machine_as_test(VolumeBesideItsModel, settings=chosen)
    print(f"{count:,} sequences of up to 60 steps: as the model says ({time.monotonic() - started:.0f} s)")


def main(arguments: Sequence[str]) -> int:
    crashes(int(arguments[0]) if arguments else 3000)
    sequences(int(arguments[1]) if len(arguments) > 1 else 1000)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
