"""What was before tonight: guests with an installed system and some history, and replicas of an earlier night.

The replicas are made as by hand (DPM's manual replica creation): with everything at rest, from the disks themselves.
"""

from engine.blocks import DEFAULT_BLOCK_SIZE
from engine.dpm.records import PointMode
from engine.hyperv.disk import DiskFile
from engine.lab.computers import LabVm
from engine.lab.site import LabSite
from engine.progress import Unwatched
from engine.sync.direct import copy_differences

_TRANSACTIONS = 40
"""That a guest's database holds by then."""
_SYSTEM = 4 << 20
"""Bytes of the guest's system, which never change."""


def replica_name(vm: LabVm, disk: str) -> str:
    """What the replica of a disk is called in the server's repository."""
    return f"{vm.host.name}/{vm.name}/{disk}"


def fill_disks(site: LabSite) -> None:
    """Install the guests' systems, and let them do some work."""
    for vm in site.vms.values():
        system = vm.machine.guest.volumes[0].files.create("Windows", _SYSTEM)
        system.write(0, site.around.random(f"{vm.name}/system").randbytes(_SYSTEM))
        for _ in range(_TRANSACTIONS):
            vm.commit()


def make_replicas(site: LabSite) -> None:
    """Copy the guests' disks."""
    repository = site.dpm.repository
    for vm in site.vms.values():
        storage = vm.host.machine.volumes[vm.machine.host_volume]
        for volume in vm.machine.guest.volumes:
            volume.files.flush()
            source = DiskFile(storage.block, *storage.files.extent(volume.disk))
            replica = repository.replica_of(replica_name(vm, volume.disk), DEFAULT_BLOCK_SIZE)
            with repository.draft(replica, source.size()) as draft:
                copy_differences(source, draft, Unwatched(), threads=0)
                draft.commit(PointMode.APPLICATION, site.around.nanoseconds())
