"""What gives way under a host or a guest alike: shadow copy storage, disks, memory, filters, time."""

import errno
import os
from collections.abc import Container
from itertools import islice
from pathlib import Path

from engine.hresult import HResult
from engine.lab.computers import LabHost, LabVm
from engine.lab.disks import Access, room_for
from engine.lab.faults.kinds import Injection, among, entry, fault, noticing, setting, together
from engine.lab.faults.telling import telling
from engine.occurrence import Happening
from engine.pipeline import Component, Scope, Stage
from engine.vss.errors import ProviderError
from engine.vss.faults import SlowVolume, delay, refuse, veto
from engine.vss.mounted import VirtualHoldClock
from engine.vss.states import Phase
from engine.windows import (
    BadBlock,
    FileSystemCorrupt,
    FilterRefused,
    MemoryExhausted,
    PoolExhausted,
    RequestRetried,
    ResourcesMissing,
    ServiceSlow,
    ShadowCopyRefused,
    VirtualDiskSlow,
    VssCallFailed,
)
from engine.windows import Device as Disk


def _stage(of: LabHost | LabVm) -> Stage:
    return Stage.GUEST_SNAPSHOT if of.plate is Scope.VM else Stage.HOST_SNAPSHOT


@fault(Component.VOLSNAP_DIFFAREA)
def diff_area_limit(of: LabHost | LabVm, *, kib: int = 8) -> Injection:
    """Shadow copy storage is limited so tightly that what is written meanwhile pushes the shadow copy out."""
    return together(*(setting(volume, diff_area_limit=kib << 10) for volume in of.blocks.values()))


@fault(Component.VOLSNAP_DIFFAREA)
def diff_area_no_space(of: LabHost | LabVm, *, kib: int = 16) -> Injection:
    """The volume with the shadow copy storage runs full while the shadow copy is needed."""
    folders = {volume.path.with_name(f"{volume.path.name}.shadow") for volume in of.blocks.values()}
    return among(of.around.files.rules, room_for(lambda path: _is_old(path, folders), kib << 10))


@fault(Component.VOLSNAP_DIFFAREA)
def diff_area_grows_too_slowly(of: LabHost | LabVm, *, seconds: float = 70.0) -> Injection:
    """Copying old blocks away takes so long that the shadow copies are given up."""
    clocks = {
        volume.path.with_name(f"{volume.path.name}.shadow"): volume.clock
        for volume in of.blocks.values()
        if isinstance(volume.clock, VirtualHoldClock)
    }

    def wait(access: Access) -> None:
        if access.writes and _is_old(access.path, clocks):
            clocks[access.path.parent].waited += seconds

    return among(of.around.files.rules, wait)


def _is_old(path: Path, folders: Container[Path]) -> bool:
    return path.parent in folders and path.name.endswith(".old-blocks")


@fault(Component.VOLSNAP_DIFFAREA)
def small_partition_in_set(vm: LabVm, *, free_mib: int = 24) -> Injection:
    """The partition that the guest starts from is so full that its own shadow copy has no room."""
    return setting(vm.machine.guest.system_partition, free=free_mib << 20)


@fault(Component.VOLSNAP_DIFFAREA)
def too_many_shadow_copies(of: LabHost | LabVm) -> Injection:
    """A volume bears as many shadow copies as it can."""
    full = refuse(HResult.VSS_E_MAXIMUM_NUMBER_OF_SNAPSHOTS_REACHED, "there are 512 shadow copies already")
    return entry(of.provider_faults, "BeginPrepareSnapshot", full)


@fault(Component.VOLSNAP_DIFFAREA)
def diff_area_volume_missing(of: LabHost | LabVm) -> Injection:
    """The volume that holds the shadow copy storage is gone."""
    volume = next(iter(of.mounted))
    gone = refuse(HResult.VSS_E_INSUFFICIENT_STORAGE, "the volume with the shadow copy storage is gone")
    strike = noticing(of.computer, _stage(of), ShadowCopyRefused(volume, 32), gone)
    return entry(of.provider_faults, "EndPrepareSnapshots", strike)


@fault(Component.FREEZE_TIMEOUT)
def flush_hold_timeout(of: LabHost | LabVm, *, seconds: float = 15.0) -> Injection:
    """Making the shadow copy takes longer than the 10 s for which writes can be held."""
    return entry(of.provider_faults, "CommitSnapshots", delay(seconds))


@fault(Component.FREEZE_TIMEOUT)
def transaction_freeze_timeout(of: LabHost | LabVm, *, seconds: float = 15.0) -> Injection:
    """A resource manager does not bring its transactions to rest within the time that VSS gives them."""
    return setting(of.coordinator, settle=delay(seconds))


