"""The whole command: samples, a small bundle, a million events of JSON and of copied text, and those of a large site.

usage: python -m tests.bench.bench_diagnose [EVENTS]     (default 1,000,000; exits 1 where a goal is missed)
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import median
from typing import NamedTuple

SAMPLE = Path(__file__).parents[1] / "handmade" / "host-hyperv-writer" / "logs"
SAMPLES = Path(__file__).parents[2] / "samples"
GOAL_SMALL, GOAL_MILLION = 1.5, 60.0
GOAL_SAMPLES = 300
"""MiB that none of the bundled samples may exceed."""
INSTALLED = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
"""An installed program is compiled once, and not anew for each run."""
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


Record = tuple[datetime, str, int, int, str]


def records(count: int) -> Iterator[Record]:
    """So many events, one every two seconds, of ordinary kinds."""
    for number in range(count):
        yield START + timedelta(seconds=2 * number), *KINDS[number * 7919 % len(KINDS)]


def ndjson(path: Path, count: int) -> None:
    """As a log shipper writes them."""
    with path.open("w", encoding="utf-8") as file:
        for number, record in enumerate(records(count)):
            file.write(_line("HV01", number, record))


def _line(host: str, number: int, record: Record) -> str:
    moment, provider, event_id, level, text = record
    return (
        f'{{"TimeCreated":"{moment:%Y-%m-%dT%H:%M:%S}Z","ProviderName":"{provider}","Id":{event_id},"Level":{level},'
        f'"MachineName":"{host}.contoso.com","LogName":"System","RecordId":{number},"Message":"{text}"}}\n'
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


def fleet(folder: Path, count: int) -> None:
    """A night of 500 hosts with 20 machines each: the job list of the DPM server, and so many events of the hosts.

    On HV007 the Hyper-V VSS writer fails all jobs; nothing else is wrong.
    """
    hosts = [f"HV{host:03}" for host in range(500)]
    with (folder / "DPM01-jobs.txt").open("w", encoding="utf-8") as file:
        for host in hosts:
            file.writelines(_job(host, machine, failed=host == "HV007") for machine in range(20))
    ordinary = records(count)
    for host in hosts:
        with (folder / f"{host}-System.log").open("w", encoding="utf-8") as file:
            for number, (_, provider, event_id, level, text) in enumerate(islice(ordinary, count // len(hosts))):
                moment = START + timedelta(seconds=20 * number)
                file.write(_line(host, number, (moment, provider, event_id, level, text)))
            if host == "HV007":
                said = "A VSS writer has rejected an event with error 0x800423f3, a transient error."
                file.write(_line(host, count, (START + timedelta(minutes=61), "VSS", 8229, 2, said)))


def _job(host: str, machine: int, *, failed: bool) -> str:
    start, end = (f"{START + timedelta(minutes=minute):%m/%d/%Y %I:%M:%S %p}" for minute in (60, 62 + machine))
    said = (
        "DPM encountered a retryable VSS error. (ID 30112 Details: VssError:The writer experienced a transient error. "
    )
    said = f"{said} (0x800423F3))" if failed else "The job completed successfully."
    return (
        f"Type:    Recovery point\nStatus:  {'Failed' if failed else 'Completed'}\nDescription:    {said}\n"
        f"End time:       {end}\nStart time:     {start}\n"
        f"Data transferred:       {'0' if failed else '812.44'} MB\nCluster node    {host}.contoso.com\n"
        f"Source details: \\Backup Using Child Partition Snapshot\\{host}-VM{machine:02}\n\n"
    )


class Run(NamedTuple):
    """What one run of `diagnose` took, with all of its processes."""

    seconds: float
    processor: float
    verdict: str


def timed(*arguments: str | Path) -> Run:
    """One run of `diagnose`."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "diagnostics", "--format", "json", *arguments]
    said = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, env=INSTALLED).stdout
    after, seconds = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - started
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    verdict = json.loads(said)
    named = ", ".join(fault["instance"] for fault in verdict["faults"][:2])
    return Run(seconds, processor, f"{verdict['verdict']} {named}".strip())


def main() -> int:
    """Print a line per measurement."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    timed(SAMPLE)  # compiles, and reads the rules anew
    small = median(timed(SAMPLE).seconds for _ in range(5))
    print(f"small bundle            {small:6.2f} s   (goal {GOAL_SMALL} s, median of 5)", flush=True)
    missed = small > GOAL_SMALL
    slowest = max(timed(sample / "logs").processor for sample in sorted(SAMPLES.iterdir()))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f"bundled samples         {slowest:6.2f} s of processor at most, peak {peak:.0f} MiB (goal {GOAL_SAMPLES} MiB)",
        flush=True,
    )
    missed |= peak > GOAL_SAMPLES
    writers: dict[str, Callable[[Path, int], None]] = {
        "NDJSON": lambda folder, count: ndjson(folder / "HV01-System.log", count),
        "copied text": lambda folder, count: copied_text(folder / "HV01-System.log", count),
        "NDJSON of 500 hosts, 10,000 jobs": fleet,
    }
    for name, write in writers.items():
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            write(folder, count)
            run = timed(folder)
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            size = sum(path.stat().st_size for path in folder.iterdir()) >> 20
            print(
                f"{count:,} x {name}: {run.seconds:.1f} s, {run.processor:.1f} s of processor, {size} MiB on disk, "
                f"peak {peak:.0f} MiB; {run.verdict}",
                flush=True,
            )
            missed |= run.seconds > GOAL_MILLION * count / 1_000_000
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
