"""A small file system on a block device: enough for the files of a guest's applications and of a host.

Each file is one extent, whose size is chosen when it is made. Writes stay in memory until they are synced, flushed or
written lazily, in no order, as behind any cache: a copy of the device at some moment holds what had been synced by then
and any part of the rest. The directory is written through, one sector per file.
"""

import errno
import os
import struct
import threading
import zlib
from collections.abc import Iterator
from itertools import groupby
from random import Random
from typing import NamedTuple, Protocol

import msgspec

PAGE = 4096
_MAGIC = b"Shindan files 1\0"
_SLOTS = 120
_SECTOR = 512
_DIRECTORY = PAGE
_DATA = 1 << 16
_ENTRY = struct.Struct("<IQQQB")
"""CRC-32 of what follows, offset, capacity, size, length of the name."""

Buffer = bytes | bytearray | memoryview


class Device(Protocol):
    """What the files lie on; engine.volume.Volume is one. Offsets and sizes are bytes."""

    @property
    def size(self) -> int:
        """Length."""
        ...

    def read_into(self, offset: int, room: bytearray | memoryview) -> None:
        """Fill `room` with what is there."""
        ...

    def write(self, offset: int, data: Buffer) -> None:
        """Write."""
        ...

    def flush(self) -> None:
        """Make it durable."""
        ...


class Readable(Protocol):
    """What can only be read: a shadow copy."""

    @property
    def size(self) -> int:
        """Length."""
        ...

    def read_into(self, offset: int, room: bytearray | memoryview) -> None:
        """Fill `room` with what is there."""
        ...


class _ReadOnly:
    """A device that cannot be written."""

    def __init__(self, content: Readable) -> None:
        self.size = content.size
        self.read_into = content.read_into

    def write(self, _offset: int, _data: Buffer) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    def flush(self) -> None:
        """There is nothing to write."""


class _Waiting(msgspec.Struct, array_like=True):
    """Of one file: its size, and the pages that are not written."""

    size: int
    pages: dict[int, bytearray]


class _Entry(NamedTuple):
    slot: int
    offset: int
    capacity: int
    size: int


class FileSystem:
    """The files on a device. Safe to use from any number of threads."""

    def __init__(self, device: Device) -> None:
        """Mount. Raises OSError where there is no file system."""
        self.device = device
        self._lock = threading.RLock()
        self._open: dict[str, OpenFile] = {}
        head = bytearray(len(_MAGIC))
        device.read_into(0, head)
        if head != _MAGIC:
            raise OSError(errno.EINVAL, "there is no file system on the device")
        self._entries = dict(self._load())

    @classmethod
    def format(cls, device: Device) -> "FileSystem":
        """Make an empty file system and mount it."""
        device.write(_DIRECTORY, bytes(_SLOTS * _SECTOR))
        device.write(0, _MAGIC)
        device.flush()
        return cls(device)

    @classmethod
    def frozen(cls, content: Readable) -> "FileSystem":
        """Mount what a shadow copy holds, to read it. Raises OSError where there is no file system."""
        return cls(_ReadOnly(content))

    def names(self) -> list[str]:
        return sorted(self._entries)

    def exists(self, name: str) -> bool:
        return name in self._entries

    def free(self) -> int:
        """Bytes that no file has taken."""
        with self._lock:
            return self.device.size - _DATA - sum(entry.capacity for entry in self._entries.values())

    def extent(self, name: str) -> tuple[int, int]:
        """Where a file lies on the device: offset and capacity. Raises FileNotFoundError."""
        entry = self._entry(name)
        return entry.offset, entry.capacity

    def create(self, name: str, capacity: int, *, size: int = 0) -> "OpenFile":
        """Make a file that can grow to `capacity`. Raises FileExistsError, and OSError with ENOSPC without room."""
        with self._lock:
            if name in self._entries:
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)
            taken = {entry.slot for entry in self._entries.values()}
            slot = next((slot for slot in range(_SLOTS) if slot not in taken), None)
            capacity = -(-capacity // PAGE) * PAGE
            offset = self._room(capacity)
            if slot is None or offset is None:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name)
            self._put(name, _Entry(slot, offset, capacity, size))
            return self.open(name)

    def open(self, name: str) -> "OpenFile":
        """The file of this name, the same object for everybody. Raises FileNotFoundError."""
        with self._lock:
            if name not in self._open:
                self._open[name] = OpenFile(self, name, self._entry(name), self._lock)
            return self._open[name]

    def remove(self, name: str) -> None:
        """Remove a file; done for good when this returns. Raises FileNotFoundError."""
        with self._lock:
            entry = self._entry(name)
            self.device.write(_DIRECTORY + entry.slot * _SECTOR, bytes(_SECTOR))
            self.device.flush()
            del self._entries[name]
            self._open.pop(name, None)

    def flush(self) -> None:
        """Write out all files."""
        with self._lock:
            for file in self._open.values():
                file.write_out()
        self.device.flush()

    def write_lazily(self, random: Random) -> None:
        """Write out some of what waits, in any order, as a cache does whenever it likes."""
        with self._lock:
            waiting = [(file, page) for file in self._open.values() for page in file.waiting()]
            for file, page in random.sample(waiting, random.randint(0, len(waiting))):
                file.write_page(page)

    def unwritten(self) -> bytes:
        """All that waits to be written: what a saved machine's memory holds of the files."""
        with self._lock:
            waits = {name: _Waiting(file.size, file.pages) for name, file in self._open.items()}
            return msgspec.msgpack.encode(waits)

    def recall(self, unwritten: bytes) -> None:
        """Take up what waited when a machine was saved."""
        with self._lock:
            for name, waiting in msgspec.msgpack.decode(unwritten, type=dict[str, _Waiting]).items():
                file = self.open(name)
                file.size = waiting.size
                file.pages.update((page, bytearray(content)) for page, content in waiting.pages.items())

    def resized(self, name: str, size: int) -> None:
        """Note a file's new size for good."""
        with self._lock:
            self._put(name, self._entry(name)._replace(size=size))

    def _entry(self, name: str) -> _Entry:
        try:
            return self._entries[name]
        except KeyError:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name) from None

    def _room(self, capacity: int) -> int | None:
        """The first gap that is large enough."""
        start = _DATA
        for entry in sorted(self._entries.values(), key=lambda entry: entry.offset):
            if entry.offset - start >= capacity:
                return start
            start = entry.offset + entry.capacity
        return start if self.device.size - start >= capacity else None

    def _put(self, name: str, entry: _Entry) -> None:
        encoded = name.encode()
        body = _ENTRY.pack(0, entry.offset, entry.capacity, entry.size, len(encoded))[4:] + encoded
        sector = struct.pack("<I", zlib.crc32(body)) + body
        self.device.write(_DIRECTORY + entry.slot * _SECTOR, sector.ljust(_SECTOR, b"\0"))
        self._entries[name] = entry

    def _load(self) -> Iterator[tuple[str, _Entry]]:
        directory = bytearray(_SLOTS * _SECTOR)
        self.device.read_into(_DIRECTORY, directory)
        for slot in range(_SLOTS):
            sector = directory[slot * _SECTOR : (slot + 1) * _SECTOR]
            checksum, offset, capacity, size, length = _ENTRY.unpack_from(sector)
            if capacity and checksum == zlib.crc32(sector[4 : _ENTRY.size + length]):
                yield sector[_ENTRY.size : _ENTRY.size + length].decode(), _Entry(slot, offset, capacity, size)


