"""A volume that is written all the time is backed up through its shadow copies, by what it recorded as changed."""

import random
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from engine.dpm import Repository, verify
from engine.dpm.errors import Cancelled
from engine.progress import Unwatched
from engine.sync.backup import Wishes, keep
from engine.sync.direct import copy_differences
from engine.sync.scope import Tracked
from engine.sync.shadow import ShadowSource, TrackedVolume, tracked_since
from engine.volume import ShadowCopy, Volume
from tests.engine.dpm.disk import MEMORY, content

SIZE = 40 * 32768


def copy_of(volume: Volume, name: str) -> ShadowCopy:
    with volume.writes_held():
        return volume.create_shadow_copy(name)


def backed_up(repository: Repository, copy: ShadowCopy, tracked: Tracked | None = None) -> bytes:
    """The root of a new recovery point."""
    with repository.draft(repository.replica_of("volume", 32768), copy.size) as draft:
        copy_differences(ShadowSource(copy), draft, Unwatched(), tracked=tracked)
        return draft.commit("crash-consistent", repository.clock()).root


def test_each_point_is_the_volume_at_its_shadow_copy(tmp_path: Path):
    dice = random.Random(1)
    path = tmp_path / "volume"
    path.write_bytes(dice.randbytes(SIZE))
    volume = Volume(path)
    first = copy_of(volume, "first")
    held = path.read_bytes()
    volume.write(100, b"later")
    with Repository.create(tmp_path / "r") as repository:
        root = backed_up(repository, first)
        volume.write(SIZE - 9, b"the end")
        second = copy_of(volume, "second")
        now = path.read_bytes()
        volume.write(0, b"afterwards")
        tracked = tracked_since(second, "first", root)
        assert tracked is not None
        assert sum(end - start for start, end in tracked.changed) < SIZE // 4
        backed_up(repository, second, tracked)
        assert content(repository, 1) == held
        assert content(repository, 2) == now
        assert tracked_since(second, "never made", root) is None
    volume.close()


def test_a_tracked_volume_is_kept_here_as_at_a_server(tmp_path: Path):
    path = tmp_path / "volume"
    path.write_bytes(random.Random(1).randbytes(SIZE))
    volume = Volume(path, tracked=True)
    protected, held = TrackedVolume(volume, tmp_path / "memory"), []
    with Repository.create(tmp_path / "r") as repository:
        for place in (0, 3 * 32768, SIZE - 1):
            volume.write(place, b"#")
            held.append(path.read_bytes())
            with protected.instant() as instant:
                known = instant.tracked
                volume.write(9 * 32768, b"while it is read")
                keep(repository, "volume", instant, Unwatched(), Wishes(32768))
        assert known is not None
        assert sum(end - start for start, end in known.changed) < SIZE // 4
        assert [content(repository, point.id) for point in repository.points()] == held
    volume.close()


class Stopping(Unwatched):
    """Has enough after some looks."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    def cancelled(self) -> bool:
        self.looks -= 1
        return self.looks < 0


@pytest.fixture
def quick() -> Iterator[Path]:
    """A folder on which syncs cost nothing, as there are many."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        yield Path(name)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_breaks_off_or_is_forgotten_each_point_is_the_volume_at_its_copy(quick: Path, seed: int):
    """Backups that are stopped, processes that are killed, and a memory that is lost or older than the newest point."""
    dice = random.Random(seed)
    path, memory = quick / "volume", quick / "memory"
    path.write_bytes(dice.randbytes(SIZE))
    volume, older, shortened = Volume(path, tracked=True), b"", 0
    with Repository.create(quick / "r") as repository:
        for _ in range(40):
            for _ in range(dice.randrange(3)):
                volume.write(dice.randrange(SIZE - 600), dice.randbytes(600))
            match dice.choice(["back up", "back up", "stop", "kill", "forget", "remember what is older"]):
                case "kill":
                    volume = Volume(path, tracked=True)  # the one before was never closed
                case "forget":
                    memory.unlink(missing_ok=True)
                case "remember what is older":
                    memory.write_bytes(older)
                case what:
                    older = memory.read_bytes() if memory.exists() else b""
                    progress = Stopping(dice.randrange(3)) if what == "stop" else Unwatched()
                    with suppress(Cancelled), TrackedVolume(volume, memory).instant() as instant:
                        held = path.read_bytes()
                        shortened += instant.tracked is not None
                        volume.write(dice.randrange(SIZE - 600), dice.randbytes(600))
                        keep(repository, "volume", instant, progress, Wishes(32768, trust_digests=dice.random() < 0.5))
                        assert content(repository, repository.points()[-1].id) == held
        assert verify(repository, [], Unwatched()) == []
    assert shortened > 3, "the volume knew what was written"
    volume.close()
