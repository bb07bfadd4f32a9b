"""The files that a lab lies on; they fail, run full, or take their time, as a scenario wants it."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from engine.files import Data, Opening, Room, SystemFile
from engine.hyperv.building import DisposableFile, DisposableFiles


class Access(NamedTuple):
    """A request to a file."""

    path: Path
    writes: bool
    offset: int
    length: int


Rule = Callable[[Access], None]
"""Looks at each request before it is served; it may raise OSError, or let time pass."""


class LabFiles(DisposableFiles):
    """Files of the operating system, under rules."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def open(self, path: Path, opening: Opening) -> SystemFile:
        return _LabFile(path, opening, self)


class _LabFile(DisposableFile):
    def __init__(self, path: Path, opening: Opening, files: LabFiles) -> None:
        super().__init__(path, opening)
        self._path = path
        self._files = files

    def pread(self, room: Room, offset: int) -> int:
        for rule in self._files.rules:
            rule(Access(self._path, writes=False, offset=offset, length=len(room)))
        return super().pread(room, offset)

    def pwrite(self, data: Data, offset: int) -> int:
        for rule in self._files.rules:
            rule(Access(self._path, writes=True, offset=offset, length=len(data)))
        return super().pwrite(data, offset)


def room_for(matches: Callable[[Path], bool], size: int) -> Rule:
    """Only so many bytes can still be written to these files; then the disk is full."""
    left = size

    def spend(access: Access) -> None:
        nonlocal left
        if access.writes and matches(access.path):
            if access.length > left:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(access.path))
            left -= access.length

    return spend


def of_replicas(path: Path) -> bool:
    """Whether a file of the storage pool lies on the replica volume."""
    return path.name == "slots"


def of_points(path: Path) -> bool:
    """Whether it lies on the volume of the recovery points."""
    return path.parent.name == "maps"
