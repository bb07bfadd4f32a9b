"""A site that a scenario declares, on real files in a folder: server, hosts, machines, and what joins them."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import ClassVar, NamedTuple
from uuid import UUID

import apsw

from engine.clock import VirtualClock
from engine.dpm import Repository
from engine.hyperv.applications import SQL_WRITER, Keeper, SqlServer
from engine.hyperv.building import DisposableFiles, Ground, new_host, new_machine
from engine.hyperv.database import Database
from engine.hyperv.filesystem import FileSystem
from engine.hyperv.hive import Hive
from engine.hyperv.host import Host
from engine.hyperv.machine import PowerState, VirtualMachine, VmStep
from engine.hyperv.writer import NAME as HYPERV_WRITER
from engine.hyperv.writer import HyperVApplication, hyperv_writer
from engine.lab import scenario as declared
from engine.lab.network import Agent, Directory, Link
from engine.lab.pace import paced, paced_provider
from engine.lab.pool import PoolFiles
from engine.occurrence import Machine, Observer
from engine.pipeline import Scope
from engine.vss.coordinator import Coordinator
from engine.vss.faults import Fault, FaultyApplication, FaultyProvider
from engine.vss.identities import CLASS_IDS, WriterIdentity
from engine.vss.states import Phase
from engine.vss.writer import EXCHANGE_FREEZE_LIMIT, FREEZE_LIMIT, Application, Level, Writer

MIB = 1 << 20
LEAD = 30.0
"""Seconds for which the guests work before jobs begin."""
_HOST_WRITERS = ("System Writer", "Registry Writer", "WMI Writer")
"""Beside the Hyper-V writer; what stands behind them has nothing to do."""
_FREEZE_LIMITS = {"Microsoft Exchange Writer": EXCHANGE_FREEZE_LIMIT, "NTDS": EXCHANGE_FREEZE_LIMIT}
"""Of writers whose store is an ESE database (KB 826936)."""
_LEVELS = {SQL_WRITER: Level.BACK_END, "System Writer": Level.SYSTEM, "Registry Writer": Level.SYSTEM}
_PROCESSES = {
    SQL_WRITER: "sqlwriter.exe",
    "Microsoft Exchange Writer": "store.exe",
    "NTDS": "lsass.exe",
}

WriterFaults = dict[str, dict[Phase, Fault]]
"""By name of writer; a fault put in here happens from then on."""


class LabVm:
    """A virtual machine of the lab."""

    plate: ClassVar[Scope] = Scope.VM

    def __init__(self, declaration: declared.VirtualMachine, host: "LabHost", random: Random) -> None:
        self.declaration = declaration
        self.host = host
        self.databases: list[Database] = []
        self.writer_faults: WriterFaults = {}
        self.provider_faults: dict[str, Fault] = {}
        """Of the guest's provider, by routine."""
        self.step_faults: dict[VmStep, Fault] = {}
        self._random = random
        self.machine = self._build()

    @property
    def name(self) -> str:
        return self.declaration.name

    def writer(self, name: str) -> dict[Phase, Fault]:
        """Where faults of a writer in the guest go."""
        return self.writer_faults.setdefault(name, {})

    async def work(self) -> None:
        """Commit for ever, whenever the machine runs and may write."""
        declaration = self.declaration.workload
        guest, host = self.machine.guest, self.host.machine.volumes[self.machine.host_volume].mounted
        while True:
            await asyncio.sleep(self._random.uniform(0.05, 1.0) * max(declaration.pause, 0.001))
            await guest.running.passed()
            if host.writable.is_open and all(volume.mounted.writable.is_open for volume in guest.volumes):
                self.commit()

    def commit(self) -> None:
        """One transaction in each database that can take one."""
        for database in self.databases:
            if not database.frozen:
                try:
                    database.commit()
                except (apsw.Error, OSError):
                    return  # its disk fails or is full: the application says so, the machine goes on

    def _build(self) -> VirtualMachine:
        one = self.declaration
        machine = new_machine(
            self.host.site.ground,
            self.host.machine,
            one.name,
            {volume.name: volume.size * MIB for volume in one.volumes},
            host_volume=one.host_volume,
            memory=one.memory * MIB,
            diff_area=one.diff_area and one.diff_area * MIB,
            writers=self._writers,
        )
        for volume, its in zip(machine.guest.volumes, one.volumes, strict=True):
            volume.file_system, volume.dynamic, volume.shadow_storage = its.file_system, its.dynamic, its.shadow_storage
        machine.checkpoint_volume = one.checkpoint_volume or one.host_volume
        machine.integration.backup_enabled = one.backup_integration
        machine.faults = self.step_faults
        if one.state == "off":
            machine.state = PowerState.OFF
            machine.guest.running.close()
        _surround(machine.guest.coordinator, self.provider_faults, self._random)
        return machine

    def _writers(self, machine: Machine, files: Mapping[str, FileSystem]) -> list[Writer]:
        first, *_ = files
        applications = {
            name: self._application(machine, name, first, files[first]) for name in self.declaration.writers
        }
        return [_writer(machine, name, one, self.writer(name), self._random) for name, one in applications.items()]

    def _application(self, machine: Machine, name: str, volume: str, files: FileSystem) -> Application:
        """What stands behind a writer: SQL Server, keepers of small stores, or nothing that has anything to do."""
        if name == SQL_WRITER:
            self.databases.append(Database(files, "ledger", note=self.declaration.workload.note))
            return SqlServer(machine, volume, self.databases)
        if name in ("Registry Writer", "System Writer"):
            return Keeper(volume, [Hive(files, "SYSTEM" if name == "Registry Writer" else "catalog")])
        return Application()


