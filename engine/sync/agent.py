"""The agent's side of a transfer: reads a point in time of an image (T2), sends checksums (T3), and sends what differs.

Hashing runs ahead of the answers by a bounded number of batches. A second thread waits for the answers, reads the
blocks that the server needs again, from the same point in time, and sends them.
"""

import contextlib
import time
from collections.abc import Callable
from queue import SimpleQueue
from threading import Semaphore
from typing import NamedTuple

from blake3 import blake3

from engine.blocks import GROUP_SIZE, Buffer, Hasher, Source, group_digests, read_blocks
from engine.dpm.errors import Cancelled
from engine.parallel import THREADS, Together, in_order
from engine.progress import Progress
from engine.sync.compression import Packer
from engine.sync.messages import (
    MAX_PAYLOAD,
    VERSION,
    Begin,
    Blocks,
    Committed,
    Describe,
    Digests,
    Finished,
    Need,
    batch_blocks,
)
from engine.sync.scope import Run, Tracked, batches_of, runs_of, size_of
from engine.sync.transport import BrokenTransferError, Transport, expect, refuse, refusing

_WINDOW = 8
"""Batches whose answers may be missing."""


class Sent(NamedTuple):
    """What became of it."""

    point: int
    blocks: int
    bytes_sent: int
    """Of blocks, as they went over the wire."""


def send_image(
    transport: Transport,
    source: Source,
    progress: Progress,
    tracked: Tracked | None = None,
    threads: int = THREADS,
) -> Sent:
    """Bring the server's replica in step with a point in time of an image.

    Raises:
        BrokenTransferError: the server is gone, or refuses; what it has received is kept there.
        Cancelled: on request; likewise.
        OSError: the image cannot be read.
    """
    with refusing(transport):
        room = memoryview(bytearray(MAX_PAYLOAD))
        begin = expect(Begin, transport.receive(room)[0])
        if begin.version != VERSION:
            raise BrokenTransferError(f"the server speaks version {begin.version} of the protocol, this is {VERSION}")
        if tracked and tracked.base_root != begin.base_root:
            tracked = None
        transport.send(Describe(source.size(), tracked is not None))
        sending = _Sending(transport, source, begin.block_size, room)
        root = sending.run(tracked, threads, progress)
        with contextlib.suppress(BrokenTransferError):  # a server that is gone may have said why
            transport.send(Finished(root))
        committed = expect(Committed, transport.receive(room)[0])
        return Sent(committed.point, sending.blocks, sending.bytes_sent)


class _Sending:
    def __init__(self, transport: Transport, source: Source, block_size: int, room: memoryview) -> None:
        self._transport = transport
        self._source = source
        self._block_size = block_size
        self._room = room
        self._packer = Packer()
        self._ahead = Semaphore(_WINDOW)
        self.blocks = 0
        self.bytes_sent = 0

    def run(self, tracked: Tracked | None, threads: int, progress: Progress) -> bytes:
        """Send everything; the root over all digests."""
        size = self._block_size
        runs = runs_of(self._source.size(), size, max(1, GROUP_SIZE // size), tracked)
        batches = list(batches_of(runs, batch_blocks(size))) or [[]]
        progress.started(sum(size_of(batch, size) for batch in batches))
        root = blake3()
        with Together(self._stop) as parts:
            parts.start(lambda: self._answer(len(batches)))
            for number, digests in enumerate(in_order(self._hashing(), batches, threads)):
                if progress.cancelled():
                    raise Cancelled
                self._ahead.acquire()
                root.update(digests)
                told = [digests] if digests.count(0) < len(digests) else []
                self._transport.send(Digests(_joined(batches[number]), number == len(batches) - 1), told)
                progress.advanced(size_of(batches[number], size))
        return root.digest()

    def _stop(self, error: BaseException) -> None:
        refuse(self._transport, error)
        self._ahead.release(_WINDOW * 2)  # whoever waits for answers must not wait any more

    def _hashing(self) -> Callable[[list[Run]], bytes]:
        hasher = Hasher(self._block_size)
        buffers: SimpleQueue[Buffer] = SimpleQueue()

        def digests(batch: list[Run]) -> bytes:
            buffer = buffers.get() if not buffers.empty() else Buffer(self._block_size)
            try:
                return b"".join(group_digests(self._source, *run, buffer, hasher) for run in batch)
            finally:
                buffers.put(buffer)

        return digests

    def _answer(self, batches: int) -> None:
        """Send what each answer asks for."""
        buffer = Buffer(self._block_size)
        for _ in range(batches):
            need = expect(Need, self._transport.receive(self._room)[0])
            for start in range(0, len(need.blocks), buffer.capacity):
                self._send(need.blocks[start : start + buffer.capacity], buffer)
            self._ahead.release()

    def _send(self, blocks: tuple[int, ...], buffer: Buffer) -> None:
        size = self._block_size
        place = 0
        for first, count in _joined([(block, 1) for block in blocks]):
            read_blocks(self._source, first, buffer.view[place * size : (place + count) * size], size)
            place += count
        data = buffer.view[: place * size]
        frame = self._packer.packed(data)
        payload = data if frame is None else memoryview(frame)
        begun = time.perf_counter()
        self._transport.send(Blocks(blocks, frame is not None), [payload])
        self._packer.sent(len(payload), time.perf_counter() - begun)
        self.blocks += len(blocks)
        self.bytes_sent += len(payload)


def _joined(runs: list[Run]) -> tuple[Run, ...]:
    """The same blocks in as few runs as it takes."""
    joined: list[Run] = []
    for first, count in runs:
        if joined and first == sum(joined[-1]):
            joined[-1] = (joined[-1][0], joined[-1][1] + count)
        else:
            joined.append((first, count))
    return tuple(joined)
