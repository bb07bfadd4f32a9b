"""When which agent is to back up which image, and what happens when that fails.

As DPM does it: a job that ended with a retryable error is tried once more after a delay. Then it is over, until the
next round of its protection group, or until somebody orders it by hand.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from threading import Lock
from typing import NamedTuple

from engine.dpm.errors import RepositoryError, explained
from engine.transport.ledger import Ledger, Order
from engine.transport.names import replica_named

ATTEMPTS = 2


class Group(NamedTuple):
    """A protection group: images that are backed up at the same times."""

    name: str
    every: int
    """Seconds from one round to the next."""
    at: int
    """Seconds from midnight in UTC to one of the rounds."""
    members: tuple[tuple[str, str], ...]
    """Agents and their images."""
    check_every: int | None = None
    """Seconds from one consistency check to the next; None where there are none but those that damage calls for."""

    def round(self, now: datetime, every: int) -> int:
        """The number of the newest round that should have begun, of those that come so often."""
        return (int(now.timestamp()) - self.at) // every


class Orders:
    """The orders of a server; use it from any thread."""

    def __init__(
        self,
        ledger: Ledger,
        retry_after: float,
        now: Callable[[], datetime],
        tell: Callable[[str], None],
    ) -> None:
        self._ledger = ledger
        self._retry_after = retry_after
        self._now = now
        self._tell = tell
        self._running: set[int] = set()
        self._lock = Lock()
        ledger.restart_orders()

    def begin_rounds(self, groups: Iterable[Group]) -> None:
        """Order what is due; a round that was missed while the server was down is made up for, once."""
        now = self._now()
        for group in groups:
            due = self._ledger.is_new_round(group.name, group.round(now, group.every))
            check = group.check_every is not None and self._ledger.is_new_round(
                group.name, group.round(now, group.check_every), check=True
            )
            if due or check:
                self._ledger.add_orders(group.members, int(now.timestamp()), check=check)
                what = "consistency checks" if check else "backups"
                self._tell(f"protection group {group.name}: a round of {what} of {len(group.members)} images begins")

    def take(self, agent: str, images: tuple[str, ...]) -> Order | None:
        """What the agent is to do now, if anything. `ended` has to be told how it ended."""
        with self._lock:
            found = self._ledger.take_order(agent, images, tuple(self._running), int(self._now().timestamp()))
            if found:
                self._running.add(found.id)
            return found

    def ended(self, order: Order, error: Exception | None) -> None:
        """It ended so."""
        name = replica_named(order.agent, order.image)
        retryable = isinstance(error, RepositoryError) and error.retryable
        if error and retryable and order.attempts < ATTEMPTS:
            self._ledger.postpone(order, int(self._now().timestamp() + self._retry_after))
            self._tell(f"{name} failed, and is tried once more in {self._retry_after:g} s: {explained(error)}")
        else:
            self._ledger.close_order(order)
            if error:
                self._tell(f"{name} failed: {explained(error)}")
        with self._lock:
            self._running.discard(order.id)
