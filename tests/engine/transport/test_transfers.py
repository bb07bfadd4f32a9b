"""Backups over TLS: what arrives is what was read; what is cut off goes on; who only holds the line is put off."""

import errno
import os
import random
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.dpm import Repository, verify
from engine.dpm.errors import RepositoryError, TransferCancelled
from engine.dpm.slots import FileSlots
from engine.progress import Unwatched
from engine.sync.agent import Sent, send_image
from engine.sync.backup import Wishes
from engine.sync.wire import BrokenTransferError, RefusedError
from engine.transport import agent as agents
from engine.transport.agent import LocalImage, Retry, push, work
from engine.transport.authority import system_time
from engine.transport.control import Offer, Start, ask
from engine.transport.enrolment import connected
from engine.transport.errors import UnreachableError, UntrustedError
from engine.transport.guests import Bounds
from engine.transport.names import Address
from engine.transport.orders import Group
from engine.transport.tls import TlsStream
from tests.engine.dpm.disk import content
from tests.engine.transport.link import Link
from tests.engine.transport.site import QUICK, Site, back_up, site

MIB = 1 << 20


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Site]:
    with site(tmp_path) as made:
        yield made


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "image"
    path.write_bytes(random.Random(3).randbytes(8 * MIB) + bytes(MIB) + b"end")
    return path


def newest(running: Site) -> bytes:
    with Repository.open(running.repository) as repository:
        assert verify(repository, [], Unwatched()) == []
        return content(repository, repository.points()[-1].id)


def test_what_arrives_is_what_was_read(running: Site, image: Path):
    sent = back_up(running.agent(), image)
    assert (sent.blocks, sent.image_size) == (129, image.stat().st_size)
    assert newest(running) == image.read_bytes()


def test_a_cut_connection_is_tried_once_more_and_only_what_is_missing_travels(running: Site, image: Path):
    member = running.agent()
    link = Link(running.address, 5 * MIB)
    member.server = link.address
    told: list[str] = []
    push(member, "disk", LocalImage(image), Wishes(), Unwatched(), Retry(0, told.append), QUICK)
    link.close()
    assert newest(running) == image.read_bytes()
    assert len(link.passed) == 2
    assert sum(link.passed) < 10 * MIB, "8 MiB and a little, cut at 5"
    assert "once more" in told[0]


def test_a_connection_that_is_cut_twice_is_given_up_and_goes_on_by_hand(running: Site, image: Path):
    member = running.agent()
    link = Link(running.address, 3 * MIB, 3 * MIB)
    member.server = link.address
    with pytest.raises(BrokenTransferError):
        push(member, "disk", LocalImage(image), Wishes(), Unwatched(), Retry(0, lambda _: None), QUICK)
    with Repository.open(running.repository) as repository:
        assert repository.points() == []
    back_up(member, image)
    link.close()
    assert sum(link.passed) < 12 * MIB, "8 MiB, and twice what was on its way"
    assert newest(running) == image.read_bytes()


def test_a_bit_that_is_flipped_on_the_wire_is_noticed_and_the_retry_completes(running: Site, image: Path):
    member, told = running.agent(), list[str]()
    dice = random.Random(4)
    for number in range(4):
        image.write_bytes(dice.randbytes(2 * MIB))
        link = Link(running.address, flips=[dice.randrange(5_000, 2 * MIB)])
        member.server = link.address
        push(member, "disk", LocalImage(image), Wishes(), Unwatched(), Retry(0, told.append), QUICK)
        link.close()
        assert newest(running) == image.read_bytes()
        assert len(told) == number + 1, "each was noticed"
    with Repository.open(running.repository) as repository:
        assert len(repository.points()) == 4, "and none of the spoiled ones is kept"


@pytest.mark.parametrize("place", [0, 300, 1200])
def test_a_bit_that_is_flipped_in_a_handshake_lets_nothing_begin(running: Site, image: Path, place: int):
    member = running.agent()
    link = Link(running.address, flips=[place] * 2)
    member.server = link.address
    with pytest.raises(RepositoryError):
        push(member, "disk", LocalImage(image), Wishes(), Unwatched(), Retry(0, lambda _: None), QUICK)
    link.close()
    with Repository.open(running.repository) as repository:
        assert repository.points() == []


def test_an_agent_touches_nobody_elses_images(running: Site, image: Path):
    back_up(running.agent("hv01"), image)
    other = image.with_name("other")
    other.write_bytes(b"something else")
    back_up(running.agent("hv02"), other)
    with Repository.open(running.repository) as repository:
        assert [replica.image for replica in repository.replicas()] == ["hv01:disk", "hv02:disk"]
        assert content(repository, 1) == image.read_bytes()


