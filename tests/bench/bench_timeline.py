"""The timeline of a case of a million events: first screen, keys, filters, memory of the app and of its reader.

usage: python -m tests.bench.bench_timeline [--events N]     (default 1,000,000; exits 1 where a goal is missed)

The logs of four machines are written as EVTX files, one event in five of a kind that rules ask for. They are read
as the app reads them, in a process beside it, and shown without a terminal (120x40), in the app itself. Memory is what
all processes have together, pages that they share counted once (PSS).
"""

import argparse
import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from threading import Event as Flag
from threading import Thread
from typing import Any, NamedTuple

from rich.console import RenderableType
from textual.screen import Screen

import tui.app
from diagnostics.diagnosis import Diagnosis
from diagnostics.ledger.ledger import Ledger
from diagnostics.ledger.matching import matching
from diagnostics.ledger.query import parse
from diagnostics.request import Request
from engine.eventlog import evtx, values
from engine.eventlog.record import EventData, Provider, Record
from tui.app import ShindanApp
from tui.case import OpenCase
from tui.meter import ErrandMeter
from tui.reading import read_elsewhere

GOAL_FIRST, GOAL_KEY, GOAL_MEGABYTES = 2.0, 0.100, 600.0
MACHINES = ("HV01", "HV02", "SQL01", "DPM01")
START = datetime(2026, 11, 1, tzinfo=UTC)
KINDS = (
    ("Microsoft-Windows-Security-Auditing", 4624, 0, ("S-1-5-18", "HV01$", "CONTOSO", "0x3e7", "3", "Kerberos")),
    ("Microsoft-Windows-Security-Auditing", 4634, 0, ("S-1-5-18", "HV01$", "CONTOSO", "0x3e7", "3")),
    ("Service Control Manager", 7036, 4, ("Volume Shadow Copy", "running")),
    ("Microsoft-Windows-GroupPolicy", 1502, 4, ("1", "0", "NT AUTHORITY\\SYSTEM", "5 GPOs")),
    ("Microsoft-Windows-TaskScheduler", 201, 4, ("\\Microsoft\\Windows\\Defrag\\ScheduledDefrag", "defrag.exe", "0")),
    ("Microsoft-Windows-WindowsUpdateClient", 19, 4, ("Security Update (KB5031364)", "200")),
    ("disk", 153, 3, ("\\Device\\Harddisk1\\DR1", "0x82368d90", "1")),
    ("Microsoft-Windows-PowerShell", 4104, 5, ("1", "1", "Get-Service | Where-Object Status -eq Stopped")),
    ("Microsoft-Windows-Security-Auditing", 5156, 0, ("1234", "svchost.exe", "%%14593", "10.0.0.5", "445")),
    ("Microsoft-Windows-Kernel-General", 16, 2, ("\\SystemRoot\\System32\\Config\\DEFAULT", "23")),
)


def write_logs(folder: Path, count: int) -> None:
    """A log for each machine; an event every two seconds somewhere."""
    for place, machine in enumerate(MACHINES):
        with (folder / f"{machine}-System.evtx").open("wb") as file:
            evtx.write(file, (_record(number, machine) for number in range(place, count, len(MACHINES))))


def _record(number: int, machine: str) -> Record:
    provider, event_id, level, told = KINDS[number * 7919 % len(KINDS)]
    if number % 100_003 == 5:
        provider, event_id, level, told = "volsnap", 25, 2, ("needle in the haystack", "D:")
    data = EventData(tuple(("", values.text(value)) for value in told))
    time_of = START + timedelta(seconds=2 * number)
    return Record(Provider(provider), event_id, time_of, "System", f"{machine}.contoso.com", data, level=level)


FILTERS = (
    "level:error+ machine:HV01",
    "provider:volsnap id:25 since:2026-11-03",
    "provider:disk code:0x80070005",
    "needle",
    "/hay.tack/ level:error",
)


