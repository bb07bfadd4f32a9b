"""The server's side of a transfer: reads the replica (T1), compares (T4), takes what differs (T5), commits (T6).

One thread receives; one compares, while others read the replica ahead of it; one checks what came against the digest
that was announced for it, and puts it into the draft.
"""

import contextlib
from collections.abc import Iterator
from queue import Empty, Queue
from typing import NamedTuple

from engine.blocks import ZERO_DIGEST, Buffer, Buffers, Hasher, run_digests
from engine.dpm.draft import Draft
from engine.dpm.errors import ChangedSourceError, RootMismatchError, TransferCancelled
from engine.dpm.records import JobKind, PointMode, RecoveryPoint, Replica
from engine.dpm.repository import Repository
from engine.parallel import THREADS, Together, in_order
from engine.progress import Progress
from engine.sync.batches import Batch, Batches, nth
from engine.sync.checkpoints import Checkpoints, checkpoints
from engine.sync.compression import unpacked
from engine.sync.messages import (
    BATCH_BLOCKS,
    MAX_PAYLOAD,
    VERSION,
    Begin,
    Blocks,
    Committed,
    Describe,
    Digests,
    Finished,
    Need,
    Refused,
)
from engine.sync.wire import BrokenTransferError, RefusedError, Transport, expect, refuse, refusing

_ROOMS = 6
"""Payloads that may have been received and not been put away yet."""
_WAITING = 16
"""Batches that may have been received and not been compared yet; an agent that sends more has to wait."""
_MOST_AWAITED = 64 * BATCH_BLOCKS
"""Blocks that may have been announced and not come yet: far more than an agent keeps waiting, and few megabytes."""


class Received(NamedTuple):
    """A new recovery point, and what it took."""

    point: RecoveryPoint
    blocks: int
    bytes_received: int
    """Of blocks, as they came over the wire."""
    repaired_blocks: int


def receive_image(
    transport: Transport,
    repository: Repository,
    replica: Replica,
    progress: Progress,
    *,
    trust_digests: bool = False,
    check: bool = False,
    threads: int = THREADS,
) -> Received:
    """Bring a replica in step with what the agent reads, and make a recovery point.

    Args:
        transport: To the agent.
        repository: Where the replica is.
        replica: Of the agent's image.
        progress: Told in bytes of the image.
        trust_digests: Compare with stored digests instead of reading the replica; a consistency check never does.
        check: Make it a consistency check.
        threads: How many read the replica.

    Raises:
        BrokenTransferError: the agent is gone, or does not keep to the protocol.
        ChangedSourceError: a block is not what was announced.
        RootMismatchError: the two sides do not come to the same digests.
        TransferCancelled, RepositoryError, OSError: as the repository does. What came is kept for the next attempt.
    """
    with refusing(transport):
        base = None if check else repository.base_of(replica)
        empty = repository.has_nothing_of(replica)
        transport.send(Begin(VERSION, replica.block_size, base.point.root if base else None, empty))
        room = memoryview(bytearray(MAX_PAYLOAD))
        described = expect(Describe, transport.receive(room)[0])
        with repository.draft(replica, described.image_size, check=check, base=base) as draft:
            same = base and draft.base and draft.base.point == base.point
            if described.tracked and (draft.needs_full_comparison or not same):
                raise BrokenTransferError("changes were tracked since a point that is not the newest any more")
            if empty and (draft.points or draft.resumed):
                raise BrokenTransferError("there was nothing of the image, and now there is something")
            receiving = _Receiving(transport, draft, described, progress, trust_digests=trust_digests, empty=empty)
            mode = receiving.run(room, threads)
            point = draft.commit(mode, repository.clock(), bytes_sent=receiving.bytes_received)
            done = Received(point, receiving.blocks, receiving.bytes_received, draft.repaired_blocks)
        with contextlib.suppress(BrokenTransferError):  # there is a recovery point, whoever knows; and no lock is held
            transport.send(Committed(point.id, point.root, point.time, JobKind(point.kind), point.bytes_changed))
        return done


class _Payload(NamedTuple):
    blocks: tuple[int, ...]
    packed: bool
    data: memoryview
    room: memoryview


