"""The storage pool of a DPM server: files that run out of room, or fail, as a scenario wants it."""

import errno
import os
from pathlib import Path

from engine.files import Data, Opening, SystemFile
from engine.hyperv.building import DisposableFiles


class PoolFiles(DisposableFiles):
    """The replicas' blocks lie on the replica volume, the maps of recovery points on the recovery point volume."""

    def __init__(self) -> None:
        self.replica_room: int | None = None
        """Bytes that may still be written to replicas; None: as many as there are."""
        self.point_room: int | None = None
        """Likewise for recovery points."""
        self.fails: int = 0
        """The number of the error that writing to replicas ends with; 0: none."""
        self.full_points = False
        """Whether the volume that ran full last was that of the recovery points."""

    def open(self, path: Path, opening: Opening) -> SystemFile:
        return _PoolFile(path, opening, self)

    def spend(self, path: Path, length: int) -> None:
        """Take room for a write. Raises OSError."""
        if path.name == "slots":
            if self.fails:
                raise OSError(self.fails, os.strerror(self.fails), path.name)
            self.full_points = False
            self.replica_room = _left(self.replica_room, length)
        elif path.parent.name == "maps":
            self.full_points = True
            self.point_room = _left(self.point_room, length)


def _left(room: int | None, length: int) -> int | None:
    if room is None:
        return None
    if room < length:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return room - length


class _PoolFile(SystemFile):
    def __init__(self, path: Path, opening: Opening, pool: PoolFiles) -> None:
        super().__init__(path, opening)
        self._path = path
        self._pool = pool

    def pwrite(self, data: Data, offset: int) -> int:
        self._pool.spend(self._path, len(data))
        return super().pwrite(data, offset)

    def sync(self) -> None:
        """Nobody wants it back after a crash of this machine."""
