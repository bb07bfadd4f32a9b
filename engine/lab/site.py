"""A site that a scenario declares, on real files in a folder: server, hosts, machines, and what joins them."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import ClassVar, NamedTuple

from engine.dpm import Repository
from engine.lab.computers import LabHost, LabVm
from engine.lab.network import Directory
from engine.lab.surroundings import Surroundings
from engine.occurrence import Machine
from engine.pipeline import Scope
from engine.vss.faults import Fault


class Dpm(NamedTuple):
    """The server: its machine, and the repository in its storage pool."""

    machine: Machine
    repository: Repository


class LabSite:
    """Everything together."""

    plate: ClassVar[Scope] = Scope.SITE

    def __init__(self, around: Surroundings) -> None:
        """Build it in an empty folder. Raises OSError."""
        self.around = around
        self.directory = Directory()
        self.schedule_faults: list[Fault] = []
        """What keeps a job from beginning at all."""
        self.dpm = Dpm(around.machine(around.scenario.site.server, Scope.SITE), around.repository)
        self.hosts = {one.name: LabHost(one, around) for one in around.scenario.hosts}
        self.vms = {name: vm for host in self.hosts.values() for name, vm in host.vms.items()}

    @property
    def computer(self) -> Machine:
        """The server, as what notices things."""
        return self.dpm.machine

    def part(self, plate: str) -> "LabSite | LabHost | LabVm":
        """What a plate (`site`, `host:HV01`, `vm:SQL01`) stands for. Raises KeyError."""
        scope, _, name = plate.partition(":")
        if scope == Scope.SITE:
            return self
        return self.hosts[name] if scope == Scope.HOST else self.vms[name]

    @asynccontextmanager
    async def busy(self, vms: Iterable[LabVm]) -> AsyncIterator[None]:
        """These machines work for the time of the block."""
        async with AsyncExitStack() as stack:
            for vm in vms:
                task = asyncio.create_task(vm.work())
                stack.push_async_callback(_ended, task)
            yield

    def close(self) -> None:
        """Release what is open."""
        for vm in self.vms.values():
            for database in vm.databases:
                database.close()
        for computer in (*self.vms.values(), *self.hosts.values()):  # guests' disks lie on their hosts' volumes
            for volume in computer.blocks.values():
                volume.close()
        self.dpm.repository.close()


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
