"""Hosts and machines on real files in a folder: what scenarios and tests build from."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from engine.clock import VirtualClock
from engine.files import SYSTEM, Files, Opening, SystemFile, SystemFiles
from engine.hyperv.disk import DiskFile, DiskFiles
from engine.hyperv.filesystem import FileSystem
from engine.hyperv.guest import Guest, GuestVolume
from engine.hyperv.host import Host, HostVolume
from engine.hyperv.machine import VirtualMachine
from engine.occurrence import Machine
from engine.pipeline import Scope, Stage
from engine.volume import Volume
from engine.volume.gate import Clock as HoldClock
from engine.vss.mounted import MountedVolume, VirtualHoldClock, announce_losses
from engine.vss.writer import Writer


class Ground(NamedTuple):
    """Where the files of a site lie."""

    folder: Path
    files: Files = SYSTEM


class DisposableFile(SystemFile):
    """A file that nobody wants back after a crash of this machine."""

    def begin_sync(self, offset: int, length: int) -> None:
        """There is nothing to wait for later."""

    def sync(self) -> None:
        """It need not last."""


class DisposableFiles(SystemFiles):
    """Files of a run whose own machines may crash, but which need not survive a crash of the real one."""

    def open(self, path: Path, opening: Opening) -> SystemFile:
        return DisposableFile(path, opening)

    def sync_folder(self, folder: Path) -> None:
        """As above."""


Writers = Callable[[Machine, Mapping[str, FileSystem]], list[Writer]]
"""Makes the writers of a guest, on its machine and on the files of its volumes by name."""


def new_host(ground: Ground, machine: Machine, volumes: Mapping[str, int], *, diff_area: int | None = None) -> Host:
    """A host with empty volumes, whose sizes in bytes are given by name.

    `diff_area` limits the room that shadow copies of each volume may take, in bytes.
    """
    made = []
    for name, size in volumes.items():
        path = ground.folder / f"{machine.name}-{name.rstrip(':')}.img"
        with path.open("xb") as file:
            file.truncate(size)
        report = announce_losses(machine, name, Stage.READ_SOURCE)
        block = Volume(path, limit=diff_area, files=ground.files, clock=_hold_clock(machine), report=report)
        files = FileSystem.format(block)
        made.append(HostVolume(MountedVolume(name, block, files, machine.clock), block, files))
    return Host(machine, made)


def new_machine(
    ground: Ground,
    host: Host,
    name: str,
    volumes: Mapping[str, int],
    *,
    host_volume: str = "D:",
    memory: int = 64 << 20,
    diff_area: int | None = None,
    writers: Writers = lambda _machine, _files: [],
) -> VirtualMachine:
    """A running machine on a host, with one fixed virtual disk for each volume of its guest."""
    machine = Machine(name, Scope.VM, host.machine.clock, host.machine.observer, host.machine.new_id)
    storage = host.volumes[host_volume]
    made = []
    for volume, size in volumes.items():
        disk = f"{name}-{volume.rstrip(':')}.vhd"
        storage.files.create(disk, size, size=size)
        report = announce_losses(machine, volume, Stage.GUEST_SNAPSHOT)
        offset, length = storage.files.extent(disk)
        path = ground.folder / disk
        block = Volume(
            path,
            limit=diff_area,
            files=DiskFiles(path, DiskFile(storage.block, offset, length), ground.files),
            clock=_hold_clock(machine),
            report=report,
        )
        files = FileSystem.format(block)
        made.append(GuestVolume(MountedVolume(volume, block, files, machine.clock), files, disk))
    guest = Guest(machine, made, writers(machine, {volume.name: volume.files for volume in made}))
    vm = VirtualMachine(name, machine.new_id(), guest, host_volume, memory, host_volume)
    host.vms.append(vm)
    return vm


def _hold_clock(machine: Machine) -> HoldClock | None:
    return VirtualHoldClock(machine.clock) if isinstance(machine.clock, VirtualClock) else None
