"""Agent and server over a real connection: what arrives is what was read, and only what differs travels."""

import contextlib
import random
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.blocks import DIGEST_SIZE
from engine.dpm import Repository, verify
from engine.dpm.errors import Cancelled, ChangedSourceError, RepositoryError
from engine.dpm.records import PointMode
from engine.files import SYSTEM, Room
from engine.progress import Unwatched
from engine.sync.agent import Sent, send_image
from engine.sync.instant import ImageChangedError
from engine.sync.messages import (
    BATCH_BLOCKS,
    MAX_PAYLOAD,
    VERSION,
    Begin,
    Blocks,
    Describe,
    Digests,
    Finished,
    Message,
    Need,
)
from engine.sync.scope import Tracked
from engine.sync.server import Received, receive_image
from engine.sync.wire import BrokenTransferError, Framed, RefusedError, Transport, pair
from tests.engine.disks import Faulty
from tests.engine.dpm.disk import MEMORY, Image, content

BLOCK = 4096


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    with Repository.create(tmp_path / "repository") as made:
        yield made


class Both:
    """What became of a transfer on both sides."""

    def __init__(self) -> None:
        self.sent: Sent | RepositoryError | None = None
        self.received: Received | RepositoryError | None = None


def transfer(
    repository: Repository,
    image: Image,
    tracked: Tracked | None = None,
    wrap: Any = lambda transport: transport,
    confirmed: Any = lambda: PointMode.CRASH,
    **options: Any,
) -> Both:
    """Run both sides to their ends."""
    agent_end, server_end = pair()
    both = Both()

    def agent() -> None:
        try:
            both.sent = send_image(wrap(agent_end), image, Unwatched(), tracked, confirmed=confirmed)
        except RepositoryError as error:
            both.sent = error

    thread = threading.Thread(target=agent)
    thread.start()
    try:
        replica = repository.replica_of("disk", BLOCK)
        both.received = receive_image(server_end, repository, replica, Unwatched(), **options)
    except RepositoryError as error:
        both.received = error
    thread.join(20)
    assert not thread.is_alive()
    server_end.close()
    agent_end.close()
    return both


def some_image(seed: int = 1, blocks: int = 1000) -> Image:
    """More than a batch; a third of it zeros; an end within a block."""
    dice = random.Random(seed)
    parts = [bytes(BLOCK) if n % 3 == 0 else dice.randbytes(BLOCK) for n in range(blocks)]
    return Image(b"".join(parts)[:-100])


def changed(image: Image, *blocks: int) -> Image:
    data = bytearray(image.data)
    for block in blocks:
        data[block * BLOCK : block * BLOCK + 9] = b"different"
    return Image(bytes(data))


def test_the_whole_image_arrives_and_zeros_do_not_travel(repository: Repository):
    image = some_image()
    both = transfer(repository, image)
    assert isinstance(both.received, Received), both.received
    assert content(repository, both.received.point.id) == image.data
    assert both.received.blocks == 666
    assert isinstance(both.sent, Sent), both.sent
    assert (both.sent.committed.point, both.sent.image_size) == (both.received.point.id, image.size())
    assert (both.sent.blocks, both.sent.bytes_sent) == (666, both.received.bytes_received)


@pytest.mark.parametrize("trust", [True, False])
def test_only_blocks_that_differ_travel(repository: Repository, *, trust: bool):
    image = some_image()
    transfer(repository, image)
    later = changed(image, 0, 1, 500, 999)
    both = transfer(repository, later, trust_digests=trust)
    assert isinstance(both.received, Received)
    assert both.received.blocks == 4
    assert content(repository, both.received.point.id) == later.data


@settings(max_examples=15)
@given(
    before=st.lists(st.sampled_from([b"\0", b"a", b"b"]), max_size=20),
    after=st.lists(st.sampled_from([b"\0", b"a", b"b"]), max_size=20),
    cut=st.integers(0, BLOCK - 1),
)
def test_any_image_follows_any_other(before: list[bytes], after: list[bytes], cut: int):
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder, Repository.create(Path(folder, "r")) as repository:
        for blocks in (before, after):
            data = b"".join(letter * BLOCK for letter in blocks)
            image = Image(data[: len(data) - cut] if data else data)
            both = transfer(repository, image)
            assert isinstance(both.received, Received), both.received
            assert content(repository, both.received.point.id) == image.data


class Watched(Image):
    """Counts the blocks that are read."""

    reads = 0

    def pread(self, room: Room, offset: int) -> int:
        self.reads += len(room) // BLOCK
        return super().pread(room, offset)


def test_a_server_that_has_nothing_gets_each_block_with_one_look_at_it(repository: Repository):
    hole = bytes(2000 * BLOCK)
    image = Watched(some_image(blocks=300).data + bytes(100) + hole + some_image(seed=2, blocks=300).data)
    both = transfer(repository, image)
    assert isinstance(both.received, Received), both.received
    assert content(repository, both.received.point.id) == image.data
    assert image.reads == both.received.blocks == 400


