"""What Hyper-V announces."""

from dataclasses import dataclass

from engine.hresult import HResult
from engine.hyperv.conditions import Letter
from engine.hyperv.machine import PowerState
from engine.occurrence import Happening
from engine.pipeline import Mode


@dataclass(frozen=True, slots=True)
class VmHappening(Happening):
    """Something about a virtual machine, told by its host."""

    vm: str
    vm_id: str
    """As Hyper-V prints it, a GUID in capitals."""


@dataclass(frozen=True, slots=True)
class ModeDecided(VmHappening):
    """The Hyper-V writer published the machine as Online or Offline."""

    mode: Mode
    failed: tuple[Letter, ...]
    """The conditions for an online backup that are not met."""


@dataclass(frozen=True, slots=True)
class PowerStateChanged(VmHappening):
    """The machine was saved, started, paused, or turned off."""

    before: PowerState
    after: PowerState


@dataclass(frozen=True, slots=True)
class GuestAsked(VmHappening):
    """The backup service in the guest was asked for a snapshot, and answered, or not."""

    reason: str = ""
    returned: HResult = HResult.S_OK
    """What the Hyper-V writer makes of it for the host's VSS."""


@dataclass(frozen=True, slots=True)
class SaveFailed(VmHappening):
    """The machine's state could not be saved."""

    reason: str


@dataclass(frozen=True, slots=True)
class StartFailed(VmHappening):
    """The machine could not be started from its saved state; it stays saved."""

    reason: str


@dataclass(frozen=True, slots=True)
class CheckpointFailed(VmHappening):
    """The checkpoint that a backup needs could not be made (VMMS 18012)."""

    reason: str


@dataclass(frozen=True, slots=True)
class MergeFailed(VmHappening):
    """The file of a checkpoint could not be merged; it stays (VMMS 19100)."""

    reason: str


@dataclass(frozen=True, slots=True)
class ConfigurationUnreadable(VmHappening):
    """The file with the machine's configuration cannot be read (VMMS 16300)."""


@dataclass(frozen=True, slots=True)
class DiskMissing(VmHappening):
    """A virtual disk is not where the configuration says."""

    disk: str


@dataclass(frozen=True, slots=True)
class VolumesDiffer(VmHappening):
    """The guest copied fewer volumes than its disks hold (VMMS 10172)."""

    disks: int
    copies: int


@dataclass(frozen=True, slots=True)
class MountFailed(VmHappening):
    """A virtual disk in the host's shadow copy could not be mounted (VMMS 10111)."""

    disk: str
    reason: str


@dataclass(frozen=True, slots=True)
class DiskReverted(VmHappening):
    """A virtual disk in the host's shadow copy was brought back to the guest's moment, or could not be (VMMS 10103)."""

    disk: str
    bytes_reverted: int
    reason: str = ""
