"""A requestor: the program that wants the backup, and the calls that it makes in order (IVssBackupComponents)."""

from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from enum import StrEnum
from uuid import UUID

from engine.hresult import HResult
from engine.pipeline import Scope, Stage
from engine.vss.coordinator import Coordinator
from engine.vss.errors import BadStateError, VssError, WritersFailedError
from engine.vss.occurrences import SessionBegan, SessionEnded
from engine.vss.shadow_set import ShadowSet, Volume
from engine.vss.writer import WriterComponent, WriterStatus


class SessionState(StrEnum):
    """How far a backup has come; each call is allowed in one of these only."""

    INITIALIZED = "initialized"
    GATHERED = "writer metadata gathered"
    COLLECTING = "shadow copy set begun"
    PREPARED = "writers prepared"
    CREATED = "shadow copies created"
    COMPLETED = "backup complete"
    ENDED = "ended"


class Requestor:
    """One backup by one program. An instance serves one backup only, as the interface that it models."""

    def __init__(self, coordinator: Coordinator, process: str) -> None:
        self.process = process
        self.state = SessionState.INITIALIZED
        self.selected: dict[str, list[str]] = {}
        """Names of components to back up, by writer."""
        self._coordinator = coordinator
        self._session = coordinator.machine.new_id()
        self._set: ShadowSet | None = None
        self._offered: dict[str, set[str]] = {}

    @property
    def shadow_set(self) -> ShadowSet:
        """The set of this backup. Raises BadStateError before there is one."""
        if self._set is None:
            raise BadStateError("no shadow copy set was begun")
        return self._set

    async def gather_writer_metadata(self) -> dict[str, tuple[WriterComponent, ...]]:
        """Ask all writers what they can back up; by name of writer, without those that failed to say."""
        self._expect(SessionState.INITIALIZED)
        stage = Stage.GUEST_PREPARE if self._coordinator.machine.scope is Scope.VM else Stage.GATHER_WRITERS
        self._coordinator.machine.announce(stage, SessionBegan(self.process))
        await self._coordinator.gather_writer_metadata(self._session)
        self.state = SessionState.GATHERED
        writers = [writer for writer in self._coordinator.writers if not writer.status(self._session).failed]
        self._offered = {
            writer.identity.name: {component.name for component in writer.components} for writer in writers
        }
        return {writer.identity.name: writer.components for writer in writers}

    def add_component(self, writer: str, component: str) -> None:
        """Choose what to back up. Without any choice, all writers are needed.

        Raises VssError where no writer offers it.
        """
        self._expect(SessionState.GATHERED)
        if component not in self._offered.get(writer, ()):
            raise VssError(HResult.VSS_E_OBJECT_NOT_FOUND, f"{writer} offers no component {component}")
        self.selected.setdefault(writer, []).append(component)

    def start_snapshot_set(self) -> None:
        """Begin the set. Raises SnapshotSetInProgressError."""
        self._expect(SessionState.GATHERED)
        self._set = self._coordinator.start_snapshot_set(self._session, self.process, self.selected)
        self.state = SessionState.COLLECTING

    async def add_to_snapshot_set(self, volume: Volume, provider: UUID | None = None) -> None:
        """Add a volume. Raises TooManyVolumesError, VolumeNotSupportedError, ProviderError."""
        self._expect(SessionState.COLLECTING)
        await self._coordinator.add_to_snapshot_set(self.shadow_set, volume, provider)

    async def prepare_for_backup(self) -> None:
        """Let the writers prepare. Raises WritersFailedError."""
        self._expect(SessionState.COLLECTING)
        await self._coordinator.prepare_for_backup(self.shadow_set)
        self.state = SessionState.PREPARED
        self._check_writers()

    async def do_snapshot_set(self) -> None:
        """Make the shadow copies. Raises VssError; WritersFailedError where they exist, but a needed writer failed."""
        self._expect(SessionState.PREPARED)
        await self._coordinator.do_snapshot_set(self.shadow_set)
        self.state = SessionState.CREATED
        self._check_writers()

    async def backup_complete(self) -> tuple[WriterStatus, ...]:
        """Tell the writers that the backup is done. One that fails now does not spoil the copies."""
        self._expect(SessionState.CREATED)
        await self._coordinator.backup_complete(self.shadow_set)
        self.state = SessionState.COMPLETED
        return self._coordinator.gather_writer_status(self._session)

    async def release(self) -> None:
        """Release the copies of a completed backup."""
        self._expect(SessionState.COMPLETED)
        await self._end("BackupComplete")

    async def abort_backup(self) -> None:
        """Give up, wherever the backup stands."""
        if self.state is SessionState.ENDED:
            return
        if self._set is not None:
            await self._coordinator.abort_backup(self._set)
        await self._end("AbortBackup")

    async def vanish(self) -> None:
        """Die without a word after the copies were made: they go with the process, writers wait in [5] for ever."""
        self._expect(SessionState.CREATED)
        await self._end("vanished")

    def failures(self) -> list[WriterStatus]:
        """Writers that the backup cannot do without and that failed or are gone."""
        statuses = self._coordinator.gather_writer_status(self._session)
        needed = set(self.selected) or {status.writer.name for status in statuses}
        return [status for status in statuses if status.writer.name in needed and status.failed]

    def _check_writers(self) -> None:
        failures = self.failures()
        if failures:
            told = [(status.writer.name, status.last_error) for status in failures]
            raise WritersFailedError(told, failures[0].state)

    def _expect(self, state: SessionState) -> None:
        if self.state is not state:
            raise BadStateError(f"the backup of {self.process} is in another state: {self.state}")

    async def _end(self, how: str) -> None:
        if self._set is not None:
            await self._coordinator.delete_snapshots(self._set)
        self.state = SessionState.ENDED
        guest = self._coordinator.machine.scope is Scope.VM
        stage = Stage.GUEST_THAW if guest else Stage.RELEASE_SNAPSHOT
        self._coordinator.machine.announce(stage, SessionEnded(self.process, how))


@asynccontextmanager
async def backup_session(coordinator: Coordinator, process: str) -> AsyncIterator[Requestor]:
    """A backup that is completed at the end of the block, or aborted where it raises; no copy outlives it."""
    requestor = Requestor(coordinator, process)
    try:
        yield requestor
        await requestor.backup_complete()
        await requestor.release()
    except BaseException:
        await requestor.abort_backup()
        raise


@asynccontextmanager
async def shadow_copies(
    coordinator: Coordinator,
    process: str,
    volumes: Iterable[Volume],
    *,
    components: Collection[tuple[str, str]] = (),
    provider: UUID | None = None,
) -> AsyncIterator[ShadowSet]:
    """Shadow copies of volumes for the time of the block, made with the writers' help.

    `components` are names of writers and of what they are to back up; without them every writer is needed. Raises
    VssError.
    """
    async with backup_session(coordinator, process) as requestor:
        await requestor.gather_writer_metadata()
        for writer, component in components:
            requestor.add_component(writer, component)
        requestor.start_snapshot_set()
        for volume in volumes:
            await requestor.add_to_snapshot_set(volume, provider)
        await requestor.prepare_for_backup()
        await requestor.do_snapshot_set()
        yield requestor.shadow_set
