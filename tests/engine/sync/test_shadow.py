"""A volume that is written all the time is backed up through its shadow copies, by what it recorded as changed."""

import random
from pathlib import Path

from engine.dpm import Repository
from engine.progress import Unwatched
from engine.sync.backup import Wishes, keep
from engine.sync.direct import copy_differences
from engine.sync.scope import Tracked
from engine.sync.shadow import ShadowSource, TrackedVolume, tracked_since
from engine.volume import ShadowCopy, Volume
from tests.engine.dpm.disk import content

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
