"""What is wrong with a virtual machine as its host sees it: its configuration, its disks, the conditions A to G."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid5

from engine.hresult import HResult
from engine.hyperv.machine import Checkpoint, PowerAction, PowerState, VmStep
from engine.lab.computers import LabVm
from engine.lab.faults.kinds import Injection, entry, fault, setting, together
from engine.pipeline import Component
from engine.vss.faults import refuse

# --- conditions for an online backup ---------------------------------------------------------------------------------


@fault(Component.ONLINE_ELIGIBILITY)
def guest_dynamic_disk(vm: LabVm) -> Injection:
    """A disk in the guest is a dynamic one: condition B."""
    return setting(vm.machine.guest.volumes[-1], dynamic=True)


@fault(Component.ONLINE_ELIGIBILITY)
def guest_volume_not_supported(vm: LabVm, *, file_system: str = "FAT32") -> Injection:
    """A volume in the guest is not formatted with NTFS: condition C."""
    return setting(vm.machine.guest.volumes[-1], file_system=file_system)


@fault(Component.ONLINE_ELIGIBILITY)
@contextmanager
def guest_volume_too_small(vm: LabVm, *, free_mib: int = 100) -> Iterator[None]:
    """A volume in the guest has less than 300 MB free: condition D."""
    files = vm.machine.guest.volumes[-1].files
    files.create("ballast", files.free() - (free_mib << 20))
    try:
        yield
    finally:
        files.remove("ballast")


@fault(Component.ONLINE_ELIGIBILITY)
def guest_shadow_storage_elsewhere(vm: LabVm, *, storage: str = "E:") -> Injection:
    """Previous Versions keep the shadow copies of a volume on another one: condition E."""
    return setting(vm.machine.guest.volumes[0], shadow_storage=storage)


@fault(Component.ONLINE_ELIGIBILITY)
def checkpoints_on_other_volume(vm: LabVm, *, volume: str = "E:") -> Injection:
    """The checkpoint files lie on another volume than the disks: condition G."""
    return setting(vm.machine, checkpoint_volume=volume)


@fault(Component.ONLINE_ELIGIBILITY)
@contextmanager
def offline_backup_forbidden(vm: LabVm) -> Iterator[None]:
    """The machine is shut down, so that only an offline backup is left, which its group does not allow."""
    guest = vm.machine.guest
    for volume in guest.volumes:
        volume.files.flush()
    before = vm.machine.change(PowerAction.TURN_OFF)
    with setting(vm, may_be_saved=False):
        yield
    if before is PowerState.RUNNING:
        vm.machine.change(PowerAction.START)


@fault(Component.ONLINE_ELIGIBILITY)
def guest_scoped_snapshots(vm: LabVm) -> Injection:
    """System Restore makes scoped snapshots in the guest, beside which its requestor takes no others."""
    return setting(vm.machine.guest, scoped_snapshots=True)


# --- configuration and disks -----------------------------------------------------------------------------------------


@fault(Component.VM_CONFIG_STORAGE)
def vm_config_invalid(vm: LabVm) -> Injection:
    """The virtual machine's configuration cannot be read."""
    return setting(vm.machine, configuration_valid=False)


@fault(Component.VM_CONFIG_STORAGE)
def vhd_chain_broken(vm: LabVm) -> Injection:
    """A virtual disk is not where the machine's configuration says."""
    return setting(vm.machine.guest.volumes[-1], disk="moved-away.vhd")


@fault(Component.VM_CONFIG_STORAGE)
def checkpoint_cannot_be_created(vm: LabVm, *, hresult: str = "ERROR_ACCESS_DENIED") -> Injection:
    """The checkpoint that a backup needs cannot be made, for lack of rights in the machine's folder."""
    return entry(vm.step_faults, VmStep.CHECKPOINT, refuse(HResult[hresult], "the file cannot be made"))


@contextmanager
def _left(vm: LabVm, *, merging: bool) -> Iterator[None]:
    """A checkpoint of the night before, with its file; whoever merges it meanwhile has taken it away."""
    machine, files = vm.machine, vm.host.machine.volumes[vm.machine.host_volume].files
    yesterday = vm.around.clock.now() - timedelta(days=1)
    left = Checkpoint(uuid5(machine.id, yesterday.isoformat()), yesterday, merging)
    files.create(machine.checkpoint_file, 1 << 20)
    machine.checkpoints.append(left)
    try:
        yield
    finally:
        if left in machine.checkpoints:
            machine.checkpoints.remove(left)
            files.remove(machine.checkpoint_file)


@fault(Component.VM_CONFIG_STORAGE)
def recovery_checkpoint_left(vm: LabVm) -> Injection:
    """The checkpoint of last night's backup was never deleted, and its file is in the way of tonight's."""
    return _left(vm, merging=False)


@fault(Component.VM_CONFIG_STORAGE)
def disk_merge_failed(vm: LabVm, *, hresult: str = "ERROR_SHARING_VIOLATION") -> Injection:
    """The file of last night's checkpoint cannot be merged, since another program holds it."""
    held = entry(vm.step_faults, VmStep.MERGE, refuse(HResult[hresult], "the file is in use"))
    return together(held, _left(vm, merging=True))


@fault(Component.VM_CONFIG_STORAGE)
def vm_identity_changed(vm: LabVm) -> Injection:
    """The machine was registered anew, under another name than the one that is protected."""
    return setting(vm.machine, name=f"{vm.name}-2")


@fault(Component.VM_CONFIG_STORAGE)
@contextmanager
def guest_volumes_differ(vm: LabVm) -> Iterator[None]:
    """The guest makes shadow copies of fewer volumes than its disks hold."""
    mounted = vm.machine.guest.mounted
    name = next(reversed(mounted))
    left_out = mounted.pop(name)
    try:
        yield
    finally:
        mounted[name] = left_out


@fault(Component.VM_CONFIG_STORAGE)
def vm_account_rights_missing(vm: LabVm) -> Injection:
    """The machine's account may not open its virtual disk, which then cannot be mounted in the host's copy."""
    return entry(vm.step_faults, VmStep.MOUNT, refuse(HResult.ERROR_ACCESS_DENIED, "access to the disk is denied"))
