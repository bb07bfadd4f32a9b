"""What the server remembers of agents: tokens, certificates, and the jobs that wait for them, in SQLite.

Every method is one transaction on a connection of its own, so threads and processes may use it side by side. Times
are seconds since 1970 in UTC.
"""

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from engine.dpm.errors import RepositoryError

_BUSY_SECONDS = 30.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS tokens (digest BLOB PRIMARY KEY, agent TEXT NOT NULL, expires INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS certificates (
    serial TEXT PRIMARY KEY, name TEXT NOT NULL, expires INTEGER NOT NULL, revoked INTEGER);
CREATE TABLE IF NOT EXISTS orders (
    id INTEGER PRIMARY KEY AUTOINCREMENT, agent TEXT NOT NULL, image TEXT NOT NULL, due INTEGER NOT NULL,
    attempts INTEGER NOT NULL, consistency_check INTEGER NOT NULL, UNIQUE (agent, image));
CREATE TABLE IF NOT EXISTS rounds (
    protection_group TEXT NOT NULL, consistency_check INTEGER NOT NULL, number INTEGER NOT NULL,
    PRIMARY KEY (protection_group, consistency_check));
"""


class Certificate(NamedTuple):
    """One that the authority has issued."""

    serial: int
    name: str
    expires: int
    revoked: int | None


class Order(NamedTuple):
    """A backup that an agent is to make."""

    id: int
    agent: str
    image: str
    attempts: int
    """Including the one that is about to be made."""
    check: bool = False
    """It is a consistency check too: everything is compared, and what is damaged is repaired."""


class Ledger:
    """The file, which is made where there is none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with _sound(), contextlib.closing(self._connect()) as connection:
            connection.executescript(_SCHEMA)

    def add_token(self, digest: bytes, agent: str, expires: int, now: int) -> None:
        """Remember a token by a digest of it; forget those that have expired."""
        with self._changing() as connection:
            connection.execute("DELETE FROM tokens WHERE expires <= ?", (now,))
            connection.execute("INSERT INTO tokens VALUES (?, ?, ?)", (digest, agent, expires))

    def take_token(self, digest: bytes, now: int) -> str | None:
        """Whose token this is; nobody can take it again. None where there is none, or it has expired."""
        with self._changing() as connection:
            row = connection.execute(
                "DELETE FROM tokens WHERE digest = ? RETURNING agent, expires", (digest,)
            ).fetchone()
        return row[0] if row and row[1] > now else None

    def add_certificate(self, serial: int, name: str, expires: int) -> None:
        """Remember that a certificate was issued."""
        with self._changing() as connection:
            connection.execute("INSERT INTO certificates VALUES (?, ?, ?, NULL)", (f"{serial:x}", name, expires))

    def certificates(self) -> list[Certificate]:
        """All that were issued, in the order of issue."""
        with self._changing() as connection:
            rows = connection.execute("SELECT * FROM certificates ORDER BY rowid").fetchall()
        return [Certificate(int(serial, 16), *rest) for serial, *rest in rows]

    def revoke(self, name: str, now: int) -> int:
        """Revoke all certificates of a name that are good still; how many."""
        with self._changing() as connection:
            return connection.execute(
                "UPDATE certificates SET revoked = ? WHERE name = ? AND revoked IS NULL AND expires > ?",
                (now, name, now),
            ).rowcount

    def add_orders(self, wanted: Sequence[tuple[str, str]], now: int, *, check: bool = False) -> None:
        """Let agents make backups of images as soon as they can. What waits already is not ordered twice.

        An order that is being carried out may have begun too early for who wants it now: it will be again. A
        consistency check is more than a backup: where both are wanted, it is made.
        """
        with self._changing() as connection:
            connection.executemany(
                "INSERT INTO orders (agent, image, due, attempts, consistency_check) VALUES (?, ?, ?, 0, ?) "
                "ON CONFLICT DO UPDATE SET due = min(due, excluded.due), attempts = 0, "
                "consistency_check = max(consistency_check, excluded.consistency_check)",
                [(agent, image, now, check) for agent, image in wanted],
            )

    def take_order(self, agent: str, images: Sequence[str], running: Sequence[int], now: int) -> Order | None:
        """The agent's oldest order that is due, for one of these images; another attempt is counted."""
        with self._changing() as connection:
            rows = connection.execute(
                "SELECT id, image, attempts, consistency_check FROM orders WHERE agent = ? AND due <= ? "
                "ORDER BY due, id",
                (agent, now),
            )
            for number, image, attempts, check in rows.fetchall():
                if image in images and number not in running:
                    connection.execute("UPDATE orders SET attempts = attempts + 1 WHERE id = ?", (number,))
                    return Order(number, agent, image, attempts + 1, bool(check))
        return None

    def postpone(self, order: Order, due: int) -> None:
        """Let an order wait for another attempt."""
        with self._changing() as connection:
            connection.execute(
                "UPDATE orders SET due = ? WHERE id = ? AND attempts = ?", (due, order.id, order.attempts)
            )

    def close_order(self, order: Order) -> None:
        """Forget an order, whatever became of it: the catalog has its jobs."""
        with self._changing() as connection:
            connection.execute("DELETE FROM orders WHERE id = ? AND attempts = ?", (order.id, order.attempts))

    def restart_orders(self) -> None:
        """An attempt that the server itself did not survive has an attempt after it."""
        with self._changing() as connection:
            connection.execute("UPDATE orders SET attempts = min(attempts, 1)")

    def is_new_round(self, group: str, number: int, *, check: bool = False) -> bool:
        """Whether this round of a protection group, of backups or of checks, has not been begun; it is now."""
        with self._changing() as connection:
            return (
                connection.execute(
                    "INSERT INTO rounds VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET number = excluded.number "
                    "WHERE number < excluded.number",
                    (group, check, number),
                ).rowcount
                > 0
            )

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)
        connection.execute("PRAGMA synchronous = EXTRA")
        return connection

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        with _sound(), contextlib.closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")  # closing without it rolls back


@contextmanager
def _sound() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise RepositoryError(f"the server's ledger cannot be used: {error}") from error
