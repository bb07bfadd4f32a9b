"""What the writers of a guest guard: a real database and a real journaled store, on a real volume."""

import random
import time

import pytest

from engine.hyperv.database import Database
from engine.hyperv.filesystem import FileSystem
from engine.hyperv.hive import Hive
from tests.engine.hyperv.kills import SIZE, Busy, backed_up, brought_back, copied, killed, new_volume, shadow_copy


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_in_real_time_a_backup_with_writers_is_restored_clean_with_exactly_what_was_committed(tmp_path, journal):
    result = backed_up(tmp_path, random.Random(1), journal)
    assert result.good
    assert not result.unfinished


@pytest.mark.parametrize("journal", ["wal", "delete"])
@pytest.mark.parametrize("seed", range(4))
def test_without_its_writer_a_database_recovers_every_transaction_that_was_committed(tmp_path, journal, seed):
    assert copied(tmp_path, random.Random(seed), journal).good


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_a_killed_database_recovers_every_transaction_that_was_committed(tmp_path, journal):
    assert killed(tmp_path, random.Random(1), journal).good


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
    values = Hive(brought_back(copy, tmp_path / "restored"), "SYSTEM").values
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
    back = Hive(brought_back(shadow_copy(volume), tmp_path / "restored"), "SYSTEM")
    assert (back.replayed, back.values) == (0, hive.values)
    volume.close()


def test_a_full_volume_makes_no_file(tmp_path):
    files = FileSystem.format(new_volume(tmp_path / "disk"))
    with pytest.raises(OSError, match="No space"):
        files.create("large", SIZE)
    assert files.names() == []
