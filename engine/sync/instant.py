"""One instant of an image that others may be writing.

Where the file system can clone (FICLONE on XFS, btrfs, bcachefs), writers are frozen for the moment that a clone
takes, and the clone is read. Elsewhere the image itself is read: with writers frozen all the while, or, without, such
that a change of it is noticed.
"""

import contextlib
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from engine.blocks import Source
from engine.dpm.errors import RepositoryError
from engine.dpm.locks import locked
from engine.dpm.records import PointMode
from engine.files import SYSTEM, SystemFile
from engine.sync.kept import Kept
from engine.sync.scope import Tracked

_CLOCK_TICK = 0.02
"""Seconds within which two changes may get the same time from a file system."""


class Writers(Protocol):
    """Whoever writes an image, as far as they can be held."""

    def freeze(self) -> None:
        """Let them bring the image into a state that they can go on from, and then hold."""
        ...

    def thaw(self) -> None:
        """Let them go on."""
        ...


class ImageChangedError(RepositoryError):
    """The image was written while it was read."""

    retryable = True

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} changed while it was read, so what was read is no single instant of it; nothing was committed. "
            "Hold its writers with --freeze-command and --thaw-command, keep it on a file system that can clone files "
            "(XFS, btrfs), stop the machine, or accept a torn copy with --allow-torn"
        )


class NotAnImageError(RepositoryError):
    """Something other than a regular file."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is not a regular file; whether anything else changes while it is read cannot be told")


class Instant(Protocol):
    """A point in time of an image."""

    @property
    def source(self) -> Source:
        """What is read."""
        ...

    @property
    def tracked(self) -> Tracked | None:
        """What is known to have been written since an earlier recovery point, if anything is."""
        ...

    def confirmed(self) -> PointMode:
        """What was read, now that all of it has been read; RepositoryError where it is no single instant."""
        ...

    def committed(self, root: bytes) -> None:
        """There is a recovery point of it, with this root over its digests."""
        ...


class FileInstant:
    """What is read of a file, and what instant of it that is."""

    def __init__(
        self, path: Path, source: SystemFile, mode: PointMode, kept: Kept | None, *, watched: bool, allow_torn: bool
    ) -> None:
        self.source = source
        self.tracked: Tracked | None = kept.tracked(source) if kept else None
        self._kept = kept
        self._path = path
        self._mode = mode
        self._watched = watched
        self._allow_torn = allow_torn
        self._before = _state(path)

    def confirmed(self) -> PointMode:
        """What was read, now that all of it has been read.

        Raises:
            ImageChangedError: it is no single instant, and that is not allowed.
        """
        if not self._watched or _state(self._path) == self._before:
            return self._mode
        if not self._allow_torn:
            raise ImageChangedError(self._path)
        return PointMode.TORN

    def committed(self, root: bytes) -> None:
        """There is a recovery point of it, which the next backup may go on from if changes are tracked."""
        if self._kept:
            self._kept.keep(root)


def check_image(path: Path) -> None:
    """See that there is a regular file.

    Raises:
        NotAnImageError: it is something else.
        OSError: there is nothing.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise NotAnImageError(path)


@contextmanager
def instant_of(
    path: Path, writers: Writers | None = None, *, allow_torn: bool = False, track: bool = False
) -> Iterator[FileInstant]:
    """An instant of an image, for the time of the block. Writers are thawed however the block ends.

    `track`: keep the clone of each backup until the next, which then knows what was written meanwhile.

    Raises:
        NotAnImageError: it is not a regular file.
        NotTrackableError: it is to be tracked, and its file system makes no clones.
        BusyError: it is to be tracked, and another process backs it up so.
        OSError: it cannot be read.
    """
    check_image(path)
    mode = PointMode.APPLICATION if writers else PointMode.CRASH
    with contextlib.ExitStack() as held, contextlib.ExitStack() as thawed:
        kept = Kept(path) if track else None
        if kept:
            held.enter_context(locked(kept.lock, f"the clone of {path}"))
            held.callback(kept.drop_next)
        if writers:
            thawed.callback(writers.thaw)
            writers.freeze()
        source = kept.make_next() if kept else _clone(path)
        cloned = source is not None
        if source is None:
            _settle(path)
            source = SYSTEM.open(path, "read")
        try:
            if cloned:
                thawed.close()  # what comes now does not touch the clone
            yield FileInstant(path, source, mode, kept, watched=not cloned, allow_torn=allow_torn)
        finally:
            source.close()


def _clone(path: Path) -> SystemFile | None:
    """A nameless clone of a file, None where its file system makes none, or its folder may not be written."""
    clone = path.with_name(f".{path.name}.{os.getpid()}.clone")
    try:
        SYSTEM.clone(path, clone)
    except OSError:
        return None
    try:
        return SYSTEM.open(clone, "read")
    finally:
        clone.unlink()


def _state(path: Path) -> tuple[int, ...]:
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _settle(path: Path) -> None:
    """After a change of just now another could get the same time: let the clock tick."""
    if time.time_ns() - path.stat().st_mtime_ns < _CLOCK_TICK * 1e9:
        time.sleep(_CLOCK_TICK)
