"""What can go wrong with a repository, as classes whose messages say what is affected."""

import errno
from collections.abc import Sequence
from pathlib import Path


class RepositoryError(Exception):
    """The repository cannot do what was asked."""

    retryable: bool = False
    """It may go better when it is tried again as it is; such an error is retried once, as DPM does."""


class NotARepositoryError(RepositoryError):
    """A folder that holds no repository."""

    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(f"{folder} is not a repository: {why}")


class BusyError(RepositoryError):
    """Another process holds what would have to be held alone."""

    retryable = True

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is in use by another process; try again when it has ended")


class UnknownPointError(RepositoryError):
    """A recovery point that is not there."""

    def __init__(self, point: int, known: Sequence[int]) -> None:
        verb = "is" if len(known) == 1 else "are"
        there = f"there {verb} {numbered(known)}" if known else "there is none"
        super().__init__(f"no recovery point {point}: {there}")


class DamagedError(RepositoryError):
    """Something in the repository does not match its checksum."""

    def __init__(self, what: str, points: Sequence[int]) -> None:
        self.what = what
        self.points = tuple(points)
        super().__init__(f"{what}; affected: {numbered(points)}" if points else what)


class ChangedSourceError(RepositoryError):
    """A block came other than it was announced."""

    retryable = True

    def __init__(self, block: int) -> None:
        super().__init__(f"block {block} came other than it was announced: the source changes while it is read")


class RootMismatchError(RepositoryError):
    """Both sides finished with different digests; nothing is committed."""

    def __init__(self) -> None:
        super().__init__("the replica's digests differ from the source's at the end of the transfer")


class Cancelled(RepositoryError):  # noqa: N818 - a wish, not an error
    """Stopped on request."""

    def __init__(self, what_is_left: str = "") -> None:
        super().__init__(f"stopped on request; {what_is_left}" if what_is_left else "stopped on request")


class TransferCancelled(Cancelled):
    """A transfer was stopped on request."""

    def __init__(self) -> None:
        super().__init__("what was transferred is kept for the next run")


_HELPS = {
    errno.ENOSPC: "make room there (`shindan prune` drops old recovery points), and try again",
    errno.EDQUOT: "make room there, or have the quota raised, and try again",
    errno.EIO: "the disk under it fails: look into the system's log before anything is tried again",
    errno.EACCES: "try again as a user who may, or change its permissions",
    errno.EPERM: "try again as a user who may, or look whether it is marked as immutable",
    errno.EBUSY: "try again when whoever uses it has ended",
    errno.EROFS: "mount its file system for writing, or take another place",
    errno.EMFILE: "too many files are open in this process: have its limit raised (`ulimit -n`)",
    errno.ESTALE: "the network file system has lost it: mount it again",
}


def explained(error: BaseException, *, place: bool = True) -> str:
    """What went wrong; where the system refused something, what and what helps.

    With the `place`, unless it is nothing to whoever is told.
    """
    if not isinstance(error, OSError):
        return str(error)
    what = error.strerror or str(error)
    if error.errno in _HELPS:
        what = f"{what}: {_HELPS[error.errno]}"
    return f"{error.filename}: {what}" if place and error.filename else what


def encodable(text: str, most: int = 1000) -> str:
    """The text such that UTF-8 can hold it; names of files need not be text."""
    return text[:most].encode("utf-8", "backslashreplace").decode()[:most]


def numbered(points: Sequence[int]) -> str:
    """Recovery points by number, in words."""
    if len(points) == 1:
        return f"recovery point {points[0]}"
    return "recovery points " + ", ".join(map(str, points))
