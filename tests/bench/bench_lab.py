"""How long the lab takes: a freeze that times out, a night of 20 machines on 4 hosts, and every fault there is.

    python -m tests.bench.bench_lab

Goals: a time-out of 60 s replays within 1 s, the night within 10 s.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from engine.lab import Lab, Night, Scenario, fault_kinds, parse_fault
from tests.engine.lab.nights import scenario
from tests.engine.lab.test_faults import EVERY
from tests.engine.lab.test_faults import SCENARIO as TWO_MACHINES

LARGE = scenario("HV01", "HV02", "HV03", "HV04", vms=("SQL01", "WEB01", "FILE01", "APP01", "CRM01"))


def run(declared: Scenario, *faults: str) -> Night:
    """A night from an empty folder to written logs."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with Lab(declared, place / "lab", faults=map(parse_fault, faults)) as lab:
            night = lab.run()
            lab.write_logs(place / "logs")
    return night


def measured(name: str, work: Callable[[], object], goal: float = float("inf")) -> bool:
    """Print wall and CPU seconds; whether the goal, in wall seconds, is met."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{name:40} {wall:8.2f} s {cpu:8.2f} s CPU   {'' if goal == float('inf') else f'goal {goal:g} s'}")
    return wall <= goal


def main() -> None:
    """All of it. Exits with 1 where a goal is missed."""
    run(scenario())  # imports and caches are warm
    one = scenario(vms=["SQL01"])
    met = [
        measured("a freeze that times out after 60 s", lambda: run(one, "freeze-window-exceeded"), goal=1),
        measured("20 machines on 4 hosts", lambda: run(LARGE), goal=10),
        measured(f"{len(fault_kinds())} faults, on all plates", lambda: [run(TWO_MACHINES, fault) for fault in EVERY]),
    ]
    raise SystemExit(0 if all(met) else 1)


if __name__ == "__main__":
    main()
