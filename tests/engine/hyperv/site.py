"""A host with one or two virtual machines, in virtual time and on real files, and what a restore finds in a backup."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from engine.clock import Clock, VirtualClock
from engine.hyperv.applications import SqlServer, registry_writer, sql_writer, system_writer
from engine.hyperv.backup import CopiedFile, HostBackup, host_backup
from engine.hyperv.building import DisposableFiles, Ground, new_host, new_machine
from engine.hyperv.database import Database
from engine.hyperv.filesystem import FileSystem
from engine.hyperv.hive import Hive
from engine.hyperv.machine import VirtualMachine
from engine.hyperv.writer import HyperVApplication, hyperv_writer
from engine.occurrence import Machine, Occurrence
from engine.pipeline import Mode, Scope
from engine.volume import Volume
from engine.vss.errors import VssError
from engine.vss.faults import Fault, FaultyApplication, FaultyProvider
from engine.vss.occurrences import WriterHandled
from engine.vss.states import Phase
from engine.vss.writer import Writer
from tests.engine.vss.machines import Watcher

GIB = 1 << 30


class Site:
    """HV01 with SQL01, and whatever else is added, on D:."""

    def __init__(
        self,
        folder: Path,
        *,
        seed: int = 0,
        room: int = 4 * GIB,
        disk: int = GIB,
        diff_area: int | None = None,
        guest_diff_area: int | None = None,
        guest_faults: Mapping[str, Mapping[Phase, Fault]] | None = None,
        host_faults: Mapping[Phase, Fault] | None = None,
        guest_provider_faults: Mapping[str, Fault] | None = None,
        host_provider_faults: Mapping[str, Fault] | None = None,
        journal: str = "wal",
        clock: Clock | None = None,
    ) -> None:
        """`guest_faults` go by the name of the writer."""
        self.ground = Ground(folder, DisposableFiles())
        self.clock = clock or VirtualClock()
        self.watcher = Watcher()
        self.databases: dict[str, Database] = {}
        self.hives: list[Hive] = []
        self.pause = 0.5
        """Seconds at most between two transactions."""
        self._random = random.Random(seed)
        self._guest_faults = guest_faults or {}
        self._journal = journal
        machine = Machine("HV01", Scope.HOST, self.clock, self.watcher, self.new_id)
        self.host = new_host(self.ground, machine, {"D:": room}, diff_area=diff_area)
        application = FaultyApplication(HyperVApplication(self.host), host_faults or {})
        self.host.subscribe(hyperv_writer(self.host, application))
        self.vm = self.add("SQL01", disk, guest_diff_area)
        providers = self.host.coordinator.providers
        providers[0] = FaultyProvider(providers[0], host_provider_faults or {})
        providers = self.vm.guest.coordinator.providers
        providers[0] = FaultyProvider(providers[0], guest_provider_faults or {})

    def new_id(self) -> UUID:
        return UUID(int=self._random.getrandbits(128))

    def add(self, name: str, disk: int = GIB, diff_area: int | None = None) -> VirtualMachine:
        def writers(machine: Machine, files: Mapping[str, FileSystem]) -> list[Writer]:
            ledger = Database(files["C:"], "ledger", self._journal)  # type: ignore[arg-type]
            hive, catalog = Hive(files["C:"], "SYSTEM"), Hive(files["C:"], "catalog")
            self.databases[name] = ledger
            self.hives += [hive, catalog]
            sql = FaultyApplication(SqlServer(machine, "C:", [ledger]), self._guest_faults.get("SqlServerWriter", {}))
            return [
                sql_writer(machine, sql),
                registry_writer(machine, "C:", [hive]),
                system_writer(machine, "C:", catalog),
            ]

        return new_machine(self.ground, self.host, name, {"C:": disk}, diff_area=diff_area, writers=writers)

    @property
    def database(self) -> Database:
        return self.databases["SQL01"]

    async def work(self, vm: VirtualMachine) -> None:
        """Commit for ever, whenever the machine runs and may write."""
        database, volume = self.databases[vm.name], vm.guest.volumes[0].mounted
        host = self.host.volumes[vm.host_volume].mounted
        while True:
            await asyncio.sleep(self._random.uniform(0.001, self.pause))
            await vm.guest.running.passed()
            if volume.writable.is_open and host.writable.is_open and not database.frozen:
                database.commit()

    @asynccontextmanager
    async def busy(self) -> AsyncIterator[None]:
        """Every machine works for the time of the block."""
        tasks = [asyncio.create_task(self.work(vm)) for vm in self.host.vms]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def back_up(
        self,
        *names: str,
        during: Callable[[HostBackup], None] | None = None,
        offline_allowed: bool = True,
        patience: float = 1e6,
    ) -> None:
        async def main() -> None:
            async with self.busy(), asyncio.timeout(patience):
                await asyncio.sleep(5)
                backup = host_backup(self.host, names or ("SQL01",), offline_allowed=offline_allowed)
                async with backup as made:
                    await asyncio.sleep(1)
                    if during:
                        during(made)
                await asyncio.sleep(1)

        self.clock.run(main())

    def at_rest(self) -> bool:
        """Whether nothing of a backup is left on host and guests."""
        frozen = any(base.frozen for base in self.databases.values()) or any(hive.frozen for hive in self.hives)
        volumes = [self.host.volumes["D:"].mounted, *(vm.guest.volumes[0].mounted for vm in self.host.vms)]
        copies = self.host.provider.left + sum(vm.guest.provider.left for vm in self.host.vms)
        blocks = [copy for volume in volumes for copy in volume.block.shadow_copies]  # type: ignore[attr-defined]
        saved = any(vm.state_file in self.host.volumes["D:"].files.names() for vm in self.host.vms)
        held = not all(volume.writable.is_open for volume in volumes)
        return not (frozen or held or saved or copies or blocks)

    def host_state(self) -> tuple[int, str]:
        """State and last error of the Hyper-V writer."""
        status = self.host.coordinator.gather_writer_status()[0]
        return int(status.state), status.last_error.name

    def guest_states(self) -> dict[str, tuple[int, str]]:
        """States and last errors of SQL01's writers."""
        return {
            status.writer.name: (int(status.state), status.last_error.name)
            for status in self.vm.guest.coordinator.gather_writer_status()
        }


