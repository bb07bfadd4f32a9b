"""The backup of virtual machines on a host: from the choice of the mode to files that can be read at leisure."""

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from engine.hresult import HResult
from engine.hyperv.filesystem import FileSystem
from engine.hyperv.host import Host
from engine.hyperv.machine import VirtualMachine
from engine.hyperv.writer import CAPTIONS, NAME
from engine.pipeline import Mode, Stage
from engine.vss.errors import VssError
from engine.vss.requestor import backup_session
from engine.vss.shadow_set import ShadowCopy, ShadowSet
from engine.vss.writer import WriterComponent


class OfflineForbiddenError(VssError):
    """A machine could only be backed up offline, which the job does not allow (DPM 30288).

    The writers were gathered, and have said so; it is the preparation that does not begin.
    """

    stage = Stage.PREPARE_BACKUP

    def __init__(self, vm: str) -> None:
        super().__init__(HResult.ERROR_NOT_SUPPORTED, f"{vm} can only be backed up offline, which is not allowed")
        self.vm = vm


@dataclass(frozen=True)
class CopiedFile:
    """A file of a virtual machine as it was at the moment of the backup."""

    name: str
    size: int
    _copy: ShadowCopy
    _offset: int

    def read_into(self, offset: int, room: bytearray | memoryview) -> None:
        """Fill `room` with what the file held."""
        self._copy.read_into(self._offset + offset, room)

    def extents(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The ranges (start, end) that may hold anything but zeros."""
        for first, last in self._copy.extents(self._offset + start, self._offset + end):
            yield first - self._offset, last - self._offset


@dataclass(frozen=True)
class HostBackup:
    """What a backup holds, while its shadow copies exist."""

    modes: dict[str, Mode]
    """By name of machine."""
    files: dict[str, list[CopiedFile]]
    """Virtual disks, and the saved state where there is one, by name of machine."""


@asynccontextmanager
async def host_backup(
    host: Host, names: Iterable[str], *, process: str = "DPMRA.exe", offline_allowed: bool = True
) -> AsyncIterator[HostBackup]:
    """Machines of a host at one moment, for the time of the block; afterwards no copy is left.

    Raises OfflineForbiddenError before anything is touched, and VssError. Machines are in the state in which they were
    before, whatever happens, unless one cannot be started from its saved state.
    """
    vms = [_vm(host, name) for name in names]
    async with backup_session(host.coordinator, process) as requestor:
        offered = {component.name: component for component in (await requestor.gather_writer_metadata()).get(NAME, ())}
        modes = {vm.name: _mode(offered.get(vm.printed_id)) for vm in vms}
        for vm in vms:
            if modes[vm.name] is Mode.OFFLINE and not offline_allowed:
                raise OfflineForbiddenError(vm.name)
            requestor.add_component(NAME, vm.printed_id)
        requestor.start_snapshot_set()
        for volume in dict.fromkeys(vm.host_volume for vm in vms):
            await requestor.add_to_snapshot_set(host.mounted[volume])
        await requestor.prepare_for_backup()
        await requestor.do_snapshot_set()
        yield HostBackup(modes, {vm.name: _files(vm, requestor.shadow_set) for vm in vms})


def _vm(host: Host, name: str) -> VirtualMachine:
    for vm in host.vms:
        if vm.name == name:
            return vm
    raise VssError(HResult.VSS_E_OBJECT_NOT_FOUND, f"{host.machine.name} has no virtual machine {name}")


def _mode(component: WriterComponent | None) -> Mode:
    """What the writer's metadata says about a machine."""
    caption = component.caption if component else ""
    return next((mode for mode, words in CAPTIONS.items() if caption.startswith(words)), Mode.UNKNOWN)


def _files(vm: VirtualMachine, shadow_set: ShadowSet) -> list[CopiedFile]:
    """The files of a machine within the host's copy, by the directory of that moment."""
    copy = shadow_set.copies[vm.host_volume]
    files = FileSystem.frozen(copy)
    names = [name for name in (*(volume.disk for volume in vm.guest.volumes), vm.state_file) if files.exists(name)]
    return [CopiedFile(name, files.open(name).size, copy, files.extent(name)[0]) for name in names]
