"""The agent's side of a transfer: reads a point in time of an image (T2), sends checksums (T3), and sends what differs.

Hashing runs ahead of the answers by a bounded number of batches. A second thread waits for the answers, reads the
blocks that the server needs again, from the same point in time, and sends them. A server that has nothing needs all:
then each group of blocks is read once, and its contents follow its checksums.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from threading import Semaphore
from typing import NamedTuple

from blake3 import blake3

from engine.blocks import (
    DIGEST_SIZE,
    GROUP_SIZE,
    ZERO_DIGEST,
    Buffer,
    Buffers,
    Hasher,
    Source,
    block_count,
    block_runs,
    group_digests,
    read_blocks,
    run_digests,
)
from engine.dpm.errors import TransferCancelled
from engine.dpm.records import PointMode
from engine.parallel import THREADS, Together, in_order
from engine.progress import Progress
from engine.sync.compression import Packer
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
    batch_blocks,
)
from engine.sync.scope import Run, Tracked, batches_of, pieces, runs_of, size_of, together
from engine.sync.wire import BrokenTransferError, RefusedError, Transport, expect, refuse, refusing

_WINDOW = 8
"""Batches whose answers may be missing."""
_AHEAD = 2
"""Groups for each thread that may have been read and not been sent yet."""


class Sent(NamedTuple):
    """What became of it."""

    committed: Committed
    mode: PointMode
    image_size: int
    blocks: int
    bytes_sent: int
    """Of blocks, as they went over the wire."""


def send_image(
    transport: Transport,
    source: Source,
    progress: Progress,
    tracked: Tracked | None = None,
    threads: int = THREADS,
    confirmed: Callable[[], PointMode] = lambda: PointMode.CRASH,
) -> Sent:
    """Bring the server's replica in step with a point in time of an image.

    `confirmed` is asked when all has been read: what instant it was, or, by raising an error, that it was none.

    Raises:
        BrokenTransferError: the server is gone, or refuses; what it has received is kept there.
        TransferCancelled: on request; likewise.
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
        if begin.empty:
            with _saying_why(transport, room):
                root = sending.everything(threads, progress)
        else:
            root = sending.run(tracked, threads, progress)
        mode = confirmed()
        with contextlib.suppress(BrokenTransferError):  # a server that is gone may have said why
            transport.send(Finished(root, mode))
        committed = expect(Committed, transport.receive(room)[0])
        return Sent(committed, mode, source.size(), sending.blocks, sending.bytes_sent)


@contextlib.contextmanager
def _saying_why(transport: Transport, room: memoryview) -> Iterator[None]:
    """Where nobody reads in the block: a server that turns out to be gone may have said why."""
    try:
        yield
    except BrokenTransferError as broken:
        try:
            expect(Committed, transport.receive(room)[0])
        except RefusedError:
            raise
        except BrokenTransferError:
            raise broken from None
        raise


