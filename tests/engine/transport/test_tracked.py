"""What a volume recorded as changed shortens its backups at a server, and consistency checks are made as ordered."""

import contextlib
import os
import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.dpm import Repository, verify
from engine.dpm.errors import RepositoryError
from engine.dpm.records import JobKind
from engine.progress import Unwatched
from engine.sync.agent import Sent
from engine.sync.backup import Wishes
from engine.sync.shadow import TrackedVolume
from engine.transport.agent import LocalImage, Protected, Retry, push, work
from engine.transport.authority import system_time
from engine.transport.enrolment import Membership
from engine.transport.orders import Group, Orders
from engine.volume import Volume
from tests.engine.dpm.disk import content
from tests.engine.transport.site import QUICK, Site, at, site

BLOCK = 65536
SIZE = 64 * BLOCK


class Counted(Unwatched):
    """How many bytes there were to go through."""

    total = 0

    def started(self, total_bytes: int) -> None:
        self.total = total_bytes


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Site]:
    with site(tmp_path) as made:
        yield made


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Volume]:
    path = tmp_path / "volume"
    path.write_bytes(random.Random(1).randbytes(SIZE))
    opened = Volume(path, tracked=True)
    yield opened
    with contextlib.suppress(OSError):  # a test may have closed it
        opened.close()


def pushed(member: Membership, local: Protected, *, check: bool = False) -> tuple[Sent, int]:
    """What became of a backup, and how many bytes it went through."""
    progress = Counted()
    wishes = Wishes(BLOCK, check=check)
    return push(member, "disk", local, wishes, progress, Retry(0, lambda _: None), QUICK), progress.total


def held_by(running: Site) -> list[bytes]:
    """All recovery points, oldest first."""
    with Repository.open(running.repository) as repository:
        assert verify(repository, [], Unwatched()) == []
        return [content(repository, point.id) for point in repository.points()]


def test_a_tracked_volume_is_gone_through_where_it_was_written(running: Site, volume: Volume, tmp_path: Path):
    member, tracked = running.agent(), TrackedVolume(volume, tmp_path / "memory")
    states = [volume.path.read_bytes()]
    first, everything = pushed(member, tracked)
    assert (first.blocks, everything) == (64, SIZE)
    volume.write(5 * BLOCK - 1, b"on both sides of the edge of a block")
    states.append(volume.path.read_bytes())
    second, some = pushed(member, tracked)
    assert (second.blocks, some) == (2, 2 * BLOCK)
    unchanged, none = pushed(member, tracked)
    assert (unchanged.blocks, none) == (0, 0)
    assert held_by(running) == [*states, states[-1]]


def test_what_a_volume_knows_survives_its_process(running: Site, volume: Volume, tmp_path: Path):
    member = running.agent()
    pushed(member, TrackedVolume(volume, tmp_path / "memory"))
    volume.write(3 * BLOCK, b"before the end")
    volume.close()
    again = Volume(volume.path, tracked=True)
    again.write(9 * BLOCK, b"after it")
    sent, some = pushed(member, TrackedVolume(again, tmp_path / "memory"))
    again.close()
    assert (sent.blocks, some) == (2, 2 * BLOCK)
    assert held_by(running)[-1] == volume.path.read_bytes()


def test_everything_is_compared_where_the_newest_point_is_not_the_one_that_is_remembered(
    running: Site, volume: Volume, tmp_path: Path
):
    member, tracked = running.agent(), TrackedVolume(volume, tmp_path / "memory")
    pushed(member, tracked)
    volume.write(0, b"a change that another backup has brought")
    pushed(member, LocalImage(volume.path))
    volume.write(0, b"and one that takes it back")
    sent, everything = pushed(member, tracked)
    assert (sent.blocks, everything) == (1, SIZE)
    assert held_by(running)[-1] == volume.path.read_bytes()


def test_a_consistency_check_goes_through_everything_and_repairs(running: Site, volume: Volume, tmp_path: Path):
    member, tracked = running.agent(), TrackedVolume(volume, tmp_path / "memory")
    pushed(member, tracked)
    with (running.repository / "replicas" / "000001" / "slots").open("r+b") as slots:
        slots.write(b"rotten")
    sent, everything = pushed(member, tracked, check=True)
    assert (sent.blocks, everything, sent.committed.kind) == (1, SIZE, JobKind.CONSISTENCY_CHECK)
    running.wait_for("1 damaged ones repaired")
    assert held_by(running) == [volume.path.read_bytes()] * 2


def test_a_copy_that_is_lost_while_it_is_read_makes_no_recovery_point(running: Site, tmp_path: Path):
    path = tmp_path / "volume"
    path.write_bytes(random.Random(1).randbytes(SIZE))
    volume = Volume(path, limit=BLOCK, tracked=True)

    class Overwriting(Counted):
        def started(self, total_bytes: int) -> None:
            volume.write(0, os.urandom(total_bytes))

    with pytest.raises(RepositoryError, match="shadow copy"):
        push(
            running.agent(), "disk", TrackedVolume(volume, tmp_path / "memory"), Wishes(BLOCK), Overwriting(),
            Retry(0, lambda _: None), QUICK,
        )  # fmt: skip
    volume.close()
    assert held_by(running) == []


def test_an_ordered_consistency_check_is_one(running: Site, volume: Volume):
    member, over = running.agent(), threading.Event()

    class Until(Unwatched):
        def cancelled(self) -> bool:
            return over.is_set()

    images = {"disk": LocalImage(volume.path)}
    thread = threading.Thread(target=work, args=(member, images, Until(), lambda _: None, system_time, QUICK))
    thread.start()
    running.authority.ledger.add_orders([("hv01", "disk")], 0)
    running.wait_for("recovery point 1")
    running.authority.ledger.add_orders([("hv01", "disk")], 0, check=True)
    running.wait_for("a consistency check begins")
    running.wait_for("recovery point 2")
    over.set()
    thread.join(10)
    with Repository.open(running.repository) as repository:
        assert [point.kind for point in repository.points()] == [JobKind.INITIAL, JobKind.CONSISTENCY_CHECK]


def test_checks_have_rounds_of_their_own_and_are_backups_too(running: Site):
    day = 86400
    group = Group("nightly", day, 0, (("hv01", "disk"),), check_every=7 * day)
    found = []
    for number in range(9):
        now = at(datetime.fromtimestamp((7000 + number) * day + 60, UTC))
        orders = Orders(running.authority.ledger, 0, now, running.tell)
        orders.begin_rounds([group])
        orders.begin_rounds([group])
        order = orders.take("hv01", ("disk",))
        assert order
        found.append(order.check)
        orders.ended(order, None)
        assert orders.take("hv01", ("disk",)) is None
    assert found == [True, *[False] * 6, True, False]
