"""The applications behind a guest's writers: SQL Server with its databases, and the keepers of small stores."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import apsw

from engine.hresult import HResult
from engine.hyperv.database import Database
from engine.hyperv.hive import Hive
from engine.occurrence import Happening, Machine
from engine.vss.errors import WriterError
from engine.vss.identities import CLASS_IDS, WriterIdentity
from engine.vss.states import Phase
from engine.vss.writer import Application, Level, Writer, WriterComponent, stage_of

SQL_WRITER = "SqlServerWriter"


class Restable(Protocol):
    """Files that can be brought to rest."""

    name: str

    def freeze(self) -> object:
        """Bring them to rest, and keep them so."""
        ...

    def thaw(self) -> None:
        """Go on; harmless where they do."""
        ...


@dataclass(frozen=True, slots=True)
class DatabaseFrozen(Happening):
    """SQL Server holds writes to a database (3197)."""

    database: str


@dataclass(frozen=True, slots=True)
class DatabaseThawed(Happening):
    """SQL Server lets writes to a database go on (3198)."""

    database: str


@dataclass(frozen=True, slots=True)
class DatabaseBackupFailed(Happening):
    """SQL Server could not freeze a database (3041, SQLVDI 1, SQLWRITER 24583)."""

    database: str
    reason: str


class Keeper(Application):
    """An application that brings its files to rest for a snapshot."""

    def __init__(self, volume: str, kept: Iterable[Restable]) -> None:
        """`volume` is where the files lie."""
        self.kept = list(kept)
        self._volume = volume

    async def identify(self) -> tuple[WriterComponent, ...]:
        return tuple(WriterComponent(one.name, one.name, frozenset({self._volume})) for one in self.kept)

    async def freeze(self) -> None:
        for one in self.kept:
            self._freeze(one)

    async def thaw(self) -> None:
        for one in self.kept:
            one.thaw()

    async def abort(self) -> None:
        for one in self.kept:
            one.thaw()

    def _freeze(self, one: Restable) -> None:
        try:
            one.freeze()
        except OSError as error:
            raise WriterError(HResult.VSS_E_WRITERERROR_RETRYABLE, f"{one.name} cannot be written: {error}") from error


class SqlServer(Keeper):
    """SQL Server behind its writer: one database that cannot rest spoils the snapshot of all."""

    def __init__(self, machine: Machine, volume: str, databases: Iterable[Database]) -> None:
        super().__init__(volume, databases)
        self._machine = machine

    async def thaw(self) -> None:
        await super().thaw()
        for database in self.kept:
            self._machine.announce(stage_of(self._machine.scope, Phase.THAW), DatabaseThawed(database.name))

    def _freeze(self, one: Restable) -> None:
        stage = stage_of(self._machine.scope, Phase.FREEZE)
        try:
            one.freeze()
        except (apsw.Error, OSError) as error:
            hresult = HResult.VSS_E_WRITERERROR_NONRETRYABLE
            self._machine.announce(stage, DatabaseBackupFailed(one.name, str(error)), hresult)
            raise WriterError(hresult, f"{one.name} cannot be frozen: {error}") from error
        self._machine.announce(stage, DatabaseFrozen(one.name))


def sql_writer(machine: Machine, application: Application) -> Writer:
    """SQL Server's writer; its freeze comes after that of applications that write into databases."""
    return _writer(machine, SQL_WRITER, application, Level.BACK_END, "sqlwriter.exe")


def registry_writer(machine: Machine, volume: str, hives: Iterable[Hive]) -> Writer:
    """The registry's writer."""
    return _writer(machine, "Registry Writer", Keeper(volume, hives), Level.SYSTEM, "svchost.exe")


def system_writer(machine: Machine, volume: str, catalog: Hive) -> Writer:
    """The writer of system files, in Cryptographic Services, which keeps their catalog."""
    return _writer(machine, "System Writer", Keeper(volume, [catalog]), Level.SYSTEM, "svchost.exe")


def _writer(machine: Machine, name: str, application: Application, level: Level, process: str) -> Writer:
    identity = WriterIdentity(name, CLASS_IDS[name], machine.new_id(), process=process)
    return Writer(machine, identity, application, level=level)