class OpenFile:
    """A file of a file system, with the pages of it that wait to be written."""

    def __init__(self, filesystem: FileSystem, name: str, entry: _Entry, lock: threading.RLock) -> None:
        self.name = name
        self.size = entry.size
        self._filesystem = filesystem
        self._device = filesystem.device
        self._entry = entry
        self.pages: dict[int, bytearray] = {}
        """By number, those that wait to be written."""
        self._lock = lock

    def read(self, offset: int, length: int) -> bytes:
        """What is there; less at the end of the file."""
        with self._lock:
            end = min(offset + length, self.size)
            parts = []
            while offset < end:
                page, start = divmod(offset, PAGE)
                stop = min(PAGE, start + end - offset)
                parts.append(bytes(self._page(page)[start:stop]))
                offset += stop - start
            return b"".join(parts)

    def write(self, offset: int, data: Buffer) -> None:
        """Write. Raises OSError with ENOSPC beyond the capacity."""
        with self._lock:
            if offset + len(data) > self._entry.capacity:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self.name)
            for page in range(-(-self.size // PAGE), offset // PAGE):
                self.pages[page] = bytearray(PAGE)
            view = memoryview(data)
            done = 0
            while done < len(view):
                page, start = divmod(offset + done, PAGE)
                part = view[done : done + PAGE - start]
                content = self._page(page)
                content[start : start + len(part)] = part
                self.pages[page] = content
                done += len(part)
            self.size = max(self.size, offset + len(data))

    def truncate(self, size: int) -> None:
        """Cut off what lies behind."""
        with self._lock:
            if size >= self.size:
                return
            last, rest = divmod(size, PAGE)
            if rest:
                self.pages[last] = self._page(last)[:rest] + bytes(PAGE - rest)
            for page in [page for page in self.pages if page > last or (page == last and not rest)]:
                del self.pages[page]
            self.size = size

    def sync(self) -> None:
        """Return when the file is durable."""
        with self._lock:
            self.write_out()
        self._device.flush()

    def write_out(self) -> None:
        """Hand all that waits to the device, pages that lie side by side at once."""
        for _, together in groupby(enumerate(self.waiting()), key=lambda item: item[1] - item[0]):
            pages = [page for _, page in together]
            self._device.write(self._entry.offset + pages[0] * PAGE, b"".join(map(self.pages.pop, pages)))
        if self.size != self._entry.size:
            self._filesystem.resized(self.name, self.size)
            self._entry = self._entry._replace(size=self.size)

    def waiting(self) -> list[int]:
        """Pages that are not written out."""
        return sorted(self.pages)

    def write_page(self, page: int) -> None:
        """Hand one page to the device."""
        self._device.write(self._entry.offset + page * PAGE, self.pages.pop(page))

    def _page(self, page: int) -> bytearray:
        if page in self.pages:
            return self.pages[page]
        content = bytearray(PAGE)
        known = min(self.size - page * PAGE, PAGE)
        if known > 0:
            self._device.read_into(self._entry.offset + page * PAGE, memoryview(content)[:known])
        return content
