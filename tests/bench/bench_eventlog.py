"""How fast event logs are written, and in how much memory: `python -m tests.bench.bench_eventlog`.

Exits with 1 where a reader does not find all records, or where the memory of the writer grows with the log.
"""

import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine.eventlog import evtx, values
from engine.eventlog.record import EventData, Provider, Record
from tests.diagnostics.parsers.evtx_files import read

RECORDS = 100_000
MOST_MEMORY = 4_000_000
_START = datetime(2026, 11, 22, 1, tzinfo=UTC)
_CONTEXT = (
    "\n\nOperation:\n   PrepareForSnapshot Event\n\nContext:\n   Execution Context: Writer\n   Writer Name: 表 {}\n"
)


def _records(count: int) -> Iterator[Record]:
    for number in range(count):
        provider = Provider(("VSS", "volsnap", "ESENT")[number % 3])
        data = EventData((("", values.text("0x800423f4")), ("", values.text(_CONTEXT.format(number)))), b"- PID: 1234-")
        moment = _START + timedelta(milliseconds=number)
        yield Record(provider, 8229, moment, "Application", "HV01.contoso.com", data, level=2, qualifiers=0)


def _write(path: Path, count: int) -> float:
    begin = time.perf_counter()
    with path.open("wb") as file:
        evtx.write(file, _records(count))
    return time.perf_counter() - begin


def main() -> int:
    """Measure, print, judge."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log.evtx")
        seconds = _write(path, RECORDS)
        size = path.stat().st_size
        reading = read(path)
        whole = len(reading.events) == RECORDS and not reading.damage
        tracemalloc.start()
        _write(path, RECORDS // 5)
        memory = tracemalloc.get_traced_memory()[1]
    print(f"{RECORDS:,} records, {size / 1e6:.1f} MB: {seconds:.2f} s, {RECORDS / seconds:,.0f} records/s")
    print(f"read back without damage: {whole}; most memory held while writing: {memory / 1e6:.2f} MB")
    return 0 if whole and memory < MOST_MEMORY else 1


if __name__ == "__main__":
    sys.exit(main())
