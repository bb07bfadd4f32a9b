"""A busy database, stopped at a random moment in three ways, and what is left of it: used by a test and a benchmark.

`backed_up`: copied in real time by the whole online backup, with the guest's writers. `copied`: copied at any moment
without them, while a cache writes lazily. `killed`: its process is killed.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from engine.clock import SystemClock
from engine.hyperv.backup import HostBackup, host_backup
from engine.hyperv.database import Database, unfinished
from engine.hyperv.filesystem import FileSystem
from engine.volume import ShadowCopy, Volume
from tests.engine.hyperv.site import Site, restored

SIZE = 24 << 20


class Round(NamedTuple):
    """What came of one round."""

    unfinished: bool
    """Whether the database had to recover when it was opened."""
    first: int
    """The last transaction that was known to be committed before the moment."""
    last: int
    """The last that may have been."""
    found: int
    """The last that is there."""
    problems: list[str]

    @property
    def good(self) -> bool:
        return not self.problems and self.first <= self.found <= self.last


class Busy:
    """A thread that keeps on working until the block ends; what it raises is raised there."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._enough = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            while not self._enough.is_set():
                self._work()
        except Exception as error:  # noqa: BLE001 - raised where the block ends
            self._error = error

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join()
        if self._error is not None:
            raise self._error


def new_volume(path: Path) -> Volume:
    with path.open("wb") as file:
        file.truncate(SIZE)
    return Volume(path)


def shadow_copy(volume: Volume) -> ShadowCopy:
    with volume.writes_held():
        return volume.create_shadow_copy(str(time.monotonic_ns()))


def brought_back(copy: ShadowCopy, path: Path) -> FileSystem:
    """A copied disk as it comes back."""
    volume = new_volume(path)
    for start, end in copy.extents():
        room = bytearray(end - start)
        copy.read_into(start, room)
        volume.write(start, room)
    return FileSystem(volume)


def backed_up(folder: Path, chance: random.Random, journal: str) -> Round:
    """Real time, a real thread, and the whole nested cycle."""
    site = Site(folder, journal=journal, clock=SystemClock())
    known: list[int] = []
    result: list[Round] = []
    freeze = site.database.freeze
    site.database.freeze = lambda: known.append(freeze()) or known[0]  # type: ignore[method-assign,func-returns-value]

    def restore(backup: HostBackup) -> None:
        files = restored(backup.files["SQL01"][0], folder / "restored")
        result.append(_look(files, journal, known[0], known[0]))

    async def main() -> None:
        await asyncio.sleep(chance.uniform(0, 0.02))
        async with host_backup(site.host, ["SQL01"]) as made:
            restore(made)

    with Busy(site.database.commit):
        site.clock.run(main())
    assert site.at_rest()
    site.database.close()
    return result[0]


def copied(folder: Path, chance: random.Random, journal: str) -> Round:
    """Without the writer: whatever reached the volume by then."""
    volume = new_volume(folder / "disk")
    files = FileSystem.format(volume)
    database = Database(files, "ledger", journal)  # type: ignore[arg-type]
    with database, Busy(database.commit), Busy(lambda: files.write_lazily(chance)):
        time.sleep(chance.uniform(0, 0.05))
        first = database.committed
        copy = shadow_copy(volume)
        last = database.committed + 1
    result = _look(brought_back(copy, folder / "restored"), journal, first, last)
    volume.close()
    return result


def killed(folder: Path, chance: random.Random, journal: str) -> Round:
    """A process that commits, tells of each transaction, and is killed."""
    path = folder / "disk"
    FileSystem.format(new_volume(path))
    command = [sys.executable, "-m", "tests.engine.hyperv.kills", str(path), journal, str(chance.randrange(1 << 30))]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        told = process.stdout.readline()
        time.sleep(chance.uniform(0, 0.05))
        os.kill(process.pid, signal.SIGKILL)
        told += process.stdout.read()
    complete = told.rpartition(b"\n")[0].split()
    known = int(complete[-1]) if complete else 0
    return _look(FileSystem(Volume(path)), journal, known, known + 1)


def _look(files: FileSystem, journal: str, first: int, last: int) -> Round:
    dirty = unfinished(files, "ledger")
    with Database(files, "ledger", journal) as database:  # type: ignore[arg-type]
        return Round(dirty, first, last, database.committed, database.verify())


def _commit_for_ever(path: Path, journal: str, seed: int) -> None:
    files, chance = FileSystem(Volume(path)), random.Random(seed)
    database = Database(files, "ledger", journal)  # type: ignore[arg-type]
    while True:
        os.write(1, f"{database.commit()}\n".encode())
        files.write_lazily(chance)


if __name__ == "__main__":
    _commit_for_ever(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
