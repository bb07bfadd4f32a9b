"""The next recovery point in the making: resumed, repaired, held alone; what is not committed is not there."""

import contextlib
import errno
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.dpm import Repository, prune, verify
from engine.dpm.errors import BusyError, Cancelled, DamagedError, NotARepositoryError, RootMismatchError
from engine.dpm.records import Outcome
from engine.progress import Unwatched
from tests.engine.disks import Call, Fault, Faulty
from tests.engine.dpm.disk import BLOCK, MixedDisk, Ticks, back_up, content, fill, opened


@pytest.fixture
def disk() -> MixedDisk:
    return MixedDisk()


@pytest.fixture
def repository(disk: MixedDisk, tmp_path: Path) -> Iterator[Repository]:
    with opened(tmp_path / "r", disk, Ticks()) as repository:
        yield repository


def some_bytes(blocks: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(blocks * BLOCK)


def broken_off(repository: Repository, data: bytes) -> None:
    """A job that put everything and then stopped."""
    with (
        contextlib.suppress(Cancelled),
        repository.draft(repository.replica_of("disk.vhdx", BLOCK), len(data)) as draft,
    ):
        fill(draft, data)
        raise Cancelled


def slots_written(repository: Repository, faulty: Faulty, data: bytes) -> int:
    """How many bytes of slots a backup of these bytes writes."""
    del faulty.calls[:]
    back_up(repository, data)
    return sum(call.length for call in faulty.calls if call.name == "pwrite" and call.path.name == "slots")


def test_a_broken_off_job_is_gone_on_with_and_nothing_it_brought_is_written_again(tmp_path: Path, disk: MixedDisk):
    faulty = Faulty(disk)
    data = some_bytes(20)
    with opened(tmp_path / "r", faulty, Ticks()) as repository:
        broken_off(repository, data)
        assert repository.points() == []
        later = data[: 3 * BLOCK] + some_bytes(2, seed=2) + data[5 * BLOCK :]
        assert slots_written(repository, faulty, later) == 2 * BLOCK
        assert content(repository, 2) == later
        assert verify(repository, [], Unwatched()) == []


def test_only_changed_blocks_are_written_and_zeros_take_no_slot(tmp_path: Path, disk: MixedDisk):
    faulty = Faulty(disk)
    data = some_bytes(10) + bytes(10 * BLOCK)
    with opened(tmp_path / "r", faulty, Ticks()) as repository:
        assert slots_written(repository, faulty, data) == 10 * BLOCK
        assert slots_written(repository, faulty, bytes(BLOCK) + data[BLOCK:]) == 0
        assert slots_written(repository, faulty, data) == BLOCK
        assert [content(repository, point)[:BLOCK] == bytes(BLOCK) for point in (1, 2, 3)] == [False, True, False]


def test_roots_that_differ_commit_nothing(repository: Repository):
    with repository.draft(repository.replica_of("disk", BLOCK), BLOCK) as draft:
        fill(draft, some_bytes(1))
        with pytest.raises(RootMismatchError):
            draft.commit("crash-consistent", 1, root=bytes(32))
    assert repository.points() == []


def test_a_job_that_was_killed_is_recorded_as_interrupted_by_the_next(repository: Repository):
    replica = repository.replica_of("disk.vhdx", BLOCK)
    repository.catalog.start_job(replica.id, "express-full", 1)
    back_up(repository, some_bytes(1))
    assert [job.outcome for job in repository.catalog.jobs()] == [Outcome.INTERRUPTED, Outcome.SUCCEEDED]


def test_one_writes_at_a_time_and_reading_goes_on_meanwhile(repository: Repository):
    data = some_bytes(3)
    back_up(repository, data)
    replica = repository.replicas()[0]
    with repository.draft(replica, len(data)):
        assert content(repository, 1) == data
        with pytest.raises(BusyError, match=r"disk\.vhdx is in use"), repository.draft(replica, len(data)):
            pass


def test_what_is_being_read_is_not_pruned(repository: Repository):
    for seed in (1, 2):
        back_up(repository, some_bytes(3, seed))
    with repository.reading(1), pytest.raises(BusyError):
        prune(repository, 1)
    assert content(repository, 1) == some_bytes(3, 1)
    (pruned,) = prune(repository, 1)
    assert (pruned.dropped, pruned.kept) == ((1,), (2,))
    assert pruned.freed_bytes >= BLOCK


def test_a_lost_map_costs_its_point_only(repository: Repository, disk: MixedDisk):
    first, second = some_bytes(5), some_bytes(5, seed=2)
    back_up(repository, first)
    back_up(repository, second)
    places = repository.places(repository.replicas()[0])
    whole = disk.content(places.map(2))
    disk.put(places.map(2), whole[:-1])
    with pytest.raises(DamagedError, match="does not have the length"), repository.reading(2):
        pass
    assert [damage.points for damage in verify(repository, [], Unwatched())] == [(2,)]
    third = some_bytes(5, seed=3)
    back_up(repository, third)
    assert (content(repository, 1), content(repository, 3)) == (first, third)
    assert [point.state for point in repository.points()] == ["good", "damaged", "good"]
    disk.put(places.map(2), whole)
    assert content(repository, 2) == second, "nothing that the lost map refers to was overwritten"


def test_a_map_of_another_time_is_noticed(repository: Repository, disk: MixedDisk):
    back_up(repository, some_bytes(5))
    places = repository.places(repository.replicas()[0])
    old = disk.content(places.map(1))
    back_up(repository, some_bytes(5, seed=2))
    disk.put(places.map(2), old)
    assert "does not begin as it should" in str(verify(repository, [], Unwatched())[0])


def test_what_a_failing_disk_does_not_give_is_named_and_repaired(tmp_path: Path, disk: MixedDisk):
    data = some_bytes(10)
    slot = range(4 * BLOCK, 5 * BLOCK)

    def rotten(call: Call) -> Fault:
        ours = call.name == "pread" and call.path.name == "slots" and call.offset < slot.stop
        return OSError(errno.EIO, "rotten") if ours and call.offset + call.length > slot.start else None

    with opened(tmp_path / "r", disk, Ticks()) as repository:
        back_up(repository, data)
        back_up(repository, data)
    with opened(tmp_path / "r", Faulty(disk, rotten), Ticks()) as repository:
        (damage,) = verify(repository, [2], Unwatched())
        assert str(damage) == (
            "disk.vhdx: block 4 (bytes 2048 to 2559) does not match its digest; affected: recovery points 1, 2"
        )
        assert {point.state for point in repository.points()} == {"damaged"}
        back_up(repository, data)
    with opened(tmp_path / "r", disk, Ticks()) as repository:
        assert verify(repository, [], Unwatched()) == []
        assert {point.state for point in repository.points()} == {"good"}


def test_a_folder_with_other_things_is_not_made_a_repository(tmp_path: Path):
    (tmp_path / "photo.jpg").write_bytes(b"")
    with pytest.raises(NotARepositoryError, match="holds other files"):
        Repository.create(tmp_path)
    with pytest.raises(NotARepositoryError, match=r"no catalog\.sqlite"):
        Repository.open(tmp_path)


def test_a_catalog_that_lost_a_row_names_the_point(repository: Repository):
    back_up(repository, some_bytes(1))
    back_up(repository, some_bytes(1))
    repository.catalog._connection.execute("DELETE FROM recovery_points WHERE id = 2")
    with pytest.raises(DamagedError, match=r"seal does not match its rows .*; affected: recovery point 2"):
        repository.points()