class LabHost:
    """A Hyper-V host of the lab, with its agent and its way to the server."""

    plate: ClassVar[Scope] = Scope.HOST

    def __init__(self, declaration: declared.Host, site: "LabSite") -> None:
        self.declaration = declaration
        self.site = site
        self.agent = Agent()
        self.link = Link(declaration.name, site.declaration.site.network * MIB)
        self.writer_faults: WriterFaults = {}
        self.provider_faults: dict[str, Fault] = {}
        """Of the host's provider, by routine."""
        self.machine = self._build()
        self.vms = {one.name: LabVm(one, self, site.random(one.name)) for one in declaration.virtual_machines}

    @property
    def name(self) -> str:
        return self.declaration.name

    def writer(self, name: str) -> dict[Phase, Fault]:
        """Where faults of a writer on the host go."""
        return self.writer_faults.setdefault(name, {})

    def _build(self) -> Host:
        machine = Machine(self.name, Scope.HOST, self.site.clock, self.site.observer, self.site.new_id)
        sizes = {one.name: self._size(one) for one in self.declaration.volumes}
        limit = self.declaration.diff_area
        host = new_host(self.site.ground, machine, sizes, diff_area=limit and limit * MIB)
        random = self.site.random(self.name)
        hyperv = FaultyApplication(paced(HyperVApplication(host), random), self.writer(HYPERV_WRITER))
        host.subscribe(hyperv_writer(host, hyperv))
        for name in _HOST_WRITERS:
            host.subscribe(_writer(machine, name, Application(), self.writer(name), random))
        _surround(host.coordinator, self.provider_faults, random)
        return host

    def _size(self, volume: declared.HostVolume) -> int:
        """So large that the disks and the saved states have room, and a quarter more."""
        if volume.size is not None:
            return volume.size * MIB
        machines = [vm for vm in self.declaration.virtual_machines if vm.host_volume == volume.name]
        needed = sum(vm.memory + sum(disk.size for disk in vm.volumes) for vm in machines)
        return max(64, needed * 5 // 4) * MIB


class Dpm(NamedTuple):
    """The server: its machine, its storage pool, and the repository that lies in it."""

    machine: Machine
    pool: PoolFiles
    repository: Repository


class LabSite:
    """Everything together."""

    plate: ClassVar[Scope] = Scope.SITE

    def __init__(self, scenario: declared.Scenario, folder: Path, seed: int, observer: Observer) -> None:
        """Build it in an empty folder. Raises OSError."""
        self.declaration = scenario
        self.seed = seed
        self.observer = observer
        start = scenario.start.astimezone(UTC)
        self.clock = VirtualClock(start - timedelta(seconds=LEAD))
        self.ground = Ground(folder, DisposableFiles())
        self._ids = self.random("identifiers")
        self.directory = Directory()
        self.schedule_faults: list[Fault] = []
        """What keeps a job from beginning at all."""
        self.dpm = self._server(folder / "pool")
        self.hosts = {one.name: LabHost(one, self) for one in scenario.hosts}

    @property
    def vms(self) -> dict[str, LabVm]:
        """All virtual machines by name."""
        return {name: vm for host in self.hosts.values() for name, vm in host.vms.items()}

    def random(self, purpose: str) -> Random:
        """Chance for one purpose, so that what is added elsewhere does not change it."""
        return Random(f"{self.seed}/{purpose}")  # noqa: S311 - repeatable on purpose

    def new_id(self) -> UUID:
        """The next identifier."""
        return UUID(int=self._ids.getrandbits(128), version=4)

    def part(self, plate: str) -> "LabSite | LabHost | LabVm":
        """What a plate (`site`, `host:HV01`, `vm:SQL01`) stands for. Raises KeyError."""
        scope, _, name = plate.partition(":")
        if scope == Scope.SITE:
            return self
        return self.hosts[name] if scope == Scope.HOST else self.vms[name]

    @asynccontextmanager
    async def busy(self, vms: list[LabVm]) -> AsyncIterator[None]:
        """These machines work for the time of the block."""
        async with AsyncExitStack() as stack:
            for vm in vms:
                task = asyncio.create_task(vm.work())
                stack.push_async_callback(_ended, task)
            yield

    def nanoseconds(self) -> int:
        """The time as the catalog counts it."""
        return int((self.clock.now() - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1)) * 1000

    def _server(self, folder: Path) -> Dpm:
        machine = Machine(self.declaration.site.server, Scope.SITE, self.clock, self.observer, self.new_id)
        pool = PoolFiles()
        return Dpm(machine, pool, Repository.create(folder, pool, self.nanoseconds))

    def close(self) -> None:
        """Release what is open."""
        self.dpm.repository.close()


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _surround(coordinator: Coordinator, faults: dict[str, Fault], random: Random) -> None:
    """Let the providers take their time, and have faults."""
    paces = paced_provider(random)
    coordinator.providers[:] = [FaultyProvider(FaultyProvider(one, paces), faults) for one in coordinator.providers]


def _writer(
    machine: Machine, name: str, application: Application, faults: dict[Phase, Fault], random: Random
) -> Writer:
    process = _PROCESSES.get(name, "svchost.exe")
    return Writer(
        machine,
        WriterIdentity(name, CLASS_IDS[name], machine.new_id(), process=process),
        FaultyApplication(paced(application, random), faults),
        level=_LEVELS.get(name, Level.FRONT_END),
        freeze_limit=_FREEZE_LIMITS.get(name, FREEZE_LIMIT),
    )
