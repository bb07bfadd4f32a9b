"""What is wrong with the storage pool of DPM's server."""

import asyncio
import errno
import os
from collections.abc import Callable
from pathlib import Path

from engine.dpm.occurrences import PoolNearlyFull, PoolVolumeMissing
from engine.hresult import HResult
from engine.lab.disks import Access, of_points, of_replicas
from engine.lab.failures import StorageError
from engine.lab.faults.kinds import Injection, among, fault, together
from engine.lab.faults.telling import Strike
from engine.lab.network import Link
from engine.lab.site import LabSite
from engine.occurrence import Happening
from engine.pipeline import Component, Stage
from engine.windows import BadBlock, ControllerFailed, Device, TargetLost, VirtualDiskSlow


def _in_pool(site: LabSite, matches: Callable[[Path], bool], strike: Callable[[Access], None]) -> Injection:
    """Something happens whenever files of the pool are written, or of it a part."""
    pool = site.dpm.repository.folder

    def look(access: Access) -> None:
        if access.writes and access.path.is_relative_to(pool) and matches(access.path):
            strike(access)

    return among(site.around.files.rules, look)


def _anywhere(_path: Path) -> bool:
    return True


def _told(site: LabSite, *happenings: Happening) -> None:
    for happening in happenings:
        site.computer.announce(Stage.APPLY_BLOCKS, happening)


def _first(site: LabSite) -> tuple[str, str]:
    """A machine whose replica lies in the pool, and its host."""
    vm = next(iter(site.vms.values()))
    return vm.name, vm.host.name


def _full(site: LabSite, matches: Callable[[Path], bool], left: int, happening: Happening) -> Injection:
    """There is so much room left, in bytes; then the disk is full, which DPM has warned of."""
    room = left

    def spend(access: Access) -> None:
        nonlocal room
        if access.length > room:
            _told(site, happening)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(access.path))
        room -= access.length

    return _in_pool(site, matches, spend)


@fault(Component.DPM_STORAGE)
def replica_volume_full(site: LabSite, *, kib: int = 64) -> Injection:
    """The replica volume runs full while changes are applied."""
    return _full(site, of_replicas, kib << 10, PoolNearlyFull(*_first(site), recovery_points=False))


@fault(Component.DPM_STORAGE)
def recovery_point_volume_full(site: LabSite) -> Injection:
    """The recovery point volume is full when the new point is to be kept."""
    return _full(site, of_points, 0, PoolNearlyFull(*_first(site), recovery_points=True))


@fault(Component.DPM_STORAGE)
def storage_pool_exhausted(site: LabSite) -> Injection:
    """The pool has no room left by which a full replica volume could grow."""

    def refuse(_access: Access) -> None:
        raise StorageError(33144, HResult.ERROR_DISK_FULL, "the pool has no room left", Stage.APPLY_BLOCKS)

    return _in_pool(site, of_replicas, refuse)


@fault(Component.RESOURCE_EXHAUSTION)
def backup_limit_exceeded(site: LabSite, *, most: int = 0) -> Injection:
    """The server keeps as many recovery points as it can manage (`most`, or as many as there are now)."""
    repository = site.dpm.repository
    limit = most or len(repository.points())

    def refuse(_access: Access) -> None:
        if len(repository.points()) >= limit:
            told = f"there are {limit} recovery points already"
            raise StorageError(31220, HResult.E_FAIL, told, Stage.RECOVERY_POINT)

    return _in_pool(site, of_points, refuse)


@fault(Component.DPM_STORAGE)
def replica_volume_missing(site: LabSite) -> Injection:
    """The disk with the replicas is gone from the pool."""

    def refuse(_access: Access) -> None:
        _told(site, PoolVolumeMissing(*_first(site)))
        raise StorageError(62, HResult.ERROR_FILE_NOT_FOUND, "the replica volume is not there", Stage.READ_REPLICA)

    return _in_pool(site, _anywhere, refuse)


@fault(Component.DPM_STORAGE)
def refs_stall(site: LabSite, *, seconds: float = 320.0) -> Injection:
    """The file system of the pool stands still for minutes, until DPM gives up."""
    slow = VirtualDiskSlow("\\\\?\\Volume{de393808}\\DPM\\vol_0001\\disk.vhdx", int(seconds * 1000))

    def after_some(link: Link) -> Strike:
        async def stand_still() -> None:
            if link.carried:
                await asyncio.sleep(seconds)
                _told(site, slow)
                told = "the storage does not answer"
                raise StorageError(40003, HResult.ERROR_SEM_TIMEOUT, told, Stage.APPLY_BLOCKS)

        return stand_still

    return together(*(among(host.link.faults, after_some(host.link)) for host in site.hosts.values()))


@fault(Component.FILTER_DRIVER_AV)
def antivirus_locks_replicas(site: LabSite) -> Injection:
    """A virus scanner on the server holds the files of the replicas while changes are applied."""

    def refuse(_access: Access) -> None:
        raise StorageError(109, HResult.ERROR_SHARING_VIOLATION, "another program holds the file", Stage.APPLY_BLOCKS)

    return _in_pool(site, of_replicas, refuse)


@fault(Component.DISK_IO)
def pool_disk_failing(site: LabSite) -> Injection:
    """A disk of the storage pool has bad blocks."""

    def refuse(_access: Access) -> None:
        _told(site, BadBlock(Device(3)))
        raise StorageError(40003, HResult.ERROR_CRC, "the disk has a bad block", Stage.APPLY_BLOCKS)

    return _in_pool(site, of_replicas, refuse)


@fault(Component.DISK_IO)
def pool_path_unstable(site: LabSite) -> Injection:
    """The connection to the storage of the pool breaks while changes are applied."""

    def refuse(_access: Access) -> None:
        _told(site, TargetLost("iqn.1991-05.com.microsoft:pool"), ControllerFailed(Device(3)))
        raise StorageError(40003, HResult.ERROR_IO_DEVICE, "the path to the disk is lost", Stage.APPLY_BLOCKS)

    return _in_pool(site, of_replicas, refuse)
