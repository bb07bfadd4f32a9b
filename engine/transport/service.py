"""The server: takes connections, finds out who is there, and does the one thing that each asks for.

Every request has a door, with whether it is for enrolled agents only: there is no other way in. What an agent may
touch is found from the name in its certificate, never from what it says of itself.
"""

import socket
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple

from engine.dpm import Repository
from engine.dpm.errors import RepositoryError, explained
from engine.progress import Unwatched
from engine.sync.server import Received, receive_image
from engine.sync.wire import BrokenTransferError, Framed
from engine.transport.authority import Authority
from engine.transport.control import (
    AskAuthority,
    Enrol,
    Enrolled,
    ItsAuthority,
    Offer,
    Push,
    Renew,
    Request,
    Start,
    answer,
    refuse_request,
    requested,
)
from engine.transport.errors import UntrustedError
from engine.transport.guests import OLD_MAY_TAKE, Bounds, Guests
from engine.transport.ledger import Order
from engine.transport.names import agent_in, replica_named
from engine.transport.orders import Group, Orders
from engine.transport.tls import Limits, TlsStream

_LONG_POLL = 20.0
_TICK = 0.25
_HOUSEKEEPING = 1.0


class _Door(NamedTuple):
    enter: Callable[..., None]
    for_agents: bool = True


class Service:
    """A server on a repository; `serve` runs it."""

    def __init__(
        self,
        authority: Authority,
        repository: Path,
        orders: Orders,
        tell: Callable[[str], None],
        limits: Limits | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        self._authority = authority
        self._repository = repository
        self._orders = orders
        self._tell = tell
        self._limits = limits or Limits()
        self._guests = Guests(bounds or Bounds())
        self.stopping = Event()
        self._house_kept = 0.0
        self._doors = {
            AskAuthority: _Door(self._tell_authority, for_agents=False),
            Enrol: _Door(self._enrol, for_agents=False),
            Renew: _Door(self._renew),
            Push: _Door(self._push),
            Offer: _Door(self._offer),
        }

    def serve(self, listening: socket.socket, groups: Sequence[Group], enough: Callable[[], bool]) -> None:
        """Take connections until somebody has `enough`, and begin the rounds of protection groups. Then end all."""
        listening.settimeout(_TICK)
        threads: list[Thread] = []
        try:
            while not enough():
                self._keep_house(groups)
                threads = [thread for thread in threads if thread.is_alive()]
                try:
                    connected, address = listening.accept()
                except TimeoutError:
                    continue
                except OSError as error:  # too many open files, say: those that are open will end
                    self._tell(f"a connection could not be taken: {explained(error)}")
                    self.stopping.wait(_TICK)
                    continue
                threads.append(Thread(target=self._attend, args=(connected, str(address[0])), daemon=True))
                threads[-1].start()
        finally:
            self.stopping.set()
            listening.close()
            self.end_all()
            for thread in threads:
                thread.join(OLD_MAY_TAKE)

    def end_all(self) -> None:
        """End all connections; transfers keep what they have received, and agents may try again."""
        self._guests.close_all()

    def _keep_house(self, groups: Sequence[Group]) -> None:
        if time.monotonic() - self._house_kept < _HOUSEKEEPING:
            return
        self._house_kept = time.monotonic()
        try:
            self._orders.begin_rounds(groups)
            self._authority.renew_server()
            for agent in self._guests.agents():
                if self._authority.is_revoked(agent):
                    self._guests.close_of(agent)
        except (RepositoryError, OSError) as error:
            self._tell(explained(error))

    def _attend(self, connected: socket.socket, address: str) -> None:
        """One connection, from the handshake to its end; what goes wrong ends it and nothing else."""
        try:
            stream = TlsStream(connected, self._authority.identity.context(), self._limits)
        except (RepositoryError, OSError) as error:
            self._tell(f"{address}: no connection can be taken: {explained(error)}")
            connected.close()
            return
        who = address
        try:
            with self._guests.stranger(stream):
                stream.handshake()
                agent = agent_in(stream.names())
                who = f"{agent} at {address}" if agent else address
                request = requested(stream)
                stream.greeted()
                if isinstance(request, Push):
                    who = f"{who}, {request.image}"
            self._open(request, agent)(stream)
        except (RepositoryError, OSError, EOFError) as error:
            if not self.stopping.is_set():
                self._tell(f"{who}: {explained(error)}")
            refuse_request(stream, error)
            stream.linger()
        finally:
            stream.close()

    def _open(self, request: Request, agent: str | None) -> Callable[[TlsStream], None]:
        """The door for a request; UntrustedError where it is closed to who asks."""
        door = self._doors[type(request)]
        if door.for_agents and agent is None:
            raise UntrustedError(
                f"no agent's certificate was shown, and {type(request).__name__} needs one: enrol first"
            )
        return partial(door.enter, request, agent or "")

    def _tell_authority(self, _request: AskAuthority, _agent: str, stream: TlsStream) -> None:
        answer(stream, ItsAuthority(self._authority.certificate))

    def _enrol(self, request: Enrol, _agent: str, stream: TlsStream) -> None:
        agent, certificate = self._authority.enrol(request.secret, request.request)
        self._guests.close_of(agent)  # who had the name before is somebody else now
        answer(stream, Enrolled(agent, certificate, self._authority.revocations()))
        self._tell(f"{agent} is enrolled")

    def _renew(self, request: Renew, agent: str, stream: TlsStream) -> None:
        certificate = self._authority.renew(agent, request.request)
        answer(stream, Enrolled(agent, certificate, self._authority.revocations()))
        self._tell(f"{agent} has another certificate")

    def _push(self, request: Push, agent: str, stream: TlsStream) -> None:
        with self._guests.agent(agent, request.run, stream):
            self._receive(request, agent, stream)

    def _offer(self, request: Offer, agent: str, stream: TlsStream) -> None:
        """Wait for an order for this agent, but not for long, so that both sides know that the other is there."""
        with self._guests.agent(agent, request.run, stream) as still:
            for _ in range(int(_LONG_POLL / _TICK)):
                if not still():
                    return
                if order := self._orders.take(agent, request.images):
                    self._carry_out(order, request.run, stream)
                    return
                if self.stopping.wait(_TICK):
                    break
            answer(stream, Start(None, self._authority.revocations()))

    def _carry_out(self, order: Order, run: bytes, stream: TlsStream) -> None:
        failed: Exception | None = BrokenTransferError("the server ended")
        try:
            self._receive(Push(run, order.image, check=order.check), order.agent, stream)
            failed = None
        except (RepositoryError, OSError) as error:
            failed = error
        finally:
            self._orders.ended(order, failed)

    def _receive(self, request: Push, agent: str, stream: TlsStream) -> None:
        answer(stream, Start(request.image, self._authority.revocations()))
        name = replica_named(agent, request.image)
        self._tell(f"{name}: a {'consistency check' if request.check else 'backup'} begins")
        with Repository.open(self._repository) as repository:
            replica = repository.replica_of(name, request.block_size)
            done: Received = receive_image(
                Framed(stream),
                repository,
                replica,
                Unwatched(),
                trust_digests=request.trust_digests,
                check=request.check,
            )
        repaired = f", {done.repaired_blocks} damaged ones repaired" if done.repaired_blocks else ""
        self._tell(f"{name}: recovery point {done.point.id}, {done.blocks} blocks received{repaired}")
