"""A shadow copy set: volumes that are copied at one moment, and how far their copies have come."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol
from uuid import UUID

from engine.vss.identities import ProviderIdentity


class Volume(Protocol):
    """What VSS itself asks of a mounted volume; making its shadow copy is a provider's affair."""

    @property
    def name(self) -> str:
        """As the machine knows it."""
        ...

    async def flush(self) -> None:
        """Write out what the file system keeps in memory."""
        ...

    def hold(self, seconds: float) -> None:
        """Let writes wait, for so long at most; none is under way when it returns. Raises VssError."""
        ...

    def release(self) -> bool:
        """Let writes go on; False where they did already, because the time was over. Harmless where none are held."""
        ...


class ShadowCopy(Protocol):
    """A volume as it was at one moment."""

    @property
    def id(self) -> str:
        """Its own identifier."""
        ...

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    @property
    def alive(self) -> bool:
        """Whether it can still be read."""
        ...

    def read_into(self, offset: int, room: bytearray | memoryview) -> None:
        """Fill `room` with what was at an offset."""
        ...

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Correct the copy, not the volume; only during PostSnapshot, for auto-recovery. Else VssError."""
        ...

    def extents(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The ranges (start, end) that may hold anything but zeros, in order."""
        ...


class Provider(Protocol):
    """Makes shadow copies of the volumes that it supports.

    The routines are called in the order of declaration, `abort` instead of any but the first; each may raise VssError.
    Source: IVssProviderCreateSnapshotSet, https://learn.microsoft.com/windows/win32/api/vsprov/.
    """

    @property
    def identity(self) -> ProviderIdentity:
        """Who it is."""
        ...

    def supports(self, volume: Volume) -> bool:
        """Whether it can make a shadow copy of a volume."""
        ...

    async def begin_prepare(self, set_id: UUID, volume: Volume, /) -> None:
        """A volume joins a set; start what takes long."""
        ...

    async def end_prepare(self, set_id: UUID, /) -> None:
        """Wait for what was started; nothing may take long after this."""
        ...

    async def pre_commit(self, set_id: UUID, /) -> None:
        """Applications are frozen; get ready."""
        ...

    async def commit(self, set_id: UUID, /) -> Mapping[str, ShadowCopy]:
        """Writes are held: make the copies, by name of volume."""
        ...

    async def post_commit(self, set_id: UUID, /) -> None:
        """Writes go on, applications are still frozen; clean up."""
        ...

    async def pre_final_commit(self, set_id: UUID, /) -> None:
        """Let writers write to the copies, for auto-recovery."""
        ...

    async def post_final_commit(self, set_id: UUID, /) -> None:
        """From now on the copies do not change any more."""
        ...

    async def abort(self, set_id: UUID, /) -> None:
        """The set will not be; undo all of it."""
        ...

    async def delete(self, copy: ShadowCopy) -> None:
        """Release a copy."""
        ...


class SetState(IntEnum):
    """How far a set has come (the settled states of VSS_SNAPSHOT_STATE, vss.h)."""

    PREPARING = 1
    PREPARED = 3
    PRECOMMITTED = 5
    COMMITTED = 7
    PREFINALCOMMITTED = 10
    CREATED = 12
    ABORTED = 13
    DELETED = 14
    POSTCOMMITTED = 15


@dataclass(eq=False)
class ShadowSet:
    """One set and what belongs to it."""

    id: UUID
    session: UUID
    """The backup that it is made for."""
    requestor: str
    components: Mapping[str, Collection[str]]
    """Names of selected components by writer; a writer without an entry has none selected."""
    state: SetState = SetState.PREPARING
    volumes: dict[str, Volume] = field(default_factory=dict)
    providers: dict[str, Provider] = field(default_factory=dict)
    """Who copies a volume, by its name."""
    copies: dict[str, ShadowCopy] = field(default_factory=dict)
    """By name of volume; there are none before Commit."""
