"""Disks that behave badly: `Faulty` fails chosen calls of any files, `CrashDisk` loses what was not made durable.

Both stand in for `engine.files.SYSTEM`. A crash keeps of every file what was synced, and of the later writes any
subset of their 512-byte sectors; names that were not made durable by `sync_folder` may be lost from some moment on.
"""

import errno
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from engine.files import Data, File, Files, Opening, Room

SECTOR = 512


class Call(NamedTuple):
    """One call of the file layer."""

    number: int
    """Counted from 1 over all files."""
    name: str
    path: Path
    offset: int
    length: int


Fault = OSError | int | None
"""Raise this; or let only so many bytes through; or nothing."""
Plan = Callable[[Call], Fault]


def no_fault(_call: Call) -> Fault:
    return None


def fail(number: int, code: int, *, sticky: bool = False) -> Plan:
    """Fail the call of this number, or all from it on."""

    def plan(call: Call) -> Fault:
        due = call.number >= number if sticky else call.number == number
        return OSError(code, os.strerror(code), str(call.path)) if due else None

    return plan


def short(every: int) -> Plan:
    """Let each n-th read or write stop after a part."""

    def plan(call: Call) -> Fault:
        return max(1, call.length // 3) if call.length and call.number % every == 0 else None

    return plan


class Faulty:
    """Records every call to the files below it, and fails those that the plan names."""

    def __init__(self, files: Files, plan: Plan = no_fault) -> None:
        self.plan = plan
        self.calls: list[Call] = []
        self._files = files

    def meet(self, name: str, path: Path, offset: int = 0, length: int = 0) -> int:
        """Record a call; how many of its bytes go through."""
        call = Call(len(self.calls) + 1, name, path, offset, length)
        self.calls.append(call)
        fault = self.plan(call)
        if isinstance(fault, OSError):
            raise fault
        return length if fault is None else fault

    def open(self, path: Path, opening: Opening) -> "_FaultyFile":
        self.meet("open", path)
        return _FaultyFile(self, path, self._files.open(path, opening))

    def exists(self, path: Path) -> bool:
        return self._files.exists(path)

    def modified(self, path: Path) -> int:
        return self._files.modified(path)

    def names(self, folder: Path) -> list[str]:
        return self._files.names(folder)

    def make_folder(self, folder: Path) -> None:
        self.meet("make_folder", folder)
        self._files.make_folder(folder)

    def replace(self, source: Path, target: Path) -> None:
        self.meet("replace", target)
        self._files.replace(source, target)

    def remove(self, path: Path) -> None:
        self.meet("remove", path)
        self._files.remove(path)

    def sync_folder(self, folder: Path) -> None:
        self.meet("sync_folder", folder)
        self._files.sync_folder(folder)


class _FaultyFile:
    def __init__(self, faulty: Faulty, path: Path, file: File) -> None:
        self._faulty = faulty
        self._path = path
        self._file = file

    def pread(self, room: Room, offset: int) -> int:
        allowed = self._faulty.meet("pread", self._path, offset, len(room))
        return self._file.pread(memoryview(room)[:allowed], offset)

    def pwrite(self, data: Data, offset: int) -> int:
        allowed = self._faulty.meet("pwrite", self._path, offset, len(data))
        return self._file.pwrite(memoryview(data)[:allowed], offset)

    def size(self) -> int:
        return self._file.size()

    def truncate(self, size: int) -> None:
        self._faulty.meet("truncate", self._path, size)
        self._file.truncate(size)

    def punch(self, offset: int, length: int) -> None:
        self._faulty.meet("punch", self._path, offset)
        self._file.punch(offset, length)

    def extents(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        self._faulty.meet("extents", self._path, start)
        return self._file.extents(start, end)

    def begin_sync(self, offset: int, length: int) -> None:
        self._file.begin_sync(offset, length)

    def sync(self) -> None:
        self._faulty.meet("sync", self._path)
        self._file.sync()

    def close(self) -> None:
        self._file.close()


class _Change(NamedTuple):
    """Bytes that were written, or a new length."""

    offset: int
    data: bytes | None


class _Content:
    """What a file holds now, and what of it would be there after a crash."""

    def __init__(self, data: bytes = b"") -> None:
        self.now = bytearray(data)
        self.durable = bytearray(data)
        self.pending: list[_Change] = []
        self.changes = 1
        """Counts as the moment of the last one."""

    def change(self, change: _Change) -> None:
        self.changes += 1
        self.pending.append(change)
        _apply(self.now, change)

    def sync(self) -> None:
        self.durable = bytearray(self.now)
        self.pending.clear()

    def after_crash(self, dice: random.Random) -> bytes:
        left = bytearray(self.durable)
        for change in self.pending:
            for part in _sectors(change):
                if dice.random() < 0.5:
                    _apply(left, part)
        return bytes(left)


def _apply(content: bytearray, change: _Change) -> None:
    end = change.offset + len(change.data or b"")
    if change.data is None:
        del content[change.offset :]
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    if change.data is not None:
        content[change.offset : end] = change.data


def _sectors(change: _Change) -> Iterator[_Change]:
    """The parts of a change that reach the disk whole or not at all."""
    if not change.data:
        yield change
        return
    position = 0
    while position < len(change.data):
        step = SECTOR - (change.offset + position) % SECTOR
        yield _Change(change.offset + position, change.data[position : position + step])
        position += step


_Names = dict[Path, _Content]


class CrashDisk:
    """Files in memory, which a crash reduces to what was made durable and a random part of the rest."""

    def __init__(self) -> None:
        self._now: _Names = {}
        self._folders: set[Path] = set()
        self._history: dict[Path, list[_Names]] = {}
        """Per folder the states of its names since they were last made durable; the first is durable."""

    def crashed(self, dice: random.Random) -> "CrashDisk":
        """A disk as the next start might find it."""
        left = CrashDisk()
        left._folders = set(self._folders)
        for folder, states in self._history.items():
            names = dice.choice(states)
            left._now.update({path: _Content(content.after_crash(dice)) for path, content in names.items()})
            left._history[folder] = [{path: left._now[path] for path in names}]
        return left

    def put(self, path: Path, data: bytes) -> None:
        """A file that has always been there."""
        self._now[path] = _Content(data)
        self._history[path.parent] = [self._in(path.parent)]

    def content(self, path: Path) -> bytes:
        """What a file holds now."""
        return bytes(self._now[path].now)

    def _in(self, folder: Path) -> _Names:
        return {path: content for path, content in self._now.items() if path.parent == folder}

    def _renamed(self, folder: Path) -> None:
        self._history.setdefault(folder, [{}]).append(self._in(folder))

    def open(self, path: Path, opening: Opening) -> "_CrashFile":
        present = path in self._now
        if present == (opening == "create"):
            code = errno.EEXIST if present else errno.ENOENT
            raise OSError(code, os.strerror(code), str(path))
        if not present:
            self._now[path] = _Content()
            self._renamed(path.parent)
        return _CrashFile(self._now[path])

    def exists(self, path: Path) -> bool:
        return path in self._now or path in self._folders or bool(self._in(path))

    def modified(self, path: Path) -> int:
        return self._now[path].changes

    def names(self, folder: Path) -> list[str]:
        return sorted(path.name for path in self._in(folder))

    def make_folder(self, folder: Path) -> None:
        self._folders.update((folder, *folder.parents))

    def replace(self, source: Path, target: Path) -> None:
        self._now[target] = self._now.pop(source)
        self._renamed(target.parent)
        if source.parent != target.parent:
            self._renamed(source.parent)

    def clone(self, source: Path, target: Path) -> None:
        self.open(target, "create").pwrite(self._now[source].now, 0)

    def remove(self, path: Path) -> None:
        del self._now[path]
        self._renamed(path.parent)

    def sync_folder(self, folder: Path) -> None:
        self._history[folder] = [self._in(folder)]


class _CrashFile:
    def __init__(self, content: _Content) -> None:
        self._content = content

    def pread(self, room: Room, offset: int) -> int:
        part = self._content.now[offset : offset + len(room)]
        memoryview(room)[: len(part)] = part
        return len(part)

    def pwrite(self, data: Data, offset: int) -> int:
        self._content.change(_Change(offset, bytes(data)))
        return len(data)

    def size(self) -> int:
        return len(self._content.now)

    def truncate(self, size: int) -> None:
        self._content.change(_Change(size, None))

    def punch(self, offset: int, length: int) -> None:
        self._content.change(_Change(offset, bytes(length)))

    def extents(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Sectors that hold anything but zeros: a file system may well know so."""
        for position in range(start, min(end, len(self._content.now)), SECTOR):
            stop = min(position + SECTOR, end, len(self._content.now))
            if any(self._content.now[position:stop]):
                yield position, stop

    def begin_sync(self, offset: int, length: int) -> None:
        """Whether any of it reaches the disk is left to chance anyway."""

    def sync(self) -> None:
        self._content.sync()

    def close(self) -> None:
        pass
