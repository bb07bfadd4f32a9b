"""The provider that makes copy-on-write shadow copies, and the copies, which writers may correct once."""

from collections.abc import Iterator, Mapping
from uuid import UUID

from engine.hresult import HResult
from engine.occurrence import Machine
from engine.volume import VolumeError
from engine.volume.errors import BadStateError as NotHeldError
from engine.vss.errors import BadStateError, ProviderError
from engine.vss.identities import ProviderIdentity
from engine.vss.mounted import BlockCopy, BlockVolume, Buffer, Room, hresult_of, words_of
from engine.vss.shadow_set import ShadowCopy, Volume


class CopyOnWriteProvider:
    """Makes copy-on-write copies of the volumes that it was given, as the system's provider does with volsnap."""

    def __init__(self, machine: Machine, identity: ProviderIdentity, volumes: Mapping[str, BlockVolume]) -> None:
        self.identity = identity
        self.volumes = dict(volumes)
        """By name; of no others it can make copies."""
        self._machine = machine
        self._sets: dict[UUID, dict[str, CorrectableCopy | None]] = {}

    @property
    def left(self) -> int:
        """How many shadow copies there are that nobody released."""
        return sum(1 for copies in self._sets.values() for copy in copies.values() if copy is not None)

    def supports(self, volume: Volume) -> bool:
        return volume.name in self.volumes

    async def begin_prepare(self, set_id: UUID, volume: Volume) -> None:
        """Make the diff area. Raises ProviderError."""
        try:
            self.volumes[volume.name].prepare()
        except (VolumeError, OSError) as error:
            raise _failed(volume.name, error) from error
        self._sets.setdefault(set_id, {})[volume.name] = None

    async def end_prepare(self, set_id: UUID) -> None:
        """Nothing was left to wait for."""

    async def pre_commit(self, set_id: UUID) -> None:
        """Nothing to get ready."""

    async def commit(self, set_id: UUID) -> Mapping[str, ShadowCopy]:
        """Make the copies. Raises ProviderError."""
        copies: dict[str, ShadowCopy] = {}
        for name in self._sets[set_id]:
            try:
                copy = self.volumes[name].create_shadow_copy(str(self._machine.new_id()))
            except NotHeldError as error:  # the time for which writes can be held was over
                message = f"writes to {name} went on before its shadow copy was made"
                raise ProviderError(HResult.VSS_E_HOLD_WRITES_TIMEOUT, message) from error
            except (VolumeError, OSError) as error:
                raise _failed(name, error) from error
            copies[name] = self._sets[set_id][name] = CorrectableCopy(copy)
        return copies

    async def post_commit(self, set_id: UUID) -> None:
        """Nothing to clean up."""

    async def pre_final_commit(self, set_id: UUID) -> None:
        """Open the copies for corrections."""
        self._seal(set_id, sealed=False)

    async def post_final_commit(self, set_id: UUID) -> None:
        """From now on they are what they are."""
        self._seal(set_id, sealed=True)

    async def abort(self, set_id: UUID) -> None:
        for copy in self._sets.pop(set_id, {}).values():
            if copy is not None:
                copy.release()

    async def delete(self, copy: ShadowCopy) -> None:
        for set_id, copies in list(self._sets.items()):
            for name, one in list(copies.items()):
                if one is copy and one is not None:
                    one.release()
                    del copies[name]
            if not copies:
                del self._sets[set_id]

    def _seal(self, set_id: UUID, *, sealed: bool) -> None:
        for copy in self._sets[set_id].values():
            if copy is not None:
                copy.sealed = sealed


class CorrectableCopy:
    """A shadow copy to which writers may write during PostSnapshot (auto-recovery), beside what it holds."""

    _UNIT = 1 << 14

    def __init__(self, copy: BlockCopy) -> None:
        self.id = copy.id
        self.size = copy.size
        self.block = copy
        self.sealed = True
        self._corrections: dict[int, bytearray] = {}
        """Corrected units by number, in memory: a guest writes little between two snapshots."""

    @property
    def alive(self) -> bool:
        return self.block.alive

    def read_into(self, offset: int, room: Room) -> None:
        self.block.read_into(offset, room)
        if self._corrections:
            view = memoryview(room)
            for unit, start, stop, place in self._parts(offset, len(view)):
                if unit in self._corrections:
                    view[place : place + stop - start] = self._corrections[unit][start:stop]

    def write(self, offset: int, data: Buffer) -> None:
        if self.sealed:
            raise BadStateError(f"the shadow copy {self.id} cannot be written any more, or not yet")
        view = memoryview(data)
        for unit, start, stop, place in self._parts(offset, len(view)):
            if unit not in self._corrections:
                content = bytearray(min(self._UNIT, self.size - unit * self._UNIT))
                self.block.read_into(unit * self._UNIT, content)
                self._corrections[unit] = content
            self._corrections[unit][start:stop] = view[place : place + stop - start]

    def extents(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        corrected = ((max(unit * self._UNIT, start), min((unit + 1) * self._UNIT, end)) for unit in self._corrections)
        ranges = [*self.block.extents(start, end), *(part for part in corrected if part[0] < part[1])]
        yield from _merged(sorted(ranges))

    def release(self) -> None:
        self.block.release()
        self._corrections.clear()

    def _parts(self, offset: int, length: int) -> Iterator[tuple[int, int, int, int]]:
        """The parts of a range by unit: number, start and end within the unit, place within the range."""
        place = 0
        while place < length:
            unit, start = divmod(offset + place, self._UNIT)
            stop = min(self._UNIT, start + length - place)
            yield unit, start, stop, place
            place += stop - start


def _failed(volume: str, error: VolumeError | OSError) -> ProviderError:
    return ProviderError(hresult_of(error), f"no shadow copy of {volume} can be made: {words_of(error)}")


def _merged(ranges: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Sorted ranges without overlaps."""
    if not ranges:
        return
    first, last = ranges[0]
    for start, end in ranges[1:]:
        if start > last:
            yield first, last
            first, last = start, end
        else:
            last = max(last, end)
    yield first, last
