"""The epochs of a volume, oldest first: what was written in each, and which old blocks its shadow copies need.

An epoch begins when a shadow copy is made and lasts until the next is made. A block is copied away when it is first
written in the newest epoch (the newest copy gets the old block; older ones read through the newer), so a shadow copy
reads a block from the first epoch, from its own on, that holds it, and from the volume where none does.

Locking. One mutex orders everything that changes: copying away, beginning, ending and losing. A block's bits are set
after its old content is kept and before it is overwritten, and a tuple of epochs is replaced, never changed. So readers
need no lock: they read the volume first and look at the bits afterwards; a block whose bit is not set by then was not
overwritten before it was read, and any other is taken from the old blocks.
"""

import errno
import threading
from collections.abc import Callable, Iterator

from engine.blocks import joined
from engine.files import File, Room, read_fully
from engine.volume.bitmap import WORD, Bitmap, runs
from engine.volume.diffarea import BLOCK, AreaFullError, DiffArea, OldBlocks, blocks_of
from engine.volume.errors import OutOfRangeError, ShadowCopyLostError
from engine.volume.events import Loss, Report, ShadowCopyLost, VolumeEvent
from engine.volume.gate import Clock

REFERENCES = 4
"""So many of the newest shadow copies are known as references for changed blocks, whether they still live or not."""
PATIENCE = 10.0
"""Seconds for which a write waits for its old blocks before copies are lost; Windows does not tell its own limit."""
_PIECE = (1 << 20) // BLOCK
"""Blocks that are copied away with one read."""


Mark = Callable[[int, int], None]
"""Told that blocks from the first to before the last are about to be written; OSError refuses the write."""


class Epoch:
    """The time since a shadow copy was made, until the next was made."""

    def __init__(self, name: str, blocks: int) -> None:
        self.name = name
        """The shadow copy that began it; empty where none did."""
        self.changed = Bitmap(blocks)
        """Blocks written in it."""
        self.old: OldBlocks | None = None
        """Where old blocks go; every epoch from that of the oldest living copy on has such a place."""
        self.alive = False
        """Whether the shadow copy that began it is read through these epochs."""


