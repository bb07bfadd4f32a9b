"""The computers of a lab: hosts and virtual machines, with what a scenario can get at in them."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, NamedTuple
from uuid import UUID

import apsw

from engine.hyperv.applications import SQL_WRITER, Keeper, SqlServer
from engine.hyperv.building import new_host, new_machine
from engine.hyperv.database import Database
from engine.hyperv.filesystem import FileSystem
from engine.hyperv.hive import Hive
from engine.hyperv.host import Host
from engine.hyperv.machine import PowerState, VirtualMachine, VmStep
from engine.hyperv.sqlite import CAPACITY
from engine.hyperv.writer import NAME as HYPERV_WRITER
from engine.hyperv.writer import HyperVApplication, hyperv_writer
from engine.lab import scenario as declared
from engine.lab.network import Agent, Link
from engine.lab.pace import paced, paced_provider
from engine.lab.surroundings import Surroundings
from engine.occurrence import Machine
from engine.pipeline import Scope
from engine.volume import Volume as BlockVolume
from engine.vss.coordinator import Coordinator
from engine.vss.faults import Fault, FaultyApplication, FaultyProvider
from engine.vss.identities import CLASS_IDS, WriterIdentity
from engine.vss.shadow_set import Volume
from engine.vss.states import Phase
from engine.vss.writer import EXCHANGE_FREEZE_LIMIT, FREEZE_LIMIT, Application, Level, Writer

MIB = 1 << 20
_HARD_WORK = 1800.0
"""Seconds without rest for which a guest's database has room."""
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


class LeftCopy(NamedTuple):
    """A shadow copy that an earlier job has not released."""

    id: UUID
    set_id: UUID
    volume: str
    created: datetime
    """UTC."""


class Computer(ABC):
    """What hosts and guests have in common, as far as faults get at it. What is put in here happens from then on."""

    def __init__(self, name: str, around: Surroundings) -> None:
        self.name = name
        self.around = around
        self.random = around.random(name)
        self.provider_faults: dict[str, Fault] = {}
        """Of its provider, by routine."""
        self.writer_faults: dict[str, dict[Phase, Fault]] = {}
        """By name of writer."""
        self.left_copies: list[LeftCopy] = []

    @property
    def computer(self) -> Machine:
        """The machine, as what notices things."""
        return self.coordinator.machine

    @property
    @abstractmethod
    def coordinator(self) -> Coordinator:
        """Its VSS."""

    @property
    @abstractmethod
    def mounted(self) -> dict[str, Volume]:
        """Its volumes, as VSS finds them."""

    @property
    @abstractmethod
    def blocks(self) -> dict[str, BlockVolume]:
        """Its volumes, as blocks."""

    def writer(self, name: str) -> dict[Phase, Fault]:
        """Where faults of a writer go."""
        return self.writer_faults.setdefault(name, {})

    def _new_writer(self, machine: Machine, name: str, application: Application) -> Writer:
        process = _PROCESSES.get(name, "svchost.exe")
        return Writer(
            machine,
            WriterIdentity(name, CLASS_IDS[name], machine.new_id(), process=process),
            FaultyApplication(paced(application, self.random), self.writer(name)),
            level=_LEVELS.get(name, Level.FRONT_END),
            freeze_limit=_FREEZE_LIMITS.get(name, FREEZE_LIMIT),
        )

    def _surround_providers(self) -> None:
        """Let the providers take their time, and have faults."""
        paces, faults = paced_provider(self.random), self.provider_faults
        self.coordinator.providers[:] = [
            FaultyProvider(FaultyProvider(one, paces), faults) for one in self.coordinator.providers
        ]


