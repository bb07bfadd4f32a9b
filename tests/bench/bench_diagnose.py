"""The whole command: a small bundle, and a million events of JSON and of copied text; seconds and peak memory.

usage: python -m tests.bench.bench_diagnose [EVENTS]     (default 1,000,000; exits 1 where a goal is missed)
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

SAMPLE = Path(__file__).parents[2] / "samples" / "host-hyperv-writer" / "logs"
GOAL_SMALL, GOAL_MILLION = 1.5, 60.0
START = datetime(2026, 11, 1, tzinfo=UTC)
KINDS = [
    ("Service Control Manager", 7036, 4, "The Volume Shadow Copy service entered the running state."),
    ("Service Control Manager", 7036, 4, "The Windows Update service entered the stopped state."),
    ("Microsoft-Windows-Security-Auditing", 4624, 0, "An account was successfully logged on."),
    ("VSS", 8224, 4, "The VSS service is shutting down due to idle timeout."),
    ("disk", 153, 3, "The IO operation at logical block address 0x82368d90 for Disk 1 was retried."),
    (
        "Microsoft-Windows-DistributedCOM",
        10016,
        2,
        "The application-specific permission settings do not grant Local Activation.",
    ),
    ("ESENT", 102, 4, "svchost (1220,P,98) The database engine started a new instance (0)."),
]


def records(count: int) -> Iterator[tuple[datetime, str, int, int, str]]:
    """So many events, one every two seconds, of ordinary kinds."""
    for number in range(count):
        yield START + timedelta(seconds=2 * number), *KINDS[number * 7919 % len(KINDS)]


def ndjson(path: Path, count: int) -> None:
    """As a log shipper writes them."""
    with path.open("w", encoding="utf-8") as file:
        for number, (moment, provider, event_id, level, text) in enumerate(records(count)):
            file.write(
                f'{{"TimeCreated":"{moment:%Y-%m-%dT%H:%M:%S}Z","ProviderName":"{provider}","Id":{event_id},"Level":{level},'
                f'"MachineName":"HV01.contoso.com","LogName":"System","RecordId":{number},"Message":"{text}"}}\n'
            )


def copied_text(path: Path, count: int) -> None:
    """As Event Viewer copies them."""
    with path.open("w", encoding="utf-8") as file:
        for moment, provider, event_id, _, text in records(count):
            file.write(
                f"Log Name:      System\nSource:        {provider}\nDate:          {moment:%m/%d/%Y %I:%M:%S %p}\n"
                f"Event ID:      {event_id}\nTask Category: None\nLevel:         Information\nKeywords:      Classic\n"
                f"User:          N/A\nComputer:      HV01.contoso.com\nDescription:\n{text}\n\n"
            )


def timed(*arguments: str | Path) -> float:
    """Seconds of one run of `diagnose`."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "diagnostics", *arguments], stdout=subprocess.DEVNULL, check=False)
    return time.perf_counter() - started


def main() -> int:
    """Print a line per measurement."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    small = median(timed(SAMPLE) for _ in range(5))
    print(f"small bundle            {small:6.2f} s   (goal {GOAL_SMALL} s, median of 5)")
    missed = small > GOAL_SMALL
    writers: dict[str, Callable[[Path, int], None]] = {"NDJSON": ndjson, "copied text": copied_text}
    for name, write in writers.items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "HV01-System.log"
            write(path, count)
            seconds = timed(path)
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            print(
                f"{count:,} x {name:12} {seconds:6.1f} s, {path.stat().st_size >> 20} MiB on disk, peak {peak:.0f} MiB"
            )
            missed |= seconds > GOAL_MILLION * count / 1_000_000
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
