"""Reading a repository against its checksums."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from engine.blocks import GROUP_SIZE, Buffers
from engine.dpm.errors import Cancelled, RepositoryError, numbered
from engine.dpm.locks import locked
from engine.dpm.maps import BlockMap, MapDamagedError
from engine.dpm.places import ReplicaPlaces
from engine.dpm.reading import CheckedReader
from engine.dpm.records import PointState, RecoveryPoint, Replica, ReplicaState
from engine.dpm.repository import Repository
from engine.dpm.slots import FileSlots
from engine.parallel import THREADS, in_order
from engine.progress import Progress


class Damage(NamedTuple):
    """What does not match, and whom it concerns."""

    what: str
    points: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.what}; affected: {numbered(self.points)}" if self.points else self.what


def verify(repository: Repository, points: Sequence[int], progress: Progress) -> list[Damage]:
    """Read everything that these recovery points (none given: all) consist of; what is damaged, worst news first.

    Recovery points and replicas are marked as what they are found to be.

    Raises:
        DamagedError: the catalog is damaged, so that there is nothing to go by.
        UnknownPointError: there is no recovery point of such a number.
        Cancelled: on request; nothing is marked.
    """
    with repository.naming_points():
        repository.catalog.check()
    chosen = {repository.point(number).id for number in points} or {point.id for point in repository.points()}
    work = []
    for replica in repository.replicas():
        mine = [point for point in repository.points() if point.replica == replica.id and point.id in chosen]
        if mine:
            work.append(_ReplicaCheck(repository, replica, mine))
    progress.started(sum(check.bytes_to_read() for check in work))
    return [damage for check in work for damage in check.run(progress)]


class _ReplicaCheck:
    """The recovery points of one replica, newest first; a slot that several refer to is read once."""

    def __init__(self, repository: Repository, replica: Replica, points: list[RecoveryPoint]) -> None:
        self._repository = repository
        self._replica = replica
        self._places: ReplicaPlaces = repository.places(replica)
        self._points = sorted(points, key=lambda point: -point.id)
        self._seen = bytearray(1)
        self._bad: dict[int, tuple[int, int]] = {}
        """Bad slots, each with the recovery point and the block where it was met first."""

    def bytes_to_read(self) -> int:
        return sum(point.image_size for point in self._points)

    def run(self, progress: Progress) -> list[Damage]:
        what = f"the replica of {self._replica.image}"
        with locked(self._places.readers_lock, what, shared=True):
            try:
                slots = self._places.read_slots()
            except FileNotFoundError:
                return self._mark([Damage(f"{what} has no slots", tuple(point.id for point in self._points))])
            try:
                return self._mark(list(self._damages(slots, progress)))
            finally:
                slots.close()

    def _damages(self, slots: FileSlots, progress: Progress) -> Iterator[Damage]:
        affected: dict[int, list[int]] = {}
        for point in self._points:
            try:
                block_map = self._places.load_map(point)
            except MapDamagedError as error:
                yield Damage(str(error), (point.id,))
                continue
            self._read(point, block_map, slots, progress)
            for slot in set(self._bad).intersection(block_map.slots) if self._bad else ():
                affected.setdefault(slot, []).append(point.id)
        yield from self._of_slots(affected)

    def _read(self, point: RecoveryPoint, block_map: BlockMap, slots: FileSlots, progress: Progress) -> None:
        reader = CheckedReader(block_map, slots)
        step = max(1, GROUP_SIZE // block_map.block_size)
        buffers = Buffers(block_map.block_size, THREADS)

        def check(run: tuple[int, int]) -> list[int]:
            with buffers.one() as buffer:
                return reader.read(*run, buffer).bad

        for bad in in_order(check, self._unread(block_map, step, progress)):
            for block in bad:
                self._bad.setdefault(block_map.slots[block], (point.id, block))

    def _unread(self, block_map: BlockMap, step: int, progress: Progress) -> Iterator[tuple[int, int]]:
        """The runs of blocks of which some slot has not been read for another recovery point."""
        for first in range(0, block_map.blocks, step):
            if progress.cancelled():
                raise Cancelled
            slots = block_map.slots[first : first + step].tolist()
            fresh = [place for place, slot in enumerate(slots) if slot and not self._known(slot)]
            if fresh:
                yield first + fresh[0], fresh[-1] + 1 - fresh[0]
            progress.advanced(min(step * block_map.block_size, block_map.image_size - first * block_map.block_size))

    def _known(self, slot: int) -> bool:
        """Whether a slot has been asked for before; it counts as such from now on."""
        if slot >= len(self._seen):
            self._seen.extend(bytes(slot + 1 - len(self._seen)))
        known = self._seen[slot]
        self._seen[slot] = 1
        return bool(known)

    def _of_slots(self, affected: dict[int, list[int]]) -> Iterator[Damage]:
        size = self._replica.block_size
        for slot, (_, block) in sorted(self._bad.items(), key=lambda item: item[1][1]):
            what = f"{self._replica.image}: block {block} (bytes {block * size} to {(block + 1) * size - 1})"
            yield Damage(f"{what} does not match its digest", tuple(sorted(affected.get(slot, []))))

    def _mark(self, damages: list[Damage]) -> list[Damage]:
        """Record which recovery points are good; the newest decides whether the replica is consistent."""
        lost = {point for damage in damages for point in damage.points}
        changed = []
        for point in self._points:
            state = PointState.DAMAGED if point.id in lost else PointState.GOOD
            if point.state != state:
                changed.append(msgspec.structs.replace(point, state=state))
        newest = max(point.id for point in self._repository.points() if point.replica == self._replica.id)
        replica = self._replica
        if newest in {point.id for point in self._points}:
            found = ReplicaState.INCONSISTENT if newest in lost else ReplicaState.CONSISTENT
            replica = msgspec.structs.replace(replica, state=found)
        if changed or replica != self._replica:
            with contextlib.suppress(RepositoryError):  # a repository that may only be read is not marked
                self._repository.catalog.update([replica], changed)
        return damages
