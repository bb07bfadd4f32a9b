"""Bringing the replicas of a virtual machine in step with its shadow copies, at the pace of a disk and a line."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from engine.blocks import DEFAULT_BLOCK_SIZE, block_count
from engine.dpm.draft import Draft
from engine.dpm.failures import JobFailedError
from engine.dpm.occurrences import (
    BlocksMoved,
    DataMoveBegan,
    DataMoveBroke,
    Fate,
    RecoveryPointMade,
    ReplicaInconsistent,
)
from engine.dpm.records import PointMode
from engine.files import Room
from engine.hresult import HResult
from engine.hyperv.backup import CopiedFile
from engine.lab.computers import LabVm
from engine.lab.failures import job_failure, storage_failure
from engine.lab.network import LinkBrokenError
from engine.lab.seeding import replica_name
from engine.lab.site import Dpm
from engine.pipeline import Mode, Stage
from engine.progress import Unwatched
from engine.sync.direct import SPAN, Passed, copying
from engine.volume import VolumeError

READ_RATE = 400 << 20
"""Bytes of a disk that are read and compared in a second."""


@dataclass(frozen=True)
class FileSource:
    """A file in the host's shadow copy, as something to bring a replica in step with."""

    file: CopiedFile

    def pread(self, room: Room, offset: int) -> int:
        count = max(0, min(len(room), self.file.size - offset))
        self.file.read_into(offset, memoryview(room)[:count])
        return count

    def size(self) -> int:
        return self.file.size

    def extents(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        return self.file.extents(start, min(end, self.file.size))


JobTag = tuple[UUID, str, str, str]
"""What all occurrences of a job begin with: its id, the machine, the host, the protection group."""


class Transfer:
    """One job's transfers, disk by disk."""

    def __init__(self, dpm: Dpm, vm: LabVm, job: JobTag, mode: Mode) -> None:
        self.sent = 0
        """Bytes that went over the wire."""
        self._unchanged: tuple[int, int] | None = None
        """Blocks that were found unchanged and not told of yet: the first, and how many follow it."""
        self._vm = vm
        self._host = vm.host
        self._dpm = dpm
        self._job = job
        self._mode = PointMode.APPLICATION if mode is Mode.ONLINE else PointMode.CRASH

    async def run(self, file: CopiedFile) -> None:
        """Compare a disk with its replica, send what differs, and make a recovery point. Raises JobFailedError."""
        machine, source = self._host.machine.machine, FileSource(file)
        machine.announce(Stage.READ_REPLICA, DataMoveBegan(*self._job, file.name, file.size, _to_be_compared(source)))
        for strike in self._vm.tracking_faults:
            await strike()
        repository = self._dpm.repository
        replica = repository.replica_of(replica_name(self._vm, file.name), DEFAULT_BLOCK_SIZE)
        stage = Stage.READ_SOURCE
        try:
            with repository.draft(replica, file.size) as draft:
                for passed in copying(source, draft, Unwatched(), threads=0):
                    stage = Stage.SEND_BLOCKS
                    await self._carry(file.name, passed, replica.block_size)
                    stage = Stage.READ_SOURCE
                self._tell_unchanged(file.name)
                stage = Stage.RECOVERY_POINT
                self._commit(draft, file.name)
        except (LinkBrokenError, VolumeError, OSError) as error:
            raise self._broken(file.name, stage, error) from error

    async def _carry(self, disk: str, passed: Passed, block_size: int) -> None:
        """Let the time pass that reading, comparing and sending take."""
        await asyncio.sleep(passed.length * block_size / READ_RATE)
        changed = self._compared(disk, passed)
        for first, count in changed:
            size = count * block_size
            await self._host.link.carry(size)
            self.sent += size
            self._tell(Stage.SEND_BLOCKS, disk, first, count, Fate.SENT, size)

    def _compared(self, disk: str, passed: Passed) -> list[tuple[int, int]]:
        """Tell what the comparison says of some blocks; returns the runs that differ: (first block, how many)."""
        differing = set(passed.differing)
        changed: list[tuple[int, int]] = []
        blocks = range(passed.first, passed.first + passed.length)
        for differs, run in groupby(blocks, lambda block: block in differing):
            those = list(run)
            if differs:
                self._tell_unchanged(disk)
                self._tell(Stage.COMPARE_CHECKSUMS, disk, those[0], len(those), Fate.CHANGED, 0)
                changed.append((those[0], len(those)))
            elif self._unchanged and self._unchanged[0] + self._unchanged[1] == those[0]:
                self._unchanged = self._unchanged[0], self._unchanged[1] + len(those)
            else:
                self._tell_unchanged(disk)
                self._unchanged = those[0], len(those)
        if changed:
            self._tell_unchanged(disk)
        return changed

    def _tell_unchanged(self, disk: str) -> None:
        if self._unchanged:
            self._tell(Stage.COMPARE_CHECKSUMS, disk, *self._unchanged, Fate.UNCHANGED, 0)
            self._unchanged = None

    def _tell(self, stage: Stage, disk: str, first: int, count: int, fate: Fate, size: int) -> None:
        moved = BlocksMoved(*self._job, disk, first, count, fate, size)
        self._host.machine.machine.announce(stage, moved)

    def _commit(self, draft: Draft, disk: str) -> None:
        damaged = draft.repaired_blocks
        if damaged and not draft.needs_full_comparison:  # what is repaired now counts from the next job on
            said = f"{damaged} blocks were not what their digests say"
            inconsistent = ReplicaInconsistent(*self._job, disk, said)
            self._dpm.machine.announce(Stage.COMPARE_CHECKSUMS, inconsistent, HResult.E_FAIL)
            raise JobFailedError(30133, HResult.E_FAIL, said, Stage.COMPARE_CHECKSUMS)
        point = draft.commit(self._mode, self._dpm.repository.clock(), bytes_sent=self.sent)
        self._dpm.machine.announce(Stage.RECOVERY_POINT, RecoveryPointMade(*self._job, disk, point.bytes_changed))

    def _broken(self, disk: str, stage: Stage, error: LinkBrokenError | VolumeError | OSError) -> JobFailedError:
        if isinstance(error, OSError):
            failure = storage_failure(error, self._dpm.repository.folder)
            stage = failure.stage or stage
        else:
            failure = job_failure(error)
        if stage is Stage.RECOVERY_POINT:
            made = RecoveryPointMade(*self._job, disk, 0, failure.details)
            self._dpm.machine.announce(stage, made, failure.hresult)
        else:
            broke = DataMoveBroke(*self._job, disk, failure.details)
            self._host.machine.machine.announce(stage, broke, failure.hresult)
        return JobFailedError(failure.number, failure.hresult, failure.details, stage)


def _to_be_compared(source: FileSource) -> int:
    """How many blocks of a disk, in spans: up to the last span that holds something."""
    used = max((end for _, end in source.extents(0, source.size())), default=0)
    spans = -(-used // (SPAN * DEFAULT_BLOCK_SIZE))
    return min(spans * SPAN, block_count(source.size(), DEFAULT_BLOCK_SIZE))