def test_tracked_blocks_are_all_that_is_read(repository: Repository):
    image = some_image()
    first = transfer(repository, image).received
    assert isinstance(first, Received)
    later = Watched(changed(image, 7, 700).data)
    tracked = Tracked(first.point.root, ((7 * BLOCK, 7 * BLOCK + 9), (700 * BLOCK, 700 * BLOCK + 9)))
    both = transfer(repository, later, tracked)
    assert isinstance(both.received, Received)
    assert content(repository, both.received.point.id) == later.data
    assert later.reads == 4  # each hashed, and read again to be sent


def test_of_the_replica_nothing_is_read_where_changes_are_tracked(tmp_path: Path):
    image = some_image()
    with Repository.create(tmp_path / "repository") as repository:
        first = transfer(repository, image).received
    assert isinstance(first, Received)
    faulty = Faulty(SYSTEM)
    with Repository.create(tmp_path / "repository", faulty) as repository:
        both = transfer(repository, changed(image, 7, 8), Tracked(first.point.root, ((6 * BLOCK, 10 * BLOCK),)))
        assert isinstance(both.received, Received), both.received
        assert [call for call in faulty.calls if call.name == "pread" and call.path.name == "slots"] == []
        assert both.received.blocks == 2


def test_a_replica_that_is_in_doubt_is_compared_whole_whatever_was_tracked(repository: Repository):
    image = some_image()
    first = transfer(repository, image).received
    assert isinstance(first, Received)
    with repository.places(repository.replicas()[0]).slots.open("r+b") as file:
        file.write(b"rotten")
    assert len(verify(repository, [], Unwatched())) == 1
    both = transfer(repository, image, Tracked(first.point.root, ()), trust_digests=True)
    assert isinstance(both.received, Received)
    assert (both.received.point.kind, both.received.repaired_blocks) == ("consistency-check", 1)


def test_what_was_tracked_since_another_point_does_not_count(repository: Repository):
    image = some_image()
    transfer(repository, image)
    both = transfer(repository, changed(image, 7), Tracked(bytes(32), ()))
    assert isinstance(both.received, Received)
    assert content(repository, both.received.point.id) == changed(image, 7).data


class Cut:
    """A connection that breaks after so many payloads of blocks."""

    def __init__(self, transport: Framed, after: int) -> None:
        self._transport = transport
        self._left = after
        self.local = transport.local

    def send(self, message: Message, payload: Any = ()) -> None:
        if isinstance(message, Blocks):
            self._left -= 1
            if self._left < 0:
                self._transport.close()
        self._transport.send(message, payload)

    def receive(self, room: memoryview) -> tuple[Message, memoryview]:
        return self._transport.receive(room)

    def close(self) -> None:
        self._transport.close()

    def linger(self) -> None:
        self._transport.linger()


def test_a_broken_transfer_goes_on_where_it_was(repository: Repository):
    image = some_image()
    broken = transfer(repository, image, wrap=lambda transport: Cut(transport, 1))
    assert isinstance(broken.received, BrokenTransferError)
    assert repository.points() == []
    both = transfer(repository, image)
    assert isinstance(both.received, Received)
    assert both.received.blocks == 666 - 170  # of the 256 blocks that arrived together
    assert content(repository, both.received.point.id) == image.data


class Unsteady(Image):
    """Reads differently the second time."""

    reads: set[int] = set()  # noqa: RUF012 - one image per test

    def pread(self, room: Room, offset: int) -> int:
        count = super().pread(room, offset)
        if offset in self.reads:
            memoryview(room)[:1] = bytes([memoryview(room)[0] ^ 1])
        self.reads.add(offset)
        return count


def test_an_image_that_changes_meanwhile_is_noticed(repository: Repository):
    transfer(repository, some_image(blocks=3))
    both = transfer(repository, Unsteady(some_image(seed=2, blocks=3).data))
    assert isinstance(both.received, ChangedSourceError)
    assert isinstance(both.sent, RefusedError)
    assert len(repository.points()) == 1


def test_the_agent_tells_at_the_end_what_instant_it_has_read(repository: Repository):
    both = transfer(repository, some_image(blocks=3), confirmed=lambda: PointMode.TORN)
    assert isinstance(both.received, Received)
    assert both.received.point.mode == PointMode.TORN


def test_an_agent_whose_image_was_no_single_instant_ends_it_and_may_try_again(repository: Repository):
    def confirmed() -> PointMode:
        raise ImageChangedError(Path("disk"))

    both = transfer(repository, some_image(blocks=3), confirmed=confirmed)
    assert isinstance(both.received, RefusedError)
    assert "disk changed while it was read" in str(both.received)
    assert both.received.retryable
    assert repository.points() == []


