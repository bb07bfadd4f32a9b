"""What the writers of a guest guard: a real database and a real journaled store, on a real volume."""

import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.hyperv.database import Database, unfinished
from engine.hyperv.filesystem import FileSystem
from engine.hyperv.hive import Hive
from engine.volume import ShadowCopy, Volume

SIZE = 24 << 20


def new_volume(path: Path) -> Volume:
    with path.open("wb") as file:
        file.truncate(SIZE)
    return Volume(path)


def restored(copy: ShadowCopy, path: Path) -> FileSystem:
    """A machine's disk as it comes back from a backup."""
    volume = new_volume(path)
    for start, end in copy.extents():
        room = bytearray(end - start)
        copy.read_into(start, room)
        volume.write(start, room)
    return FileSystem(volume)


def shadow_copy(volume: Volume) -> ShadowCopy:
    with volume.writes_held():
        return volume.create_shadow_copy(str(time.monotonic_ns()))


class Busy:
    """A thread that keeps on working until the block ends."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._enough.is_set():
            self._work()

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join()


@pytest.mark.parametrize("journal", ["wal", "delete"])
@pytest.mark.parametrize("seed", range(4))
def test_with_its_writer_a_database_is_restored_clean_with_exactly_what_was_committed(tmp_path, journal, seed):
    chance = random.Random(seed)
    volume = new_volume(tmp_path / "disk")
    files = FileSystem.format(volume)
    with Database(files, "ledger", journal) as database:
        with Busy(database.commit):
            time.sleep(chance.uniform(0, 0.05))
            last = database.freeze()
            files.flush()
            copy = shadow_copy(volume)
            database.thaw()
            time.sleep(0.01)
        assert database.committed >= last
    back = restored(copy, tmp_path / "restored")
    assert not unfinished(back, "ledger")
    with Database(back, "ledger", journal) as database:
        assert (database.committed, database.verify()) == (last, [])
    volume.close()


@pytest.mark.parametrize("journal", ["wal", "delete"])
@pytest.mark.parametrize("seed", range(4))
def test_without_its_writer_a_database_recovers_every_transaction_that_was_committed(tmp_path, journal, seed):
    chance = random.Random(seed)
    volume = new_volume(tmp_path / "disk")
    files = FileSystem.format(volume)
    database = Database(files, "ledger", journal)
    with database, Busy(database.commit), Busy(lambda: files.write_lazily(chance)):
        time.sleep(chance.uniform(0, 0.05))
        before = database.committed
        copy = shadow_copy(volume)
        after = database.committed
    back = restored(copy, tmp_path / "restored")
    with Database(back, "ledger", journal) as database:
        assert before <= database.committed <= after + 1
        assert database.verify() == []
    volume.close()


def test_a_frozen_database_lets_nobody_commit(tmp_path):
    files = FileSystem.format(new_volume(tmp_path / "disk"))
    with Database(files, "ledger") as database:
        last = database.freeze()
        with Busy(database.commit):
            time.sleep(0.02)
            assert database.committed == last
            database.thaw()
        assert database.committed > last


@pytest.mark.parametrize("seed", range(6))
def test_a_store_recovers_every_change_from_its_log_wherever_the_machine_stopped(tmp_path, seed):
    chance = random.Random(seed)
    volume = new_volume(tmp_path / "disk")
    files = FileSystem.format(volume)
    hive = Hive(files, "SYSTEM")
    told: list[int] = []

    def change() -> None:
        hive.set(f"key {len(told) % 50}", str(len(told)))
        told.append(len(told))
        if chance.random() < 0.05:
            hive.freeze()
            hive.thaw()

    with Busy(change), Busy(lambda: files.write_lazily(random.Random(seed))):
        time.sleep(chance.uniform(0, 0.05))
        before = len(told)
        copy = shadow_copy(volume)
        after = len(told)
    values = Hive(restored(copy, tmp_path / "restored"), "SYSTEM").values
    last = max((int(value) for value in values.values()), default=-1)
    assert before - 1 <= last <= after
    assert values == {f"key {number % 50}": str(number) for number in range(last + 1)}
    volume.close()


def test_with_its_writer_a_store_has_nothing_to_replay(tmp_path):
    volume = new_volume(tmp_path / "disk")
    files = FileSystem.format(volume)
    hive = Hive(files, "SYSTEM")
    for number in range(100):
        hive.set(str(number), "value")
    hive.freeze()
    back = Hive(restored(shadow_copy(volume), tmp_path / "restored"), "SYSTEM")
    assert (back.replayed, back.values) == (0, hive.values)
    volume.close()


def test_a_full_volume_makes_no_file(tmp_path):
    files = FileSystem.format(new_volume(tmp_path / "disk"))
    with pytest.raises(OSError, match="No space"):
        files.create("large", SIZE)
    assert files.names() == []