@fault(Component.DISK_IO)
def storage_slow(of: LabHost | LabVm, *, seconds: float = 75.0) -> Injection:
    """The disks are so slow that the file system cannot be flushed within its limit."""
    name, volume = next(iter(of.mounted.items()))
    noticed: list[Happening] = [RequestRetried(Disk(1), 0x1A2B300)]
    if isinstance(of, LabHost):  # whose driver of virtual disks times the requests that come before
        disks = (one.disk for vm in of.vms.values() for one in vm.machine.guest.volumes)
        noticed += [VirtualDiskSlow(f"{name}\\{disk}", int(seconds * 500)) for disk in islice(disks, 1)]
    slow = SlowVolume(volume, telling(of.computer, _stage(of), *noticed, then=delay(seconds)))
    return entry(of.mounted, name, slow)


@fault(Component.DISK_IO)
def filesystem_corrupt(of: LabHost | LabVm) -> Injection:
    """The structure of a file system contradicts itself, and flushing it fails."""
    name, volume = next(iter(of.mounted.items()))
    corrupt = refuse(HResult.ERROR_FILE_CORRUPT, "the file or directory is corrupted and unreadable")
    strike = noticing(of.computer, _stage(of), FileSystemCorrupt(name), corrupt)
    return entry(of.mounted, name, SlowVolume(volume, strike))


@fault(Component.DISK_IO)
def disk_failing(host: LabHost, *, vm: str = "") -> Injection:
    """A sector under a virtual disk of the host cannot be read; the first machine's, or that of `vm`."""
    chosen = host.vms[vm] if vm in host.vms else next(iter(host.vms.values()))
    storage = host.machine.volumes[chosen.machine.host_volume]
    inside = chosen.machine.guest.volumes[0]
    start = storage.files.extent(inside.disk)[0] + inside.files.extent("Windows")[0]
    bad = BadBlock(Disk(1))

    def fail(access: Access) -> None:
        if access.path == storage.block.path and access.offset <= start < access.offset + access.length:
            host.computer.announce(Stage.READ_SOURCE, bad)
            raise OSError(errno.EIO, os.strerror(errno.EIO), access.path.name)

    return among(host.around.files.rules, fail)


@fault(Component.FILTER_DRIVER_AV)
def incompatible_filter_driver(of: LabHost | LabVm, *, driver: str = "epfwwfp") -> Injection:
    """A filter driver does not know the requests by which a shadow copy is made, and refuses them."""
    device = "\\\\?\\GLOBALROOT\\Device\\HarddiskVolumeShadowCopy1"
    called = VssCallFailed(f"DeviceIoControl({device} - 0000000000000330,0x0053c008)", "Processing EndPrepareSnapshots")

    async def strike() -> None:
        of.computer.announce(_stage(of), FilterRefused(driver, device))
        of.computer.announce(_stage(of), called, HResult.ERROR_INVALID_FUNCTION)
        raise ProviderError(HResult.ERROR_INVALID_FUNCTION, "a filter driver refuses the request")

    return entry(of.provider_faults, "EndPrepareSnapshots", strike)


@fault(Component.RESOURCE_EXHAUSTION)
def memory_exhausted(of: LabHost | LabVm, *, program: str = "sqlservr.exe") -> Injection:
    """The machine has no memory left, and the provider gets none."""
    exhausted = MemoryExhausted(program, 1804, 31 << 30)
    none_left = refuse(HResult.ERROR_OUTOFMEMORY, "no memory is left")
    return entry(of.provider_faults, "EndPrepareSnapshots", noticing(of.computer, _stage(of), exhausted, none_left))


@fault(Component.RESOURCE_EXHAUSTION)
def kernel_pool_exhausted(of: LabHost | LabVm) -> Injection:
    """A pool of the kernel is empty: volsnap cannot hold any writes."""
    refused, empty = ShadowCopyRefused(next(iter(of.mounted)), 5), PoolExhausted(paged=False)
    none_left = refuse(HResult.ERROR_NO_SYSTEM_RESOURCES, "no pool is left")
    strike = noticing(of.computer, _stage(of), refused, none_left)
    return entry(of.provider_faults, "EndPrepareSnapshots", noticing(of.computer, _stage(of), empty, strike))


@fault(Component.RESOURCE_EXHAUSTION)
def machine_overloaded(of: LabHost | LabVm) -> Injection:
    """The machine is so busy that a service does not answer, and VSS cannot start a thread."""
    starved = veto(HResult.VSS_E_WRITERERROR_OUTOFRESOURCES, "no thread could be started")
    slow = ServiceSlow("Windows Management Instrumentation", "Winmgmt")
    strike = telling(of.computer, _stage(of), slow, ResourcesMissing(), then=starved)
    return entry(of.writer(next(iter(of.writer_faults))), Phase.PREPARE_SNAPSHOT, strike)