class _Sending:
    def __init__(self, transport: Transport, source: Source, block_size: int, room: memoryview) -> None:
        self._transport = transport
        self._source = source
        self._block_size = block_size
        self._room = room
        self._packer = Packer(local=transport.local)
        self._ahead = Semaphore(_WINDOW)
        self.blocks = 0
        self.bytes_sent = 0

    def everything(self, threads: int, progress: Progress) -> bytes:
        """Send checksums and contents to a server that has nothing; the root over all digests."""
        size = self._block_size
        blocks = block_count(self._source.size(), size)
        progress.started(blocks * size)
        root = blake3()
        buffers = Buffers(size, threads * _AHEAD + 1)
        for (first, count), digests, buffer in in_order(self._reading(buffers), self._groups(blocks), threads, _AHEAD):
            if progress.cancelled():
                raise TransferCancelled
            root.update(digests)
            runs = ((first, count),) if count else ()
            self._transport.send(Digests(runs, first + count == blocks), [digests] if any(digests) else [])
            if buffer:
                places = [n for n in range(count) if digests[n * DIGEST_SIZE : (n + 1) * DIGEST_SIZE] != ZERO_DIGEST]
                if places:
                    self._send(tuple(first + place for place in places), buffer.closed_up(places))
                buffers.give(buffer)
            progress.advanced(count * size)
        return root.digest()

    def _groups(self, blocks: int) -> Iterator[Run]:
        """All blocks, in runs that fit into a buffer; but holes are longer. At least one, so that there is a last."""
        size = self._block_size
        if not blocks:
            yield 0, 0
        for first, count in pieces([(0, blocks)], BATCH_BLOCKS):
            data = next(block_runs(self._source, first, count, size), None)
            yield from pieces([(first, count)], BATCH_BLOCKS if data is None else max(1, GROUP_SIZE // size))

    def _reading(self, buffers: Buffers) -> Callable[[Run], tuple[Run, bytes, Buffer | None]]:
        hasher = Hasher(self._block_size)

        def read(group: Run) -> tuple[Run, bytes, Buffer | None]:
            buffer = buffers.take()
            if group[1] > buffer.capacity:
                buffers.give(buffer)
                return group, bytes(group[1] * DIGEST_SIZE), None
            return group, group_digests(self._source, *group, buffer, hasher), buffer

        return read

    def run(self, tracked: Tracked | None, threads: int, progress: Progress) -> bytes:
        """Send the checksums of everything and what is needed of it; the root over all digests."""
        size = self._block_size
        sizes = [size_of(batch, size) for batch in self._batches(tracked)]
        progress.started(sum(sizes))
        root = blake3()
        with Together(self._stop) as parts:
            parts.start(lambda: self._answer(len(sizes)))
            hashed = in_order(self._hashing(threads), self._batches(tracked), threads)
            for number, (batch, digests) in enumerate(hashed, 1):
                if progress.cancelled():
                    raise TransferCancelled
                self._ahead.acquire()
                root.update(digests)
                self._transport.send(Digests(tuple(batch), number == len(sizes)), [digests] if any(digests) else [])
                progress.advanced(sizes[number - 1])
        return root.digest()

    def _batches(self, tracked: Tracked | None) -> Iterator[list[Run]]:
        """At least one, so that there is a last."""
        blocks = batch_blocks(self._block_size)
        found = batches_of(runs_of(self._source.size(), self._block_size, blocks, tracked), blocks)
        yield next(found, [])
        yield from found

    def _stop(self, error: BaseException) -> None:
        refuse(self._transport, error)
        self._ahead.release(_WINDOW * 2)  # whoever waits for answers must not wait any more

    def _hashing(self, threads: int) -> Callable[[list[Run]], tuple[list[Run], bytes]]:
        hasher = Hasher(self._block_size)
        buffers = Buffers(self._block_size, max(1, threads))

        def digests(batch: list[Run]) -> tuple[list[Run], bytes]:
            with buffers.one() as buffer:
                return batch, b"".join(run_digests(self._source, *run, buffer, hasher) for run in batch)

        return digests

    def _answer(self, batches: int) -> None:
        """Send what each answer asks for."""
        size = self._block_size
        buffer = Buffer(size)
        for _ in range(batches):
            need = expect(Need, self._transport.receive(self._room)[0])
            for start in range(0, len(need.blocks), buffer.capacity):
                blocks = need.blocks[start : start + buffer.capacity]
                for place, count in together(blocks):
                    read_blocks(self._source, blocks[place], buffer.view[place * size : (place + count) * size], size)
                self._send(blocks, buffer.view[: len(blocks) * size])
            self._ahead.release()

    def _send(self, blocks: tuple[int, ...], data: memoryview) -> None:
        frame = self._packer.packed(data)
        payload = data if frame is None else memoryview(frame)
        begun = time.perf_counter()
        self._transport.send(Blocks(blocks, frame is not None), [payload])
        self._packer.sent(len(payload), time.perf_counter() - begun)
        self.blocks += len(blocks)
        self.bytes_sent += len(payload)