def test_no_image_leaves_a_path_on_the_server(running: Site, image: Path):
    back_up(running.agent(), image)
    names = {entry.name for entry in running.repository.rglob("*")}
    assert not [name for name in names if "disk" in name or "image" in name or "hv01" in name]


def test_an_image_that_is_missing_is_told_to_both_and_not_tried_again(running: Site, tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        back_up(running.agent(), tmp_path / "missing")
    running.wait_for("No such file")


class Until(Unwatched):
    """Wants to stop when a test says so."""

    def __init__(self) -> None:
        self.over = threading.Event()

    def cancelled(self) -> bool:
        return self.over.is_set()


def test_a_job_that_fails_is_tried_once_more_and_then_waits_for_the_next_round(
    running: Site, image: Path, monkeypatch: Any
):
    member = running.agent()
    tries: list[int] = []
    real = send_image

    def unsteady(*args: Any, **options: Any) -> Sent:
        tries.append(1)
        if len(tries) in {1, 3, 4}:
            raise BrokenTransferError("the link is bad today")
        return real(*args, **options)

    monkeypatch.setattr(agents, "send_image", unsteady)
    monkeypatch.setattr(agents, "_PAUSE", 0.05)
    progress = Until()
    options = (member, {"disk": LocalImage(image)}, progress, lambda _: None, system_time, QUICK)
    thread = threading.Thread(target=work, args=options, daemon=True)
    thread.start()
    running.orders.begin_rounds([Group("nightly", 60, 0, (("hv01", "disk"),))])
    running.wait_for("recovery point 1, 129 blocks")
    running.authority.ledger.add_orders([("hv01", "disk")], 0)
    running.wait_for("hv01:disk failed: ")
    progress.over.set()
    thread.join(10)
    assert not thread.is_alive()
    assert [line.split(":")[1][:30] for line in running.told if "once more" in line] == [
        "disk failed, and is tried once"
    ] * 2
    assert running.authority.ledger.take_order("hv01", ["disk"], [], 1 << 40) is None


def test_a_round_begins_once_however_often_it_is_looked_at(running: Site):
    group = Group("nightly", 86400, 7200, (("hv01", "disk"),))
    for _ in range(3):
        running.orders.begin_rounds([group])
    assert len(running.told) == 1


def test_an_agent_offers_and_is_given_nothing_else(running: Site):
    running.authority.ledger.add_orders([("hv01", "secret"), ("hv02", "disk")], 0)
    assert running.orders.take("hv01", ("disk",)) is None
    order = running.orders.take("hv01", ("disk", "secret"))
    assert order
    assert order.image == "secret"
    assert running.orders.take("hv01", ("disk", "secret")) is None, "it is under way"


def test_what_is_ordered_while_it_is_carried_out_is_carried_out_again(running: Site):
    wanted = [("hv01", "disk")]
    running.authority.ledger.add_orders(wanted, 0)
    order = running.orders.take("hv01", ("disk",))
    assert order
    running.authority.ledger.add_orders(wanted, 0)
    running.orders.ended(order, None)
    again = running.orders.take("hv01", ("disk",))
    assert again
    running.orders.ended(again, None)
    assert running.orders.take("hv01", ("disk",)) is None


def test_who_says_nothing_is_put_off_and_others_are_served_meanwhile(tmp_path: Path, image: Path):
    with site(tmp_path, bounds=Bounds(strangers=20)) as crowded:
        member = crowded.agent()
        silent = [socket.create_connection(crowded.address) for _ in range(60)]
        begun = time.monotonic()
        back_up(member, image)
        assert time.monotonic() - begun < 5
        assert newest(crowded) == image.read_bytes()
        crowded.wait_for("too long")
        for one in silent:
            one.settimeout(5)
            assert one.recv(10) == b""
            one.close()


def test_a_byte_now_and_then_does_not_prolong_a_greeting(running: Site):
    with socket.create_connection(running.address) as slow:
        begun = time.monotonic()
        try:
            while time.monotonic() - begun < 10:
                slow.sendall(b"\x16")
                time.sleep(0.05)
        except OSError:
            pass
    assert time.monotonic() - begun < QUICK.greeting + 3


def ask_and_be_cut_off(stream: TlsStream, run: bytes) -> None:
    with pytest.raises(BrokenTransferError):
        ask(stream, Offer(run, ("disk",)), Start)


def test_a_new_question_ends_what_the_same_process_had_left_open(running: Site):
    member = running.agent()
    run = os.urandom(16)
    with connected(member.server, member.identity.context(), QUICK) as lost:
        waiting = threading.Thread(target=ask_and_be_cut_off, args=(lost, run))
        waiting.start()
        time.sleep(0.2)
        with connected(member.server, member.identity.context(), QUICK) as again:
            threading.Timer(0.5, running.authority.ledger.add_orders, [[("hv01", "disk")], 0]).start()
            assert ask(again, Offer(run, ("disk",)), Start).image == "disk"
        waiting.join(5)
        assert not waiting.is_alive()


def test_an_agent_that_is_revoked_meanwhile_is_cut_off(running: Site):
    member = running.agent()
    with connected(member.server, member.identity.context(), QUICK) as waiting:
        threading.Timer(0.3, running.authority.revoke, ["hv01"]).start()
        with pytest.raises(BrokenTransferError):
            ask(waiting, Offer(os.urandom(16), ()), Start)


def test_a_server_that_wants_what_was_not_offered_is_not_obeyed(running: Site, image: Path, monkeypatch: Any):
    member = running.agent()
    monkeypatch.setattr(agents, "ask", lambda *_: Start("passwd", b""))
    with pytest.raises(UntrustedError, match="was not offered"):
        work(member, {"disk": LocalImage(image)}, Unwatched(), lambda _: None, system_time, QUICK)


def test_a_server_that_is_gone_is_told_of(running: Site, image: Path):
    member = running.agent()
    member.server = Address("127.0.0.1", 1)
    with pytest.raises(UnreachableError, match=r"shindan://127.0.0.1:1 cannot be reached") as gone:
        back_up(member, image)
    assert gone.value.retryable


class EndsTheServer:
    """Writers of an image whose freezing, which comes before anything is sent, ends all connections."""

    def __init__(self, running: Site) -> None:
        self._running = running
        self.held = 0

    def freeze(self) -> None:
        self.held += 1
        self._running.service.end_all()

    def thaw(self) -> None:
        self.held -= 1


def test_a_transfer_that_the_server_ends_is_worth_another_try_and_writers_go_on(running: Site, image: Path):
    writers = EndsTheServer(running)
    local, retry = LocalImage(image, writers), Retry(0, lambda _: None)
    with pytest.raises(BrokenTransferError) as ended:
        push(running.agent(), "disk", local, Wishes(), Unwatched(), retry, QUICK)
    assert ended.value.retryable
    assert writers.held == 0


class Interrupted(Unwatched):
    """Somebody presses Ctrl-C after so many bytes."""

    def __init__(self, after: int) -> None:
        self._left = after

    def advanced(self, done_bytes: int) -> None:
        self._left -= done_bytes

    def cancelled(self) -> bool:
        return self._left <= 0


@pytest.mark.parametrize("there_is_one", [False, True])
def test_the_server_is_told_that_an_agent_was_stopped(running: Site, tmp_path: Path, *, there_is_one: bool):
    member, image = running.agent(), tmp_path / "large"
    for seed in range(1 + there_is_one):
        if seed:
            back_up(member, image)
        image.write_bytes(random.Random(seed).randbytes(24 * MIB))
    with pytest.raises(TransferCancelled):
        push(member, "disk", LocalImage(image), Wishes(), Interrupted(10 * MIB), Retry(0, running.tell), QUICK)
    running.wait_for("disk: the other side ended it: stopped on request; what was transferred is kept")
    back_up(member, image)
    assert newest(running) == image.read_bytes()


@pytest.mark.parametrize("there_is_one", [False, True])
def test_an_agent_is_told_that_the_servers_disk_is_full(
    running: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, there_is_one: bool
):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/backups/slots")

    member, image = running.agent(), tmp_path / "large"
    for seed in range(1 + there_is_one):
        if seed:
            back_up(member, image)
        image.write_bytes(random.Random(seed).randbytes(24 * MIB))
    monkeypatch.setattr(FileSlots, "write", full)
    with pytest.raises(RefusedError, match="ended it: No space left on device: make room there"):
        back_up(member, image)
    running.wait_for("disk: /backups/slots: No space left on device: make room there")


def test_a_replica_in_use_is_worth_another_try(running: Site, image: Path):
    member = running.agent()
    back_up(member, image)
    in_use = pytest.raises(RefusedError, match="in use")
    with Repository.open(running.repository) as held, held.draft(held.replicas()[0], 10), in_use as busy:
        back_up(member, image)
    assert busy.value.retryable
    assert isinstance(busy.value, RepositoryError)
