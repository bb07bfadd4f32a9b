"""The catalog: protection groups, replicas, recovery points and jobs, in SQLite.

Adding a recovery point is one transaction, and that transaction is the commit of a job. Every row carries a checksum
over its values, and a seal over the checksums of all rows but those of jobs tells when one is missing. A block is
never a row.
"""

import contextlib
import errno
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec
from blake3 import blake3

from engine.dpm.errors import RepositoryError
from engine.dpm.records import Job, Outcome, ProtectionGroup, RecoveryPoint, Replica
from engine.sentence import Sentence

FORMAT = 1
_GROUP = "images"
_BUSY_SECONDS = 30.0

_SCHEMA = """
CREATE TABLE repository (format INTEGER NOT NULL, seal BLOB NOT NULL);
CREATE TABLE protection_groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL,
    checksum BLOB NOT NULL);
CREATE TABLE replicas (
    id INTEGER PRIMARY KEY AUTOINCREMENT, protection_group INTEGER NOT NULL, image TEXT NOT NULL UNIQUE,
    block_size INTEGER NOT NULL, state TEXT NOT NULL,
    checksum BLOB NOT NULL);
CREATE TABLE recovery_points (
    id INTEGER PRIMARY KEY, replica INTEGER NOT NULL, time INTEGER NOT NULL, mode TEXT NOT NULL, kind TEXT NOT NULL,
    image_size INTEGER NOT NULL, bytes_changed INTEGER NOT NULL, root BLOB NOT NULL, map_checksum BLOB NOT NULL,
    state TEXT NOT NULL,
    checksum BLOB NOT NULL);
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, replica INTEGER NOT NULL, kind TEXT NOT NULL, started INTEGER NOT NULL,
    ended INTEGER NOT NULL, outcome TEXT NOT NULL, bytes_sent INTEGER NOT NULL, message TEXT NOT NULL,
    checksum BLOB NOT NULL);
"""

_Record = TypeVar("_Record", ProtectionGroup, Replica, RecoveryPoint, Job)
_Kind = type[ProtectionGroup] | type[Replica] | type[RecoveryPoint] | type[Job]
_TABLES: dict[_Kind, str] = {
    ProtectionGroup: "protection_groups",
    Replica: "replicas",
    RecoveryPoint: "recovery_points",
    Job: "jobs",
}
_SEALED = (ProtectionGroup, Replica, RecoveryPoint)


class CatalogDamagedError(RepositoryError):
    """The catalog cannot be read, or a row does not match its checksum."""

    def __init__(self, why: str) -> None:
        super().__init__(Sentence("the catalog is damaged: {why}", why=why))


