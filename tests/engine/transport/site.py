"""A server in threads of the test's process, on a real socket, and agents that are what a test wants them to be."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine.dpm import Repository
from engine.progress import Unwatched
from engine.sync.agent import Sent
from engine.sync.backup import Wishes
from engine.transport.agent import LocalImage, Retry, push
from engine.transport.authority import Authority, system_time
from engine.transport.certificates import key_pem, new_key, signing_request
from engine.transport.enrolment import Membership, enrol
from engine.transport.guests import Bounds
from engine.transport.identity import Identity
from engine.transport.names import Address
from engine.transport.orders import Orders
from engine.transport.service import Service
from engine.transport.tls import Limits

QUICK = Limits(link=2, silence=30, greeting=1.5)
DAY = timedelta(days=1)


def at(moment: datetime) -> Callable[[], datetime]:
    """A clock that stands still."""
    return lambda: moment


def ago(span: timedelta) -> Callable[[], datetime]:
    return at(datetime.now(UTC) - span)


class Site:
    """A server on loopback, and what it has told."""

    def __init__(self, folder: Path, authority: Authority, bounds: Bounds, limits: Limits = QUICK) -> None:
        self.folder = folder
        self.authority = authority
        self.repository = folder / "repository"
        Repository.create(self.repository).close()
        self.told: list[str] = []
        self.heard = threading.Condition()
        self.orders = Orders(authority.ledger, 0, system_time, self.tell)
        self.service = Service(authority, self.repository, self.orders, self.tell, limits, bounds)
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.address = Address("127.0.0.1", self.listening.getsockname()[1])

    def tell(self, line: str) -> None:
        with self.heard:
            self.told.append(line)
            self.heard.notify_all()

    def wait_for(self, text: str) -> None:
        """Until the server tells of this."""
        with self.heard:
            found = self.heard.wait_for(lambda: any(text in line for line in self.told), 10)
        assert found, f"{text!r} was never told: {self.told}"

    def agent(self, name: str = "hv01") -> Membership:
        return enrol(self.folder / name, self.address, self.authority.new_token(name), QUICK)


@contextmanager
def site(folder: Path, authority: Authority | None = None, bounds: Bounds | None = None) -> Iterator[Site]:
    """A server that runs for the time of the block."""
    made = Site(folder, authority or Authority(folder / "server"), bounds or Bounds())
    stop = threading.Event()
    thread = threading.Thread(target=made.service.serve, args=(made.listening, [], stop.is_set))
    thread.start()
    try:
        yield made
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def identity(folder: Path, authority: Authority, name: str, trusts: Authority | None = None) -> Identity:
    """An agent's, issued at the authority's time; `trusts`: whom it takes for the server's authority."""
    made = Identity(folder, "agent")
    key = new_key()
    made.keep(made.own, key_pem(key) + authority.renew(name, signing_request(key)))
    made.keep(made.authority, (trusts or authority).certificate)
    made.keep(made.revoked, (trusts or authority).revocations())
    return made


def back_up(member: Membership, image: Path, name: str = "disk", wishes: Wishes | None = None) -> Sent:
    """Once, without another try."""
    retry = Retry(0, lambda _line: None)
    return push(member, name, LocalImage(image), wishes or Wishes(), Unwatched(), retry, QUICK)
