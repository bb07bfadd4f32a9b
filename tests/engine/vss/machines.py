"""A machine to test VSS on: volumes of bytes, applications that can tell whether they rest, and a watcher."""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from engine.clock import VirtualClock
from engine.hresult import HResult
from engine.occurrence import Happening, Machine, Occurrence
from engine.pipeline import Scope
from engine.vss.coordinator import DEFAULT_LIMITS, Coordinator, Limits
from engine.vss.faults import Fault, FaultyApplication, FaultyProvider
from engine.vss.identities import CLASS_IDS, SYSTEM_PROVIDER, WriterIdentity
from engine.vss.shadow_set import ShadowCopy, ShadowSet, Volume
from engine.vss.states import Phase
from engine.vss.writer import FREEZE_LIMIT, Application, Level, Writer, WriterComponent

H = TypeVar("H", bound=Happening)


class Watcher:
    """Keeps everything that was announced."""

    def __init__(self) -> None:
        self.seen: list[Occurrence] = []

    def occurred(self, occurrence: Occurrence) -> None:
        self.seen.append(occurrence)

    def of(self, kind: type[H]) -> list[tuple[H, HResult]]:
        """What happened of one kind, with the HRESULTs."""
        return [(seen.happening, seen.hresult) for seen in self.seen if isinstance(seen.happening, kind)]


class Bytes:
    """A volume in memory, with the time for which its writes were held."""

    def __init__(self, name: str, clock: VirtualClock) -> None:
        self.name = name
        self.content = bytearray(b"now")
        self.flushed = False
        self.held_since: float | None = None
        self.longest_hold = 0.0
        self._clock = clock

    async def flush(self) -> None:
        self.flushed = True

    def hold(self, _seconds: float) -> None:
        assert self.held_since is None
        self.held_since = self._clock.elapsed

    def release(self) -> bool:
        if self.held_since is not None:
            self.longest_hold = max(self.longest_hold, self._clock.elapsed - self.held_since)
            self.held_since = None
        return True


