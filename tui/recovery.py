"""What can be done with the recovery points of a repository on this machine, for commands and screens alike."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from engine.dpm import OpenPoint, Repository, restore, verify
from engine.dpm.errors import RepositoryError
from engine.dpm.records import RecoveryPoint
from engine.dpm.verify import Damage
from engine.files import SYSTEM
from engine.progress import Progress

Span = tuple[int, int]
"""From the first byte to before the second."""


class OutsideImageError(RepositoryError):
    """A range that the image does not have."""

    def __init__(self, span: Span, image_size: int) -> None:
        super().__init__(f"the image has {image_size} bytes; {span[0]}:{span[1]} goes beyond them")


class ListedPoint(NamedTuple):
    """A recovery point, and the image that it is of; the image's name is hostile."""

    point: RecoveryPoint
    image: str


class Verified(NamedTuple):
    """What a verification found."""

    damages: tuple[Damage, ...]
    """The worst news first."""
    states: Mapping[int, str]
    """Recovery point -> whether it is good, for those that were checked."""


def list_points(folder: Path) -> list[ListedPoint]:
    """All recovery points of a repository, oldest first.

    Raises:
        RepositoryError, OSError: it cannot be read.
    """
    with Repository.open(folder) as repository:
        images = {replica.id: replica.image for replica in repository.replicas()}
        return [ListedPoint(point, images[point.replica]) for point in repository.points()]


def verify_points(folder: Path, numbers: Sequence[int], progress: Progress) -> Verified:
    """Read these recovery points (none given: all) against their digests, and mark them.

    Raises:
        RepositoryError, OSError: it cannot be done; `Cancelled` on request, with nothing marked.
    """
    with Repository.open(folder) as repository:
        damages = verify(repository, numbers, progress)
        states = {point.id: point.state for point in repository.points() if not numbers or point.id in numbers}
    return Verified(tuple(damages), states)


@contextmanager
def opened(folder: Path, number: int, span: Span | None = None) -> Iterator[tuple[OpenPoint, Span]]:
    """A recovery point for reading, and the range that is asked of it: the whole image where none is given.

    Raises:
        OutsideImageError: the image is smaller.
        RepositoryError, OSError: it cannot be read.
    """
    with Repository.open(folder) as repository, repository.reading(number) as point:
        asked = span or (0, point.map.image_size)
        if asked[1] > point.map.image_size:
            raise OutsideImageError(asked, point.map.image_size)
        yield point, asked


def restore_point(folder: Path, number: int, target: Path, progress: Progress, span: Span | None = None) -> int:
    """Write a recovery point, or a range of it, to a new file; returns how many bytes.

    Raises:
        RepositoryError, OSError: there is no new file; `Cancelled` on request.
    """
    with opened(folder, number, span) as (point, asked):
        restore(point, target, SYSTEM, progress, span)
    return asked[1] - asked[0]