class Catalog:
    """One connection to the catalog of a repository; use it from one thread at a time."""

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        """Where it need not outlive a crash of this machine, it is not `durable`: nothing waits for the disk."""
        self._path = path
        with self._sound():
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._connection.execute(f"PRAGMA synchronous = {'EXTRA' if durable else 'OFF'}")
            # no name comes and goes with each transaction
            self._connection.execute(f"PRAGMA journal_mode = {'PERSIST' if durable else 'MEMORY'}")

    def prepare(self) -> None:
        """Make the tables where there are none.

        Raises:
            CatalogDamagedError: there is something else in it.
        """
        with self._sound(), self._transaction():
            if not self._is_empty():
                return
            for statement in _SCHEMA.split(";"):
                self._connection.execute(statement)
            self._connection.execute("INSERT INTO repository VALUES (?, ?)", (FORMAT, b""))
            self._insert(ProtectionGroup(id=1, name=_GROUP))
            self._seal()

    def is_empty(self) -> bool:
        """Whether there are no tables yet, as after a crash right at the beginning."""
        with self._sound():
            return self._is_empty()

    def _is_empty(self) -> bool:
        tables: int = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        return not tables

    def check(self) -> None:
        """Check every row, the seal, and SQLite's own structures.

        Raises:
            CatalogDamagedError: naming what does not match.
        """
        with self._sound():
            told = self._connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if told != "ok":
                raise CatalogDamagedError(str(told))
            with self._reading():
                self._records(ProtectionGroup)
                self._records(Replica)
                self._records(RecoveryPoint)
                self._records(Job)

    def replicas(self) -> list[Replica]:
        """All replicas, in the order of their making."""
        with self._sound(), self._reading():
            return self._records(Replica)

    def points(self) -> list[RecoveryPoint]:
        """All recovery points, oldest first."""
        with self._sound(), self._reading():
            return self._records(RecoveryPoint)

    def jobs(self) -> list[Job]:
        """All jobs, oldest first."""
        with self._sound():
            return self._records(Job)

    def add_replica(self, image: str, block_size: int, state: str) -> Replica:
        """Record a new replica of an image."""
        with self._sound(), self._changing():
            replica = Replica(self._next(Replica), 1, image, block_size, state)
            self._insert(replica)
        return replica

    def adopt(self, replica: Replica, points: Sequence[RecoveryPoint]) -> None:
        """Record a replica and its recovery points, oldest first, as they were found; with the jobs that made them."""
        with self._sound(), self._changing():
            self._insert(replica)
            for point in points:
                self._insert(point)
                self._insert(Job(point.id, replica.id, point.kind, point.time, point.time, Outcome.SUCCEEDED, 0, ""))

    def start_job(self, replica: int, kind: str, now: int) -> Job:
        """Record that a job begins; those of this replica that never ended were interrupted."""
        with self._sound(), self._changing():
            for job in self._records(Job):
                if job.replica == replica and job.outcome == Outcome.RUNNING:
                    self._replace(msgspec.structs.replace(job, outcome=Outcome.INTERRUPTED, ended=now))
            job = Job(self._next(Job), replica, kind, now, 0, Outcome.RUNNING, 0, "")
            self._insert(job)
        return job

    def end_job(self, job: Job) -> None:
        """Record how a job ended."""
        with self._sound(), self._changing():
            self._replace(job)

    def commit(self, point: RecoveryPoint, replica: Replica, job: Job, damaged: Sequence[RecoveryPoint]) -> None:
        """Add a recovery point, with the end of its job and what became known of replica and older points."""
        with self._sound(), self._changing():
            self._insert(point)
            self._replace(replica)
            for older in damaged:
                self._replace(older)
            self._replace(job)

    def update(self, replicas: Sequence[Replica], points: Sequence[RecoveryPoint]) -> None:
        """Record what became known of replicas and recovery points."""
        with self._sound(), self._changing():
            for replica in replicas:
                self._replace(replica)
            for point in points:
                self._replace(point)

    def remove_points(self, points: Sequence[int]) -> None:
        """Forget recovery points."""
        with self._sound(), self._changing():
            self._connection.executemany("DELETE FROM recovery_points WHERE id = ?", [(point,) for point in points])

    def close(self) -> None:
        """Release the file."""
        self._connection.close()

    @contextmanager
    def _sound(self) -> Iterator[None]:
        """SQLite's errors as the system's where the catalog is not to blame, and as ours where it is.

        Raises:
            OSError: naming the catalog.
            CatalogDamagedError: it cannot be read.
        """
        try:
            yield
        except sqlite3.OperationalError as error:
            if cause := _ENVIRONMENT.get(getattr(error, "sqlite_errorcode", 0) & 0xFF):
                raise OSError(cause, f"the catalog cannot be used: {error}", str(self._path)) from error
            raise CatalogDamagedError(str(error)) from error
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            raise CatalogDamagedError(str(error)) from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            self._undo()
            raise

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """A state of the catalog that no writer changes meanwhile, and whose seal holds."""
        self._connection.execute("BEGIN")
        try:
            self._check_seal()
            yield
        finally:
            self._undo()

    def _undo(self) -> None:
        """Roll back; without space or disk SQLite has done it already (https://sqlite.org/lang_transaction.html)."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """A transaction on a catalog whose seal holds, and which is sealed again."""
        with self._transaction():
            self._check_seal()
            yield
            self._seal()

    def _check_seal(self) -> None:
        row = self._connection.execute("SELECT format, seal FROM repository").fetchone()
        if row is None or row[0] != FORMAT:
            raise CatalogDamagedError(f"its format is {row and row[0]}, this version reads {FORMAT}")
        if row[1] != self._expected_seal():
            raise CatalogDamagedError("its seal does not match its rows")

    def _seal(self) -> None:
        self._connection.execute("UPDATE repository SET seal = ?", (self._expected_seal(),))

    def _expected_seal(self) -> bytes:
        seal = blake3(f"format {FORMAT}".encode())
        for kind in _SEALED:
            rows = self._connection.execute(f"SELECT checksum FROM {_TABLES[kind]} ORDER BY id")  # noqa: S608 - a constant
            for (checksum,) in rows:
                seal.update(checksum if isinstance(checksum, bytes) else repr(checksum).encode())
        return seal.digest()

    def _records(self, kind: type[_Record]) -> list[_Record]:
        """All rows of a table, checked."""
        table = _TABLES[kind]
        fields = ", ".join(kind.__struct_fields__)
        found = []
        for row in self._connection.execute(f"SELECT {fields}, checksum FROM {table} ORDER BY id"):  # noqa: S608 - constants
            if _checksum(kind, row[:-1]) != row[-1]:
                raise CatalogDamagedError(f"row {row[0]} of {table} does not match its checksum")
            found.append(kind(*row[:-1]))
        return found

    def _next(self, kind: _Kind) -> int:
        """A number that no row of this table has had."""
        row = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (_TABLES[kind],)).fetchone()
        return row[0] + 1 if row else 1

    def _insert(self, record: ProtectionGroup | Replica | RecoveryPoint | Job) -> None:
        values = msgspec.structs.astuple(record)
        places = ", ".join("?" * (len(values) + 1))
        row = (*values, _checksum(type(record), values))
        self._connection.execute(f"INSERT INTO {_TABLES[type(record)]} VALUES ({places})", row)  # noqa: S608 - a constant

    def _replace(self, record: Replica | RecoveryPoint | Job) -> None:
        values = msgspec.structs.astuple(record)
        settings = ", ".join(f"{field} = ?" for field in record.__struct_fields__)
        row = (*values, _checksum(type(record), values), record.id)
        table = _TABLES[type(record)]
        self._connection.execute(f"UPDATE {table} SET {settings}, checksum = ? WHERE id = ?", row)  # noqa: S608 - constants


def sound_points(path: Path) -> list[int]:
    """The recovery points whose rows match their checksums, as far as a catalog can be read at all."""
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=_BUSY_SECONDS)) as connection:
            rows = connection.execute("SELECT * FROM recovery_points").fetchall()
    except (sqlite3.Error, UnicodeDecodeError):
        return []
    return [row[0] for row in rows if _checksum(RecoveryPoint, row[:-1]) == row[-1]]


def _checksum(kind: _Kind, values: tuple[object, ...]) -> bytes:
    return blake3(msgspec.msgpack.encode((_TABLES[kind], *values))).digest()


_ENVIRONMENT = {
    sqlite3.SQLITE_BUSY: errno.EBUSY, sqlite3.SQLITE_LOCKED: errno.EBUSY, sqlite3.SQLITE_READONLY: errno.EACCES,
    sqlite3.SQLITE_FULL: errno.ENOSPC, sqlite3.SQLITE_CANTOPEN: errno.EACCES, sqlite3.SQLITE_PERM: errno.EACCES,
    sqlite3.SQLITE_NOMEM: errno.ENOMEM, sqlite3.SQLITE_IOERR: errno.EIO,
}  # fmt: skip
"""Causes that lie outside the file (another process, rights, space, a disk that does not answer), as the system's."""
