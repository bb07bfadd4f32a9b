"""Locks between processes: the system releases them when their holder ends, however it ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.dpm.errors import BusyError, RepositoryError


@contextmanager
def locked(path: Path, what: str, *, shared: bool = False) -> Iterator[None]:
    """Hold a lock for the time of the block, alone or together with others who share it.

    Raises:
        BusyError: another process holds it; nobody waits.
        RepositoryError: this system has no such locks.
    """
    try:
        import fcntl  # noqa: PLC0415 - not every system has it
    except ImportError as error:
        raise RepositoryError("repositories need the file locks of a POSIX system") from error
    descriptor = _opened(path, shared=shared)
    try:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError(what) from error
        yield
    finally:
        os.close(descriptor)


def _opened(path: Path, *, shared: bool) -> int:
    """A reader of a repository that it may not write can still share a lock that is there."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        if not shared:
            raise
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
