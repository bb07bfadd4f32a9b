"""What can go wrong with a repository, as classes whose messages say what is affected."""

import errno
from collections.abc import Sequence
from pathlib import Path

from engine.sentence import Sentence


class RepositoryError(Exception):
    """The repository cannot do what was asked."""

    retryable: bool = False
    """It may go better when it is tried again as it is; such an error is retried once, as DPM does."""


class NotARepositoryError(RepositoryError):
    """A folder that holds no repository."""

    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(Sentence("{folder} is not a repository: {why}", folder=folder, why=why))


class BusyError(RepositoryError):
    """Another process holds what would have to be held alone."""

    retryable = True

    def __init__(self, what: str) -> None:
        told = Sentence("{what} is in use by another process; try again when it has ended", what=what)
        super().__init__(told)


class UnknownPointError(RepositoryError):
    """A recovery point that is not there."""

    def __init__(self, point: int, known: Sequence[int]) -> None:
        told = Sentence(
            "no recovery point {point}: there is none" if not known
            else "no recovery point {point}: there is {points}" if len(known) == 1
            else "no recovery point {point}: there are {points}",
            point=point, points=numbered(known) if known else "",
        )  # fmt: skip
        super().__init__(told)


class DamagedError(RepositoryError):
    """Something in the repository does not match its checksum."""

    def __init__(self, what: str, points: Sequence[int]) -> None:
        self.what = what
        self.points = tuple(points)
        super().__init__(Sentence("{what}; affected: {points}", what=what, points=numbered(points)) if points else what)


class ChangedSourceError(RepositoryError):
    """A block came other than it was announced."""

    retryable = True

    def __init__(self, block: int) -> None:
        told = Sentence(
            "block {block} came other than it was announced: the source changes while it is read", block=block
        )
        super().__init__(told)


class RootMismatchError(RepositoryError):
    """Both sides finished with different digests; nothing is committed."""

    def __init__(self) -> None:
        super().__init__(Sentence("the replica's digests differ from the source's at the end of the transfer"))


class Cancelled(RepositoryError):  # noqa: N818 - a wish, not an error
    """Stopped on request."""

    def __init__(self, what_is_left: str = "") -> None:
        super().__init__(
            Sentence("stopped on request; {left}", left=what_is_left)
            if what_is_left
            else Sentence("stopped on request")
        )


class TransferCancelled(Cancelled):
    """A transfer was stopped on request."""

    def __init__(self) -> None:
        super().__init__(Sentence("what was transferred is kept for the next run"))


_HELPS = {
    errno.ENOSPC: Sentence("make room there (`shindan prune` drops old recovery points), and try again"),
    errno.EDQUOT: Sentence("make room there, or have the quota raised, and try again"),
    errno.EIO: Sentence("the disk under it fails: look into the system's log before anything is tried again"),
    errno.EACCES: Sentence("try again as a user who may, or change its permissions"),
    errno.EPERM: Sentence("try again as a user who may, or look whether it is marked as immutable"),
    errno.EBUSY: Sentence("try again when whoever uses it has ended"),
    errno.EROFS: Sentence("mount its file system for writing, or take another place"),
    errno.EMFILE: Sentence("too many files are open in this process: have its limit raised (`ulimit -n`)"),
    errno.ESTALE: Sentence("the network file system has lost it: mount it again"),
}


def explained(error: BaseException, *, place: bool = True) -> str:
    """What went wrong; where the system refused something, what and what helps.

    With the `place`, unless it is nothing to whoever is told.
    """
    if not isinstance(error, OSError):
        told = error.args[0] if error.args else ""
        return told if isinstance(told, Sentence) else str(error)
    what = error.strerror or str(error)
    if error.errno in _HELPS:
        what = Sentence("{what}: {help}", what=what, help=_HELPS[error.errno])
    return Sentence("{place}: {what}", place=error.filename, what=what) if place and error.filename else what


def encodable(text: str, most: int = 1000) -> str:
    """The text such that UTF-8 can hold it; names of files need not be text."""
    return text[:most].encode("utf-8", "backslashreplace").decode()[:most]


def numbered(points: Sequence[int]) -> Sentence:
    """Recovery points by number, in words."""
    if len(points) == 1:
        return Sentence("recovery point {point}", point=points[0])
    return Sentence("recovery points {points}", points=", ".join(map(str, points)))
