"""Server and agent as processes forked from one that has imported everything: hundreds can be killed in minutes.

An image has numbered versions. A round lets an agent bring the next version, kills server or agent at a random moment,
looks whether anything is lost or half, and lets another agent finish.
"""

import fcntl
import multiprocessing
import random
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Literal, NamedTuple

from engine.dpm import Repository, prune, verify
from engine.dpm.errors import RepositoryError
from engine.dpm.journal import Journal
from engine.files import SYSTEM
from engine.progress import Unwatched
from engine.sync import checkpoints
from engine.sync.backup import Wishes
from engine.transport.agent import LocalImage, Retry, push
from engine.transport.authority import Authority, system_time
from engine.transport.enrolment import Membership, enrol
from engine.transport.names import Address
from engine.transport.orders import Orders
from engine.transport.service import Service
from engine.transport.tls import Limits
from tests.engine.dpm.disk import content

BLOCK = 4096
BLOCKS = 2048
_LIMITS = Limits(link=5, silence=30, greeting=10)
_KEPT = 3
"""Recovery points that pruning leaves."""

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload([__name__])


def version(number: int) -> bytes:
    """What the image holds: its number, and blocks of which a third change each time, some to zeros."""
    blocks = [
        bytes(BLOCK) if (number + place) % 7 == 0 else b"%8d%8d" % (place, (number + place) // 3) * (BLOCK // 16)
        for place in range(1, BLOCKS)
    ]
    return b"".join([number.to_bytes(8, "big").ljust(BLOCK, b"#"), *blocks])


def to_send(old: bytes, new: bytes) -> int:
    """How many blocks have to travel: those that differ and are not zeros."""
    places = range(0, len(new), BLOCK)
    return sum(new[at : at + BLOCK] not in (old[at : at + BLOCK], bytes(BLOCK)) for at in places)


def _serve(folder: Path, port: int, told: Connection) -> None:
    checkpoints.EVERY = 256 << 10  # so that even a small job has some
    authority = Authority(folder / "server")
    orders = Orders(authority.ledger, 0, system_time, lambda _: None)
    service = Service(authority, folder / "repository", orders, lambda _: None, _LIMITS)
    with socket.create_server(("127.0.0.1", port), backlog=16) as listening:
        told.send(listening.getsockname()[1])
        service.serve(listening, [], lambda: False)


def _back_up(folder: Path, told: Connection) -> None:
    image, retry = LocalImage(folder / "image"), Retry(0.3, lambda _: None)
    try:
        sent = push(Membership(folder / "agent"), "disk", image, Wishes(BLOCK), Unwatched(), retry, _LIMITS)
        told.send(sent.blocks)
    except RepositoryError as error:
        told.send(str(error))


def _heard(told: Connection) -> int | str:
    """How many blocks an agent has sent, or why it has not."""
    try:
        sent: int | str = told.recv()
    except EOFError:
        return "killed"
    return sent


class Killed(NamedTuple):
    """What a round has shown."""

    victim: Literal["server", "agent"]
    committed: bool
    """There was a recovery point all the same."""
    kept: int
    """Blocks that the next attempt need not send again."""


class Site:
    """A server process that is started again as often as it is killed, and its agent."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        Repository.create(folder / "repository").close()
        token = Authority(folder / "server").new_token("hv01")
        self._port = 0
        self.server = self._served()
        enrol(folder / "agent", Address("127.0.0.1", self._port), token, _LIMITS)
        self.number = 0
        self._takes = 0.1
        self.bring()
        assert self.bring() == to_send(version(1), version(2)), "an agent sends what has changed"

    def _served(self) -> multiprocessing.process.BaseProcess:
        here, there = _forks.Pipe()
        process = _forks.Process(target=_serve, args=(self.folder, self._port, there), daemon=True)
        process.start()
        self._port = here.recv()
        return process

    def _agent(self) -> tuple[multiprocessing.process.BaseProcess, Connection]:
        here, there = _forks.Pipe()
        process = _forks.Process(target=_back_up, args=(self.folder, there), daemon=True)
        process.start()
        there.close()
        return process, here

    def bring(self) -> int:
        """The next version, undisturbed; how many blocks were sent."""
        self.number += 1
        (self.folder / "image").write_bytes(version(self.number))
        begun = time.perf_counter()
        sent = self._finish()
        self._takes = max(0.05, 0.5 * self._takes + 0.5 * (time.perf_counter() - begun))
        return sent

    def _finish(self) -> int:
        process, told = self._agent()
        sent = _heard(told)
        process.join()
        assert isinstance(sent, int), sent
        return sent

    def kill_one(self, dice: random.Random) -> Killed:
        """Kill one of the two while the next version is brought, and let a retry finish.

        Raises AssertionError where a recovery point is lost or half, or the retry sends what is there already.
        """
        before = self.versions()
        self.number += 1
        (self.folder / "image").write_bytes(version(self.number))
        process, told = self._agent()
        time.sleep(dice.random() * self._takes)
        victim: Literal["server", "agent"] = dice.choice(["server", "agent"])
        (self.server if victim == "server" else process).kill()
        if victim == "server":
            self.server.join()
        self._wait_until_unused()
        after = self.versions()
        assert after in (before, [*before, self.number]), f"{victim} killed: {before} became {after}"
        committed = after != before
        kept = 0 if committed else self._kept(before[-1])
        if victim == "server":
            self.server = self._served()
        sent = _heard(told)
        process.join()
        if isinstance(sent, str) or not committed:  # else the agent had ended before
            sent = self._finish() if isinstance(sent, str) else sent
            missing = 0 if committed else to_send(version(before[-1]), version(self.number)) - kept
            assert sent == missing, f"{victim} killed: {sent} blocks were sent, {missing} were missing"
            assert self.versions() == [*after, self.number]
        with Repository.open(self.folder / "repository") as repository:
            prune(repository, _KEPT)
        return Killed(victim, committed, kept)

    def versions(self) -> list[int]:
        """The versions in all recovery points, oldest first, each of which is whole."""
        with Repository.open(self.folder / "repository") as repository:
            assert verify(repository, [], Unwatched()) == []
            found = []
            for point in repository.points():
                held = content(repository, point.id)
                found.append(int.from_bytes(held[:8], "big"))
                assert held == version(found[-1])
            return found

    def _wait_until_unused(self) -> None:
        """Until the server has put away what it had received."""
        with (self.folder / "repository" / "replicas" / "000001" / "writer.lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)

    def _kept(self, newest: int) -> int:
        """How many blocks that differ from that version, and are not zeros, the journal has."""
        with Repository.open(self.folder / "repository") as repository:
            base = repository.points()[-1].id
        path = self.folder / "repository" / "replicas" / "000001" / "journal"
        journal = Journal(SYSTEM, path, BLOCK, base)
        kept = {entry.block for entry in journal.replay() if entry.slot}
        journal.close()
        old, new = version(newest), version(self.number)
        parts = (b"".join(data[n * BLOCK : (n + 1) * BLOCK] for n in sorted(kept)) for data in (old, new))
        return to_send(*parts)

    def stop(self) -> None:
        """Kill what runs."""
        self.server.kill()
        self.server.join()


@contextmanager
def forked_site(folder: Path) -> Iterator[Site]:
    """A server and an agent for the time of the block."""
    made = Site(folder)
    try:
        yield made
    finally:
        made.stop()
