"""Writers, providers and volumes that fail on purpose: what a scenario injects.

A fault happens in place of a step or before it; the rest of the wrapped part works as ever.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from engine.hresult import HResult
from engine.vss.errors import ProviderError, WriterDiedError, WriterError
from engine.vss.identities import ProviderIdentity
from engine.vss.shadow_set import Provider, ShadowCopy, ShadowSet, Volume
from engine.vss.states import Phase
from engine.vss.writer import Application, WriterComponent

Fault = Callable[[], Awaitable[None]]
"""What goes wrong: it raises, or takes its time."""


def veto(hresult: HResult, message: str = "vetoed") -> Fault:
    """A writer refuses."""

    async def refuse() -> None:
        raise WriterError(hresult, message)

    return refuse


def refuse(hresult: HResult, message: str = "refused") -> Fault:
    """A provider refuses."""

    async def raise_it() -> None:
        raise ProviderError(hresult, message)

    return raise_it


def delay(seconds: float) -> Fault:
    """It takes so much longer."""

    async def wait() -> None:
        await asyncio.sleep(seconds)

    return wait


async def hang() -> None:
    """It never answers."""
    await asyncio.get_running_loop().create_future()


async def die() -> None:
    """The process ends."""
    raise WriterDiedError


class FaultyApplication(Application):
    """An application whose writer has faults in some phases."""

    def __init__(self, application: Application, faults: Mapping[Phase, Fault]) -> None:
        self._application = application
        self._faults = faults

    async def _suffer(self, phase: Phase) -> None:
        if phase in self._faults:
            await self._faults[phase]()

    async def identify(self) -> tuple[WriterComponent, ...]:
        await self._suffer(Phase.IDENTIFY)
        return await self._application.identify()

    async def prepare_backup(self, shadow_set: ShadowSet) -> None:
        await self._suffer(Phase.PREPARE_BACKUP)
        await self._application.prepare_backup(shadow_set)

    async def prepare_snapshot(self, shadow_set: ShadowSet) -> None:
        await self._suffer(Phase.PREPARE_SNAPSHOT)
        await self._application.prepare_snapshot(shadow_set)

    async def freeze(self) -> None:
        """Freeze first, then suffer: what fails in a freeze fails while the application stands still."""
        await self._application.freeze()
        await self._suffer(Phase.FREEZE)

    async def thaw(self) -> None:
        await self._suffer(Phase.THAW)
        await self._application.thaw()

    async def post_snapshot(self, shadow_set: ShadowSet) -> None:
        await self._suffer(Phase.POST_SNAPSHOT)
        await self._application.post_snapshot(shadow_set)

    async def backup_complete(self) -> None:
        await self._suffer(Phase.BACKUP_COMPLETE)
        await self._application.backup_complete()

    async def abort(self) -> None:
        await self._suffer(Phase.ABORT)
        await self._application.abort()


class FaultyProvider:
    """A provider with faults in some routines, by the routine's name in IVssProviderCreateSnapshotSet."""

    def __init__(self, provider: Provider, faults: Mapping[str, Fault]) -> None:
        self._provider = provider
        self._faults = faults

    async def _suffer(self, routine: str) -> None:
        if routine in self._faults:
            await self._faults[routine]()

    @property
    def identity(self) -> ProviderIdentity:
        return self._provider.identity

    def supports(self, volume: Volume) -> bool:
        return self._provider.supports(volume)

    async def begin_prepare(self, set_id: UUID, volume: Volume) -> None:
        await self._suffer("BeginPrepareSnapshot")
        await self._provider.begin_prepare(set_id, volume)

    async def end_prepare(self, set_id: UUID) -> None:
        await self._suffer("EndPrepareSnapshots")
        await self._provider.end_prepare(set_id)

    async def pre_commit(self, set_id: UUID) -> None:
        await self._suffer("PreCommitSnapshots")
        await self._provider.pre_commit(set_id)

    async def commit(self, set_id: UUID) -> Mapping[str, ShadowCopy]:
        await self._suffer("CommitSnapshots")
        return await self._provider.commit(set_id)

    async def post_commit(self, set_id: UUID) -> None:
        await self._suffer("PostCommitSnapshots")
        await self._provider.post_commit(set_id)

    async def pre_final_commit(self, set_id: UUID) -> None:
        await self._suffer("PreFinalCommitSnapshots")
        await self._provider.pre_final_commit(set_id)

    async def post_final_commit(self, set_id: UUID) -> None:
        await self._suffer("PostFinalCommitSnapshots")
        await self._provider.post_final_commit(set_id)

    async def abort(self, set_id: UUID) -> None:
        await self._provider.abort(set_id)
        await self._suffer("AbortSnapshots")

    async def delete(self, copy: ShadowCopy) -> None:
        await self._provider.delete(copy)


class SlowVolume:
    """A volume whose file system takes long to flush."""

    def __init__(self, volume: Volume, flush: Fault) -> None:
        self._volume = volume
        self._flush = flush

    @property
    def name(self) -> str:
        return self._volume.name

    async def flush(self) -> None:
        await self._flush()
        await self._volume.flush()

    def hold(self, seconds: float) -> None:
        self._volume.hold(seconds)

    def release(self) -> bool:
        return self._volume.release()
