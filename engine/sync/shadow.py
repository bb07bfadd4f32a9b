"""A volume's shadow copy as something to bring a replica in step with, by what the volume knows of its changes."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from engine.dpm.errors import RepositoryError
from engine.dpm.records import PointMode
from engine.files import SYSTEM, Room, write_atomically
from engine.sync.instant import Writers
from engine.sync.scope import Pairs, Tracked
from engine.volume import ShadowCopy, Volume, VolumeError


class NoShadowCopyError(RepositoryError):
    """A shadow copy could not be made, or was lost while it was read."""

    retryable = True


class ShadowSource:
    """The blocks of a shadow copy."""

    def __init__(self, copy: ShadowCopy) -> None:
        self._copy = copy

    def pread(self, room: Room, offset: int) -> int:
        """Fill `room` from `offset`; ShadowCopyLostError once the copy is gone."""
        count = max(0, min(len(room), self._copy.size - offset))
        self._copy.read_into(offset, memoryview(room)[:count])
        return count

    def size(self) -> int:
        return self._copy.size

    def extents(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        return self._copy.extents(start, min(end, self._copy.size))


def tracked_since(copy: ShadowCopy, reference: str, base_root: bytes) -> Tracked | None:
    """What the volume recorded since an earlier copy, of which a recovery point with this root was made.

    None where it does not know: then everything has to be compared.
    """
    changed = copy.changed_since(reference)
    return None if changed is None else Tracked(base_root, Pairs(changed))


class VolumeInstant:
    """A shadow copy that is backed up."""

    def __init__(self, copy: ShadowCopy, mode: PointMode, tracked: Tracked | None, memory: Path) -> None:
        self.source = ShadowSource(copy)
        self.tracked = tracked
        self._copy = copy
        self._mode = mode
        self._memory = memory

    def confirmed(self) -> PointMode:
        """It was read whole: a copy that is lost does not let itself be read."""
        return self._mode

    def committed(self, root: bytes) -> None:
        """Remember that there is a recovery point of this copy; where that fails, the next backup compares all."""
        with suppress(OSError):
            write_atomically(SYSTEM, self._memory, json.dumps({"copy": self._copy.id, "root": root.hex()}).encode())


class TrackedVolume:
    """A volume that is backed up again and again, and goes through what was written since the last time only.

    What was backed up last is remembered in a file, by the name of its shadow copy and the root of its recovery point.
    If that point is not the server's newest any more, or the volume does not know the copy, everything is compared.
    """

    def __init__(
        self,
        volume: Volume,
        memory: Path,
        writers: Writers | None = None,
        names: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        """`memory` is that file, which need not exist; `names` gives each shadow copy a name that none had before."""
        self._volume = volume
        self._memory = memory
        self._writers = writers
        self._names = names

    @contextmanager
    def instant(self) -> Iterator[VolumeInstant]:
        """A shadow copy of now, for the time of the block. Writers are held for the moment of its making only.

        Raises:
            NoShadowCopyError: it could not be made, or was lost in the block.
        """
        try:
            copy = self.copied()
            try:
                mode = PointMode.APPLICATION if self._writers else PointMode.CRASH
                yield VolumeInstant(copy, mode, self._known(copy), self._memory)
            finally:
                copy.release()
        except VolumeError as error:
            raise NoShadowCopyError(f"the shadow copy of {self._volume.path} failed: {error}") from error

    def copied(self) -> ShadowCopy:
        """A shadow copy of now; VolumeError where there can be none."""
        with ExitStack() as held:
            if self._writers:
                held.callback(self._writers.thaw)
                self._writers.freeze()
            with self._volume.writes_held():
                return self._volume.create_shadow_copy(self._names())

    def _known(self, copy: ShadowCopy) -> Tracked | None:
        try:
            found = json.loads(self._memory.read_bytes())
            return tracked_since(copy, str(found["copy"]), bytes.fromhex(found["root"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
