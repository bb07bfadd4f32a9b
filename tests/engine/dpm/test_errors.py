"""What goes wrong outside of a repository is said with its place, and with what helps."""

import errno
import os
from pathlib import Path

import pytest

from engine.dpm import Repository
from engine.dpm.errors import RepositoryError, explained
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
