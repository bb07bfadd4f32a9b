"""What is read is one instant of the image, or said not to be."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.dpm import Repository
from engine.files import SYSTEM
from engine.progress import Unwatched
from engine.sync import instant
from engine.sync.backup import Wishes, back_up
from engine.sync.instant import ImageChangedError, NotAnImageError, instant_of
from tests.engine.dpm.disk import content

BLOCK = 65536


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / os.fsdecode(b"disk \xff.raw")
    path.write_bytes(b"before" * 50_000)
    return path


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    with Repository.create(tmp_path / "r") as made:
        yield made


class Meddler(Unwatched):
    """Somebody who writes the image while it is read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def advanced(self, done_bytes: int) -> None:  # noqa: ARG002 - the shape of a Progress
        with self._path.open("r+b") as file:
            file.write(b"after")


class Hooks:
    """Writers that can be held, and what they were asked to do."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def freeze(self) -> None:
        self.asked.append("freeze")

    def thaw(self) -> None:
        self.asked.append("thaw")


@pytest.fixture
def without_clones(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that cannot clone files."""
    monkeypatch.setattr(instant, "_clone", lambda _path: None)


@pytest.mark.usefixtures("without_clones")
def test_an_image_that_changes_while_it_is_read_is_refused(image: Path, repository: Repository):
    with pytest.raises(ImageChangedError, match="changed while it was read"):
        back_up(repository, image, Meddler(image), Wishes())
    assert repository.points() == []


@pytest.mark.usefixtures("without_clones")
def test_a_torn_copy_is_kept_where_it_is_asked_for_and_marked(image: Path, repository: Repository):
    done = back_up(repository, image, Meddler(image), Wishes(allow_torn=True))
    assert (done.point.mode, done.image) == ("torn", str(image).replace("\udcff", "\\udcff"))


@pytest.mark.usefixtures("without_clones")
def test_writers_are_held_until_all_is_read(image: Path):
    hooks = Hooks()
    with instant_of(image, hooks) as found:
        assert hooks.asked == ["freeze"]
        assert found.confirmed() == "application-consistent"
    assert hooks.asked == ["freeze", "thaw"]


def test_with_a_clone_writers_are_held_for_a_moment_and_changes_do_not_matter(
    image: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch
):
    def clone(path: Path, target: Path) -> None:
        target.write_bytes(path.read_bytes())  # what a file system does that can

    monkeypatch.setattr(SYSTEM, "clone", clone)
    hooks = Hooks()
    before = image.read_bytes()
    with instant_of(image, hooks):
        assert hooks.asked == ["freeze", "thaw"]
        assert [entry.name for entry in image.parent.iterdir() if "clone" in entry.name] == []
    point = back_up(repository, image, Meddler(image), Wishes()).point
    assert (content(repository, point.id), point.mode) == (before, "crash-consistent")


def test_what_is_no_regular_file_is_refused():
    with pytest.raises(NotAnImageError), instant_of(Path("/dev/null")):
        pass
