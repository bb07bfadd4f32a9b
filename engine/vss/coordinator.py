"""The VSS service of one machine: it leads writers and providers through the making of a shadow copy set.

Sources: *Shadow Copy Creation for Providers* and *The Shadow Copy Creation Process* (win32, VSS) for the order and the
flush-and-hold window, *Aborting VSS Operations* for what an abort undoes.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from engine.hresult import HResult
from engine.occurrence import Machine
from engine.pipeline import Scope, Stage
from engine.vss.errors import (
    BadStateError,
    FlushTimeoutError,
    HoldTimeoutError,
    ProviderError,
    SnapshotSetInProgressError,
    TooManyVolumesError,
    VolumeNotSupportedError,
    VssError,
)
from engine.vss.identities import ProviderType
from engine.vss.occurrences import (
    ProviderCalled,
    ServiceFailed,
    SetBegan,
    SetEnded,
    ShadowCopyCreated,
    ShadowCopyDeleted,
    TransactionsNotFrozen,
    WritesReleased,
)
from engine.vss.shadow_set import Provider, SetState, ShadowSet, Volume
from engine.vss.states import Phase
from engine.vss.writer import Level, Writer, WriterStatus, stage_of

T = TypeVar("T")


async def nothing() -> None:
    """All is well."""


MOST_VOLUMES = 64
"""In one set (*Shadow Copy Creation for Providers*)."""

_PASSED_ON = (
    HResult.VSS_E_PROVIDER_VETO,
    HResult.VSS_E_OBJECT_NOT_FOUND,
    HResult.VSS_E_INSUFFICIENT_STORAGE,
    HResult.VSS_E_MAXIMUM_NUMBER_OF_SNAPSHOTS_REACHED,
    HResult.ERROR_OUTOFMEMORY,
    HResult.ERROR_INVALID_PARAMETER,
)
"""What a provider may return; anything else reaches the requestor as VSS_E_UNEXPECTED_PROVIDER_ERROR."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds that VSS waits. The time from Freeze to Thaw is each writer's own."""

    hold: float = 10.0
    """Writes are held so long at most; then the kernel lets them go on (*Shadow Copy Creation for Providers*)."""
    flush: float = 60.0
    """A file system may take so long to flush. Not documented; no writer's freeze lasts longer."""
    transactions: float = 10.0
    """The kernel's transactions may take so long to come to rest. Not documented; as long as writes may be held."""
    answer: float = 900.0
    """A writer may take so long for an event outside of the freeze, a provider for a routine. Not documented; above the
    ten minutes after which a guest's cycle is said to be given up."""


DEFAULT_LIMITS = Limits()


