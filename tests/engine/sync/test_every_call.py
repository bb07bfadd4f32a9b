"""A remote backup whose n-th call of a disk fails, or is the machine's last, for every n, on either side."""

import errno
import random
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from engine.dpm import verify
from engine.dpm.errors import RepositoryError
from engine.dpm.journal import Journal
from engine.files import Files, Room
from engine.progress import Unwatched
from engine.sync.agent import send_image
from engine.sync.server import receive_image
from engine.sync.wire import pair
from tests.engine.disks import Faulty, Plan, fail, no_fault, short
from tests.engine.dpm.disk import BLOCK, MEMORY, Image, MixedDisk, Ticks, content, opened
from tests.engine.dpm.test_repository_states import CrashError, crash

FIRST = random.Random(1).randbytes(6 * BLOCK)
SECOND = FIRST[:BLOCK] + random.Random(2).randbytes(3 * BLOCK) + FIRST[4 * BLOCK : 5 * BLOCK] + bytes(BLOCK)
CHANGED = 3
"""Blocks of the second that have to travel."""


class FaultyImage(Image):
    """An image whose n-th read fails."""

    def __init__(self, data: bytes, failing: int) -> None:
        super().__init__(data)
        self.left = failing

    def pread(self, room: Room, offset: int) -> int:
        self.left -= 1
        if not self.left:
            raise OSError(errno.EIO, "as injected")
        return super().pread(room, offset)


class Ended(NamedTuple):
    """How both sides ended: with how many blocks sent, or with an error."""

    server: BaseException | None
    sent: int | None


def remote_backup(folder: Path, files: Files, image: Image) -> Ended:
    """A backup with both sides, each in a thread; the server's disk is `files`."""
    here, there = pair()
    failed: list[BaseException] = []

    def serve() -> None:
        repository = None
        try:
            repository = opened(folder, files, Ticks())
            receive_image(here, repository, repository.replica_of("disk.vhdx", BLOCK), Unwatched(), threads=0)
        except (OSError, RepositoryError, CrashError) as error:
            failed.append(error)
            here.close()
        finally:
            if repository:
                repository.close()

    server = threading.Thread(target=serve)
    server.start()
    try:
        sent = send_image(there, image, Unwatched(), threads=0).blocks
    except (OSError, RepositoryError):
        sent = None
    finally:
        there.close()
        server.join(20)
    assert not server.is_alive()
    return Ended(failed[0] if failed else None, sent)


def second_backup(folder: Path, plan: Plan, image: Image) -> tuple[MixedDisk, int, Ended]:
    """The disk after a sound backup and one on a disk that behaves as planned, and how many calls that made."""
    disk = MixedDisk()
    assert remote_backup(folder, disk, Image(FIRST)).sent == 6
    faulty = Faulty(disk, plan)
    ended = remote_backup(folder, faulty, image)
    if isinstance(ended.server, CrashError):
        disk = disk.crashed(random.Random(len(faulty.calls)))
    return disk, len(faulty.calls), ended


def kept(disk: MixedDisk, folder: Path) -> int:
    """How many blocks the next attempt finds in the journal that are not zeros."""
    journal = Journal(disk, folder / "replicas" / "000001" / "journal", BLOCK, 1)
    found = {entry.block for entry in journal.replay() if entry.slot}
    journal.close()
    return len(found)


def check(folder: Path, disk: MixedDisk, what: object) -> None:
    """Nothing is lost or half, and a retry sends what is missing."""
    with opened(folder, disk, Ticks()) as repository:
        held = [content(repository, point.id) for point in repository.points()]
        assert held in ([FIRST], [FIRST, SECOND]), what
        assert verify(repository, [], Unwatched()) == []
    missing = 0 if held[-1] == SECOND else CHANGED - kept(disk, folder)
    assert remote_backup(folder, disk, Image(SECOND)) == Ended(None, missing), what
    with opened(folder, disk, Ticks()) as repository:
        assert [content(repository, point.id) for point in repository.points()] == [*held, SECOND]


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        yield Path(name)


@pytest.mark.parametrize(
    "fault",
    [crash, lambda n: fail(n, errno.EIO), lambda n: fail(n, errno.ENOSPC, sticky=True)],
    ids=["the machine stops", "EIO", "ENOSPC from then on"],
)
def test_every_call_of_the_server_may_fail(folder: Path, fault: Callable[[int], Plan]):
    _, calls, _ = second_backup(folder / "all", no_fault, Image(SECOND))
    assert calls > 10
    for number in range(1, calls + 1):
        place = folder / str(number)
        disk, _, _ = second_backup(place, fault(number), Image(SECOND))
        check(place, disk, number)


def test_short_reads_and_writes_of_the_server_change_nothing(folder: Path):
    for every in (1, 2, 3):
        place = folder / str(every)
        disk, _, ended = second_backup(place, short(every), Image(SECOND))
        assert ended == Ended(None, CHANGED)
        check(place, disk, every)


def test_every_read_of_the_agent_may_fail(folder: Path):
    failures = 0
    for number in range(1, 20):
        place = folder / str(number)
        disk, _, ended = second_backup(place, no_fault, FaultyImage(SECOND, number))
        failures += ended.sent is None
        check(place, disk, number)
        if ended.sent is not None:
            break
    assert failures == 2, "one read for the digests, one for what is sent"


def test_a_disk_that_is_torn_in_every_way_after_the_last_call_holds_the_commit(folder: Path):
    for seed in range(20):
        place = folder / str(seed)
        disk, _, ended = second_backup(place, no_fault, Image(SECOND))
        assert ended.server is None
        left = disk.crashed(random.Random(seed))
        with opened(place, left, Ticks()) as repository:
            assert [content(repository, point.id) for point in repository.points()] == [FIRST, SECOND]
