"""A small journaled store, as the registry's hives are: a base file with two sequence numbers, and a log beside it.

A change is appended to the log and synced before it counts. Saving writes the base anew between its first and its
second sequence number, and empties the log; where the numbers differ, or the checksum does, the base was being written
when the machine stopped, and the log, which then holds everything, is what counts.
"""

import json
import struct
import threading
import zlib

from engine.hyperv.filesystem import PAGE, FileSystem, OpenFile

_HEAD = struct.Struct("<QQQI")
"""First and second sequence number, length of the content, its CRC-32."""
_RECORD = struct.Struct("<QII")
"""Sequence number, length, CRC-32 of a change."""
_CAPACITY = 1 << 20


class DamagedHiveError(Exception):
    """Neither base nor log gives the content."""


class Hive:
    """Names with values on a file system. Raises OSError where the disk fails."""

    def __init__(self, filesystem: FileSystem, name: str) -> None:
        """Open or create it, and replay its log. Raises DamagedHiveError."""
        self.name = name
        self._changed = threading.Condition()
        self._frozen = False
        self._base = _opened(filesystem, name)
        self._log = _opened(filesystem, name + ".LOG")
        self._sequence, self._values = self._load_base()
        self.replayed = self._replay()
        """How many changes came from the log."""

    @property
    def values(self) -> dict[str, str]:
        with self._changed:
            return dict(self._values)

    @property
    def frozen(self) -> bool:
        """Whether changes wait."""
        return self._frozen

    def set(self, name: str, value: str) -> None:
        """Change a value, once changes may be made; durable when this returns."""
        with self._changed:
            while self._frozen:
                self._changed.wait()
            change = json.dumps([name, value]).encode()
            if self._log.size + _RECORD.size + len(change) > _CAPACITY // 2:
                self._save()
            self._append(change)
            self._values[name] = value

    def freeze(self) -> None:
        """Let changes wait, and leave nothing in the log."""
        with self._changed:
            self._frozen = True
            self._save()

    def thaw(self) -> None:
        """Let changes go on."""
        with self._changed:
            self._frozen = False
            self._changed.notify_all()

    def _append(self, change: bytes) -> None:
        self._sequence += 1
        record = _RECORD.pack(self._sequence, len(change), zlib.crc32(change)) + change
        self._log.write(self._log.size, record)
        self._log.sync()

    def _save(self) -> None:
        """Before the base is touched, the log holds all of it; only then may the base be torn."""
        content = json.dumps(self._values, sort_keys=True).encode()
        self._append(content)
        self._base.write(0, _HEAD.pack(self._sequence, 0, len(content), zlib.crc32(content)))
        self._base.sync()
        self._base.write(PAGE, content)
        self._base.sync()
        self._base.write(0, _HEAD.pack(self._sequence, self._sequence, len(content), zlib.crc32(content)))
        self._base.sync()
        self._log.truncate(0)
        self._log.sync()

    def _load_base(self) -> tuple[int, dict[str, str]]:
        if self._base.size < _HEAD.size:
            return 0, {}
        first, second, length, checksum = _HEAD.unpack(self._base.read(0, _HEAD.size))
        content = self._base.read(PAGE, length)
        if first != second or len(content) < length or zlib.crc32(content) != checksum:
            return 0, {}
        return first, json.loads(content)

    def _replay(self) -> int:
        count, place = 0, 0
        while place + _RECORD.size <= self._log.size:
            sequence, length, checksum = _RECORD.unpack(self._log.read(place, _RECORD.size))
            change = self._log.read(place + _RECORD.size, length)
            if len(change) < length or zlib.crc32(change) != checksum:
                break  # it never counted
            place += _RECORD.size + length
            if sequence > self._sequence:
                self._sequence = sequence
                self._apply(json.loads(change))
                count += 1
        self._log.truncate(place)
        if self._base.size >= _HEAD.size and not self._sequence:
            raise DamagedHiveError(f"{self.name}: the base is torn, and the log does not hold it")
        return count

    def _apply(self, change: dict[str, str] | list[str]) -> None:
        if isinstance(change, dict):
            self._values = change
        else:
            self._values[change[0]] = change[1]


def _opened(filesystem: FileSystem, name: str) -> OpenFile:
    return filesystem.open(name) if filesystem.exists(name) else filesystem.create(name, _CAPACITY)
