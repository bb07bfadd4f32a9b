"""The database of a guest: real SQLite, real transactions, and the rest that its writer brings it to."""

import threading
from contextlib import ExitStack
from hashlib import blake2b
from types import TracebackType
from typing import Literal, Self

import apsw

from engine.hyperv.filesystem import FileSystem
from engine.hyperv.sqlite import CAPACITY, connection

ACCOUNTS = 16
_OPENING_BALANCE = 1000

_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS account (number INTEGER PRIMARY KEY, balance INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS entry (number INTEGER PRIMARY KEY, payer INTEGER, payee INTEGER, amount INTEGER, note BLOB);
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {ACCOUNTS - 1})
INSERT OR IGNORE INTO account SELECT i, {_OPENING_BALANCE} FROM n;
"""  # noqa: S608 - numbers of ours


class Database:
    """A ledger in a SQLite database on a file system; each transaction moves money and writes an entry of it.

    Any number of threads may commit; while it is frozen, they wait. Raises apsw.Error where SQLite does.
    """

    def __init__(
        self,
        filesystem: FileSystem,
        name: str,
        journal: Literal["wal", "delete"] = "wal",
        note: int = 600,
        capacity: int = CAPACITY,
    ) -> None:
        """Open or create it; what an earlier process left unfinished is recovered.

        `note`: bytes per entry; `capacity`: bytes that each of its files can grow to.
        """
        self.name = name
        self._note = note
        self._thawed = threading.Condition()
        self._frozen = False
        self._stack = ExitStack()
        self._connection = self._stack.enter_context(connection(filesystem, name, capacity))
        try:
            if journal == "wal":
                self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._connection.execute(f"PRAGMA journal_mode = {journal}; PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA temp_store = MEMORY")
            with self._connection:
                self._connection.execute(_SCHEMA)
        except BaseException:
            self._stack.close()
            raise
        self.committed: int = self._value("SELECT coalesce(max(number), 0) FROM entry")
        """Number of the last transaction; they have no gaps."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def frozen(self) -> bool:
        """Whether commits wait."""
        return self._frozen

    def commit(self) -> int:
        """Make the next transaction, once commits may be made; its number."""
        with self._thawed:
            while self._frozen:
                self._thawed.wait()
            number = self.committed + 1
            payer, payee, amount = number % ACCOUNTS, (number * 7 + 1) % ACCOUNTS, number % 97
            with self._connection as sql:
                sql.execute("UPDATE account SET balance = balance - ? WHERE number = ?", (amount, payer))
                sql.execute("UPDATE account SET balance = balance + ? WHERE number = ?", (amount, payee))
                entry = (number, payer, payee, amount, _note(number, self._note))
                sql.execute("INSERT INTO entry VALUES (?, ?, ?, ?, ?)", entry)
            self.committed = number
            return number

    def freeze(self) -> int:
        """Let commits wait, and leave nothing in a journal; the number of the last transaction."""
        with self._thawed:
            self._frozen = True
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return self.committed

    def thaw(self) -> None:
        """Let commits go on."""
        with self._thawed:
            self._frozen = False
            self._thawed.notify_all()

    def verify(self) -> list[str]:
        """What is wrong with it: the structure, the money, the entries; nothing, if all is well."""
        problems = [str(row[0]) for row in self._connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
        if self._value("SELECT sum(balance) FROM account") != ACCOUNTS * _OPENING_BALANCE:
            problems.append("money was made or lost")
        if self._value("SELECT count(*) FROM entry") != self._value("SELECT coalesce(max(number), 0) FROM entry"):
            problems.append("entries are missing")
        for number, note in self._connection.execute("SELECT number, note FROM entry"):
            if note != _note(number, self._note):
                problems.append(f"entry {number} is not what was written")
        return problems

    def close(self) -> None:
        self._stack.close()

    def _value(self, query: str) -> int:
        for row in self._connection.execute(query):
            return int(row[0])
        raise apsw.Error(query)


def unfinished(filesystem: FileSystem, name: str) -> bool:
    """Whether a database that nobody has open has a journal or a log from which it must recover."""
    return any(
        filesystem.exists(name + suffix) and filesystem.open(name + suffix).size > 0 for suffix in ("-journal", "-wal")
    )


def _note(number: int, length: int) -> bytes:
    """Bytes that only this entry has."""
    digest = blake2b(number.to_bytes(8, "little"), digest_size=32).digest()
    return (digest * (length // 32 + 1))[:length]