class Moment(NamedTuple):
    """A moment by the clock on the wall and by this process's use of the processor; in seconds."""

    wall: float
    cpu: float

    @classmethod
    def now(cls) -> "Moment":
        return cls(time.perf_counter(), time.process_time())

    def since(self, earlier: "Moment") -> "Moment":
        return Moment(self.wall - earlier.wall, self.cpu - earlier.cpu)

    def __str__(self) -> str:
        return f"{self.wall * 1000:,.0f} ms ({self.cpu * 1000:,.0f} ms of the processor)"


class Watched(ShindanApp):
    """Notes when it was painted last."""

    CSS_PATH = str(Path(tui.app.__file__).with_name("app.tcss"))
    painted = Moment(0.0, 0.0)

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        super()._display(screen, renderable)
        self.painted = Moment.now()


async def show(diagnosis: Diagnosis) -> tuple[Moment, Moment]:
    """How long to the first screen of the timeline, and from a key to the repaint (median)."""
    app = Watched(language="en", theme="dark")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        started = Moment.now()
        await app.show_case(OpenCase(Request(paths=("/cases/night",)), diagnosis), "timeline")
        await pilot.pause()
        first = app.painted.since(started)
        waits = []
        for key in ["pagedown", "down", "end", "up", "pageup", "home"] * 10:
            pressed = Moment.now()
            await pilot.press(key)
            await pilot.pause()
            waits.append(app.painted.since(pressed))
    return first, Moment(median(wait.wall for wait in waits), median(wait.cpu for wait in waits))


def filtered(ledger: Ledger, text: str) -> tuple[Moment, int]:
    """How long a filter takes, and how many events it finds."""
    started = Moment.now()
    found = int(matching(ledger, parse(text), {}).mask.sum())
    return Moment.now().since(started), found


class Memory(Thread):
    """Looks at the memory of this process and of those that it has started, until it is stopped."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.together = 0.0
        """The most that all had at once, in MB."""
        self._stopped = Flag()

    def run(self) -> None:
        while not self._stopped.wait(0.05):
            self.together = max(self.together, sum(map(_megabytes_of, [os.getpid(), *_children(os.getpid())])))

    def stop(self) -> float:
        self._stopped.set()
        self.join()
        return self.together


def _children(process: int) -> Iterator[int]:
    for path in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, path.read_text().split()):
                yield child
                yield from _children(child)


def _megabytes_of(process: int) -> float:
    with suppress(OSError, StopIteration):
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("Pss:")).split()[1]) / 1024
    return 0.0


def measure(folder: Path) -> bool:
    started, memory = time.perf_counter(), Memory()
    memory.start()
    diagnosis = read_elsewhere(Request(paths=(str(folder),)), ErrandMeter())
    together = memory.stop()
    assert diagnosis is not None
    ledger = diagnosis.case.reading.ledger
    assert ledger is not None
    print(f"{len(ledger):,} events read and diagnosed in {time.perf_counter() - started:.1f} s, "
          f"{len(diagnosis.case.reading.events):,} of them kept for rules; {megabytes():.0f} MB at most")  # fmt: skip
    first, key = asyncio.run(show(diagnosis))
    print(f"first screen {first} (goal {GOAL_FIRST * 1000:,.0f} ms)")
    print(f"key to repaint {key} (goal {GOAL_KEY * 1000:,.0f} ms)")
    for text in FILTERS:
        took, found = filtered(ledger, text)
        print(f"filter {text:44} {took}, {found:,} found")
    peak = max(megabytes(), together)
    print(f"memory of the app alone, at most {megabytes():.0f} MB; with its reader {together:.0f} MB "
          f"(goal {GOAL_MEGABYTES:.0f})")  # fmt: skip
    return first.wall <= GOAL_FIRST and key.wall <= GOAL_KEY and peak <= GOAL_MEGABYTES


def megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--events", type=int, default=1_000_000)
    options.add_argument("--measure", type=Path)
    given = options.parse_args()
    if given.measure:
        return 0 if measure(given.measure) else 1
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        write_logs(Path(folder), given.events)
        print(f"{given.events:,} events written in {time.perf_counter() - started:.0f} s")
        command = [sys.executable, "-m", "tests.bench.bench_timeline", "--measure", folder]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
