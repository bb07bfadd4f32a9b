"""A repository: a folder with a catalog, and a replica with its recovery points for every image.

    catalog.sqlite
    replicas/000001/slots            the blocks
                    maps/0000000007  one map for each recovery point
                    journal          what an unfinished job has made durable
                    used             which slots recovery points refer to
                    writer.lock, readers.lock

One process at a time writes a replica; any number reads its recovery points meanwhile; pruning waits for readers.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Self

import msgspec

from engine.blocks import DEFAULT_BLOCK_SIZE
from engine.dpm.catalog import Catalog, CatalogDamagedError, sound_points
from engine.dpm.draft import Draft
from engine.dpm.errors import Cancelled, DamagedError, NotARepositoryError, UnknownPointError
from engine.dpm.image import MappedImage
from engine.dpm.locks import locked
from engine.dpm.maps import BlockMap, MapDamagedError
from engine.dpm.places import Base, ReplicaPlaces, maps_found
from engine.dpm.records import Outcome, RecoveryPoint, Replica, ReplicaState
from engine.dpm.slots import FileSlots
from engine.files import SYSTEM, Files
from engine.sentence import Sentence

CATALOG = "catalog.sqlite"

Clock = Callable[[], int]
"""Nanoseconds since 1970 in UTC."""


class OpenPoint(msgspec.Struct, frozen=True):
    """A recovery point that is being read."""

    point: RecoveryPoint
    replica: Replica
    map: BlockMap
    slots: FileSlots

    @property
    def image(self) -> MappedImage:
        """The image as it was, not checked against its digests."""
        return MappedImage(self.map, self.slots)


class Repository:
    """An open repository. Use it from one thread at a time."""

    def __init__(self, folder: Path, catalog: Catalog, files: Files, clock: Clock) -> None:
        self.folder = folder
        self.catalog = catalog
        self.files = files
        self.clock = clock

    @classmethod
    def open(
        cls, folder: Path, files: Files = SYSTEM, clock: Clock = time.time_ns, *, durable: bool = True
    ) -> "Repository":
        """A repository that is there; `durable` as for its catalog, its other files are what `files` makes them.

        Raises:
            NotARepositoryError: it is not.
            DamagedError: its catalog does not match its checksums.
        """
        if not (folder / CATALOG).exists():
            raise NotARepositoryError(folder, Sentence("there is no {catalog}", catalog=CATALOG))
        with _naming_points(folder, files):
            found = cls(folder, Catalog(folder / CATALOG, durable=durable), files, clock)
            if not found.catalog.is_empty():
                found.catalog.points()
                return found
            found.close()
            if maps_found(files, folder):
                raise CatalogDamagedError("it is empty")
        raise NotARepositoryError(folder, Sentence("its {catalog} is empty", catalog=CATALOG))

    @classmethod
    def create(
        cls, folder: Path, files: Files = SYSTEM, clock: Clock = time.time_ns, *, durable: bool = True
    ) -> "Repository":
        """A repository that is there, or a new one in a folder that is empty or missing.

        Raises:
            NotARepositoryError: the folder holds something else.
            DamagedError: as for `open`.
        """
        path = folder / CATALOG
        if not path.exists() and folder.exists() and any(folder.iterdir()):
            why = Sentence("it holds other files; give an empty folder or one that is not there yet")
            raise NotARepositoryError(folder, why)
        if not folder.exists():
            files.make_folder(folder)
            files.sync_folder(folder.parent)
        if not path.exists() or (not path.stat().st_size and not maps_found(files, folder)):
            catalog = Catalog(path, durable=durable)
            catalog.prepare()
            catalog.close()
        return cls.open(folder, files, clock, durable=durable)

    def close(self) -> None:
        """Release the catalog."""
        self.catalog.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def replicas(self) -> list[Replica]:
        """All replicas."""
        with self.naming_points():
            return self.catalog.replicas()

    def points(self) -> list[RecoveryPoint]:
        """All recovery points, oldest first."""
        with self.naming_points():
            return self.catalog.points()

    def point(self, number: int) -> RecoveryPoint:
        """One recovery point.

        Raises:
            UnknownPointError: there is none of this number.
        """
        points = self.points()
        for point in points:
            if point.id == number:
                return point
        raise UnknownPointError(number, [point.id for point in points])

    def places(self, replica: Replica) -> ReplicaPlaces:
        """Where the files of a replica lie."""
        return ReplicaPlaces(self.files, self.folder, replica)

    def replica_of(self, image: str, block_size: int = DEFAULT_BLOCK_SIZE) -> Replica:
        """The replica of an image; a new one, of this block size, where there is none."""
        for replica in self.replicas():
            if replica.image == image:
                return replica
        with self.naming_points():
            return self.catalog.add_replica(image, block_size, ReplicaState.CONSISTENT)

    def has_nothing_of(self, replica: Replica) -> bool:
        """Whether there is nothing to build on: no recovery point, and nothing that an unfinished job has left."""
        if any(point.replica == replica.id for point in self.points()):
            return False
        return not self.files.exists(self.places(replica).journal)

    def base_of(self, replica: Replica) -> Base | None:
        """The newest recovery point of a replica, if a job may rely on what is stored of it."""
        mine = [point for point in self.points() if point.replica == replica.id]
        if not mine or self._fresh(replica).state != ReplicaState.CONSISTENT:
            return None
        try:
            return Base(mine[-1], self.places(replica).load_map(mine[-1]))
        except MapDamagedError:
            return None

    @contextmanager
    def draft(
        self, replica: Replica, image_size: int, *, check: bool = False, base: Base | None = None
    ) -> Iterator[Draft]:
        """The next recovery point of a replica. What is not committed in the block is kept for the next attempt.

        `check` asks for a consistency check, which relies on nothing that is stored. `base` is what `base_of` said,
        which need not be read again if it is still so.

        Raises:
            BusyError: another process writes this replica.
            RepositoryError, OSError: what is there cannot be used.
        """
        places = self.places(replica)
        if not any(point.replica == replica.id for point in self.points()):
            places.prepare()  # afterwards each commit has found it durable
        with locked(places.writer_lock, f"the replica of {replica.image}"), self.naming_points():
            now, fresh = self.clock(), self._fresh(replica)
            draft = Draft(self.files, self.catalog, fresh, places, image_size, now, check=check, known=base)
            try:
                yield draft
            except (Cancelled, KeyboardInterrupt) as error:
                draft.abandon(Outcome.INTERRUPTED, str(error), self.clock())
                raise
            except Exception as error:
                draft.abandon(Outcome.FAILED, str(error), self.clock())
                raise
            else:
                draft.abandon(Outcome.FAILED, "it was left without a commit", self.clock())
            finally:
                draft.close()

    def _fresh(self, replica: Replica) -> Replica:
        """The replica as the catalog has it now that its lock is held."""
        return next(known for known in self.catalog.replicas() if known.id == replica.id)

    @contextmanager
    def reading(self, number: int) -> Iterator[OpenPoint]:
        """A recovery point for reading; it is not pruned meanwhile.

        Raises:
            UnknownPointError: there is none of this number.
            DamagedError: its map is damaged.
            BusyError: it is being pruned.
        """
        replica_id = self.point(number).replica
        replica = next(replica for replica in self.replicas() if replica.id == replica_id)
        places = self.places(replica)
        with locked(places.readers_lock, f"the replica of {replica.image}", shared=True):
            point = self.point(number)  # again, now that nobody can prune it
            try:
                block_map = places.load_map(point)
            except MapDamagedError as error:
                raise DamagedError(str(error), [number]) from error
            slots = places.read_slots()
            try:
                yield OpenPoint(point, replica, block_map, slots)
            finally:
                slots.close()

    def naming_points(self) -> AbstractContextManager[None]:
        """Let damage of the catalog name the recovery points that it makes doubtful."""
        return _naming_points(self.folder, self.files)


@contextmanager
def _naming_points(folder: Path, files: Files) -> Iterator[None]:
    """Those without a sound row; where that tells nothing, all of which there are maps."""
    try:
        yield
    except CatalogDamagedError as error:
        points = maps_found(files, folder)
        lost = sorted(set(points) - set(sound_points(folder / CATALOG)))
        raise DamagedError(f"{error} (it can be rebuilt from the maps)", lost or points) from error
