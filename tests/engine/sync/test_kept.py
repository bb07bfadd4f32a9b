"""What was written to an image file is known from a kept clone, and nothing is believed that need not be so."""

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dpm import Repository, verify
from engine.dpm.errors import BusyError
from engine.files import SYSTEM
from engine.progress import Unwatched
from engine.sync.backup import Wishes, back_up
from engine.sync.instant import instant_of
from engine.sync.kept import Extent, NotTrackableError, differing
from tests.engine.cloning import on_xfs
from tests.engine.dpm.disk import content

BLOCK = 64 << 10
BLOCKS = 200
TRACK = Wishes(track=True)


@pytest.fixture
def image(tmp_path: Path) -> Iterator[Path]:
    with on_xfs(tmp_path) as folder:
        path = folder / "disk.raw"
        path.write_bytes(random.Random(1).randbytes(BLOCK) * BLOCKS)
        yield path


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    with Repository.create(tmp_path / "r") as made:
        yield made


class Counting(Unwatched):
    """How many bytes were gone through."""

    def __init__(self) -> None:
        self.done = 0

    def advanced(self, done_bytes: int) -> None:
        self.done += done_bytes


def backed_up(repository: Repository, image: Path, wishes: Wishes = TRACK) -> int:
    """How many blocks were gone through for a recovery point that holds exactly what the image does."""
    watched = Counting()
    point = back_up(repository, image, watched, wishes).point
    assert content(repository, point.id) == image.read_bytes()
    return watched.done // BLOCK


def write(image: Path, block: int, data: bytes) -> None:
    with image.open("r+b") as file:
        file.seek(block * BLOCK)
        file.write(data)


def hole_in(image: Path, begin: int, length: int) -> None:
    file = SYSTEM.open(image, "write")
    file.punch(begin, length)
    file.close()


def test_only_what_was_written_is_gone_through(image: Path, repository: Repository):
    assert backed_up(repository, image) == BLOCKS
    assert backed_up(repository, image) == 0
    for block in (3, 4, 77, 199):
        write(image, block, b"written")
    assert backed_up(repository, image) == 4
    assert sorted(path.name for path in image.parent.iterdir()) == [
        ".disk.raw.backed-up", ".disk.raw.backed-up.json", ".disk.raw.backed-up.lock", "disk.raw",
    ]  # fmt: skip


def test_whatever_is_done_to_the_image_is_in_the_next_recovery_point(image: Path, repository: Repository):
    dice = random.Random(4)
    backed_up(repository, image)
    gone_through = 0
    for _ in range(25):
        for _ in range(dice.randrange(4)):
            begin, length = dice.randrange(BLOCKS * BLOCK), dice.randrange(1, 3 * BLOCK)
            length = min(length, BLOCKS * BLOCK - begin)
            do = dice.choice(("write", "zeros", "punch", "move"))
            with image.open("r+b") as file:
                file.seek(dice.randrange(begin + 1) if do == "move" else begin)
                data = file.read(length) if do == "move" else bytes(length) if do == "zeros" else dice.randbytes(length)
                if do == "punch":
                    hole_in(image, begin, length)
                else:
                    file.seek(begin)
                    file.write(data)
        gone_through += backed_up(repository, image)
    assert 0 < gone_through < 25 * BLOCKS / 4
    assert verify(repository, [], Unwatched()) == []


def no_clone(clone: Path) -> None:
    clone.unlink()


def written_to(clone: Path) -> None:
    write(clone, 5, b"somebody was here")


def another_file(clone: Path) -> None:
    data = clone.read_bytes()
    clone.unlink()
    clone.write_bytes(data)


def unknown(clone: Path) -> None:
    clone.with_name(clone.name + ".json").write_text("{}")


@pytest.mark.parametrize("disturb", [no_clone, written_to, another_file, unknown])
def test_a_clone_that_is_not_what_was_backed_up_is_not_believed(
    image: Path, repository: Repository, disturb: Callable[[Path], None]
):
    backed_up(repository, image)
    disturb(image.with_name(".disk.raw.backed-up"))
    assert backed_up(repository, image) == BLOCKS


def test_everything_is_compared_where_the_clone_is_of_another_point_or_length(
    image: Path, repository: Repository, tmp_path: Path
):
    backed_up(repository, image)
    write(image, 9, b"in between")
    assert backed_up(repository, image, Wishes()) == BLOCKS
    assert backed_up(repository, image) == BLOCKS, "another point is the newest now"
    with Repository.create(tmp_path / "other") as other:
        assert backed_up(other, image) == BLOCKS
    with image.open("r+b") as file:
        file.truncate(BLOCKS * BLOCK - 1)
    assert backed_up(repository, image) == BLOCKS


def test_a_backup_that_fails_leaves_the_clone_of_the_last(image: Path, repository: Repository):
    backed_up(repository, image)
    write(image, 9, b"changed")
    with pytest.raises(RuntimeError), instant_of(image, track=True):
        raise RuntimeError
    assert not image.with_name(".disk.raw.being-backed-up").exists()
    assert backed_up(repository, image) == 1


def test_one_at_a_time_backs_an_image_up_so(image: Path, repository: Repository):
    with instant_of(image, track=True), pytest.raises(BusyError, match=r"disk\.raw is in use"):
        backed_up(repository, image)
    assert backed_up(repository, image) == BLOCKS


def test_a_check_relies_on_no_clone(image: Path, repository: Repository):
    backed_up(repository, image)
    assert backed_up(repository, image, Wishes(track=True, check=True)) == BLOCKS


def test_clones_are_for_their_owner_only(image: Path, repository: Repository):
    backed_up(repository, image)
    assert image.with_name(".disk.raw.backed-up").stat().st_mode & 0o777 == 0o600


def test_a_file_system_that_cannot_clone_is_named():
    path = Path("/dev/shm") / f"shindan-{os.getpid()}"  # noqa: S108 - memory never clones
    path.write_bytes(b"x")
    try:
        with pytest.raises(NotTrackableError, match=r"cannot be cloned here \("), instant_of(path, track=True):
            pass
        assert not path.with_name(f".{path.name}.being-backed-up").exists()
    finally:
        path.unlink()
        path.with_name(f".{path.name}.backed-up.lock").unlink()


LAYOUTS = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4), st.integers(0, 2) | st.none()), max_size=12)


def laid_out(steps: list[tuple[int, int, int | None]]) -> list[Extent]:
    """Extents after holes of some length, none beside the last where both could be one."""
    extents, end = [], 0
    for hole, length, shift in steps:
        extents.append(Extent(end + hole, end + hole + length, shift))
        end += hole + length
    return extents


def places(extents: list[Extent]) -> dict[int, object]:
    """Where each byte of a file lies; what may be anywhere lies where no other does."""
    return {
        byte: object() if extent.shift is None else extent.shift
        for extent in extents
        for byte in range(extent.start, extent.end)
    }


@given(LAYOUTS, LAYOUTS)
def test_two_files_differ_where_a_byte_does_not_lie_in_the_same_place(
    one: list[tuple[int, int, int | None]], other: list[tuple[int, int, int | None]]
):
    mine, theirs = laid_out(one), laid_out(other)
    here, there = places(mine), places(theirs)
    found = {byte for start, end in differing(iter(mine), iter(theirs)) for byte in range(start, end)}
    assert found == {byte for byte in {*here, *there} if here.get(byte) != there.get(byte)}
