"""Retention: recovery points that are dropped, and the space that this gives back."""

from collections.abc import Sequence
from typing import NamedTuple

from engine.dpm.journal import Journal
from engine.dpm.locks import locked
from engine.dpm.maps import MapDamagedError
from engine.dpm.records import PointState, RecoveryPoint, Replica
from engine.dpm.repository import Repository
from engine.dpm.slots import FreeSlots
from engine.dpm.used import remember


class Pruned(NamedTuple):
    """What became of one replica."""

    replica: Replica
    dropped: tuple[int, ...]
    kept: tuple[int, ...]
    freed_bytes: int


def to_drop(points: Sequence[RecoveryPoint], keep: int) -> list[RecoveryPoint]:
    """Of one replica's recovery points, oldest first, all but the newest `keep`; never the last that is good."""
    kept = list(points[-keep:])
    if not any(point.state == PointState.GOOD for point in kept):
        kept += [point for point in points if point.state == PointState.GOOD][-1:]
    return [point for point in points if point not in kept]


def prune(repository: Repository, keep: int) -> list[Pruned]:
    """Keep the newest `keep` recovery points of each image, and give back the slots that no other refers to.

    Raises:
        ValueError: `keep` is less than one.
        BusyError: somebody reads or writes a replica.
        RepositoryError, OSError: as the repository does; recovery points that were kept are untouched.
    """
    if keep < 1:
        raise ValueError("at least one recovery point is kept")
    return [_prune(repository, replica, keep) for replica in repository.replicas()]


def _prune(repository: Repository, replica: Replica, keep: int) -> Pruned:
    places = repository.places(replica)
    repository.files.make_folder(places.maps)
    what = f"the replica of {replica.image}"
    with locked(places.writer_lock, what), locked(places.readers_lock, what), repository.naming_points():
        points = [point for point in repository.points() if point.replica == replica.id]
        dropped = to_drop(points, keep)
        kept = [point for point in points if point not in dropped]
        if dropped:
            repository.catalog.remove_points([point.id for point in dropped])
        places.remove_unknown_maps([point.id for point in kept])
        freed = _give_back(repository, replica, kept)
    return Pruned(replica, tuple(point.id for point in dropped), tuple(point.id for point in kept), freed)


def _give_back(repository: Repository, replica: Replica, kept: Sequence[RecoveryPoint]) -> int:
    """Punch out every slot that no recovery point and no unfinished job refers to; how many bytes.

    With a damaged map nothing is given back: nobody knows what it refers to.
    """
    places = repository.places(replica)
    if not repository.files.exists(places.slots):
        return 0
    slots = places.open_slots()
    try:
        free = FreeSlots(slots.count())
        known: memoryview | None = None
        for point in reversed(kept):
            try:
                block_map = places.load_map(point)
            except MapDamagedError:
                return 0
            free.keep(block_map.slots, known)
            known = block_map.slots
        remember(repository.files, places.used, kept, free.used())
        if repository.files.exists(places.journal):
            journal = Journal(repository.files, places.journal, replica.block_size, kept[-1].id if kept else 0)
            for entry in journal.replay():
                free.keep_one(entry.slot)
            journal.close()
        freed = 0
        for first, count in free.runs():
            freed += slots.free(first, count)
        slots.sync()
    finally:
        slots.close()
    return freed
