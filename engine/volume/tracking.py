"""Which blocks were changed since which shadow copy, across restarts and crashes (what Hyper-V's RCT does).

Two files. The *history* holds the epochs with a bit per block, written whole (draft, sync, rename) whenever an epoch
begins and when the volume is closed. The *regions* hold a bit per region of 1 MiB or more that was written since the
history was; a region's bit is durable before the first write into it goes to the disk. After an unclean end, every
block of a marked region counts as changed. Hyper-V keeps a fine and a coarse table (.rct, .mrt) to the same end.

A mark costs a sync, for which the write waits. So marks widen: the first of an epoch take in one region, later ones
twice as many around the write, and again. Writes in few places are known closely after a crash, and writes all over a
volume wait for about a hundred marks an epoch, however large it is.

A history from before a foreign hand wrote the volume is not believed: the file's time of modification at the clean end
is noted. Nor is one that is damaged or of another size. Then no reference is known, and everything counts as changed.
"""

import hashlib
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from engine.files import File, Files, read_fully, write_atomically, write_fully
from engine.volume.bitmap import WORD, Bitmap, runs
from engine.volume.diffarea import BLOCK, blocks_of

_MAGIC = b"SHNDCBT1"
_HEAD = struct.Struct("<8sQQIQI")
"""Magic, size of the volume, time of modification or 0 while in use, bytes of a block, blocks, epochs."""
_EPOCH = struct.Struct("<HI")
"""Bytes of the name, bytes of the bits (deflated)."""
_DIGEST = 32
_MOST = 1 << 30
"""A history of more bytes than this is not ours: 64 TiB of scattered changes take 512 MiB an epoch before deflating."""
_REGIONS = 1 << 16
"""There are so many regions at most, and none is smaller than 1 MiB."""
_SECTOR = 512
_NARROW = 8
"""So many marks are of one width, before they double it."""


class DamagedHistoryError(Exception):
    """A history cannot be believed; the message says why."""


class Recorded(NamedTuple):
    """An epoch as it is kept in a file."""

    name: str
    changed: Bitmap


