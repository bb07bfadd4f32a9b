"""The files that the engine keeps its data in: a small interface to them, and the operating system behind it.

Everything that must survive a crash or bear a failing disk goes through `Files` and `File`, so that tests can put a
disk behind them that loses, tears and refuses. Offsets and lengths are bytes. Every method raises OSError as the
system does.
"""

import ctypes
import errno
import os
import threading
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Concatenate, Literal, ParamSpec, Protocol, TypeVar

Data = bytes | bytearray | memoryview
"""What can be written."""
Room = bytearray | memoryview
"""What can be read into."""
Opening = Literal["read", "write", "create"]
"""Read an existing file; read and write an existing one; make a new one, which must not exist."""


class File(Protocol):
    """An open file that is read and written at offsets, by any number of threads."""

    def pread(self, room: Room, offset: int) -> int:
        """Fill `room` from `offset`; how many bytes came, fewer at the end of the file and where the system likes."""
        ...

    def pwrite(self, data: Data, offset: int) -> int:
        """Write `data` at `offset`; how many bytes went. Durable only after `sync`; may be torn by a crash before."""
        ...

    def size(self) -> int:
        """Length in bytes."""
        ...

    def truncate(self, size: int) -> None:
        """Cut off or extend with a hole."""
        ...

    def punch(self, offset: int, length: int) -> None:
        """Let a range inside the file read as zeros; its space is given back where the file system can."""
        ...

    def extents(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The ranges (start, end) between two offsets that are not holes, in order."""
        ...

    def begin_sync(self, offset: int, length: int) -> None:
        """Let the system begin to write a range to the disk, so that `sync` finds less to do; it promises nothing."""
        ...

    def sync(self) -> None:
        """Return when everything written so far is durable. After an error nothing may be assumed durable."""
        ...

    def close(self) -> None:
        """Release the file; nothing becomes durable by it."""
        ...


class Files(Protocol):
    """A place where files are kept."""

    def open(self, path: Path, opening: Opening) -> File:
        """Open a file."""
        ...

    def exists(self, path: Path) -> bool:
        """Whether there is a file or a folder of this name."""
        ...

    def modified(self, path: Path) -> int:
        """When a file was written last, in nanoseconds since 1970."""
        ...

    def names(self, folder: Path) -> list[str]:
        """The names in a folder, sorted."""
        ...

    def make_folder(self, folder: Path) -> None:
        """Make a folder, and those above it, where they are missing."""
        ...

    def replace(self, source: Path, target: Path) -> None:
        """Rename a file over another in one step; durable only after `sync_folder`."""
        ...

    def remove(self, path: Path) -> None:
        """Remove a file; durable only after `sync_folder`."""
        ...

    def sync_folder(self, folder: Path) -> None:
        """Return when the names in a folder are durable."""
        ...


def read_fully(file: File, room: Room, offset: int) -> int:
    """Fill `room`, however short the reads; less than its length comes only where the file ends."""
    count = file.pread(room, offset)
    if count == len(room) or not count:
        return count
    view = memoryview(room)
    while count < len(view):
        got = file.pread(view[count:], offset + count)
        if not got:
            break
        count += got
    return count


def write_fully(file: File, data: Data, offset: int) -> None:
    """Write all of `data`, however short the writes."""
    count = file.pwrite(data, offset)
    if count == len(data):
        return
    view = memoryview(data)
    while count < len(view):
        went = file.pwrite(view[count:], offset + count)
        if not went:
            raise OSError(errno.EIO, "nothing could be written")
        count += went


def write_atomically(files: Files, path: Path, data: Data) -> None:
    """Replace a file by one that holds `data`: after a crash there is the old one or the new one, whole."""
    draft = path.with_name(path.name + ".new")
    if files.exists(draft):
        files.remove(draft)
    file = files.open(draft, "create")
    try:
        write_fully(file, data, 0)
        file.sync()
    finally:
        file.close()
    files.replace(draft, path)
    files.sync_folder(path.parent)


_FLAGS = {"read": os.O_RDONLY, "write": os.O_RDWR, "create": os.O_RDWR | os.O_CREAT | os.O_EXCL}
_ALWAYS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_PUNCH_KEEPING_SIZE = 0x02 | 0x01
"""FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE of linux/falloc.h."""
_CLONE = 0x40049409
"""FICLONE of linux/fs.h; clones are atomic with regard to concurrent writes (man 2 ioctl_ficlone)."""
_BEGIN_WRITING = 0x02
"""SYNC_FILE_RANGE_WRITE of linux/fs.h: dirty pages are handed to the disk, and nobody waits for it."""
_AT_ONCE = 128 << 10
"""Bytes of a write. The page cache looks for as much memory in one piece as a write is long (large folios: XFS, ext4
since Linux 6.16), and on a machine whose memory is full of cached files that is dear: 2.4 GB took 1.2 to 2.6 s of
processor in writes of 1 MiB, 0.5 s in these, which are those of `cp`."""
_UNSUPPORTED = (errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)
_ZEROS = bytes(1 << 20)
_datasync = getattr(os, "fdatasync", os.fsync)


_Kind = TypeVar("_Kind", bound="SystemFile")
_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def _named(
    method: Callable[Concatenate[_Kind, _Arguments], _Result],
) -> Callable[Concatenate[_Kind, _Arguments], _Result]:
    """The method such that its errors bear the name of the file, which the system does not give for an open one."""

    @wraps(method)
    def naming(file: _Kind, /, *args: _Arguments.args, **options: _Arguments.kwargs) -> _Result:
        try:
            return method(file, *args, **options)
        except OSError as error:
            error.filename = os.fspath(file.path)
            raise

    return naming


class SystemFile:
    """A file of the operating system."""

    def __init__(self, path: Path, opening: Opening) -> None:
        self.descriptor = os.open(path, _FLAGS[opening] | _ALWAYS, 0o600)
        self.path = path

    @_named
    def pread(self, room: Room, offset: int) -> int:
        return os.preadv(self.descriptor, (room,), offset)

    @_named
    def pwrite(self, data: Data, offset: int) -> int:
        return os.pwrite(self.descriptor, memoryview(data)[:_AT_ONCE], offset)

    @_named
    def size(self) -> int:
        return os.lseek(self.descriptor, 0, os.SEEK_END)  # the length of a block device too

    @_named
    def truncate(self, size: int) -> None:
        os.ftruncate(self.descriptor, size)

    @_named
    def punch(self, offset: int, length: int) -> None:
        try:
            _punch(self.descriptor, offset, length)
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                raise
            _write_zeros(self, offset, length)

    def extents(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        position = start
        while position < end:
            data, position = self._next_extent(position, end)
            if data < position:
                yield data, position

    @_named
    def _next_extent(self, position: int, end: int) -> tuple[int, int]:
        """The next range that is no hole, or an empty one where only a hole is left."""
        try:
            data = os.lseek(self.descriptor, position, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return end, end
            if error.errno != errno.EINVAL:
                raise
            return position, min(end, self.size())  # no holes known here, as on block devices
        return data, min(end, os.lseek(self.descriptor, data, os.SEEK_HOLE)) if data < end else end

    def begin_sync(self, offset: int, length: int) -> None:
        library = ctypes.CDLL(None)
        if hasattr(library, "sync_file_range"):  # what it has to say, `sync` will say too
            place = (ctypes.c_int64(offset), ctypes.c_int64(length))
            library.sync_file_range(ctypes.c_int(self.descriptor), *place, _BEGIN_WRITING)

    @_named
    def sync(self) -> None:
        _datasync(self.descriptor)

    def close(self) -> None:
        """Release the file; whoever still uses it is refused."""
        descriptor, self.descriptor = self.descriptor, -1
        os.close(descriptor)


class SeekingFile(SystemFile):
    """A file of a system that reads and writes only where it stands (Windows), and shows no holes."""

    def __init__(self, path: Path, opening: Opening) -> None:
        super().__init__(path, opening)
        self._lock = threading.Lock()

    @_named
    def pread(self, room: Room, offset: int) -> int:
        with self._lock:
            os.lseek(self.descriptor, offset, os.SEEK_SET)
            data = os.read(self.descriptor, len(room))
        memoryview(room)[: len(data)] = data
        return len(data)

    @_named
    def pwrite(self, data: Data, offset: int) -> int:
        with self._lock:
            os.lseek(self.descriptor, offset, os.SEEK_SET)
            return os.write(self.descriptor, data)

    @_named
    def size(self) -> int:
        return os.fstat(self.descriptor).st_size

    @_named
    def punch(self, offset: int, length: int) -> None:
        _write_zeros(self, offset, length)

    def begin_sync(self, offset: int, length: int) -> None:
        """There is no such call here."""

    def extents(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        if start < min(end, self.size()):
            yield start, min(end, self.size())


class SystemFiles:
    """The files of the operating system."""

    def open(self, path: Path, opening: Opening) -> SystemFile:
        return SystemFile(path, opening) if hasattr(os, "preadv") else SeekingFile(path, opening)

    def exists(self, path: Path) -> bool:
        return path.exists()

    def modified(self, path: Path) -> int:
        return path.stat().st_mtime_ns

    def names(self, folder: Path) -> list[str]:
        return sorted(entry.name for entry in folder.iterdir())

    def make_folder(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)

    def replace(self, source: Path, target: Path) -> None:
        source.replace(target)

    def clone(self, source: Path, target: Path) -> None:
        """Make a new file that shares the content of another, at once; OSError where the file system cannot."""
        try:
            import fcntl  # noqa: PLC0415 - not every system has it
        except ImportError:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP)) from None
        with source.open("rb") as old:
            new = self.open(target, "create")
            try:
                fcntl.ioctl(new.descriptor, _CLONE, old.fileno())
            except OSError:
                target.unlink()
                raise
            finally:
                new.close()

    def remove(self, path: Path) -> None:
        path.unlink()

    def sync_folder(self, folder: Path) -> None:
        if os.name == "nt":
            return  # NTFS journals names by itself, and a folder cannot be opened for this
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            error.filename = os.fspath(folder)
            raise
        finally:
            os.close(descriptor)


SYSTEM = SystemFiles()
"""What the engine uses unless it is given another place."""


def _write_zeros(file: File, offset: int, length: int) -> None:
    for start in range(offset, offset + length, len(_ZEROS)):
        write_fully(file, _ZEROS[: offset + length - start], start)


def _punch(descriptor: int, offset: int, length: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "fallocate"):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    place = (ctypes.c_int64(offset), ctypes.c_int64(length))
    if library.fallocate(ctypes.c_int(descriptor), ctypes.c_int(_PUNCH_KEEPING_SIZE), *place) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