def restored(file: CopiedFile, path: Path) -> FileSystem:
    """A virtual disk as it comes back from a backup."""
    with path.open("wb") as empty:
        empty.truncate(file.size)
    volume = Volume(path)
    for start, end in file.extents(0, file.size):
        room = bytearray(end - start)
        file.read_into(start, room)
        volume.write(start, room)
    return FileSystem(volume)


def failure(site: Site, *names: str, offline_allowed: bool = True) -> VssError:
    """The error of a backup that fails and leaves everything as it was."""
    before = [vm.state for vm in site.host.vms]
    with pytest.raises(VssError) as caught:
        site.back_up(*names, offline_allowed=offline_allowed)
    assert site.at_rest()
    assert [vm.state for vm in site.host.vms] == before
    return caught.value


class Restore:
    """Restores the disk of SQL01 while the backup's copies exist."""

    def __init__(self, folder: Path, journal: str = "wal") -> None:
        self.folder = folder
        self.journal = journal
        self.mode = Mode.UNKNOWN
        self.names: list[str] = []

    def __call__(self, backup: HostBackup) -> None:
        self.mode = backup.modes["SQL01"]
        files = backup.files["SQL01"]
        self.names = [file.name for file in files]
        self.files = restored(files[0], self.folder / "restored")
        if len(files) > 1:
            room = bytearray(files[1].size)
            files[1].read_into(0, room)
            self.memory = msgspec.msgpack.decode(room, type=dict[str, bytes])

    def database(self) -> Database:
        return Database(self.files, "ledger", self.journal)  # type: ignore[arg-type]


def host_events(site: Site, phase: Phase) -> list[Occurrence]:
    return [
        seen
        for seen in site.watcher.seen
        if isinstance(seen.happening, WriterHandled) and seen.machine == "HV01" and seen.happening.phase is phase
    ]