class Coordinator:
    """VSS on one machine, with the writers that are subscribed and the providers that are registered."""

    def __init__(
        self,
        machine: Machine,
        writers: Iterable[Writer] = (),
        providers: Iterable[Provider] = (),
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self.machine = machine
        self.writers = list(writers)
        self.providers = list(providers)
        self.limits = limits
        self.outage: ServiceFailed | None = None
        """Why the service cannot work at all, as a scenario wants it; every backup ends with the HRESULT of it."""
        self.creating: ShadowSet | None = None
        """The set that is being created; while there is one, no other can begin."""
        self.settle: Callable[[], Awaitable[None]] = nothing
        """What resource managers do until transactions rest; a scenario may let it take long."""
        guest = machine.scope is Scope.VM
        self._snapshot_stage = Stage.GUEST_SNAPSHOT if guest else Stage.HOST_SNAPSHOT

    # --- what the requestor calls ---

    async def gather_writer_metadata(self, session: UUID) -> None:
        """Send Identify: each writer begins a session and says what it can back up; those that are gone are no more.

        Raises VssError where the service does not work.
        """
        if self.outage is not None:
            self.machine.announce(stage_of(self.machine.scope, Phase.IDENTIFY), self.outage, self.outage.returned)
            raise VssError(self.outage.returned, f"{self.outage.routine} failed on {self.machine.name}")
        self.writers = self._living()
        await _together(writer.identify(session, self.limits.answer) for writer in self._living())

    def gather_writer_status(self, session: UUID | None = None) -> tuple[WriterStatus, ...]:
        """What state the writers are in: in a session, or in their last one, as `vssadmin list writers` shows it."""
        return tuple(writer.status(session) for writer in self.writers)

    def start_snapshot_set(self, session: UUID, requestor: str, components: Mapping[str, Collection[str]]) -> ShadowSet:
        """Begin a set. Raises SnapshotSetInProgressError until a set that was begun before is created or given up."""
        if self.creating is not None:
            raise SnapshotSetInProgressError(self.machine.name)
        self.creating = ShadowSet(self.machine.new_id(), session, requestor, components)
        return self.creating

    async def add_to_snapshot_set(self, shadow_set: ShadowSet, volume: Volume, provider: UUID | None = None) -> None:
        """Let a volume join a set, with the provider that was asked for, or the first that supports it.

        Raises TooManyVolumesError, VolumeNotSupportedError, ProviderError.
        """
        if len(shadow_set.volumes) >= MOST_VOLUMES:
            raise TooManyVolumesError(MOST_VOLUMES)
        if volume.name in shadow_set.volumes:
            raise VssError(HResult.VSS_E_OBJECT_ALREADY_EXISTS, f"{volume.name} is in the set already")
        chosen = self._provider_for(volume, provider)
        await self._call(chosen, "BeginPrepareSnapshot", shadow_set, chosen.begin_prepare(shadow_set.id, volume))
        shadow_set.volumes[volume.name] = volume
        shadow_set.providers[volume.name] = chosen

    async def prepare_for_backup(self, shadow_set: ShadowSet) -> None:
        """Send PrepareForBackup."""
        await self._tell(Phase.PREPARE_BACKUP, shadow_set)

    async def do_snapshot_set(self, shadow_set: ShadowSet) -> None:
        """Make the shadow copies of a set, all of the same moment.

        A writer's veto does not end this: the requestor asks for the writers' states and decides (*Writer Errors and
        Vetoes*). Any other failure, and cancellation, aborts: writers go on, copies are undone, writes are not held.
        """
        if self.creating is not shadow_set:
            raise BadStateError("this shadow copy set is not being created")
        volumes = tuple(shadow_set.volumes)
        self.machine.announce(self._snapshot_stage, SetBegan(shadow_set.id, shadow_set.requestor, volumes))
        try:
            await self._create(shadow_set)
        except VssError as error:
            await self._give_up(shadow_set, error.hresult, str(error))
            raise
        except BaseException:
            await self._give_up(shadow_set, HResult.VSS_S_ASYNC_CANCELLED, "cancelled")
            raise
        self.creating = None
        self.machine.announce(self._snapshot_stage, SetEnded(shadow_set.id, shadow_set.requestor))

    async def backup_complete(self, shadow_set: ShadowSet) -> None:
        """Send BackupComplete."""
        await self._tell(Phase.BACKUP_COMPLETE, shadow_set)

    async def abort_backup(self, shadow_set: ShadowSet) -> None:
        """Send Abort, and give up the set where it is not created yet."""
        if self.creating is shadow_set:
            await self._give_up(shadow_set, HResult.VSS_S_ASYNC_CANCELLED, "aborted by the requestor")
        else:
            await self._abort_writers(shadow_set)

    async def delete_snapshots(self, shadow_set: ShadowSet) -> None:
        """Release the shadow copies of a set."""
        stage = self._snapshot_stage if self.machine.scope is Scope.VM else Stage.RELEASE_SNAPSHOT
        for name, copy in shadow_set.copies.items():
            await shadow_set.providers[name].delete(copy)
            self.machine.announce(stage, ShadowCopyDeleted(copy.id, name))
        shadow_set.copies.clear()
        if shadow_set.state is SetState.CREATED:
            shadow_set.state = SetState.DELETED

    # --- the steps of a creation ---

    async def _create(self, shadow_set: ShadowSet) -> None:
        await self._tell(Phase.PREPARE_SNAPSHOT, shadow_set)
        await self._call_all("EndPrepareSnapshots", shadow_set, lambda provider: provider.end_prepare)
        shadow_set.state = SetState.PREPARED
        await self._freeze(shadow_set)
        await self._freeze_transactions()
        await self._call_all("PreCommitSnapshots", shadow_set, lambda provider: provider.pre_commit)
        shadow_set.state = SetState.PRECOMMITTED
        async with self._held(list(shadow_set.volumes.values())):
            await self._commit(shadow_set)
        shadow_set.state = SetState.COMMITTED
        await self._call_all("PostCommitSnapshots", shadow_set, lambda provider: provider.post_commit)
        shadow_set.state = SetState.POSTCOMMITTED
        await self._tell(Phase.THAW, shadow_set)
        await self._call_all("PreFinalCommitSnapshots", shadow_set, lambda provider: provider.pre_final_commit)
        shadow_set.state = SetState.PREFINALCOMMITTED
        await self._tell(Phase.POST_SNAPSHOT, shadow_set)
        await self._call_all("PostFinalCommitSnapshots", shadow_set, lambda provider: provider.post_final_commit)
        shadow_set.state = SetState.CREATED

    async def _freeze(self, shadow_set: ShadowSet) -> None:
        """Front ends first, then what they write into, the system last (VSS_APPLICATION_LEVEL)."""
        for level in sorted(Level, reverse=True):
            writers = [writer for writer in self._living() if writer.level is level]
            await _together(writer.handle(Phase.FREEZE, shadow_set, self.limits.answer) for writer in writers)

    async def _freeze_transactions(self) -> None:
        try:
            async with asyncio.timeout(self.limits.transactions):
                await self.settle()
        except TimeoutError:
            result = HResult.VSS_E_TRANSACTION_FREEZE_TIMEOUT
            self.machine.announce(
                stage_of(self.machine.scope, Phase.FREEZE), TransactionsNotFrozen(self.limits.transactions), result
            )
            raise VssError(result, f"transactions of {self.machine.name} did not come to rest") from None

    async def _commit(self, shadow_set: ShadowSet) -> None:
        for provider in _each_once(shadow_set):
            copies = await self._call(provider, "CommitSnapshots", shadow_set, provider.commit(shadow_set.id))
            shadow_set.copies.update(copies)
            for name, copy in copies.items():
                created = ShadowCopyCreated(shadow_set.id, copy.id, name, provider.identity)
                self.machine.announce(self._snapshot_stage, created)

    @asynccontextmanager
    async def _held(self, volumes: Sequence[Volume]) -> AsyncIterator[None]:
        """Flush the volumes and hold writes to all of them for the time of the block, or until the limit is over."""
        began = self.machine.clock.now()
        await _together(self._flush(volume) for volume in volumes)
        overdue = False

        def release(*, late: bool = False) -> None:
            nonlocal overdue
            intact = [volume.release() for volume in volumes]
            overdue = overdue or late or not all(intact)

        alarm = asyncio.get_running_loop().call_later(self.limits.hold, lambda: release(late=True))
        try:
            for volume in volumes:
                volume.hold(self.limits.hold)
            yield
        except VssError as error:
            if overdue:  # whatever failed then failed for that
                raise HoldTimeoutError(volumes[0].name, self.limits.hold) from error
            raise
        finally:
            alarm.cancel()
            release()
            result = HResult.VSS_E_HOLD_WRITES_TIMEOUT if overdue else HResult.S_OK
            seconds = (self.machine.clock.now() - began).total_seconds()
            for volume in volumes:
                self.machine.announce(self._snapshot_stage, WritesReleased(volume.name, seconds), result)
        if overdue:
            raise HoldTimeoutError(volumes[0].name, self.limits.hold)

    async def _flush(self, volume: Volume) -> None:
        began = self.machine.clock.now()
        try:
            async with asyncio.timeout(self.limits.flush):
                await volume.flush()
        except TimeoutError:
            seconds = (self.machine.clock.now() - began).total_seconds()
            late = WritesReleased(volume.name, seconds)
            self.machine.announce(self._snapshot_stage, late, HResult.VSS_E_FLUSH_WRITES_TIMEOUT)
            raise FlushTimeoutError(volume.name, self.limits.flush) from None

    async def _give_up(self, shadow_set: ShadowSet, hresult: HResult, reason: str) -> None:
        """Undo a set: writers first, since their applications wait."""
        try:
            await self._abort_writers(shadow_set)
        finally:
            await self._abort_providers(shadow_set)
            shadow_set.copies.clear()
            shadow_set.state = SetState.ABORTED
            self.creating = None
            self.machine.announce(self._snapshot_stage, SetEnded(shadow_set.id, shadow_set.requestor, reason), hresult)

    async def _abort_writers(self, shadow_set: ShadowSet) -> None:
        await _together(writer.abort(shadow_set.session, self.limits.answer) for writer in self._living())

    async def _abort_providers(self, shadow_set: ShadowSet) -> None:
        for provider in _each_once(shadow_set):
            try:
                await self._call(provider, "AbortSnapshots", shadow_set, provider.abort(shadow_set.id))
            except ProviderError:
                continue  # announced; the others are undone all the same

    # --- telling writers, calling providers ---

    async def _tell(self, phase: Phase, shadow_set: ShadowSet) -> None:
        await _together(writer.handle(phase, shadow_set, self.limits.answer) for writer in self._living())

    def _living(self) -> list[Writer]:
        return [writer for writer in self.writers if writer.alive]

    def _provider_for(self, volume: Volume, wanted: UUID | None) -> Provider:
        """Hardware providers are asked first, the system's own last."""
        if wanted is None:
            order = sorted(self.providers, key=lambda provider: list(ProviderType).index(provider.identity.type))
            chosen = next((provider for provider in order if provider.supports(volume)), None)
            if chosen is None:
                raise VolumeNotSupportedError(volume.name)
            return chosen
        chosen = next((provider for provider in self.providers if provider.identity.id == wanted), None)
        if chosen is None:
            raise VssError(HResult.VSS_E_PROVIDER_NOT_REGISTERED, f"no provider {{{wanted}}} is registered")
        if not chosen.supports(volume):
            raise VolumeNotSupportedError(volume.name, HResult.VSS_E_VOLUME_NOT_SUPPORTED_BY_PROVIDER)
        return chosen

    async def _call_all(
        self, routine: str, shadow_set: ShadowSet, method: Callable[[Provider], Callable[[UUID], Awaitable[None]]]
    ) -> None:
        for provider in _each_once(shadow_set):
            await self._call(provider, routine, shadow_set, method(provider)(shadow_set.id))

    async def _call(self, provider: Provider, routine: str, shadow_set: ShadowSet, answer: Awaitable[T]) -> T:
        """Wait for a routine of a provider, and make of its failure what VSS does."""
        try:
            async with asyncio.timeout(self.limits.answer):
                result = await answer
        except VssError as error:
            failure, reason = error.hresult, str(error)
        except TimeoutError:
            failure, reason = HResult.ERROR_TIMEOUT, f"no answer within {self.limits.answer:g} s"
        else:
            self._announce_call(provider, routine, shadow_set)
            return result
        self._announce_call(provider, routine, shadow_set, failure, reason)
        known = failure in _PASSED_ON
        raise ProviderError(
            failure if known else HResult.VSS_E_UNEXPECTED_PROVIDER_ERROR,
            f"{routine} of {provider.identity.name} failed: {reason}",
        )

    def _announce_call(
        self,
        provider: Provider,
        routine: str,
        shadow_set: ShadowSet,
        failure: HResult = HResult.S_OK,
        reason: str = "",
    ) -> None:
        called = ProviderCalled(provider.identity, routine, shadow_set.id, reason)
        self.machine.announce(self._snapshot_stage, called, failure)


def _each_once(shadow_set: ShadowSet) -> list[Provider]:
    """The providers of a set, in the order in which their first volumes joined."""
    return list({provider.identity.id: provider for provider in shadow_set.providers.values()}.values())


async def _together(tasks: Iterable[Awaitable[None]]) -> None:
    """Wait for all, whatever becomes of some; then raise the first failure."""
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