class Copy:
    def __init__(self, copy_id: UUID, content: bytes) -> None:
        self.id = str(copy_id)
        self.size = len(content)
        self.alive = True
        self._content = content

    def read_into(self, offset: int, room: bytearray | memoryview) -> None:
        room[:] = self._content[offset : offset + len(room)]

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        raise AssertionError((offset, data))

    def extents(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        yield start, end


class Copier:
    """A provider that copies whole volumes, and knows which copies are out."""

    def __init__(self, new_id: random.Random, unsupported: Sequence[str] = ()) -> None:
        self.identity = SYSTEM_PROVIDER
        self.routines: list[str] = []
        self.out: dict[UUID, list[ShadowCopy]] = {}
        self._random = new_id
        self._unsupported = unsupported
        self._prepared: dict[UUID, list[Bytes]] = {}

    def supports(self, volume: Volume) -> bool:
        return volume.name not in self._unsupported

    async def begin_prepare(self, set_id: UUID, volume: Volume) -> None:
        self.routines.append("begin_prepare")
        self._prepared.setdefault(set_id, []).append(volume)  # type: ignore[arg-type]

    async def end_prepare(self, _set_id: UUID) -> None:
        self.routines.append("end_prepare")

    async def pre_commit(self, _set_id: UUID) -> None:
        self.routines.append("pre_commit")

    async def commit(self, set_id: UUID) -> Mapping[str, ShadowCopy]:
        self.routines.append("commit")
        volumes = self._prepared.pop(set_id)
        copies = {volume.name: Copy(UUID(int=self._random.getrandbits(128)), b"then") for volume in volumes}
        self.out[set_id] = list(copies.values())
        return copies

    async def post_commit(self, _set_id: UUID) -> None:
        self.routines.append("post_commit")

    async def pre_final_commit(self, _set_id: UUID) -> None:
        self.routines.append("pre_final_commit")

    async def post_final_commit(self, _set_id: UUID) -> None:
        self.routines.append("post_final_commit")

    async def abort(self, set_id: UUID) -> None:
        self.routines.append("abort")
        self._prepared.pop(set_id, None)
        self.out.pop(set_id, None)

    async def delete(self, copy: ShadowCopy) -> None:
        for copies in self.out.values():
            if copy in copies:
                copies.remove(copy)

    @property
    def left(self) -> int:
        """Copies that nobody released, and volumes that are still being prepared."""
        return sum(map(len, self.out.values())) + sum(map(len, self._prepared.values()))


class Store(Application):
    """An application that rests from freeze to thaw, and keeps a diary."""

    def __init__(self, name: str, diary: list[str], clock: VirtualClock) -> None:
        self.frozen = False
        self.longest_freeze = 0.0
        self._name = name
        self._diary = diary
        self._clock = clock
        self._since = 0.0

    async def identify(self) -> tuple[WriterComponent, ...]:
        return (WriterComponent("data", "data", frozenset({"C:"})),)

    async def prepare_snapshot(self, _shadow_set: ShadowSet) -> None:
        self._diary.append(f"{self._name} prepares")

    async def freeze(self) -> None:
        self.frozen, self._since = True, self._clock.elapsed
        self._diary.append(f"{self._name} freezes")

    async def thaw(self) -> None:
        self._go_on()
        self._diary.append(f"{self._name} thaws")

    async def post_snapshot(self, shadow_set: ShadowSet) -> None:
        assert shadow_set.copies
        self._diary.append(f"{self._name} looks at the copy")

    async def abort(self) -> None:
        self._go_on()

    def _go_on(self) -> None:
        if self.frozen:
            self.longest_freeze = max(self.longest_freeze, self._clock.elapsed - self._since)
        self.frozen = False


class Box:
    """A whole machine in virtual time."""

    def __init__(
        self,
        *,
        faults: Mapping[str, Mapping[Phase, Fault]] | None = None,
        provider_faults: Mapping[str, Fault] | None = None,
        levels: Mapping[str, Level] | None = None,
        freeze_limits: Mapping[str, float] | None = None,
        unsupported: Sequence[str] = (),
        limits: Limits = DEFAULT_LIMITS,
        seed: int = 0,
    ) -> None:
        """`faults` and `levels` go by the name of the writer."""
        ids = random.Random(seed)
        self.clock = VirtualClock()
        self.watcher = Watcher()
        new_id = lambda: UUID(int=ids.getrandbits(128))  # noqa: E731
        self.machine = Machine("SQL01", Scope.VM, self.clock, self.watcher, new_id)
        self.volume = Bytes("C:", self.clock)
        self.diary: list[str] = []
        self.copier = Copier(ids, unsupported)
        levels = levels or {"SqlServerWriter": Level.BACK_END, "System Writer": Level.SYSTEM}
        self.stores = {name: Store(name, self.diary, self.clock) for name in levels}
        writers = [
            Writer(
                self.machine,
                WriterIdentity(name, CLASS_IDS[name], new_id()),
                FaultyApplication(store, (faults or {}).get(name, {})),
                level=levels[name],
                freeze_limit=(freeze_limits or {}).get(name, FREEZE_LIMIT),
            )
            for name, store in self.stores.items()
        ]
        provider = FaultyProvider(self.copier, provider_faults or {})
        self.coordinator = Coordinator(self.machine, writers, [provider], limits)

    def states(self) -> dict[str, tuple[int, str]]:
        """Number of the state and symbol of the last error, by name of writer."""
        return {
            status.writer.name: (int(status.state), status.last_error.name)
            for status in self.coordinator.gather_writer_status()
        }

    def at_rest(self) -> bool:
        """Whether nothing of a backup is left: nobody frozen, nothing held, no copy out."""
        frozen = any(store.frozen for store in self.stores.values())
        return not frozen and self.volume.held_since is None and self.copier.left == 0
