"""A virtual machine: its power state, its integration services, and what its host does with it for a backup."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from engine.hresult import HResult
from engine.hyperv import conditions
from engine.hyperv.guest import Guest
from engine.vss.errors import VssError
from engine.vss.faults import Fault, hang
from engine.vss.requestor import Requestor


class PowerState(StrEnum):
    """What a virtual machine is doing."""

    RUNNING = "Running"
    PAUSED = "Paused"
    SAVED = "Saved"
    OFF = "Off"


class PowerAction(StrEnum):
    """What changes its state."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    SAVE = "save"
    TURN_OFF = "turn off"


_POWER: dict[tuple[PowerAction, PowerState], PowerState] = {
    (PowerAction.START, PowerState.OFF): PowerState.RUNNING,
    (PowerAction.START, PowerState.SAVED): PowerState.RUNNING,
    (PowerAction.PAUSE, PowerState.RUNNING): PowerState.PAUSED,
    (PowerAction.RESUME, PowerState.PAUSED): PowerState.RUNNING,
    (PowerAction.SAVE, PowerState.RUNNING): PowerState.SAVED,
    (PowerAction.SAVE, PowerState.PAUSED): PowerState.SAVED,
    (PowerAction.TURN_OFF, PowerState.RUNNING): PowerState.OFF,
    (PowerAction.TURN_OFF, PowerState.PAUSED): PowerState.OFF,
}


class BackupService(StrEnum):
    """The state of vmicvss in the guest."""

    RUNNING = "running"
    STOPPED = "stopped"
    HUNG = "hung"


HOST_VERSION = (6, 2, 9200, 16433)
"""Of the integration services that a host with Windows Server 2012 brings."""


@dataclass
class IntegrationServices:
    """The integration components of a guest, as far as a backup needs them."""

    installed: bool = True
    version: tuple[int, ...] = HOST_VERSION
    backup_enabled: bool = True
    """The check mark `Backup (volume snapshot)` in the settings; without it the backup is offline, on purpose."""
    backup_service: BackupService = BackupService.RUNNING


class VmStep(StrEnum):
    """Steps of a backup at which something can be made to happen to one machine."""

    CHECKPOINT = "checkpoint"
    CONTACT_GUEST = "contact-guest"
    SAVE = "save"
    START = "start"
    MOUNT = "mount"
    REVERT = "revert"
    MERGE = "merge"


@dataclass
class Checkpoint:
    """A checkpoint that a backup made: a file takes what auto-recovery writes, and is merged afterwards."""

    id: UUID
    created: datetime
    """UTC."""
    merging: bool = False
    """Whether it was deleted, so that its file is to be merged."""


@dataclass
class VirtualMachine:
    """A virtual machine on a host."""

    name: str
    id: UUID
    guest: Guest
    host_volume: str
    """The volume of the host that holds its disks and its saved state."""
    memory: int
    """Bytes: so much room its saved state takes."""
    checkpoint_volume: str
    """The volume of the host for its checkpoint files; condition G wants it to be that of the disks."""
    integration: IntegrationServices = field(default_factory=IntegrationServices)
    state: PowerState = PowerState.RUNNING
    configuration_valid: bool = True
    backing_up: bool = False
    """Whether another program's backup holds it."""
    checkpoints: list[Checkpoint] = field(default_factory=list)
    """Those of backups: one while a backup runs, and what earlier ones left behind."""
    faults: Mapping[VmStep, Fault] = field(default_factory=dict)

    @property
    def printed_id(self) -> str:
        """As Hyper-V prints it."""
        return str(self.id).upper()

    @property
    def state_file(self) -> str:
        """The name of the file that holds its saved state."""
        return f"{self.printed_id}.vsv"

    @property
    def checkpoint_file(self) -> str:
        """The name of the file of a backup's checkpoint."""
        return f"{self.printed_id}-AutoRecovery.avhd"

    def change(self, action: PowerAction) -> PowerState:
        """Do something to its power state; the state before. Raises VssError where that cannot be done now."""
        before = self.state
        after = _POWER.get((action, before))
        if after is None:
            raise VssError(HResult.VSS_E_BAD_STATE, f"cannot {action} {self.name}, which is {before}")
        self.state = after
        if after is PowerState.RUNNING:
            self.guest.running.open()
        else:
            self.guest.running.close()
        return before

    def eligibility(self) -> conditions.Eligibility:
        """Whether it can be backed up online, by the conditions of the Hyper-V writer."""
        services, beside = self.integration, self.checkpoint_volume == self.host_volume
        volumes = self.guest.volumes
        facts = conditions.Facts(
            integration_installed=services.installed,
            backup_service_enabled=services.backup_enabled,
            backup_service_answers=services.backup_service is not BackupService.STOPPED,
            disks=tuple(conditions.Disk(volume.disk, volume.dynamic) for volume in volumes),
            all_disks=True,
            volumes=tuple(
                conditions.Volume(volume.name, volume.file_system, volume.block.size, volume.files.free())
                for volume in volumes
            ),
            all_volumes=True,
            shadow_storages=self.guest.storages(),
            all_shadow_storages=True,
            running=self.state is PowerState.RUNNING,
            virtual_disks=tuple(conditions.VirtualDisk(volume.disk, beside) for volume in volumes),
            all_virtual_disks=True,
        )
        return conditions.eligibility(facts)

    async def suffer(self, step: VmStep) -> None:
        """Let happen what a scenario wants to happen here. Raises VssError."""
        if step in self.faults:
            await self.faults[step]()

    async def ask_guest(self, least_version: tuple[int, ...], limit: float) -> Requestor:
        """Ask the backup service in the guest for a snapshot; the inner cycle, with its copies, when it is complete.

        Raises VssError, after which nothing is left of it.
        """
        try:
            async with asyncio.timeout(limit):
                await self.suffer(VmStep.CONTACT_GUEST)
                if self.state is not PowerState.RUNNING:
                    raise VssError(HResult.VSS_E_BAD_STATE, f"{self.name} is {self.state}")
                if self.integration.backup_service is BackupService.STOPPED:
                    raise VssError(HResult.ERROR_SERVICE_NOT_ACTIVE, f"the backup service of {self.name} is stopped")
                if self.integration.backup_service is BackupService.HUNG:
                    await hang()
                if self.integration.version < least_version:
                    raise VssError(HResult.ERROR_NOT_SUPPORTED, f"the integration services of {self.name} are too old")
                return await self.guest.snapshot()
        except TimeoutError:
            raise VssError(HResult.ERROR_TIMEOUT, f"{self.name} did not answer within {limit:g} s") from None
