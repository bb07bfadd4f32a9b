"""Clones of the volume's file serve as shadow copies where the file system makes them, and nobody notices elsewhere."""

from pathlib import Path

import pytest

from engine.files import SYSTEM
from engine.volume import InsufficientStorageError, ShadowCopyLostError, Volume
from engine.volume.diffarea import BLOCK
from tests.engine.cloning import on_xfs
from tests.engine.disks import CrashDisk

PATH = Path("images/disk.img")
SIZE = 30 * BLOCK


def copy_of(volume: Volume, name: str):
    with volume.writes_held():
        return volume.create_shadow_copy(name)


def check_a_copy(volume: Volume) -> None:
    """Make a copy, overwrite all, and read the copy."""
    first = copy_of(volume, "first")
    for block in range(30):
        volume.write(block * BLOCK + 5, b"new")
    second = copy_of(volume, "second")
    volume.write(3 * BLOCK, b"newest")
    room = bytearray(SIZE)
    first.read_into(0, room)
    assert room == b"o" * SIZE
    second.read_into(0, room)
    assert room.count(b"new") == 30
    assert list(second.changed_since("first") or ()) == [(0, SIZE)]
    assert [copy.id for copy in volume.shadow_copies] == ["first", "second"]
    first.release()
    assert [copy.id for copy in volume.shadow_copies] == ["second"]
    with pytest.raises(ShadowCopyLostError):
        first.read_into(0, room)
    with pytest.raises(ShadowCopyLostError):
        list(first.extents())
    volume.close()
    assert not second.alive


def test_a_clone_is_a_shadow_copy_that_costs_no_diff_area():
    disk = CrashDisk()
    disk.put(PATH, b"o" * SIZE)
    volume = Volume(PATH, limit=BLOCK, cloner=disk, files=disk)
    check_a_copy(volume)
    assert volume.diff_area_used == 0
    assert disk.names(PATH.parent / "disk.img.shadow") == []


def test_blocks_are_copied_away_where_no_clone_can_be_made(tmp_path: Path):
    class CannotClone:
        def clone(self, source: Path, target: Path) -> None:
            raise OSError(95, f"no clone of {source} to {target}")

    path = tmp_path / "disk.img"
    path.write_bytes(b"o" * SIZE)
    check_a_copy(Volume(path, cloner=CannotClone()))


def test_a_clone_that_fails_at_the_moment_is_an_error_and_leaves_nothing():
    disk = CrashDisk()
    disk.put(PATH, b"o" * SIZE)

    class FailsLater:
        left = 1

        def clone(self, source: Path, target: Path) -> None:
            if not self.left:
                raise OSError(28, "full")
            self.left -= 1
            disk.clone(source, target)

    volume = Volume(PATH, cloner=FailsLater(), files=disk)
    with pytest.raises(InsufficientStorageError), volume.writes_held():
        volume.create_shadow_copy("never")
    volume.write(0, b"writes go on")
    assert volume.shadow_copies == ()
    assert disk.names(PATH.parent / "disk.img.shadow") == []


def test_xfs_makes_the_clones(tmp_path: Path):
    with on_xfs(tmp_path) as xfs:
        check_that_it_clones(xfs / "disk.img")


def check_that_it_clones(path: Path) -> None:
    path.write_bytes(b"o" * SIZE)
    volume = Volume(path, cloner=SYSTEM)
    copy = copy_of(volume, "really a clone")
    assert [one.name for one in path.with_name("disk.img.shadow").iterdir()] == ["000002.clone"]
    copy.release()
    check_a_copy(volume)
