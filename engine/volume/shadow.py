"""A shadow copy: what a volume held at one moment."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from engine.files import Files, Room, read_fully
from engine.volume.chain import Chain, Epoch, check
from engine.volume.errors import ShadowCopyLostError


class ShadowCopy:
    """Reads the volume as it was when the copy was made, from any thread, while writers go on.

    Every method raises ShadowCopyLostError once the copy was released or lost, and never returns anything false.
    """

    def __init__(self, chain: Chain, epoch: Epoch) -> None:
        self.id = epoch.name
        self.size = chain.size
        self._chain = chain
        self._epoch = epoch

    @property
    def alive(self) -> bool:
        """Whether it was neither released nor lost."""
        return self._epoch.alive

    def read_into(self, offset: int, room: Room) -> None:
        """Fill `room` with what was there."""
        self._chain.read_as_of(self._epoch, room, offset)

    def extents(self, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
        """The ranges (start, end) that may hold anything but zeros, in order."""
        return self._chain.extents_as_of(self._epoch, start, self.size if end is None else end)

    def changed_since(self, reference: str) -> Iterator[tuple[int, int]] | None:
        """The ranges (start, end) written from another shadow copy, which may be gone, to this one.

        None where the other is not known: then everything may have changed.
        """
        return self._chain.changed_between(reference, self._epoch)

    def release(self) -> None:
        """End it, and free what only it needed. More than once is harmless."""
        self._chain.end(self._epoch)


class ClonedCopy(ShadowCopy):
    """A shadow copy that is a clone of the volume's file, of a file system that shares blocks (XFS, btrfs).

    The file system does what copying away does elsewhere: no writer waits for it, and only its own space limits it.
    """

    def __init__(self, chain: Chain, epoch: Epoch, files: Files, path: Path) -> None:
        super().__init__(chain, epoch)
        self._files = files
        self._path = path
        self._file = files.open(path, "read")
        self._released = False

    @property
    def alive(self) -> bool:
        return not self._released

    def read_into(self, offset: int, room: Room) -> None:
        check(offset, len(room), self.size)
        try:
            read_fully(self._file, room, offset)
        except OSError:
            self._check_alive()
            raise
        self._check_alive()

    def extents(self, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
        self._check_alive()
        return self._file.extents(start, self.size if end is None else end)

    def release(self) -> None:
        if not self._released:
            self._released = True
            self._file.close()
            with suppress(OSError):  # what stays is removed when the volume is opened next
                self._files.remove(self._path)

    def _check_alive(self) -> None:
        if self._released:
            raise ShadowCopyLostError(self.id)
