"""The EVTX reader against PyPI's evtx (Rust) with json.loads and against python-evtx; peak memory on a log of 1 GB.

usage: python -m tests.bench.bench_evtx [ROUNDS]     (default 7; exits 1 where a goal is missed)

Each round reads a file with the Rust reader, with ours (relevant events only, then every event), and again with the
Rust reader; a round's ratio is by CPU time against the mean of the two, and the table shows medians. python-evtx
reads a slice, and is compared with the reading of relevant events.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from statistics import median
from typing import NamedTuple

import evtx
from Evtx.Evtx import Evtx, Record

from diagnostics.evidence.document import Document, Tally
from diagnostics.parsers.evtx import read
from diagnostics.parsers.format import Interest, everything
from tests.shared import shared

FILES = ("museum-w10-Store-Operational.evtx", "museum-dc2012r2-Security.evtx")
SLICE = 60
GOAL_RELEVANT, GOAL_FULL, GOAL_PYTHON = 3.0, 1.0, 1000.0
GOAL_MEGABYTES = 200.0
GIGABYTE = 1 << 30

PROVIDERS = frozenset({
    "vss", "volsnap", "disk", "ntfs", "esent", "dpmra", "msdpm", "dpm-em", "backup", "service control manager",
    "volmgr", "virtual disk service", "mpio", "iscsiprt", "storport", "srv", "eventlog", "sqlwriter", "sqlvdi",
    "mssqlserver", "msexchange", "clussvc", "srmsvc", "netlogon", "schannel", "application error", "system restore",
    "microsoft-windows-backup", "microsoft-windows-ntfs", "microsoft-windows-failoverclustering",
    "microsoft-windows-volumesnapshot-driver", "microsoft-windows-storport", "microsoft-windows-distributedcom",
    "microsoft-windows-kernel-power", "microsoft-windows-resource-exhaustion-detector", "microsoft-windows-vhdmp",
})  # fmt: skip


def backup_relevant(provider: str, event_id: int) -> bool:  # noqa: ARG001 - the shape of an Interest
    """What rules about backups ask for."""
    lowered = provider.lower()
    return lowered in PROVIDERS or lowered.startswith("microsoft-windows-hyper-v-")


class Rates(NamedTuple):
    """Records per second of CPU time."""

    rust: float
    relevant: float
    full: float


def ours(path: Path, interest: Interest) -> int:
    tally = Tally()
    for _ in read(Document(name=path.name, path=path), interest, tally):
        pass
    return tally.records


def rust(path: Path) -> int:
    count = 0
    for record in evtx.PyEvtxParser(str(path)).records_json():
        if record:  # as its stub has it; it never yields None
            json.loads(record["data"])
            count += 1
    return count


def python_evtx(path: Path) -> int:
    with Evtx(str(path)) as log:
        records: Iterable[Record] = log.records()
        return sum(1 for record in islice(records, SLICE) if record.xml())


def rate(work: Callable[[], int]) -> float:
    started = time.process_time()
    count = work()
    return count / (time.process_time() - started)


def one_round(path: Path) -> Rates:
    before = rate(lambda: rust(path))
    relevant = rate(lambda: ours(path, backup_relevant))
    full = rate(lambda: ours(path, everything))
    return Rates((before + rate(lambda: rust(path))) / 2, relevant, full)


def compare(name: str, rounds: int) -> bool:
    path = shared("evtx", name)
    measured = [one_round(path) for _ in range(rounds)]
    slow = median(rate(lambda: python_evtx(path)) for _ in range(3))
    relevant = median(one.relevant / one.rust for one in measured)
    full = median(one.full / one.rust for one in measured)
    python = median(one.relevant for one in measured) / slow
    print(f"{name:36}{median(one.rust for one in measured):>10,.0f}{slow:>8,.0f}"
          f"{median(one.relevant for one in measured):>11,.0f}{median(one.full for one in measured):>10,.0f}"
          f"{relevant:>10.2f}{full:>7.2f}{python:>8,.0f}")  # fmt: skip
    return relevant >= GOAL_RELEVANT and full >= GOAL_FULL and python >= GOAL_PYTHON


def large_log(path: Path) -> None:
    """A log of 1 GB: the chunks of a real one, again and again."""
    whole = shared("evtx", FILES[0]).read_bytes()
    with path.open("wb") as file:
        file.write(whole[:0x1000])
        while file.tell() < GIGABYTE:
            file.write(whole[0x1000:])


def peak_megabytes(path: Path) -> float:
    """Peak memory of a process that reads the whole file."""
    print(f"{ours(path, backup_relevant):,} records of {path.stat().st_size / 1e6:,.0f} MB, ", end="")
    started = time.perf_counter()
    count = sum(1 for _ in islice(read(Document(name="", path=path), everything, Tally()), 400_000))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{count:,} of them in full ({time.perf_counter() - started:.0f} s): {peak:.0f} MB")
    return peak


def memory() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "large.evtx")
        large_log(path)
        command = [sys.executable, "-m", "tests.bench.bench_evtx", "--memory", os.fspath(path)]
        return subprocess.run(command, check=False).returncode == 0


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--memory"]:
        return int(peak_megabytes(Path(arguments[1])) > GOAL_MEGABYTES)
    rounds = int(arguments[0]) if arguments else 7
    print(
        f"{'records/s':36}{'rust+json':>10}{'python':>8}{'relevant':>11}{'full':>10}{'rel/rust':>10}{'/rust':>7}{'/python':>8}"
    )
    passed = [compare(name, rounds) for name in FILES]
    print(f"goals: relevant >= {GOAL_RELEVANT} x rust, full >= {GOAL_FULL} x rust, {GOAL_PYTHON:,.0f} x python-evtx, "
          f"memory <= {GOAL_MEGABYTES:.0f} MB")  # fmt: skip
    passed.append(memory())
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
