"""What is remembered of used slots: believed only whole and of the same points; then all maps but one are spared."""

import errno
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.dpm import Repository, prune, verify
from engine.dpm.records import RecoveryPoint
from engine.dpm.used import remember, remembered
from engine.progress import Unwatched
from tests.engine.disks import Call, Fault, Faulty
from tests.engine.dpm.disk import BLOCK, MixedDisk, Ticks, back_up, content, opened

PATH = Path("/replica/used")


def image(seed: int, blocks: int = 12) -> bytes:
    return random.Random(seed).randbytes(blocks * BLOCK)


@pytest.fixture
def disk() -> MixedDisk:
    return MixedDisk()


@pytest.fixture
def faulty(disk: MixedDisk) -> Faulty:
    return Faulty(disk)


@pytest.fixture
def repository(faulty: Faulty, tmp_path: Path) -> Iterator[Repository]:
    with opened(tmp_path / "r", faulty, Ticks()) as repository:
        for seed in (1, 2, 3):
            back_up(repository, image(seed))
        yield repository


def maps_read(repository: Repository, faulty: Faulty, seed: int) -> list[str]:
    """The maps that a backup of an image reads."""
    del faulty.calls[:]
    back_up(repository, image(seed))
    return sorted({call.path.name for call in faulty.calls if call.name == "pread" and call.path.parent.name == "maps"})


def holds(repository: Repository, *seeds: int) -> bool:
    """Whether the recovery points are whole, and of these images."""
    points = repository.points()
    assert verify(repository, [], Unwatched()) == []
    return [content(repository, point.id) for point in points] == [image(seed) for seed in seeds]


def test_a_job_reads_the_newest_map_only(repository: Repository, faulty: Faulty):
    assert maps_read(repository, faulty, 4) == ["0000000003"]
    assert holds(repository, 1, 2, 3, 4)


def test_a_pruned_replica_is_remembered_too_and_its_slots_are_used_again(repository: Repository, faulty: Faulty):
    prune(repository, 1)
    size = repository.places(repository.replicas()[0]).read_slots().count()
    assert maps_read(repository, faulty, 4) == ["0000000003"]
    assert repository.places(repository.replicas()[0]).read_slots().count() == size, "the first 24 slots were free"
    assert holds(repository, 3, 4)


def test_one_of_other_points_is_not_believed(repository: Repository, faulty: Faulty, disk: MixedDisk):
    path = repository.places(repository.replicas()[0]).used
    old = disk.content(path)
    back_up(repository, image(4))
    disk.put(path, old)
    assert maps_read(repository, faulty, 5) == [f"{number:010}" for number in (1, 2, 3, 4)]
    assert holds(repository, 1, 2, 3, 4, 5)


def test_no_bit_of_it_may_be_another(repository: Repository, disk: MixedDisk):
    path, points = repository.places(repository.replicas()[0]).used, repository.points()
    whole = disk.content(path)
    assert remembered(disk, path, points) is not None
    for bit in range(len(whole) * 8):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        disk.put(path, bytes(flipped))
        assert remembered(disk, path, points) is None, bit
    for length in range(len(whole)):
        disk.put(path, whole[:length])
        assert remembered(disk, path, points) is None, length


def test_one_that_cannot_be_read_costs_time_only(repository: Repository, faulty: Faulty):
    def rotten(call: Call) -> Fault:
        return OSError(errno.EIO, "rotten") if call.name == "pread" and call.path.name == "used" else None

    faulty.plan = rotten
    assert len(maps_read(repository, faulty, 4)) == 3
    assert holds(repository, 1, 2, 3, 4)


def test_a_shorter_one_takes_the_place_of_a_longer(disk: MixedDisk):
    points: list[RecoveryPoint] = []
    for used in (bytearray(50), bytearray(b"\0\1\1")):
        remember(disk, PATH, points, used)
        assert remembered(disk, PATH, points) == used


def test_a_lost_map_does_not_make_its_slots_free(repository: Repository, disk: MixedDisk):
    places = repository.places(repository.replicas()[0])
    whole = disk.content(places.map(3))
    disk.put(places.map(3), whole[:-1])
    back_up(repository, image(4))
    disk.put(places.map(3), whole)
    assert holds(repository, 1, 2, 3, 4)
