"""A backup whose n-th call of the file layer fails, or is the last one that the machine makes, for every n."""

import errno
import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.dpm import verify
from engine.dpm.errors import RepositoryError
from engine.progress import Unwatched
from tests.engine.disks import Faulty, Plan, fail, no_fault, short
from tests.engine.dpm.disk import BLOCK, MEMORY, MixedDisk, Ticks, back_up, content, opened
from tests.engine.dpm.test_repository_states import CrashError, crash

FIRST = random.Random(1).randbytes(6 * BLOCK)
SECOND = FIRST[:BLOCK] + random.Random(2).randbytes(2 * BLOCK) + FIRST[3 * BLOCK : 5 * BLOCK] + bytes(BLOCK)


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        yield Path(name)


def second_backup(folder: Path, plan: Plan) -> tuple[MixedDisk, int]:
    """The disk after a sound backup and one on a disk that behaves as planned, and how many calls that made."""
    disk = MixedDisk()
    with opened(folder, disk, Ticks()) as repository:
        back_up(repository, FIRST)
    faulty = Faulty(disk, plan)
    repository = opened(folder, faulty, Ticks())
    try:
        back_up(repository, SECOND)
    except (OSError, RepositoryError):
        pass
    except CrashError:
        disk = disk.crashed(random.Random(len(faulty.calls)))
    finally:
        repository.close()
    return disk, len(faulty.calls)


@pytest.mark.parametrize(
    "fault",
    [crash, lambda n: fail(n, errno.EIO), lambda n: fail(n, errno.ENOSPC, sticky=True), short],
    ids=["the machine stops", "EIO", "ENOSPC from then on", "every n-th is short"],
)
def test_every_call_may_fail_and_nothing_is_lost_or_half(folder: Path, fault: Callable[[int], Plan]):
    _, calls = second_backup(folder / "all", no_fault)
    assert calls > 10
    for number in range(1, calls + 1):
        place = folder / str(number)
        disk, _ = second_backup(place, fault(number))
        with opened(place, disk, Ticks()) as repository:
            held = [content(repository, point.id) for point in repository.points()]
            assert held in ([FIRST], [FIRST, SECOND]), number
            assert verify(repository, [], Unwatched()) == []
            assert content(repository, back_up(repository, SECOND).id) == SECOND
