"""A block volume over a file, with shadow copies beside which writers go on writing."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.files import SYSTEM, Data, Files, Room, write_fully
from engine.volume.chain import Chain, Epoch, check, read_exactly
from engine.volume.diffarea import Cloner, DiffArea, OldBlocks, blocks_of
from engine.volume.errors import (
    BadStateError,
    FlushTimeoutError,
    HoldTimeoutError,
    InsufficientStorageError,
    TooManyShadowCopiesError,
)
from engine.volume.events import Report, TrackingRestarted, ignore
from engine.volume.gate import Clock, Gate, MonotonicClock
from engine.volume.shadow import ClonedCopy, ShadowCopy
from engine.volume.tracking import DamagedHistoryError, Recorded, Tracking

LONGEST_HOLD = 10.0
"""Seconds for which writes may be flushed and held (win32: *Shadow Copy Creation for Providers*)."""
MOST_EPOCHS = 512
"""Shadow copies of one volume, counting released ones between living ones (VSS allows 512)."""


class Volume:
    """A file as a block device: any bytes may be read and written, by any number of threads.

    What reaches the disk in a crash is whole sectors of 512 bytes, and all that was written before the last `flush`.
    Requests that overlap and are under way together have no order. One Volume at a time may be open on a file.

    The shadow copies are those of a backup, not persistent ones: they end when the volume is closed or its process
    ends. The knowledge of changed blocks stays, where `tracked`.
    """

    def __init__(
        self,
        path: Path,
        *,
        folder: Path | None = None,
        limit: int | None = None,
        tracked: bool = False,
        cloner: Cloner | None = None,
        files: Files = SYSTEM,
        clock: Clock | None = None,
        report: Report = ignore,
    ) -> None:
        """Open an existing file.

        Args:
            path: the file; its length is the volume's.
            folder: where old blocks and the history of changes are kept; `<path>.shadow` if not given.
            limit: bytes of old blocks that shadow copies may keep; no limit if not given.
            tracked: whether changed blocks are to be known across restarts.
            cloner: makes clones of the file; where its file system can, they serve as shadow copies.
            files: where all of these are.
            clock: limits the time for which writes are held, and for which they wait for a slow diff area.
            report: told of lost shadow copies.

        Raises:
            OSError: the file or the folder cannot be used.
        """
        self.path = path
        self._files = files
        self._report = report
        self.clock = clock or MonotonicClock()
        self._gate = Gate(self.clock)
        self._hold: float | None = None
        """Seconds for which writes are held, None while they are not."""
        self._cloner = cloner
        self._clones: list[ClonedCopy] = []
        self._area = DiffArea(
            files, folder or path.with_name(path.name + ".shadow"), sys.maxsize if limit is None else limit
        )
        self._file = files.open(path, "write")
        self.size = self._file.size()
        self._tracking: Tracking | None = None
        epochs = [Epoch("", blocks_of(self.size))]
        try:
            history = Tracking(files, self._area.folder / "changes", path, self.size)
            if files.exists(self._area.folder):
                self._area.clear()
            if tracked:
                self._area.prepare()
                epochs = self._track(history) or epochs
            else:
                history.discard()  # it would not know of what is written now
            self._chain = Chain(self._file, self._area, self._mark, report, self.clock, tuple(epochs))
            self._begin_history()
        except BaseException:
            self._file.close()
            raise

    @property
    def diff_area_limit(self) -> int:
        """Bytes of old blocks that shadow copies may keep (`vssadmin resize shadowstorage`)."""
        return self._area.limit

    @diff_area_limit.setter
    def diff_area_limit(self, limit: int) -> None:
        self._area.limit = limit

    # --- reading and writing ------------------------------------------------------------------------------------------

    def read_into(self, offset: int, room: Room) -> None:
        """Fill `room` with what is there now."""
        check(offset, len(room), self.size)
        read_exactly(self._file, room, offset)

    def write(self, offset: int, data: Data) -> None:
        """Write; waits while writes are held. OSError where the disk fails: then any of it may have been written."""
        check(offset, len(data), self.size)
        if len(data):
            with self._gate:
                self._chain.before_write(offset, len(data))
                write_fully(self._file, data, offset)

    def discard(self, offset: int, length: int) -> None:
        """Let a range read as zeros, and give back its space where the file system can."""
        check(offset, length, self.size)
        if length:
            with self._gate:
                self._chain.before_write(offset, length)
                self._file.punch(offset, length)

    def flush(self) -> None:
        """Return when all that was written is durable. After an OSError nothing since the last flush may be so."""
        self._file.sync()

    def extents(self, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
        """The ranges (start, end) that are not holes now, in order."""
        return self._file.extents(start, self.size if end is None else end)

    # --- shadow copies ------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Make the diff area ready, ahead of a moment at which writes are held; see whether clones can be made."""
        try:
            self._area.prepare()
        except OSError as error:
            raise InsufficientStorageError(self.path, error) from error
        if self._cloner is not None and not self._clones:
            try:
                self._files.remove(self._area.clone(self._cloner, self.path))
            except OSError:
                self._cloner = None  # then blocks are copied away

    def hold_writes(self, seconds: float = LONGEST_HOLD) -> None:
        """Wait for writes under way, flush, and let new ones wait: until they are released, or the time is over.

        Raises:
            BadStateError: they are held already.
            FlushTimeoutError: it took too long; writes go on.
            OSError: the flush failed; writes go on.
        """
        if self._hold is not None:
            raise BadStateError(f"{self.path}: writes are held already")
        if not self._gate.close(seconds):
            raise FlushTimeoutError(self.path, seconds)
        try:
            self.flush()
        except OSError:
            self._gate.open()
            raise
        if not self._gate.closed(_nothing):
            self._gate.open()
            raise FlushTimeoutError(self.path, seconds)
        self._hold = seconds

    def release_writes(self) -> None:
        """Let writes go on; HoldTimeoutError where they do already, as the time was over."""
        seconds, self._hold = self._held(), None
        if not self._gate.open():
            raise HoldTimeoutError(self.path, seconds)

    @contextmanager
    def writes_held(self, seconds: float = LONGEST_HOLD) -> Iterator[None]:
        """Hold writes for the time of the block."""
        self.hold_writes(seconds)
        try:
            yield
        except BaseException:
            self._hold = None
            self._gate.open()
            raise
        self.release_writes()

    def create_shadow_copy(self, copy_id: str) -> ShadowCopy:
        """A copy of this moment. Writes must be held.

        Raises:
            BadStateError: writes are not held, or the volume had a copy of this name already.
            HoldTimeoutError: writes went on meanwhile; there is no copy.
            InsufficientStorageError: there is no room for old blocks.
            TooManyShadowCopiesError: there are as many as may be.
        """
        seconds = self._held()
        if any(epoch.name == copy_id for epoch in self._chain.epochs):
            raise BadStateError(f"{self.path}: there was a shadow copy {copy_id} before")
        if len(self._chain.epochs) >= MOST_EPOCHS:
            raise TooManyShadowCopiesError(self.path, MOST_EPOCHS)
        self.prepare()
        made: list[ShadowCopy] = []
        try:
            if not self._gate.closed(lambda: made.append(self._copy(copy_id))):
                raise HoldTimeoutError(self.path, seconds)
        except OSError as error:
            raise InsufficientStorageError(self.path, error) from error
        return made[0]

    @property
    def shadow_copies(self) -> tuple[ShadowCopy, ...]:
        """Those that can be read, oldest first."""
        copied = tuple(ShadowCopy(self._chain, epoch) for epoch in self._chain.alive())
        return (*copied, *(clone for clone in self._clones if clone.alive))

    @property
    def diff_area_used(self) -> int:
        """Bytes of old blocks that are kept for shadow copies."""
        return self._area.used

    def close(self) -> None:
        """End all shadow copies and release the file. OSError where what was written could not be made durable."""
        self._chain.end_all()
        for clone in self._clones:
            clone.release()
        try:
            self.flush()
            if self._tracking is not None:
                self._tracking.finish(self._recorded())
        finally:
            if self._tracking is not None:
                self._tracking.close()
            self._file.close()

    def _copy(self, copy_id: str) -> ShadowCopy:
        if self._cloner is None:
            return ShadowCopy(self._chain, self._begun(copy_id, self._area.begin(self.size)))
        path = self._area.clone(self._cloner, self.path)
        try:
            clone = ClonedCopy(self._chain, self._begun(copy_id, None), self._files, path)
        except OSError:
            self._files.remove(path)
            raise
        self._clones = [*(one for one in self._clones if one.alive), clone]
        return clone

    def _begun(self, copy_id: str, old: OldBlocks | None) -> Epoch:
        epoch = self._chain.begin(copy_id, old)
        try:
            self._begin_history()
        except OSError:
            self._chain.end(epoch)
            raise
        return epoch

    def _held(self) -> float:
        if self._hold is None:
            raise BadStateError(f"{self.path}: writes are not held")
        return self._hold

    # --- change tracking ----------------------------------------------------------------------------------------------

    def _track(self, history: Tracking) -> list[Epoch]:
        """Take up the history where the last process left it."""
        self._tracking = history
        epochs = []
        try:
            for name, changed in history.load():
                epoch = Epoch(name, blocks_of(self.size))
                epoch.changed = changed
                epochs.append(epoch)
        except DamagedHistoryError as error:
            self._report(TrackingRestarted(str(error)))
        return epochs

    def _recorded(self) -> list[Recorded]:
        return [Recorded(epoch.name, epoch.changed) for epoch in self._chain.epochs]

    def _begin_history(self) -> None:
        if self._tracking is not None:
            self._tracking.begin(self._recorded())

    def _mark(self, first: int, last: int) -> None:
        """Note a change before it is made; where that cannot be done, let nothing of the history be believed."""
        if self._tracking is None:
            return
        try:
            self._tracking.mark(first, last)
        except OSError as error:
            self._tracking.discard()  # where even this fails, so does the write: better than an unnoticed change
            self._tracking = None
            self._chain.announce(TrackingRestarted(str(error)))


def _nothing() -> None:
    """Only look whether writes are still held."""
