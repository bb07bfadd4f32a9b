"""The next recovery point in the making.

Blocks that differ go to free slots, and a copy of the newest map learns where they are. Nothing that a committed
recovery point refers to is overwritten, so there is nothing to roll back: until the commit the replica is what it was.
The one exception is a slot whose content is no longer what its digest says: it may be rewritten with content that is.

The commit, in this order: slots and map are made durable, then comes one transaction of the catalog.
"""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec

from engine.blocks import ZERO_DIGEST
from engine.dpm.catalog import Catalog
from engine.dpm.errors import RepositoryError, RootMismatchError, encodable
from engine.dpm.image import MappedImage
from engine.dpm.journal import Journal, packed
from engine.dpm.maps import BlockMap, MapDamagedError
from engine.dpm.places import Base, ReplicaPlaces
from engine.dpm.records import Job, JobKind, MapLabel, Outcome, PointState, RecoveryPoint, Replica, ReplicaState
from engine.dpm.slots import FileSlots, FreeSlots, write_slots
from engine.dpm.used import remember, remembered
from engine.files import Files


class Draft:
    """A copy of a replica's newest map that learns of changed blocks, and becomes the next recovery point.

    One thread puts blocks; another may make checkpoints meanwhile; any may read the image.
    """

    def __init__(
        self,
        files: Files,
        catalog: Catalog,
        replica: Replica,
        places: ReplicaPlaces,
        image_size: int,
        now: int,
        *,
        check: bool = False,
        known: Base | None = None,
    ) -> None:
        """Take up what is there. The caller holds the writer's lock.

        `check`: rely on nothing that is stored. `known`: a recovery point whose map has been read already.

        Raises:
            RepositoryError, OSError: what is there cannot be used.
        """
        self._files = files
        self._catalog = catalog
        self._places = places
        self._lock = threading.Lock()
        self._pending = bytearray()
        self._broken = False
        self._bad_slots: set[int] = set()
        self.repaired_blocks = 0
        self.damaged_maps: list[RecoveryPoint] = []
        self.damaged_points: list[RecoveryPoint] = []
        """Known after the commit: those with slots that could not be repaired, or without their maps."""
        self._referred: bytes | None = None
        """Which slots the recovery points refer to, where that is known."""
        self.replica = replica
        self.points = [point for point in catalog.points() if point.replica == replica.id]
        self._places.remove_unknown_maps([point.id for point in self.points])
        with contextlib.ExitStack() as opened:
            self.slots: FileSlots = self._places.open_slots()
            opened.callback(self.slots.close)
            self.base, self._free = self._take_up_maps(known)
            self._base_map = self.base.map if self.base else BlockMap(replica.block_size, 0)
            self.map = self._base_map.resized(image_size)
            self.image = MappedImage(self.map, self.slots)
            base = self.base.point.id if self.base else 0
            self._journal = Journal(files, self._places.journal, replica.block_size, base)
            opened.callback(self._journal.close)
            self.resumed = self._take_up_journal()
            self.job: Job = catalog.start_job(replica.id, self._kind(check=check), now)
            self._opened = opened.pop_all()

    def _take_up_maps(self, known: Base | None) -> tuple[Base | None, FreeSlots]:
        """The newest point whose map can be read, and the slots that no point refers to."""
        used = remembered(self._files, self._places.used, self.points)
        free = FreeSlots(self.slots.count(), used or b"")
        newest: Base | None = None
        later: memoryview | None = None
        for point in reversed(self.points):
            try:
                found = known if known and known.point == point else Base(point, self._places.load_map(point))
            except MapDamagedError:
                self.damaged_maps.append(point)
                continue
            newest = newest or found
            if used:
                break
            free.keep(found.map.slots, later)
            later = found.map.slots
        if self.damaged_maps and not used:
            free.keep_all()  # what the lost maps refer to is unknown
        else:
            self._referred = free.used()
        return newest, free

    def _take_up_journal(self) -> int:
        """What an earlier attempt had made durable; how many blocks."""
        count = 0
        for block, slot, digest in self._journal.replay():
            self._free.keep_one(slot)
            if block < self.map.blocks:
                self.map.put(block, slot, digest)
                count += 1
        return count

    def _kind(self, *, check: bool) -> JobKind:
        if not self.points:
            return JobKind.INITIAL
        if check or self.damaged_maps or self.replica.state == ReplicaState.INCONSISTENT:
            return JobKind.CONSISTENCY_CHECK
        return JobKind.EXPRESS_FULL

    @property
    def needs_full_comparison(self) -> bool:
        """Whether stored digests must not be relied on."""
        return self.job.kind == JobKind.CONSISTENCY_CHECK

    def put(self, blocks: Sequence[int], digests: Sequence[bytes], data: memoryview) -> None:
        """Keep whole blocks with these digests, whose contents follow one another in `data`; zeros take no slot.

        A block that already has this digest is being repaired: its slot is written again.

        Raises:
            OSError: as the file layer does; the draft is then of no more use.
        """
        size = self.map.block_size
        repaired = {n for n, block in enumerate(blocks) if digests[n] == self.map.digest(block) != ZERO_DIGEST}
        stored = [n for n in range(len(blocks)) if n not in repaired and digests[n] != ZERO_DIGEST]
        slots = dict(zip(stored, self._free.take(len(stored)), strict=True))
        with self._breaking():
            if len(stored) == len(blocks):
                write_slots(self.slots, list(slots.values()), data, size)
            else:
                for n in sorted(repaired | set(stored)):
                    slot = slots.get(n) or self.map.slots[blocks[n]]
                    self.slots.write(slot, data[n * size : (n + 1) * size])
        entries = bytearray()
        for n, block in enumerate(blocks):
            if n in repaired:
                self._bad_slots.discard(self.map.slots[block])
                self.repaired_blocks += 1
                continue
            slot = slots.get(n, 0)
            self.map.put(block, slot, digests[n])
            entries += packed(block, slot, digests[n])
        with self._lock:
            self._pending += entries

    def put_zeros(self, blocks: Sequence[int]) -> None:
        """Blocks that hold nothing any more."""
        self.put(blocks, [ZERO_DIGEST] * len(blocks), memoryview(b""))

    def report_damage(self, blocks: Sequence[int]) -> None:
        """These blocks were read from the replica, and are not what their digests say."""
        self._bad_slots.update(self.map.slots[block] for block in blocks)

    def pending_bytes(self) -> int:
        """How much was put since the last checkpoint."""
        return len(self._pending) // len(packed(0, 0, ZERO_DIGEST)) * self.map.block_size

    def checkpoint(self) -> None:
        """Let what was put so far survive this job: the next one takes it up.

        Raises:
            OSError: as the file layer does; the draft is then of no more use.
        """
        with self._lock:
            entries, self._pending = bytes(self._pending), bytearray()
        with self._breaking():
            self.slots.sync()
            if entries:
                self._journal.append(entries)

    def commit(self, mode: str, now: int, root: bytes | None = None, bytes_sent: int = 0) -> RecoveryPoint:
        """Make the recovery point. `root`: what the source's side has come to.

        Raises:
            RootMismatchError: the two sides do not agree.
            OSError, RepositoryError: it could not be made durable; there is no recovery point then.
        """
        self.slots.begin_sync()
        found = self.map.root()
        if root is not None and root != found:
            raise RootMismatchError
        if self._broken:
            raise OSError("an earlier write of this job failed")
        longest = max(self.map.image_size, self._base_map.image_size)  # whose last block may be less than one
        changed = min(self.map.changed_since(self._base_map) * self.map.block_size, longest)
        label = msgspec.msgpack.encode(MapLabel(self.replica.image, now, mode, self.job.kind, changed))
        with self._breaking(), self._places.saving_map(self.map, self.job.id, label) as checksum:
            self.slots.sync()  # the disk works on both meanwhile
        point = RecoveryPoint(
            id=self.job.id,
            replica=self.replica.id,
            time=now,
            mode=mode,
            kind=self.job.kind,
            image_size=self.map.image_size,
            bytes_changed=changed,
            root=found,
            map_checksum=checksum,
            state=PointState.GOOD,
        )
        sound = msgspec.structs.replace(self.replica, state=ReplicaState.CONSISTENT)
        ended = msgspec.structs.replace(self.job, ended=now, outcome=Outcome.SUCCEEDED, bytes_sent=bytes_sent)
        self.damaged_points = self._damaged()
        self._catalog.commit(point, sound, ended, self.damaged_points)
        self.job = ended
        self._leave_behind(point)
        return point

    def _leave_behind(self, point: RecoveryPoint) -> None:
        """What the next job need not find out, now that there is this recovery point."""
        self._places.forget_journal()
        if self._referred is not None:
            used = FreeSlots(0, self._referred)
            used.keep(self.map.slots, self._base_map.slots)
            remember(self._files, self._places.used, [*self.points, point], used.used())

    def _damaged(self) -> list[RecoveryPoint]:
        """Older points that cannot be restored whole."""
        lost = list(self.damaged_maps)
        if self._bad_slots:
            whole = [point for point in self.points if point not in lost]
            lost += [point for point in whole if self._bad_slots.intersection(self._places.load_map(point).slots)]
        return [msgspec.structs.replace(point, state=PointState.DAMAGED) for point in lost]

    def abandon(self, outcome: Outcome, message: str, now: int) -> None:
        """End without a recovery point, and keep what can be kept for the next attempt."""
        if self.job.outcome != Outcome.RUNNING:
            return
        with contextlib.suppress(OSError, RepositoryError):  # what ended the job is what has to be told
            if not self._broken:
                self.checkpoint()
            self._catalog.end_job(
                msgspec.structs.replace(self.job, ended=now, outcome=outcome, message=encodable(message))
            )

    def close(self) -> None:
        """Release the files."""
        self._opened.close()

    @contextmanager
    def _breaking(self) -> Iterator[None]:
        """After an error of a write or sync it is unknown what is durable, so nothing more may be promised."""
        try:
            yield
        except OSError:
            self._broken = True
            raise