def test_a_damaged_replica_is_repaired_by_comparing(repository: Repository):
    image = some_image()
    first = transfer(repository, image).received
    assert isinstance(first, Received)
    slots = repository.places(repository.replicas()[0]).slots
    with slots.open("r+b") as file:
        file.seek(5 * BLOCK)
        file.write(b"rotten")
    both = transfer(repository, image)
    assert isinstance(both.received, Received)
    assert (both.received.blocks, both.received.repaired_blocks) == (1, 1)
    assert verify(repository, [], Unwatched()) == []


class Impatient(Unwatched):
    """Wants to stop after the first batch."""

    done = 0

    def advanced(self, done_bytes: int) -> None:
        self.done += done_bytes

    def cancelled(self) -> bool:
        return self.done > 0


def test_the_agent_is_told_when_the_server_stops(repository: Repository):
    agent_end, server_end = pair()
    ended: list[BaseException] = []

    def agent() -> None:
        try:
            send_image(agent_end, some_image(blocks=2000), Unwatched())
        except BrokenTransferError as error:
            ended.append(error)

    thread = threading.Thread(target=agent)
    thread.start()
    with pytest.raises(Cancelled):
        receive_image(server_end, repository, repository.replica_of("disk", BLOCK), Impatient())
    thread.join(20)
    assert len(ended) == 1


def talk(transport: Transport, *messages: tuple[Message, bytes]) -> None:
    """An agent that says what it likes, whatever it is told."""
    transport.send(Describe(10 * BLOCK, tracked=False))
    for message, payload in messages:
        transport.send(message, [payload])


@pytest.mark.parametrize(
    "messages",
    [
        [(Finished(blake3().digest(), PointMode.CRASH), b"")],
        [(Digests(((3, 1),), last=False), bytes(32))],
        [(Digests(((0, 11),), last=True), b"")],
        [(Digests(((0, 5),), last=True), b"")],
        [(Digests(((0, 10),), last=True), b"short")],
        [(Digests(((0, 10),), last=True), b"x" * 320), (Blocks((3,), packed=False), b"y" * BLOCK)],
        [(Digests(((0, 10),), last=True), b"x" * 320), (Blocks((3,), packed=True), b"no frame")],
        [(Digests(((0, 10),), last=True), b"x" * 320), (Finished(bytes(32), PointMode.CRASH), b"")],
        [(Digests(((0, 10),), last=True), b""), (Digests((), last=True), b"")],
        [(Blocks((3,), packed=False), b"y" * BLOCK)],
        [(Need(()), b"")],
    ],
)
@pytest.mark.parametrize("there_is_one", [False, True])
def test_an_agent_that_lies_gets_no_recovery_point(
    repository: Repository, messages: list[tuple[Message, bytes]], *, there_is_one: bool
):
    if there_is_one:
        transfer(repository, some_image(blocks=10))
    agent_end, server_end = pair()
    thread = threading.Thread(target=talk, args=(agent_end, *messages))
    thread.start()
    with pytest.raises((BrokenTransferError, ChangedSourceError)):
        receive_image(server_end, repository, repository.replica_of("disk", BLOCK), Unwatched())
    thread.join(20)
    assert len(repository.points()) == there_is_one


def test_an_agent_that_announces_without_end_is_not_remembered_without_end(repository: Repository):
    agent_end, server_end = pair()
    batches = 200

    def announce() -> None:
        agent_end.send(Describe(batches * BATCH_BLOCKS * BLOCK, tracked=False))
        with contextlib.suppress(BrokenTransferError):  # the server is gone by then
            for batch in range(batches):
                runs = ((batch * BATCH_BLOCKS, BATCH_BLOCKS),)
                agent_end.send(Digests(runs, last=False), [b"x" * DIGEST_SIZE * BATCH_BLOCKS])

    thread = threading.Thread(target=announce)
    thread.start()
    with pytest.raises(BrokenTransferError, match="do not come"):
        receive_image(server_end, repository, repository.replica_of("disk", BLOCK), Unwatched())
    server_end.close()
    thread.join(20)
    assert not thread.is_alive()


def test_frames_that_are_too_large_are_not_read():
    agent_end, server_end = pair()
    agent_end._stream.write([b"\xff\xff\xff\xff\0\0\0\0"])
    with pytest.raises(BrokenTransferError, match="too large"):
        server_end.receive(memoryview(bytearray(MAX_PAYLOAD)))
    agent_end.send(Begin(VERSION, BLOCK, None))


@pytest.mark.parametrize("body", [b"", b"\xc1", b"\x81\xa4type\xa5Other", b"\x82\xa4type\xa4Need\xa6blocks\x91\xff"])
def test_what_is_no_message_is_refused(body: bytes):
    agent_end, server_end = pair()
    agent_end._stream.write([len(body).to_bytes(4, "little"), bytes(4), body])
    with pytest.raises(BrokenTransferError):
        server_end.receive(memoryview(bytearray(MAX_PAYLOAD)))


def test_an_agent_of_another_version_is_turned_away():
    agent_end, server_end = pair()
    server_end.send(Begin(VERSION + 1, BLOCK, None))
    with pytest.raises(BrokenTransferError, match="version"):
        send_image(agent_end, some_image(), Unwatched())