class LabVm(Computer):
    """A virtual machine of the lab."""

    plate: ClassVar[Scope] = Scope.VM

    def __init__(self, declaration: declared.VirtualMachine, host: "LabHost") -> None:
        super().__init__(declaration.name, host.around)
        self.declaration = declaration
        self.host = host
        self.databases: list[Database] = []
        self.step_faults: dict[VmStep, Fault] = {}
        self.tracking_faults: list[Fault] = []
        """Happen when the agent is asked what has changed."""
        self.may_be_saved = host.around.scenario.job.offline_allowed
        """Whether its job may back it up offline."""
        self.machine = self._build()
        self._surround_providers()

    @property
    def coordinator(self) -> Coordinator:
        return self.machine.guest.coordinator

    @property
    def mounted(self) -> dict[str, Volume]:
        return self.machine.guest.mounted

    @property
    def blocks(self) -> dict[str, BlockVolume]:
        volumes = self.machine.guest.volumes
        return {volume.name: volume.block for volume in volumes if isinstance(volume.block, BlockVolume)}

    async def work(self) -> None:
        """Commit for ever, whenever the machine runs and may write."""
        declaration = self.declaration.workload
        guest, host = self.machine.guest, self.host.machine.volumes[self.machine.host_volume].mounted
        while True:
            await asyncio.sleep(self.random.uniform(0.05, 1.0) * max(declaration.pause, 0.001))
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
            self.around.ground,
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
        return machine

    def _writers(self, machine: Machine, files: Mapping[str, FileSystem]) -> list[Writer]:
        first, *_ = files
        names = self.declaration.writers
        applications = [self._application(machine, name, first, files[first]) for name in names]
        return [self._new_writer(machine, name, one) for name, one in zip(names, applications, strict=True)]

    def _application(self, machine: Machine, name: str, volume: str, files: FileSystem) -> Application:
        """What stands behind a writer: SQL Server, keepers of small stores, or nothing that has anything to do."""
        if name == SQL_WRITER:
            note, capacity = self.declaration.workload.note, self._room(files)
            self.databases.append(Database(files, "ledger", note=note, capacity=capacity))
            return SqlServer(machine, volume, self.databases)
        if name in ("Registry Writer", "System Writer"):
            return Keeper(volume, [Hive(files, "SYSTEM" if name == "Registry Writer" else "catalog")])
        return Application()

    def _room(self, files: FileSystem) -> int:
        """Bytes for a database that works hard for half an hour, as far as its volume has them."""
        declaration = self.declaration.workload
        grown = int(_HARD_WORK * 1.25 * declaration.note / max(declaration.pause / 2, 0.001))
        return max(CAPACITY, min(grown, files.free() // 8))


class LabHost(Computer):
    """A Hyper-V host of the lab, with its agent and its way to the server."""

    plate: ClassVar[Scope] = Scope.HOST

    def __init__(self, declaration: declared.Host, around: Surroundings) -> None:
        super().__init__(declaration.name, around)
        self.declaration = declaration
        self.agent = Agent()
        self.link = Link(declaration.name, around.scenario.site.network * MIB)
        self.machine = self._build()
        self._surround_providers()
        self.vms = {one.name: LabVm(one, self) for one in declaration.virtual_machines}

    @property
    def coordinator(self) -> Coordinator:
        return self.machine.coordinator

    @property
    def mounted(self) -> dict[str, Volume]:
        return self.machine.mounted

    @property
    def blocks(self) -> dict[str, BlockVolume]:
        return {name: volume.block for name, volume in self.machine.volumes.items()}

    def _build(self) -> Host:
        machine = self.around.machine(self.name, Scope.HOST)
        sizes = {one.name: self._size(one) for one in self.declaration.volumes}
        limit = self.declaration.diff_area
        host = new_host(self.around.ground, machine, sizes, diff_area=limit and limit * MIB)
        hyperv = FaultyApplication(paced(HyperVApplication(host), self.random), self.writer(HYPERV_WRITER))
        host.subscribe(hyperv_writer(host, hyperv))
        for name in _HOST_WRITERS:
            host.subscribe(self._new_writer(machine, name, Application()))
        return host

    def _size(self, volume: declared.HostVolume) -> int:
        """So large that the disks and the saved states have room, and a quarter more, but at least a gigabyte."""
        if volume.size is not None:
            return volume.size * MIB
        machines = [vm for vm in self.declaration.virtual_machines if vm.host_volume == volume.name]
        needed = sum(vm.memory + sum(disk.size for disk in vm.volumes) for vm in machines)
        return (needed + max(1024, needed // 4)) * MIB
