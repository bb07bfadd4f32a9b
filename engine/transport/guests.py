"""Who is at the server, and how many may be."""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock
from typing import NamedTuple

from engine.dpm.errors import BusyError
from engine.transport.tls import TlsStream

OLD_MAY_TAKE = 30.0
"""Seconds for a transfer to end whose connection was closed: it may be making durable what it has received."""


class Bounds(NamedTuple):
    """How many connections there may be."""

    strangers: int = 64
    """Who have not said yet who they are and what they want; the oldest goes when another comes."""
    of_an_agent: int = 8


class Guests:
    """The connections of a server; use it from any thread."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._lock = Lock()
        self._strangers: list[TlsStream] = []
        self._agents: dict[TlsStream, tuple[str, bytes, Event]] = {}

    @contextmanager
    def stranger(self, stream: TlsStream) -> Iterator[None]:
        """For the time of the block it is unknown who this is; the oldest such has to go where there are too many."""
        with self._lock:
            self._strangers.append(stream)
            if len(self._strangers) > self._bounds.strangers:
                self._strangers.pop(0).close()
        try:
            yield
        finally:
            with self._lock, contextlib.suppress(ValueError):
                self._strangers.remove(stream)

    @contextmanager
    def agent(self, agent: str, run: bytes, stream: TlsStream) -> Iterator[Callable[[], bool]]:
        """For the time of the block this is an agent at work; what it gives says whether it is still welcome.

        What the same process began before, on a connection that it has lost, is ended first.

        Raises:
            BusyError: that does not end, or the agent has too many connections.
        """
        with self._lock:
            own = {other: left for other, (name, _, left) in self._agents.items() if name == agent}
            old = {other: left for other, left in own.items() if self._agents[other][1] == run}
            if len(own) - len(old) >= self._bounds.of_an_agent:
                raise BusyError(f"the server: agent {agent} has {len(own)} connections already; another")
            self._agents[stream] = (agent, run, Event())
        try:
            for other, left in old.items():
                other.close()
                if not left.wait(OLD_MAY_TAKE):
                    raise BusyError(f"what agent {agent} began before; it")
            yield lambda: self._is_newest(stream)
        finally:
            with self._lock:
                self._agents.pop(stream)[2].set()

    def _is_newest(self, stream: TlsStream) -> bool:
        """Whether the same process has not come again since."""
        with self._lock:
            agent, run, _ = self._agents[stream]
            return [other for other, who in self._agents.items() if who[:2] == (agent, run)][-1] is stream

    def agents(self) -> set[str]:
        """Which agents are at work."""
        with self._lock:
            return {name for name, _, _ in self._agents.values()}

    def close_of(self, agent: str) -> None:
        """End all that an agent does."""
        with self._lock:
            for stream, (name, _, _) in self._agents.items():
                if name == agent:
                    stream.close()

    def close_all(self) -> None:
        """End everything."""
        with self._lock:
            for stream in [*self._strangers, *self._agents]:
                stream.close()
