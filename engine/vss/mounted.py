"""A block volume with a file system on it, as VSS sees it. What it asks of volumes, engine.volume.Volume has."""

import threading
from collections.abc import Callable, Iterator
from typing import Protocol

from engine.clock import Clock, Gate, VirtualClock
from engine.hresult import HResult
from engine.occurrence import Machine
from engine.pipeline import Stage
from engine.volume import ShadowCopyLost as BlockCopyLost
from engine.volume import VolumeError, VolumeEvent
from engine.vss.errors import VssError
from engine.vss.occurrences import ShadowCopyLost

Buffer = bytes | bytearray | memoryview
Room = bytearray | memoryview


class BlockCopy(Protocol):
    """A shadow copy of a block volume."""

    id: str
    size: int

    @property
    def alive(self) -> bool:
        """Whether it was neither released nor lost."""
        ...

    def read_into(self, offset: int, room: Room) -> None:
        """Fill `room` with what was there."""
        ...

    def extents(self, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
        """The ranges (start, end) that may hold anything but zeros."""
        ...

    def changed_since(self, reference: str) -> Iterator[tuple[int, int]] | None:
        """The ranges (start, end) written since an older copy; None where that one is not known."""
        ...

    def release(self) -> None:
        """End it."""
        ...


class BlockVolume(Protocol):
    """A volume of which shadow copies can be made while it is written."""

    size: int

    def read_into(self, offset: int, room: Room) -> None:
        """Fill `room` with what is there."""
        ...

    def write(self, offset: int, data: Buffer) -> None:
        """Write; waits while writes are held."""
        ...

    def flush(self) -> None:
        """Make it durable."""
        ...

    def prepare(self) -> None:
        """Make the diff area ready."""
        ...

    def hold_writes(self, seconds: float) -> None:
        """Flush, and let writes wait."""
        ...

    def release_writes(self) -> None:
        """Let writes go on."""
        ...

    def create_shadow_copy(self, copy_id: str) -> BlockCopy:
        """A copy of this moment, while writes are held."""
        ...


class Flushable(Protocol):
    """A file system, as far as VSS needs it."""

    def flush(self) -> None:
        """Write out what is in memory."""
        ...


class MountedVolume:
    """A block volume with the file system on it."""

    def __init__(self, name: str, block: BlockVolume, filesystem: Flushable, clock: Clock) -> None:
        self.name = name
        self._clock = clock
        self.block = block
        self.filesystem = filesystem
        self.writable = Gate()
        """Open while writes are not held; tasks wait for it, as threads wait in the volume itself."""

    async def flush(self) -> None:
        """Write out the file system. Raises VssError."""
        try:
            await self._clock.call(self.filesystem.flush)
        except OSError as error:
            raise VssError(HResult.VSS_E_UNEXPECTED, f"{self.name} cannot be flushed: {words_of(error)}") from error

    def hold(self, seconds: float) -> None:
        """Let writes wait. Raises VssError."""
        try:
            self.block.hold_writes(seconds)
        except (VolumeError, OSError) as error:
            raise VssError(hresult_of(error), f"writes to {self.name} cannot be held: {words_of(error)}") from error
        self.writable.close()

    def release(self) -> bool:
        """Let writes go on; False where they did already."""
        if self.writable.is_open:
            return True
        self.writable.open()
        try:
            self.block.release_writes()
        except VolumeError:
            return False
        return True


class VirtualHoldClock:
    """The time of a run as engine.volume counts it.

    In virtual time nobody waits on a condition: tasks look at `MountedVolume.writable` before they write.
    """

    def __init__(self, clock: VirtualClock) -> None:
        self.waited = 0.0
        """Seconds for which this volume alone stood still, while the rest of the site went on."""
        self._clock = clock

    def now(self) -> float:
        return self._clock.elapsed + self.waited

    def wait(self, condition: threading.Condition, seconds: float) -> None:
        raise RuntimeError(f"a write in virtual time would wait {seconds:g} s for {condition}")


def announce_losses(machine: Machine, volume: str, stage: Stage) -> Callable[[VolumeEvent], None]:
    """What a volume's reports become: occurrences on its machine."""

    def report(event: VolumeEvent) -> None:
        if isinstance(event, BlockCopyLost):
            lost = ShadowCopyLost(event.copy_id, volume, int(event.loss), event.detail)
            machine.announce(stage, lost, HResult.VSS_E_OBJECT_NOT_FOUND)

    return report


def words_of(error: VolumeError | OSError) -> str:
    """What went wrong, without the names of files in which a run keeps its volumes."""
    return error.strerror or "I/O error" if isinstance(error, OSError) else type(error).__name__


def hresult_of(error: VolumeError | OSError) -> HResult:
    """What Windows would return for a failure of a volume."""
    return HResult(error.hresult) if isinstance(error, VolumeError) else HResult.ERROR_IO_DEVICE