class _Receiving:
    def __init__(
        self,
        transport: Transport,
        draft: Draft,
        described: Describe,
        progress: Progress,
        *,
        trust_digests: bool,
        empty: bool,
    ) -> None:
        self._transport = transport
        self._draft = draft
        self._spoken_of = Batches(draft.map.blocks, everything=not described.tracked)
        self._progress = progress
        self._empty = empty
        self._trusting = (trust_digests or described.tracked) and not draft.needs_full_comparison
        self._batches: Queue[Batch | None] = Queue(_WAITING)
        self._work: Queue[_Payload | list[int] | None] = Queue()
        """What the putting thread does: received blocks, or blocks that are zeros now; None at the end."""
        self._rooms: Queue[memoryview] = Queue()
        self._announced: dict[int, bytes] = {}
        """Digests of blocks that have to come and have not yet."""
        self._stopped = False
        self.blocks = 0
        self.bytes_received = 0

    def run(self, room: memoryview, threads: int) -> PointMode:
        """Receive until the draft is what the agent has; which instant that is."""
        self._progress.started(self._draft.map.image_size)
        self._rooms.put(room)
        for _ in range(_ROOMS - 1):
            self._rooms.put(memoryview(bytearray(MAX_PAYLOAD)))
        with Together(self._stop) as parts:
            parts.start(lambda: self._compare(threads))
            parts.start(self._put)
            finished = self._receive()
            self._work.put(None)
        if self._announced:
            raise BrokenTransferError(f"{len(self._announced)} blocks that were announced never came")
        if self._spoken_of.root(self._draft.map) != finished.root:
            raise RootMismatchError
        return finished.mode

    def _stop(self, error: BaseException) -> None:
        self._stopped = True  # first: of what has arrived already, no more than one batch may follow what is taken out
        refuse(self._transport, error)
        with contextlib.suppress(Empty):  # room for the end, and for whoever waits to put more
            while True:
                self._batches.get_nowait()
        self._batches.put(None)
        self._work.put(None)
        for _ in range(_ROOMS):
            self._rooms.put(memoryview(b""))

    def _receive(self) -> Finished:
        """Give what comes to the other threads; what the agent ends with."""
        room = self._rooms.get()
        while True:
            message, payload = self._transport.receive(room)
            if self._stopped:
                raise BrokenTransferError("this side has ended the transfer")
            if self._progress.cancelled():
                raise TransferCancelled
            match message:
                case Digests():
                    self._hear_of(self._spoken_of.take(message, bytes(payload)))
                    if message.last:
                        self._batches.put(None)
                case Blocks():
                    self._work.put(_Payload(message.blocks, message.packed, payload, room))
                    room = self._rooms.get()
                case Finished() if self._spoken_of.complete:
                    return message
                case Refused():
                    raise RefusedError(message.why, retryable=message.retryable)
                case _:
                    raise BrokenTransferError(f"{type(message).__name__} cannot come now")

    def _hear_of(self, batch: Batch) -> None:
        if len(self._announced) > _MOST_AWAITED:
            raise BrokenTransferError("blocks are announced, and do not come")
        if self._empty:
            self._await_contents(batch)
        else:
            self._batches.put(batch)

    def _await_contents(self, batch: Batch) -> None:
        """What is not zeros comes without being asked for."""
        blocks = batch.blocks()
        if any(batch.digests):
            found = ((block, batch.digest(n)) for n, block in enumerate(blocks))
            self._announced.update((block, digest) for block, digest in found if digest != ZERO_DIGEST)
        self._progress.advanced(len(blocks) * self._draft.map.block_size)

    def _compare(self, threads: int) -> None:
        """Compare batches in order and ask for what differs."""
        size = self._draft.map.block_size
        hasher, buffers = Hasher(size), Buffers(size, max(1, threads))

        def own(batch: Batch) -> tuple[Batch, bytes]:
            with buffers.one() as buffer:
                return batch, self._own_digests(batch, hasher, buffer)

        for batch, found in in_order(own, self._arriving(), threads, ahead=1):
            differing = self._differing(batch, found) if found != batch.digests else []
            with contextlib.suppress(BrokenTransferError):  # an agent that is gone may have said why: it is read first
                self._transport.send(Need(tuple(differing)))
            self._progress.advanced(sum(count for _, count in batch.runs) * size)

    def _arriving(self) -> Iterator[Batch]:
        while batch := self._batches.get():
            yield batch

    def _own_digests(self, batch: Batch, hasher: Hasher, buffer: Buffer) -> bytes:
        """What the replica holds. A block that is not what its digest says is reported, and then differs like any."""
        stored = b"".join(self._draft.map.digests_of(*run) for run in batch.runs)
        if self._trusting:
            return stored
        found = b"".join(run_digests(self._draft.image, *run, buffer, hasher) for run in batch.runs)
        if found != stored:
            damaged = [block for n, block in enumerate(batch.blocks()) if nth(found, n) != nth(stored, n)]
            self._draft.report_damage(damaged)
        return found

    def _differing(self, batch: Batch, found: bytes) -> list[int]:
        """The blocks to ask for; those that are zeros now need not travel."""
        differing, zeros = [], []
        for n, block in enumerate(batch.blocks()):
            digest = batch.digest(n)
            if digest == nth(found, n):
                continue
            if digest == ZERO_DIGEST:
                zeros.append(block)
            else:
                self._announced[block] = digest
                differing.append(block)
        if zeros:
            self._work.put(zeros)
        return differing

    def _put(self) -> None:
        """Put away what came, if it is what was announced; all of it, even where no more will come."""
        hasher = Hasher(self._draft.map.block_size)
        with checkpoints(self._draft) as kept:
            while (work := self._work.get()) is not None:
                if isinstance(work, list):
                    self._draft.put_zeros(work)
                else:
                    self._put_payload(work, hasher, kept)

    def _put_payload(self, payload: _Payload, hasher: Hasher, kept: Checkpoints) -> None:
        size = self._draft.map.block_size
        length = len(payload.blocks) * size
        try:
            data = unpacked(payload.data, length) if payload.packed and length <= MAX_PAYLOAD else payload.data
        except ValueError as error:
            raise BrokenTransferError(str(error)) from error
        if len(data) != length:
            raise BrokenTransferError("the payload does not belong to the blocks")
        digests = hasher.digests([data[start : start + size] for start in range(0, length, size)])
        for block, digest in zip(payload.blocks, digests, strict=True):
            if self._announced.pop(block, None) != digest:
                raise ChangedSourceError(block)
        self._draft.put(payload.blocks, digests, data)
        self.blocks += len(payload.blocks)
        self.bytes_received += len(payload.data)
        self._rooms.put(payload.room)
        kept.consider()
