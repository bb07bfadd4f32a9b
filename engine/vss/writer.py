"""A writer: the machinery that VSS gives to every application, and the application behind it."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from enum import IntEnum
from uuid import UUID

from engine.hresult import HResult
from engine.occurrence import Machine
from engine.pipeline import Scope, Stage
from engine.vss.errors import WriterDiedError, WriterError
from engine.vss.identities import WriterIdentity
from engine.vss.occurrences import WriterHandled, WriterVanished
from engine.vss.shadow_set import ShadowSet
from engine.vss.states import STEPS, Phase, WriterState

FREEZE_LIMIT = 60.0
"""Seconds from Freeze to Thaw, by default (CVssWriter::Initialize); Exchange allows itself 20."""
EXCHANGE_FREEZE_LIMIT = 20.0
MOST_SESSIONS = 64
"""Of a writer; the oldest is forgotten, and has no status any more."""


class Level(IntEnum):
    """When a writer gets Freeze (VSS_APPLICATION_LEVEL): who writes into another's store comes before it."""

    SYSTEM = 1
    BACK_END = 2
    FRONT_END = 3


@dataclass(frozen=True, slots=True)
class WriterComponent:
    """Something that a writer can back up, as its metadata names it."""

    name: str
    caption: str
    volumes: frozenset[str]
    """Names of the volumes that hold it."""


@dataclass(frozen=True, slots=True)
class WriterStatus:
    """A writer's answer to GatherWriterStatus."""

    writer: WriterIdentity
    state: WriterState
    last_error: HResult

    @property
    def failed(self) -> bool:
        """Whether a requestor that needs the writer cannot go on."""
        return self.state.failed or self.last_error.failed


class Application:
    """What stands behind a writer. By default it has nothing to do.

    Any method but `abort` may raise WriterError, which vetoes. `abort` undoes what the others did, in whatever state;
    it may be called more than once.
    """

    async def identify(self) -> tuple[WriterComponent, ...]:
        """Say what can be backed up."""
        return ()

    async def prepare_backup(self, shadow_set: ShadowSet) -> None:
        """A backup is coming; components are selected."""

    async def prepare_snapshot(self, shadow_set: ShadowSet) -> None:
        """The volumes of the set are final; what takes long belongs here."""

    async def freeze(self) -> None:
        """Bring the files to rest and keep them so."""

    async def thaw(self) -> None:
        """Go on; the shadow copies exist."""

    async def post_snapshot(self, shadow_set: ShadowSet) -> None:
        """The shadow copies can be read, and written for the last time."""

    async def backup_complete(self) -> None:
        """The backup is done."""

    async def abort(self) -> None:
        """The backup will not be done: return to normal."""


class _Session:
    """A writer's part in one backup."""

    def __init__(self) -> None:
        self.state = WriterState.STABLE
        self.last_error = HResult.S_OK

    @property
    def creating(self) -> bool:
        """Whether shadow copies are being made; on a machine one session at a time is so far."""
        return WriterState.WAITING_FOR_FREEZE <= self.state <= WriterState.WAITING_FOR_POST_SNAPSHOT