class Tracking:
    """The history and the regions of one volume."""

    def __init__(self, files: Files, path: Path, volume: Path, size: int) -> None:
        self._files = files
        self._path = path
        self._volume = volume
        self._size = size
        self._blocks = blocks_of(size)
        self._region = max(1 << 20, 1 << (max(1, size - 1) // _REGIONS).bit_length())
        """Bytes of a region, a power of two."""
        self._marked = Bitmap(-(-max(1, size // self._region + 1) // (8 * _SECTOR)) * _SECTOR * 8)
        self._marks = 0
        """How many there were in this epoch."""
        self._regions: File | None = None

    def load(self) -> list[Recorded]:
        """The epochs of the last time, or none where that is the first; DamagedHistoryError where they are unusable."""
        if not self._files.exists(self._path):
            return []
        epochs, modified = self._parsed(self._content())
        if modified == 0:
            self._load_regions()
            for first, last in self._marked_blocks():
                epochs[-1].changed.put(first, last, (1 << (last - first)) - 1)
        elif modified != self._files.modified(self._volume):
            raise DamagedHistoryError("somebody else wrote the volume since")
        return epochs

    def begin(self, epochs: Sequence[Recorded]) -> None:
        """Note that the volume is in use; from here on nothing may be written without `mark`."""
        if self._regions is None:
            self._regions = self._opened_regions()
        self._write(epochs, modified=0)
        self._marked = Bitmap(self._marked.count)  # only now, as the history holds what they stood for
        self._marks = 0
        write_fully(self._regions, self._marked.to_bytes(), 0)

    def mark(self, first: int, last: int) -> None:
        """Let no crash forget that blocks from `first` to before `last` may have changed."""
        low, high = first * BLOCK // self._region, (last * BLOCK - 1) // self._region + 1
        if self._regions is None or self._marked.word(low, high) == (1 << (high - low)) - 1:
            return
        width = 1 << min(self._marks // _NARROW, _REGIONS.bit_length())
        low, high = low // width * width, min(-(-high // width) * width, self._marked.count)
        before = self._marked.word(low, high)
        self._marked.put(low, high, (1 << (high - low)) - 1)
        start, end = low // (8 * _SECTOR) * _SECTOR, -(-high // (8 * _SECTOR)) * _SECTOR
        try:
            write_fully(self._regions, self._marked.to_bytes()[start:end], start)
            self._regions.sync()
        except OSError:
            self._marked.put(low, high, before)  # what is not durable must not be relied on
            raise
        self._marks += 1

    def finish(self, epochs: Sequence[Recorded]) -> None:
        """Note a clean end; the volume's own file is durable."""
        self._write(epochs, modified=self._files.modified(self._volume))
        self.close()

    def discard(self) -> None:
        """Let nothing be believed the next time."""
        self._forget()
        self.close()

    def close(self) -> None:
        """Release the files as they are."""
        if self._regions is not None:
            self._regions.close()
            self._regions = None

    def _forget(self) -> None:
        if self._files.exists(self._path):
            self._files.remove(self._path)
            self._files.sync_folder(self._path.parent)

    def _opened_regions(self) -> File:
        """The file of the regions, made anew where it is missing or of another length."""
        path = self._regions_path()
        if self._files.exists(path):
            file = self._files.open(path, "write")
            if file.size() == self._marked.size:
                return file
            file.close()
        self._forget()  # an old history with new regions would say that nothing was changed
        if self._files.exists(path):
            self._files.remove(path)
        file = self._files.open(path, "create")
        file.truncate(self._marked.size)
        file.sync()
        self._files.sync_folder(path.parent)
        return file

    def _regions_path(self) -> Path:
        return self._path.with_name(self._path.name + ".regions")

    def _write(self, epochs: Sequence[Recorded], modified: int) -> None:
        parts = [_HEAD.pack(_MAGIC, self._size, modified, BLOCK, self._blocks, len(epochs))]
        for name, changed in epochs:
            encoded, bits = name.encode(), zlib.compress(changed.to_bytes(), 1)
            parts += [_EPOCH.pack(len(encoded), len(bits)), encoded, bits]
        body = b"".join(parts)
        write_atomically(self._files, self._path, body + _digest(body))

    def _content(self) -> bytes:
        file = self._files.open(self._path, "read")
        try:
            if not _HEAD.size + _DIGEST <= file.size() <= _MOST:
                raise DamagedHistoryError(f"{self._path}: {file.size()} bytes are no history of changes")
            room = bytearray(file.size())
            read_fully(file, room, 0)
        finally:
            file.close()
        return bytes(room)

    def _parsed(self, content: bytes) -> tuple[list[Recorded], int]:
        body = content[:-_DIGEST]
        if content[-_DIGEST:] != _digest(body):
            raise DamagedHistoryError(f"{self._path}: damaged")
        magic, size, modified, block, blocks, count = _HEAD.unpack_from(body)
        if (magic, size, block, blocks) != (_MAGIC, self._size, BLOCK, self._blocks) or not count:
            raise DamagedHistoryError(f"{self._path}: of another volume or version")
        try:
            return list(self._epochs(body, count)), modified
        except (struct.error, zlib.error, ValueError) as error:
            raise DamagedHistoryError(f"{self._path}: {error}") from error

    def _epochs(self, body: bytes, count: int) -> Iterator[Recorded]:
        place = _HEAD.size
        for _ in range(count):
            name_length, bits_length = _EPOCH.unpack_from(body, place)
            place += _EPOCH.size
            name = body[place : place + name_length].decode()
            place += name_length
            changed = Bitmap(self._blocks)
            changed.from_bytes(zlib.decompressobj().decompress(body[place : place + bits_length], changed.size + 1))
            place += bits_length
            yield Recorded(name, changed)

    def _load_regions(self) -> None:
        path = self._regions_path()
        if not self._files.exists(path):
            raise DamagedHistoryError(f"{path}: missing, and the volume was not closed")
        file = self._files.open(path, "read")
        try:
            room = bytearray(self._marked.size)
            if read_fully(file, room, 0) < len(room):
                raise DamagedHistoryError(f"{path}: shorter than it was made")
            self._marked.from_bytes(room)
        finally:
            file.close()

    def _marked_blocks(self) -> Iterator[tuple[int, int]]:
        blocks = self._region // BLOCK
        for start in range(0, self._marked.count, WORD):
            for low, high in runs(self._marked.word(start, start + WORD)):
                yield min((start + low) * blocks, self._blocks), min((start + high) * blocks, self._blocks)


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_DIGEST).digest()
