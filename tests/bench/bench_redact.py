"""How fast logs are redacted, and whether all verdicts survive it: `python -m tests.bench.bench_redact`.

Prints MB/s of a trace and of copied event text whose lines name machines, accounts, addresses and identifiers, and of
an event log, from reading to the finished copy. Exits with 1 below the goals, or where the verdict on the copy of any
sample or public failure is another.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.diagnostics.cases.bundles import public_cases
from tests.diagnostics.redaction.copies import copy_of, names_left, said_of
from tests.shared import SHARED, shared
from tests.test_samples import SAMPLES

SIZE = 20_000_000
TRACE_GOAL, TEXT_GOAL = 2.0, 0.8
"""MB/s, with two passes: what is replaced has to be known before the first byte is written."""
_TRACE = (
    "0990\t17D8\t11/20\t01:{minute:02}:{second:02}.{n:03}\t31\tvsssnapshotrequestor.cpp(170)\tNORMAL\t"
    "Snapshot of D: on HV{host:02}.muster.local for SQL{vm:03}, {{f7958f9b-0506-4354-a59d-{n:012x}}}, 10.1.2.{host}\n"
)
_EVENT = """Log Name:      Application
Source:        VSS
Date:          5/1/2022 1:{minute:02}:{second:02} PM
Event ID:      8193
Computer:      HV{host:02}.muster.local
User:          MUSTER\\svc{host}
Description:
Unexpected error calling routine CoCreateInstance of \\\\NAS{host}\\backup.  hr = 0x80070005, Access is denied. ({n})

"""


def text(line: str, size: int = SIZE) -> Iterator[str]:
    written, n = 0, 0
    while written < size:
        one = line.format(minute=n // 60 % 60, second=n % 60, n=n, host=n % 40, vm=n % 400)
        written += len(one)
        n += 1
        yield one


def speed(name: str, content: bytes) -> float:
    """MB/s for a whole redaction."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(content)
        began = time.perf_counter()
        copy_of(Path(folder) / name, Path(folder) / "copy")
        return len(content) / 1e6 / (time.perf_counter() - began)


def cases(folder: Path) -> Iterator[tuple[str, Path]]:
    """Name and logs of every sample and public failure."""
    for logs in sorted(SAMPLES.glob("*/logs")):
        yield logs.parent.name, logs
    for half in ("seen", "seen2", "held", "held2"):
        for number, case in enumerate(public_cases(half)):
            logs = folder / f"{half}-{number}"
            logs.mkdir()
            for name, content in case.bundle.items():
                (logs / name).write_bytes(content)
            yield half, logs


def verdicts() -> tuple[int, int]:
    """How many cases there are, and how many have the same verdict in their copies, which hold no name."""
    count = same = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, logs in cases(Path(folder)):
            copy = Path(folder) / f"copy-{count}"
            done = copy_of(logs, copy)
            left = names_left(copy, [one.name for one in done.names if one.name not in done.common])
            alike = said_of(logs, done) == said_of(copy) and not left
            count, same = count + 1, same + alike
            if not alike:
                print(f"  {name} differs: {left}")
    return count, same


def main() -> int:
    trace = speed("DPMRACurr.errlog", "".join(text(_TRACE)).encode("utf-16"))
    events = speed("HV01-events.txt", "".join(text(_EVENT)).encode())
    print(f"trace, UTF-16: {trace:.1f} MB/s (goal {TRACE_GOAL}); event text: {events:.1f} MB/s (goal {TEXT_GOAL})")
    if SHARED:
        log = shared("evtx", "museum-w10-Store-Operational.evtx").read_bytes()
        print(f"event log: {speed('Store.evtx', log):.1f} MB/s")
    count, same = verdicts()
    print(f"{same} of {count} verdicts are the same")
    return int(trace < TRACE_GOAL or events < TEXT_GOAL or same < count)


if __name__ == "__main__":
    sys.exit(main())
