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
        Cancelled: on request; replicas that were not read whole are not marked.
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
        self._bad: dict[int, int] = {}
        """Bad slots, each with the block that it was read for."""

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
                lost_maps = [damage for point in self._points for damage in self._read_point(point, slots, progress)]
                return self._mark([*lost_maps, *self._bad_blocks()])
            finally:
                slots.close()

    def _read_point(self, point: RecoveryPoint, slots: FileSlots, progress: Progress) -> Iterator[Damage]:
        try:
            block_map = self._places.load_map(point)
        except MapDamagedError as error:
            yield Damage(str(error), (point.id,))
        else:
            self._read(block_map, slots, progress)

    def _bad_blocks(self) -> Iterator[Damage]:
        """Bad slots by the recovery points that refer to them, whether these were asked for or not."""
        affected: dict[int, list[int]] = {slot: [] for slot in self._bad}
        for point in self._all_points() if affected else ():
            with contextlib.suppress(MapDamagedError):
                for slot in set(affected).intersection(self._places.load_map(point).slots):
                    affected[slot].append(point.id)
        together: dict[tuple[int, ...], list[int]] = {}
        for slot, concerned in affected.items():
            together.setdefault(tuple(concerned), []).append(self._bad[slot])
        size = self._replica.block_size
        for points, blocks in together.items():
            first, others = min(blocks), f" and {len(blocks) - 1} more" if len(blocks) > 1 else ""
            where = f"block {first} (bytes {first * size} to {(first + 1) * size - 1})"
            verb = "do not match their digests" if others else "does not match its digest"
            yield Damage(f"{self._replica.image}: {where}{others} {verb}", points)

    def _all_points(self) -> list[RecoveryPoint]:
        return [point for point in self._repository.points() if point.replica == self._replica.id]

    def _read(self, block_map: BlockMap, slots: FileSlots, progress: Progress) -> None:
        reader = CheckedReader(block_map, slots)
        step = max(1, GROUP_SIZE // block_map.block_size)
        buffers = Buffers(block_map.block_size, THREADS)

        def check(run: tuple[int, int]) -> list[int]:
            with buffers.one() as buffer:
                return reader.read(*run, buffer).bad

        for bad in in_order(check, self._unread(block_map, step, progress)):
            for block in bad:
                self._bad.setdefault(block_map.slots[block], block)

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

    def _mark(self, damages: list[Damage]) -> list[Damage]:
        """Record which recovery points are good; the newest decides whether the replica is consistent."""
        lost = {point for damage in damages for point in damage.points}
        read = {point.id for point in self._points}
        points = self._all_points()
        changed = []
        for point in points:
            state = PointState.DAMAGED if point.id in lost else PointState.GOOD
            if point.state != state and point.id in lost | read:
                changed.append(msgspec.structs.replace(point, state=state))
        replica = self._replica
        newest = max((point.id for point in points), default=0)
        if newest in lost | read:
            found = ReplicaState.INCONSISTENT if newest in lost else ReplicaState.CONSISTENT
            replica = msgspec.structs.replace(replica, state=found)
        if changed or replica != self._replica:
            with contextlib.suppress(RepositoryError):  # a repository that may only be read is not marked
                self._repository.catalog.update([replica], changed)
        return damages
