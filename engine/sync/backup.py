"""Backing up an image of this machine into a repository of this machine."""

from pathlib import Path
from typing import NamedTuple

from engine.blocks import DEFAULT_BLOCK_SIZE
from engine.dpm.draft import Draft
from engine.dpm.errors import encodable
from engine.dpm.records import RecoveryPoint
from engine.dpm.repository import Repository
from engine.progress import Progress
from engine.sync.direct import copy_differences
from engine.sync.instant import Instant, Writers, instant_of

_LONGEST_PATH = 1 << 16


class Wishes(NamedTuple):
    """How an image is to be backed up."""

    block_size: int = DEFAULT_BLOCK_SIZE
    """Of a new replica; one that is there keeps its own."""
    trust_digests: bool = False
    check: bool = False
    """Compare everything, whatever is stored."""
    allow_torn: bool = False
    track: bool = False
    """Keep the clone that was read beside the image, so that the next backup knows what was written since."""


class BackedUp(NamedTuple):
    """A new recovery point, and what was noticed on the way."""

    point: RecoveryPoint
    image: str
    block_size: int
    resumed_blocks: int
    """Blocks that an earlier attempt had brought."""
    repaired_blocks: int
    """Blocks of the replica that were damaged, and are not any more."""
    damaged_points: tuple[int, ...]
    """Recovery points that cannot be restored whole."""


def back_up(
    repository: Repository, image: Path, progress: Progress, wishes: Wishes, writers: Writers | None = None
) -> BackedUp:
    """Make a recovery point of an image as it is now.

    Raises:
        Cancelled: on request; the next run takes up what was transferred.
        ImageChangedError: it was written meanwhile.
        RepositoryError, OSError: there is no new recovery point; what was transferred is kept where it can be.
    """
    path = image.resolve(strict=True)
    with instant_of(path, writers, allow_torn=wishes.allow_torn, track=wishes.track) as instant:
        return keep(repository, encodable(str(path), _LONGEST_PATH), instant, progress, wishes)


def keep(repository: Repository, name: str, instant: Instant, progress: Progress, wishes: Wishes) -> BackedUp:
    """Make a recovery point of an instant of the image with this name.

    Raises:
        As `back_up`.
    """
    replica = repository.replica_of(name, wishes.block_size)
    with repository.draft(replica, instant.source.size(), check=wishes.check) as draft:
        trust = wishes.trust_digests
        copy_differences(instant.source, draft, progress, trust_digests=trust, tracked=instant.tracked)
        point = draft.commit(instant.confirmed(), repository.clock())
        done = _told(point, name, draft)
    instant.committed(point.root)
    return done


def _told(point: RecoveryPoint, image: str, draft: Draft) -> BackedUp:
    damaged = tuple(older.id for older in draft.damaged_points)
    return BackedUp(point, image, draft.map.block_size, draft.resumed, draft.repaired_blocks, damaged)
