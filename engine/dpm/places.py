"""Where the files of a replica lie in a repository."""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from engine.dpm.maps import BlockMap, MapDamagedError
from engine.dpm.records import RecoveryPoint, Replica
from engine.dpm.slots import FileSlots
from engine.files import Files


class Base(NamedTuple):
    """A recovery point that a job builds on, with its map."""

    point: RecoveryPoint
    map: BlockMap


class ReplicaPlaces:
    """The folder of one replica: its slots, a map per recovery point, what the last jobs left to the next, locks."""

    def __init__(self, files: Files, folder: Path, replica: Replica) -> None:
        self._files = files
        self._replica = replica
        self.folder = replica_folder(folder, replica.id)
        self.slots = self.folder / "slots"
        self.maps = self.folder / "maps"
        self.journal = self.folder / "journal"
        self.used = self.folder / "used"
        self.writer_lock = self.folder / "writer.lock"
        self.readers_lock = self.folder / "readers.lock"

    def prepare(self) -> None:
        """Make the folders where they are missing, and make durable that they and what is in them exist."""
        self._files.make_folder(self.maps)
        for folder in (self.folder, self.folder.parent, self.folder.parent.parent):
            self._files.sync_folder(folder)

    def open_slots(self) -> FileSlots:
        """The slots for reading and writing; a new file where there is none."""
        if self._files.exists(self.slots):
            file = self._files.open(self.slots, "write")
        else:
            file = self._files.open(self.slots, "create")
            self._files.sync_folder(self.folder)
        return FileSlots(file, self._replica.block_size)

    def read_slots(self) -> FileSlots:
        """The slots for reading."""
        return FileSlots(self._files.open(self.slots, "read"), self._replica.block_size)

    def map(self, point: int) -> Path:
        """Where the map of a recovery point lies."""
        return self.maps / f"{point:010}"

    def load_map(self, point: RecoveryPoint) -> BlockMap:
        """The map of a recovery point, checked against itself and against the catalog.

        Raises:
            MapDamagedError: it is not what it was when the point was made.
        """
        path = self.map(point.id)
        found, checksum, _ = BlockMap.load(self._files, path, self._replica.id, point.id)
        if checksum != point.map_checksum or found.block_size != self._replica.block_size:
            raise MapDamagedError(path, "is not the one that the catalog knows")
        if found.root() != point.root:
            raise MapDamagedError(path, "does not come to the digest that the catalog knows")
        return found

    @contextlib.contextmanager
    def saving_map(self, block_map: BlockMap, point: int, label: bytes) -> Iterator[bytes]:
        """Write a map; its checksum. After the block it is durable."""
        with block_map.saving(self._files, self.map(point), self._replica.id, point, label) as checksum:
            yield checksum
        self._files.sync_folder(self.maps)

    def remove_unknown_maps(self, points: Iterable[int]) -> None:
        """Remove the maps of jobs that ended before their commit."""
        known = {self.map(point).name for point in points}
        for name in self._files.names(self.maps):
            if name not in known:
                self._files.remove(self.maps / name)

    def forget_journal(self) -> None:
        """Remove the journal; one that stays is no harm, since it names the recovery point that it builds on."""
        if self._files.exists(self.journal):
            with contextlib.suppress(OSError):
                self._files.remove(self.journal)


def replica_folder(folder: Path, replica: int) -> Path:
    """The folder of a replica in a repository."""
    return folder / "replicas" / f"{replica:06}"


def replica_folders(files: Files, folder: Path) -> list[tuple[int, Path]]:
    """The numbers and folders of all replicas, whatever the catalog says."""
    if not files.exists(folder / "replicas"):
        return []
    return [(int(path.name), path) for path in sorted((folder / "replicas").iterdir()) if path.name.isdigit()]


def maps_of(files: Files, replica: Path) -> list[int]:
    """The recovery points of which there are maps in the folder of a replica."""
    maps = replica / "maps"
    return [int(name) for name in files.names(maps) if name.isdigit()] if files.exists(maps) else []


def maps_found(files: Files, folder: Path) -> list[int]:
    """The recovery points of which there are maps, whatever the catalog says."""
    return sorted(point for _, replica in replica_folders(files, folder) for point in maps_of(files, replica))
