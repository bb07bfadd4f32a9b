"""What is wrong with a virtual machine as its host sees it: its configuration, its disks, the conditions A to G."""

from collections.abc import Iterator
from contextlib import contextmanager

from engine.lab.faults.kinds import Injection, fault, setting
from engine.lab.site import LabVm
from engine.pipeline import Component


@fault(Component.ONLINE_ELIGIBILITY)
def guest_dynamic_disk(vm: LabVm) -> Injection:
    """A disk in the guest is a dynamic one: condition B."""
    return setting(vm.machine.guest.volumes[-1], dynamic=True)


@fault(Component.VM_CONFIG_STORAGE)
@contextmanager
def vm_config_invalid(vm: LabVm) -> Iterator[None]:
    """The virtual machine's configuration cannot be read."""
    with setting(vm.machine, configuration_valid=False):
        yield