class Chain:
    """A volume's file and its epochs."""

    def __init__(
        self, file: File, area: DiffArea, mark: Mark, report: Report, clock: Clock, epochs: tuple[Epoch, ...]
    ) -> None:
        self.file = file
        self.size = file.size()
        self.blocks = blocks_of(self.size)
        self.epochs = epochs
        self.mutex = threading.Lock()
        self._area = area
        self._mark = mark
        self._report = report
        self._clock = clock
        self._untold: list[VolumeEvent] = []

    # --- the writer's side --------------------------------------------------------------------------------------------

    def before_write(self, offset: int, length: int) -> None:
        """Copy away what shadow copies need of a range that is about to be overwritten, and mark it as changed."""
        start, end = offset // BLOCK, (offset + length - 1) // BLOCK + 1
        if end - start == 1 and self.epochs[-1].changed.has(start):
            return  # as most writes of a busy volume
        for first in range(start, end, WORD):
            last = min(first + WORD, end)
            every = (1 << (last - first)) - 1
            if self.epochs[-1].changed.word(first, last) != every:
                self._first_touch(first, last, every)

    def _first_touch(self, first: int, last: int, every: int) -> None:
        with self.mutex:
            fresh = every & ~self.epochs[-1].changed.word(first, last)
            if fresh:
                self._mark(first, last)
                self._copy_away(first, last, fresh)
                self.epochs[-1].changed.add(first, last, fresh)
        self._tell()

    def _copy_away(self, first: int, last: int, fresh: int) -> None:
        """Keep old blocks, giving up the oldest shadow copies where there is no room, all where the disk fails."""
        while (old := self.epochs[-1].old) is not None:
            begun = self._clock.now()
            try:
                for start, end in runs(fresh & ~self._kept(first, last)):
                    for piece in range(first + start, first + end, _PIECE):
                        old.keep(piece, self._content(piece, min(piece + _PIECE, first + end)))
            except AreaFullError:
                self._lose_oldest()
            except OSError as error:
                self._lose_all(Loss.NO_SPACE if error.errno == errno.ENOSPC else Loss.IO_FAILURE, str(error))
            else:
                if (taken := self._clock.now() - begun) > PATIENCE:
                    self._lose_all(Loss.TOO_SLOW, f"a write waited {taken:.0f} s for its old blocks to be copied away")
                return

    def _kept(self, first: int, last: int) -> int:
        """The blocks that the newest shadow copy, and with it every older one, finds among the old ones."""
        kept = 0
        for epoch in reversed(self.epochs):
            if epoch.old is not None:
                kept |= epoch.old.present.word(first, last)
            if epoch.alive:
                break
        return kept

    def _content(self, first: int, last: int) -> bytearray:
        room = bytearray(min(last * BLOCK, self.size) - first * BLOCK)
        read_exactly(self.file, room, first * BLOCK)
        return room

    # --- beginning and ending -----------------------------------------------------------------------------------------

    def begin(self, name: str, old: OldBlocks | None) -> Epoch:
        """A new epoch, with a shadow copy where there is room for its old blocks. Nobody may be writing."""
        epoch = Epoch(name, self.blocks)
        epoch.old = old
        epoch.alive = old is not None
        with self.mutex:
            self.epochs = (*self.epochs, epoch)
            self._trim()
        return epoch

    def end(self, epoch: Epoch) -> None:
        """Release a shadow copy, and free the blocks that no other needs."""
        with self.mutex:
            if epoch.alive:
                epoch.alive = False
                self._free()
                self._trim()

    def end_all(self) -> None:
        """Release all shadow copies."""
        with self.mutex:
            for epoch in self.epochs:
                epoch.alive = False
            self._free()

    def alive(self) -> tuple[Epoch, ...]:
        """The epochs whose shadow copies can be read, oldest first."""
        return tuple(epoch for epoch in self.epochs if epoch.alive)

    def _lose_oldest(self) -> None:
        oldest, *others = self.alive()
        detail = f"the diff area holds {self._area.used} bytes of {self._area.limit}"
        self._lose(oldest, Loss.OLDEST if others else Loss.LIMIT, detail)
        self._free()

    def _lose_all(self, loss: Loss, detail: str) -> None:
        for epoch in self.alive():
            self._lose(epoch, loss, detail)
        self._free()

    def _lose(self, epoch: Epoch, loss: Loss, detail: str) -> None:
        epoch.alive = False
        self.announce(ShadowCopyLost(epoch.name, loss, detail))

    def announce(self, event: VolumeEvent) -> None:
        """Report something as soon as no lock is held."""
        self._untold.append(event)

    def _tell(self) -> None:
        while self._untold:
            try:
                event = self._untold.pop(0)
            except IndexError:  # another thread told it
                return
            self._report(event)

    def _free(self) -> None:
        """Forget old blocks that no living shadow copy reads."""
        oldest = next((place for place, epoch in enumerate(self.epochs) if epoch.alive), len(self.epochs))
        for epoch in self.epochs[:oldest]:
            old, epoch.old = epoch.old, None
            if old is not None:
                old.close()
        self._drop_hidden(self.epochs[oldest:])

    def _drop_hidden(self, epochs: tuple[Epoch, ...]) -> None:
        """Drop blocks of ended epochs that every living copy before them finds in an earlier epoch."""
        if all(epoch.alive for epoch in epochs):
            return
        for first in range(0, self.blocks, WORD):
            last = min(first + WORD, self.blocks)
            earlier = 0
            for epoch in epochs:
                if epoch.old is None:
                    continue
                present = epoch.old.present.word(first, last)
                if epoch.alive:
                    earlier = present
                    continue
                if hidden := present & earlier:
                    epoch.old.drop(first, last, hidden)
                earlier |= present

    def _trim(self) -> None:
        """Leave out the oldest epochs where neither a shadow copy nor a reference begins."""
        spare = max(0, len(self.epochs) - REFERENCES)
        start = next((place for place, epoch in enumerate(self.epochs[:spare]) if epoch.alive), spare)
        self.epochs = self.epochs[start:]

    # --- the reader's side --------------------------------------------------------------------------------------------

    def read_as_of(self, epoch: Epoch, room: Room, offset: int) -> None:
        """Fill `room` with what the volume held when `epoch` began."""
        check(offset, len(room), self.size)
        try:
            read_exactly(self.file, room, offset)
            self._overlay(epoch, memoryview(room), offset)
        except OSError as error:
            if not epoch.alive:
                raise ShadowCopyLostError(epoch.name) from error
            raise
        if not epoch.alive:  # looked at last: what was read may be gone since
            raise ShadowCopyLostError(epoch.name)

    def _overlay(self, epoch: Epoch, room: memoryview, offset: int) -> None:
        if not len(room):
            return
        end = offset + len(room)
        first, last = offset // BLOCK, (end - 1) // BLOCK + 1
        missing = (1 << (last - first)) - 1
        for old in self._old_since(epoch):
            found = old.present.word(first, last) & missing
            for start, stop in runs(found):
                low, high = max(offset, (first + start) * BLOCK), min(end, (first + stop) * BLOCK)
                read_exactly(old.file, room[low - offset : high - offset], low)
            missing &= ~found
            if not missing:
                return

    def extents_as_of(self, epoch: Epoch, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The ranges (start, end) that held data when `epoch` began, in order; what is left out held zeros."""
        return joined(self._pieces(epoch, start, min(end, self.size)))

    def _pieces(self, epoch: Epoch, start: int, end: int) -> Iterator[tuple[int, int]]:
        for begin in range(start // BLOCK, -(-end // BLOCK), WORD):
            stop = min(begin + WORD, self.blocks)
            data = self._data_now(begin, stop)  # the volume first, as when reading
            for old in reversed(self._old_since(epoch)):
                data = data & ~old.present.word(begin, stop) | old.stored.word(begin, stop)
            for first, last in runs(data):
                low, high = max(start, (begin + first) * BLOCK), min(end, (begin + last) * BLOCK)
                if low < high:
                    yield low, high
        if not epoch.alive:
            raise ShadowCopyLostError(epoch.name)

    def _data_now(self, first: int, last: int) -> int:
        bits = 0
        for low, high in self.file.extents(first * BLOCK, min(last * BLOCK, self.size)):
            start, stop = low // BLOCK - first, -(-high // BLOCK) - first
            bits |= (1 << stop) - (1 << start)
        return bits

    def _old_since(self, epoch: Epoch) -> list[OldBlocks]:
        """Old blocks from an epoch on, the ones to be looked at first first."""
        epochs = self.epochs
        if not epoch.alive or epoch not in epochs:
            raise ShadowCopyLostError(epoch.name)
        kept = [later.old for later in epochs[epochs.index(epoch) :]]
        return [old for old in kept if old is not None]

    def changed_between(self, reference: str, epoch: Epoch) -> Iterator[tuple[int, int]] | None:
        """The ranges (start, end) written from one shadow copy to another; None where the first is not known."""
        epochs = self.epochs
        begun = next((place for place, one in enumerate(epochs) if one.name == reference and one.name), None)
        if begun is None or epoch not in epochs or begun > epochs.index(epoch):
            return None
        return joined(self._written(epochs[begun : epochs.index(epoch)]))

    def _written(self, epochs: tuple[Epoch, ...]) -> Iterator[tuple[int, int]]:
        for first in range(0, self.blocks, WORD):
            last = min(first + WORD, self.blocks)
            bits = 0
            for epoch in epochs:
                bits |= epoch.changed.word(first, last)
            for start, stop in runs(bits):
                yield (first + start) * BLOCK, min((first + stop) * BLOCK, self.size)


def read_exactly(file: File, room: Room, offset: int) -> None:
    """Fill `room`; OSError where the file has become shorter."""
    if read_fully(file, room, offset) < len(room):
        raise OSError(errno.EIO, f"the file ends before byte {offset + len(room)}")


def check(offset: int, length: int, size: int) -> None:
    """Refuse what is not within a volume."""
    if offset < 0 or length < 0 or offset + length > size:
        raise OutOfRangeError(offset, length, size)
