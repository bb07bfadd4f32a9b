"""SQLite on a guest's volume: its file operations, led to a file system of ours instead of the system's."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import apsw

from engine.hyperv.filesystem import PAGE, FileSystem, OpenFile

CAPACITY = 4 << 20
"""Bytes that a file of a database can grow to, unless told otherwise."""


@contextmanager
def connection(filesystem: FileSystem, name: str, capacity: int = CAPACITY) -> Iterator[apsw.Connection]:
    """A database that nobody else has open, for the time of the block. Raises apsw.Error.

    For a write-ahead log its locking mode must be exclusive, as there is no memory to share.
    """
    vfs = _Vfs(filesystem, capacity)
    opened = apsw.Connection(name, vfs=vfs.name)
    try:
        yield opened
    finally:
        opened.close()
        vfs.unregister()


class _Vfs(apsw.VFS):
    """What SQLite asks of a file system, under SQLite's names; time and randomness stay the system's."""

    def __init__(self, filesystem: FileSystem, capacity: int) -> None:
        self.name = f"volume-{id(self):x}"
        self._filesystem = filesystem
        self._capacity = capacity
        super().__init__(self.name, base="")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> "_VfsFile":  # type: ignore[override]  # noqa: N802
        if name is None:
            raise apsw.CantOpenError("temporary files are kept in memory")
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        flags[1] = flags[0]
        with _as_sqlite():
            if self._filesystem.exists(path):
                return _VfsFile(self._filesystem.open(path))
            if not flags[0] & apsw.SQLITE_OPEN_CREATE:
                raise apsw.CantOpenError(path)
            return _VfsFile(self._filesystem.create(path, self._capacity))

    def xDelete(self, filename: str, _syncdir: bool) -> None:  # noqa: N802, FBT001 - as above
        if not self._filesystem.exists(filename):
            raise apsw.IOError(filename)
        with _as_sqlite():
            self._filesystem.remove(filename)

    def xAccess(self, pathname: str, _flags: int) -> bool:  # noqa: N802 - as above
        return self._filesystem.exists(pathname)

    def xFullPathname(self, name: str) -> str:  # noqa: N802 - as above
        return name


class _VfsFile:
    """What SQLite asks of a file. Who has it open has it alone, so that locks say nothing."""

    def __init__(self, file: OpenFile) -> None:
        self._file = file

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802 - as above
        with _as_sqlite():
            return self._file.read(offset, amount)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - as above
        with _as_sqlite():
            self._file.write(offset, data)

    def xTruncate(self, size: int) -> None:  # noqa: N802 - as above
        with _as_sqlite():
            self._file.truncate(size)

    def xSync(self, _flags: int) -> None:  # noqa: N802 - as above
        with _as_sqlite():
            self._file.sync()

    def xFileSize(self) -> int:  # noqa: N802 - as above
        return self._file.size

    def xLock(self, _level: int) -> None:  # noqa: N802 - as above
        """Nobody else is there."""

    def xUnlock(self, _level: int) -> None:  # noqa: N802 - as above
        """Nobody else is there."""

    def xCheckReservedLock(self) -> bool:  # noqa: N802 - as above
        return False

    def xFileControl(self, _operation: int, _pointer: int) -> bool:  # noqa: N802 - as above
        return False

    def xSectorSize(self) -> int:  # noqa: N802 - as above
        return PAGE

    def xDeviceCharacteristics(self) -> int:  # noqa: N802 - as above
        return 0

    def xClose(self) -> None:  # noqa: N802 - as above
        """What was not synced is still in the cache of the file system."""


@contextmanager
def _as_sqlite() -> Iterator[None]:
    """Failures of the file system, as SQLite knows them."""
    try:
        yield
    except OSError as error:
        full = error.errno == errno.ENOSPC
        raise (apsw.FullError if full else apsw.IOError)(str(error)) from error
