"""What goes wrong outside of a repository is said with its place, and with what helps."""

import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.dpm import Repository
from engine.dpm.errors import RepositoryError, explained
from engine.dpm.maps import BlockMap
from engine.dpm.repository import CATALOG


@pytest.mark.parametrize(
    ("number", "helps"),
    [(errno.ENOSPC, "make room there"), (errno.EIO, "system's log"), (errno.EACCES, "user who may")],
)
def test_an_error_of_the_system_says_where_what_and_what_helps(number: int, helps: str):
    error = OSError(number, os.strerror(number), "/backups/replicas/000001/slots")
    assert explained(error).startswith(f"/backups/replicas/000001/slots: {os.strerror(number)}: ")
    assert helps in explained(error)
    assert "/backups" not in explained(error, place=False)


def test_other_errors_say_what_they_say():
    assert explained(RepositoryError("it is in use")) == "it is in use"
    assert explained(OSError(errno.EXDEV, "Invalid cross-device link", "a")) == "a: Invalid cross-device link"


def test_a_catalog_without_room_is_named_and_not_called_damaged(tmp_path: Path):
    with Repository.create(tmp_path / "repository") as repository:
        connection = repository.catalog._connection
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(OSError, match="the catalog cannot be used") as raised:
            repository.replica_of("long" * 10_000)
        assert raised.value.errno == errno.ENOSPC
        assert raised.value.filename == str(tmp_path / "repository" / CATALOG)


@pytest.fixture
def no_long_files() -> Iterator[None]:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("no_long_files")
def test_a_map_without_room_names_the_folder_of_temporary_files():
    with pytest.raises(OSError, match="File too large") as raised:
        BlockMap(64 << 10, 64 << 30)
    assert raised.value.filename == tempfile.gettempdir()
