"""How fast text logs are read, extrapolated to 1,000,000 events: `python -m tests.bench.bench_text`.

Exits with 1 where 1,000,000 events would take more than a minute, or 1,000,000 lines that nobody knows more than 10 s.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from diagnostics.diagnosis import load_knowledge
from diagnostics.evidence.document import Document, Tally
from diagnostics.parsers.format import Interest, everything
from diagnostics.parsers.text import TEXT
from diagnostics.parsing import Wanted

EVENTS = 200_000
TARGET = 1_000_000
LIMIT_SECONDS = 60.0
LIMIT_NOBODYS = 10.0
"""Of lines that nobody looks for."""

_HEADER = """Log Name:      {log}
Source:        {source}
Date:          5/{day}/2022 {hour}:{minute:02}:{second:02} PM
Event ID:      {id}
Task Category: None
Level:         {level}
Keywords:      Classic
User:          N/A
Computer:      HV{host:02}.contoso.com
Description:
{message}
"""
_VSS = """A VSS writer has rejected an event with error 0x800423f4, The writer experienced a non-transient error.

Operation:
   PrepareForSnapshot Event

Context:
   Execution Context: Writer
   Writer Class Id: {a65faa63-5ea8-4ebc-9dbd-a0c4db26912a}
   Writer Name: SqlServerWriter
"""
_KINDS = (
    ("Application", "VSS", 8229, "Warning", _VSS),
    (
        "System",
        "volsnap",
        25,
        "Error",
        "The shadow copies of volume D: were deleted because the storage could not grow.",
    ),
    (
        "System",
        "disk",
        153,
        "Warning",
        r"The IO operation at logical block 0x1f2e3d for Disk 1 (PDO: \Device\0) was retried.",
    ),
    (
        "System",
        "Service Control Manager",
        7036,
        "Information",
        "The Volume Shadow Copy service entered the stopped state.",
    ),
)
"""What an event log of a failing host is made of."""


def _events(count: int) -> Iterator[str]:
    for n in range(count):
        log, source, number, level, message = _KINDS[n % len(_KINDS)]
        clock = {"day": 1 + n % 28, "hour": 1 + n % 12, "minute": n % 60, "second": n // 60 % 60}
        yield _HEADER.format(log=log, source=source, id=number, level=level, message=message, host=n % 20, **clock)


def _errlog(count: int) -> Iterator[str]:
    for n in range(count):
        clock = f"{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}.{n % 1000:03}"
        tail = "WARNING  Failed: Hr: = [0x8007173d] : failed" if n % 50 == 0 else "NORMAL  CVssSnapshotRequestor:: done"
        yield f"0990 17D8 11/{1 + n % 28:02} {clock} 31 vsssnapshotrequestor.cpp(585) [00000000003970D0] {tail}\n"


def _plain(count: int) -> Iterator[str]:
    for n in range(count):
        if n % 100 == 0:
            yield f"2022-05-31 12:00:{n % 60:02} the writer reported error 0x800423f4 (VSS 8229)\n"
        else:
            yield f"2022-05-31 12:00:{n % 60:02} worker {n}: processed block {n * 7} of volume D: in {n % 90} ms\n"


def _nobodys(count: int) -> Iterator[str]:
    for n in range(count):
        clock = f"2026-05-{1 + n // 86400 % 28:02} {n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}"
        yield f"{clock} [{n % 64}] INFO  Contoso.Web.Handler - GET /api/items/{n * 7919 % 100003} 200 {n % 97} ms\n"


def measure(name: str, pieces: Iterator[str], interest: Interest = everything) -> float:
    """CPU seconds that 1,000,000 events of this kind would take; prints a line."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log.txt")
        with path.open("w", encoding="utf-8") as stream:
            stream.writelines(pieces)
        document = Document(name=f"{name}.txt", path=path, encoding="utf-8", modified=1_669_000_000_000_000)
        begin = time.process_time()
        events = sum(1 for _ in TEXT.read(document, interest, Tally()))
        seconds = (time.process_time() - begin) * TARGET / EVENTS
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name:<12} {events:>8} events  {seconds:6.1f} s CPU per 1,000,000  peak memory {peak:.0f} MiB")
    return seconds


def main() -> int:
    """Measure the three formats that grow large, and lines in which no parser and no rule finds anything."""
    rules = load_knowledge().rules
    nobodys = measure("nobody's", _nobodys(EVENTS), Wanted(rules.interest, rules.relevance))
    worst = max(
        measure("event-text", _events(EVENTS)),
        measure("errlog", _errlog(EVENTS)),
        measure("plain", _plain(EVENTS)),
    )
    return 1 if worst > LIMIT_SECONDS or nobodys > LIMIT_NOBODYS else 0


if __name__ == "__main__":
    sys.exit(main())
