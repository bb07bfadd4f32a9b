"""A Hyper-V host: volumes that hold virtual disks, the machines, and its VSS with the Hyper-V writer."""

import asyncio
import errno
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import uuid5

from engine.hresult import HResult
from engine.hyperv.filesystem import FileSystem
from engine.hyperv.machine import HOST_VERSION, Checkpoint, PowerAction, PowerState, VirtualMachine, VmStep
from engine.hyperv.occurrences import CheckpointFailed, MergeFailed, PowerStateChanged, SaveFailed, StartFailed
from engine.occurrence import Machine
from engine.pipeline import Stage
from engine.volume import Volume as BlockVolume
from engine.vss.coordinator import DEFAULT_LIMITS, Coordinator, Limits
from engine.vss.copy_on_write import CopyOnWriteProvider
from engine.vss.errors import VssError
from engine.vss.identities import SYSTEM_PROVIDER
from engine.vss.mounted import MountedVolume
from engine.vss.shadow_set import Provider, Volume
from engine.vss.writer import Writer

_CHECKPOINT = 1 << 20
"""Bytes that the file of a checkpoint may grow to: what auto-recovery writes is little."""
_RESULTS = {errno.ENOSPC: HResult.ERROR_DISK_FULL, errno.EEXIST: HResult.ERROR_FILE_EXISTS}


@dataclass
class HostVolume:
    """A volume of the host with its files, among them virtual disks and saved states."""

    mounted: MountedVolume
    block: BlockVolume
    files: FileSystem

    @property
    def name(self) -> str:
        return self.mounted.name


class Host:
    """A computer with the Hyper-V role."""

    def __init__(
        self,
        machine: Machine,
        volumes: Iterable[HostVolume],
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """Set up a host without machines."""
        self.machine = machine
        self.volumes = {volume.name: volume for volume in volumes}
        self.save_rate: float = 64 << 20
        """Bytes of memory that are saved, or loaded again, in a second."""
        self.integration: tuple[int, ...] = HOST_VERSION
        """The version of integration services that it brings for its guests."""
        self.least_integration: tuple[int, ...] = (6, 0, 6001, 18016)
        """The oldest that it works with: those of Windows Server 2008, before which there were only trials."""
        self.guest_limit = 600.0
        """Seconds after which it gives up a guest's cycle. Not documented; ten minutes is what is reported."""
        self.vms: list[VirtualMachine] = []
        blocks = {name: volume.block for name, volume in self.volumes.items()}
        self.provider = CopyOnWriteProvider(machine, SYSTEM_PROVIDER, blocks)
        providers: list[Provider] = [self.provider]
        self.coordinator = Coordinator(machine, (), providers, limits)
        self.mounted: dict[str, Volume] = {name: volume.mounted for name, volume in self.volumes.items()}
        """The volumes as VSS finds them, by name; a scenario may make them slow."""

    def subscribe(self, writer: Writer) -> None:
        """Let a writer take part in the host's VSS."""
        self.coordinator.writers.append(writer)

    async def begin_checkpoint(self, vm: VirtualMachine) -> None:
        """Make the checkpoint of an online backup; what earlier ones left to merge is merged first. Raises VssError."""
        await self._merge(vm)
        try:
            await vm.suffer(VmStep.CHECKPOINT)
            self.volumes[vm.checkpoint_volume].files.create(vm.checkpoint_file, _CHECKPOINT)
        except (OSError, VssError) as error:
            hresult = _result_of(error)
            failed = CheckpointFailed(vm.name, vm.printed_id, str(error))
            self.machine.announce(Stage.PREPARE_BACKUP, failed, hresult)
            raise VssError(hresult, f"{vm.name} gets no checkpoint: {error}") from error
        now = self.machine.clock.now()
        vm.checkpoints.append(Checkpoint(uuid5(vm.id, now.isoformat()), now))

    async def end_checkpoint(self, vm: VirtualMachine) -> None:
        """Delete the newest checkpoint, and merge its file; where that fails, it is announced, and the file stays."""
        vm.checkpoints[-1].merging = True
        await self._merge(vm)

    async def _merge(self, vm: VirtualMachine) -> None:
        for checkpoint in [one for one in vm.checkpoints if one.merging]:
            try:
                await vm.suffer(VmStep.MERGE)
                self.volumes[vm.checkpoint_volume].files.remove(vm.checkpoint_file)
                vm.checkpoints.remove(checkpoint)
            except (OSError, VssError) as error:
                failed = MergeFailed(vm.name, vm.printed_id, str(error))
                self.machine.announce(Stage.POST_SNAPSHOT, failed, _result_of(error))

    async def save(self, vm: VirtualMachine) -> PowerState:
        """Write a machine's memory to a file; the state that it was in. Raises VssError; then it is as before.

        The guest stands still from the first byte on.
        """
        before = vm.change(PowerAction.SAVE)
        files = self.volumes[vm.host_volume].files
        try:
            await vm.suffer(VmStep.SAVE)
            memory = vm.guest.memory()
            state = files.create(vm.state_file, max(vm.memory, len(memory)))
            state.write(0, memory)
            await asyncio.sleep(vm.memory / self.save_rate)
            state.sync()
        except (OSError, VssError) as error:
            self._put_back(vm, before)
            hresult = _result_of(error)
            happening = SaveFailed(vm.name, vm.printed_id, str(error))
            self.machine.announce(Stage.SAVE_STATE, happening, hresult)
            raise VssError(hresult, f"the state of {vm.name} cannot be saved: {error}") from error
        except BaseException:
            self._put_back(vm, before)
            raise
        self._announce(vm, before, Stage.SAVE_STATE)
        return before

    async def start(self, vm: VirtualMachine, state: PowerState) -> None:
        """Bring a saved machine back to the state that it was in. Raises VssError; then it stays saved."""
        before = vm.state
        try:
            await vm.suffer(VmStep.START)
            await asyncio.sleep(vm.memory / self.save_rate)
            self._put_back(vm, state)
        except (VssError, OSError) as error:
            hresult = _result_of(error)
            happening = StartFailed(vm.name, vm.printed_id, str(error))
            self.machine.announce(Stage.POST_SNAPSHOT, happening, hresult)
            raise VssError(hresult, f"{vm.name} cannot be started: {error}") from error
        self._announce(vm, before, Stage.POST_SNAPSHOT)

    def _put_back(self, vm: VirtualMachine, state: PowerState) -> None:
        """From saved, whether or not the file is complete, to the state before."""
        files = self.volumes[vm.host_volume].files
        if files.exists(vm.state_file):
            files.remove(vm.state_file)
        vm.change(PowerAction.START)
        if state is PowerState.PAUSED:
            vm.change(PowerAction.PAUSE)

    def _announce(self, vm: VirtualMachine, before: PowerState, stage: Stage) -> None:
        self.machine.announce(stage, PowerStateChanged(vm.name, vm.printed_id, before, vm.state))


def _result_of(error: OSError | VssError) -> HResult:
    if isinstance(error, VssError):
        return error.hresult
    return _RESULTS.get(error.errno or 0, HResult.ERROR_IO_DEVICE)