class Writer:
    """A writer that is subscribed to VSS on a machine. It takes part in each backup by a session of its own."""

    def __init__(
        self,
        machine: Machine,
        identity: WriterIdentity,
        application: Application,
        *,
        level: Level = Level.FRONT_END,
        freeze_limit: float = FREEZE_LIMIT,
    ) -> None:
        self.identity = identity
        self.level = level
        self.alive = True
        """Whether its process runs."""
        self.components: tuple[WriterComponent, ...] = ()
        self._machine = machine
        self._application = application
        self._freeze_limit = freeze_limit
        self._sessions: dict[UUID, _Session] = {}
        self._alarm: asyncio.TimerHandle | None = None
        self._rescue: asyncio.Task[None] | None = None

    def status(self, session: UUID | None = None) -> WriterStatus:
        """Where it stands in a session, or in the last one: that is what `vssadmin list writers` shows."""
        if not self.alive:
            return WriterStatus(self.identity, WriterState.UNKNOWN, HResult.VSS_E_WRITER_NOT_RESPONDING)
        one = self._sessions.get(session) if session else next(reversed(self._sessions.values()), None)
        one = one or _Session()
        return WriterStatus(self.identity, one.state, one.last_error)

    async def identify(self, session: UUID, limit: float) -> None:
        """Begin a session, and learn what can be backed up."""
        if len(self._sessions) >= MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        one = self._sessions[session] = _Session()

        async def learn() -> None:
            self.components = await self._application.identify()

        await self._answer(one, Phase.IDENTIFY, learn(), WriterState.STABLE, WriterState.FAILED_AT_IDENTIFY, limit)

    async def handle(self, phase: Phase, shadow_set: ShadowSet, limit: float) -> None:
        """Answer an event within so many seconds, unless the writer failed before and takes part no more."""
        step, one = STEPS[phase], self._sessions.get(shadow_set.session)
        if one is None or not self.alive:
            return
        if phase is Phase.THAW and self._rescue is not None:
            await self._reject_late_thaw(one)
        if one.state is not step.before:
            return
        in_freeze = phase in (Phase.FREEZE, Phase.THAW)
        left = self._time_left(phase, one) if in_freeze else limit
        if not await self._answer(one, phase, self._call(phase, shadow_set), step.done, step.failed, left):
            self._cancel_alarm()
            if in_freeze or not self.alive:
                await self._restore(one, limit)

    async def abort(self, session: UUID, limit: float) -> None:
        """End a session: the application returns to normal, unless another session makes shadow copies just now.

        A failed state stays, so that the failure can be read.
        """
        one = self._sessions.get(session)
        if one is None:
            return
        if not any(other.creating for other in self._sessions.values() if other is not one):
            self._cancel_alarm()
            if self._rescue is not None:
                await self._rescue
                self._rescue = None
            await self._restore(one, limit)
        if not one.state.failed:
            one.state = WriterState.STABLE
        self._announce(one, Phase.ABORT, HResult.S_OK)

    def _call(self, phase: Phase, shadow_set: ShadowSet) -> Awaitable[None]:
        match phase:
            case Phase.PREPARE_BACKUP:
                return self._application.prepare_backup(shadow_set)
            case Phase.PREPARE_SNAPSHOT:
                return self._application.prepare_snapshot(shadow_set)
            case Phase.FREEZE:
                return self._application.freeze()
            case Phase.THAW:
                return self._application.thaw()
            case Phase.POST_SNAPSHOT:
                return self._application.post_snapshot(shadow_set)
            case Phase.BACKUP_COMPLETE:
                return self._application.backup_complete()
            case Phase.IDENTIFY | Phase.ABORT:
                raise ValueError(phase)

    async def _answer(
        self, one: _Session, phase: Phase, answer: Awaitable[None], done: WriterState, failed: WriterState, limit: float
    ) -> bool:
        stage, reason = None, ""
        try:
            async with asyncio.timeout(limit):
                await answer
        except WriterError as error:
            partial = error.hresult is HResult.VSS_E_WRITERERROR_PARTIAL_FAILURE
            one.state, one.last_error = done if partial else failed, error.hresult
            stage, reason = error.stage, str(error)
        except TimeoutError:
            one.state, one.last_error = failed, HResult.VSS_E_WRITERERROR_TIMEOUT
            reason = f"no answer within {limit:g} s"
        except WriterDiedError:
            self.alive = False
            self._machine.announce(stage_of(self._machine.scope, phase), WriterVanished(self.identity, phase))
            return False
        else:
            one.state = done
        self._announce(one, phase, one.last_error, reason, stage)
        return one.state is done

    async def _restore(self, one: _Session, limit: float) -> None:
        """Let the application go on; it cannot veto that, and one that hangs is left to itself."""
        try:
            async with asyncio.timeout(limit):
                await self._application.abort()
        except TimeoutError:
            one.last_error = one.last_error or HResult.VSS_E_WRITER_NOT_RESPONDING

    def _announce(
        self, one: _Session, phase: Phase, hresult: HResult, reason: str = "", stage: Stage | None = None
    ) -> None:
        stage = stage or stage_of(self._machine.scope, phase)
        self._machine.announce(stage, WriterHandled(self.identity, phase, one.state, reason), hresult)

    # --- the time from Freeze to Thaw ---

    def _time_left(self, phase: Phase, one: _Session) -> float:
        """The alarm is set with Freeze; when Thaw comes in time, thawing may take what is left."""
        loop = asyncio.get_running_loop()
        if phase is Phase.FREEZE:
            self._alarm = loop.call_later(self._freeze_limit, self._time_out, one)
            return self._freeze_limit
        left = self._alarm.when() - loop.time() if self._alarm else 0.0
        self._cancel_alarm()
        return left

    def _cancel_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _time_out(self, one: _Session) -> None:
        """No Thaw came in time: fail, and let the application go on by itself (KB 915331)."""
        self._alarm = None
        if one.state is WriterState.WAITING_FOR_THAW:
            one.state, one.last_error = WriterState.FAILED_AT_FREEZE, HResult.VSS_E_WRITERERROR_TIMEOUT
            self._announce(one, Phase.FREEZE, one.last_error, f"no Thaw within {self._freeze_limit:g} s")
            self._rescue = asyncio.get_running_loop().create_task(self._restore(one, self._freeze_limit))

    async def _reject_late_thaw(self, one: _Session) -> None:
        """A Thaw that comes after the time-out is rejected with the same error."""
        if self._rescue is not None:
            await self._rescue
            self._rescue = None
        one.state = WriterState.FAILED_AT_THAW
        self._announce(one, Phase.THAW, one.last_error, "Thaw came too late")


_STAGES = {
    Scope.VM: {
        Phase.IDENTIFY: Stage.GUEST_PREPARE,
        Phase.PREPARE_BACKUP: Stage.GUEST_PREPARE,
        Phase.PREPARE_SNAPSHOT: Stage.GUEST_PREPARE,
        Phase.FREEZE: Stage.GUEST_FREEZE,
        Phase.THAW: Stage.GUEST_THAW,
        Phase.POST_SNAPSHOT: Stage.GUEST_THAW,
        Phase.BACKUP_COMPLETE: Stage.GUEST_THAW,
        Phase.ABORT: Stage.GUEST_THAW,
    },
    Scope.HOST: {
        Phase.IDENTIFY: Stage.GATHER_WRITERS,
        Phase.PREPARE_BACKUP: Stage.PREPARE_BACKUP,
        Phase.PREPARE_SNAPSHOT: Stage.PREPARE_BACKUP,
        Phase.FREEZE: Stage.HOST_FREEZE,
        Phase.THAW: Stage.HOST_THAW,
        Phase.POST_SNAPSHOT: Stage.POST_SNAPSHOT,
        Phase.BACKUP_COMPLETE: Stage.BACKUP_COMPLETE,
        Phase.ABORT: Stage.HOST_THAW,
    },
}


def stage_of(scope: Scope, phase: Phase) -> Stage:
    """The stage of the pipeline that an event of VSS belongs to, on a machine of this kind."""
    return _STAGES[Scope.VM if scope is Scope.VM else Scope.HOST][phase]
