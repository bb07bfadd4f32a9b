"""What is wrong with the cluster, and with the volumes that its nodes share."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID, uuid5

from engine.dpm.failures import JobFailedError
from engine.hresult import HResult
from engine.lab.computers import LabHost, LeftCopy
from engine.lab.faults.kinds import Injection, among, entry, fault
from engine.lab.faults.reading import broken_reading
from engine.lab.faults.telling import telling
from engine.pipeline import Component, Stage
from engine.vss.errors import ProviderError
from engine.vss.faults import refuse
from engine.windows import (
    NodeRemoved,
    ResourceFailed,
    ResourceHostEnded,
    ResourceHung,
    SharedSnapshotFailed,
    SharedVolumeClaimed,
    SharedVolumeLost,
    SharedVolumePaused,
    SnapshotNotAnnounced,
    VssCallFailed,
)

VOLUME, DISK = "Volume1", "Cluster Disk 1"


@fault(Component.CSV_CLUSTER)
def csv_backup_in_progress(host: LabHost) -> Injection:
    """Another backup holds the cluster shared volume, and the cluster does not prepare it for a second one."""
    claimed = SharedVolumeClaimed(f"C:\\ClusterStorage\\{VOLUME}\\")

    async def refused() -> None:
        hresult = HResult.ERROR_CLUSTER_BACKUP_IN_PROGRESS
        raise JobFailedError(32612, hresult, "another backup is in progress", Stage.PREPARE_BACKUP)

    return among(host.agent.claims, telling(host.computer, Stage.PREPARE_BACKUP, claimed, then=refused))


@fault(Component.CSV_CLUSTER)
def csv_snapshot_failed(host: LabHost) -> Injection:
    """The cluster cannot make a software snapshot of the shared volume in its time."""
    failed = SharedSnapshotFailed(VOLUME, str(UUID(int=host.around.seed)), "HrError(0x8004232e)")
    late = refuse(HResult.VSS_E_CLUSTER_TIMEOUT, "the cluster took too long")
    return entry(
        host.provider_faults, "CommitSnapshots", telling(host.computer, Stage.HOST_SNAPSHOT, failed, then=late)
    )


@fault(Component.CSV_CLUSTER)
def requestor_not_csv_aware(host: LabHost) -> Injection:
    """A program that knows no shared volumes wants a copy of one, for which the cluster has not prepared it."""
    told = SnapshotNotAnnounced(VOLUME, DISK)
    refused = refuse(HResult.VSS_E_UNEXPECTED_PROVIDER_ERROR, "the volume is not prepared")
    return entry(
        host.provider_faults, "CommitSnapshots", telling(host.computer, Stage.HOST_SNAPSHOT, told, then=refused)
    )


@fault(Component.CSV_CLUSTER)
@contextmanager
def csv_snapshots_pile_up(host: LabHost, *, copies: int = 64) -> Iterator[None]:
    """Nobody has released the copies of earlier nights, and the cluster takes too long to add one more."""
    name, volume = next(iter(host.machine.volumes.items()))
    now, made = host.around.clock.now(), []
    for night in range(copies, 0, -1):
        id_, set_id = (uuid5(UUID(int=host.around.seed), f"{host.name}/{night}/{what}") for what in ("copy", "set"))
        with volume.block.writes_held():
            copy = volume.block.create_shadow_copy(str(id_))
        made.append((copy, LeftCopy(id_, set_id, name, now - timedelta(days=night))))
    host.left_copies += [left for _, left in made]
    hung = ResourceHung(DISK), ResourceHostEnded()
    late = refuse(HResult.VSS_E_CLUSTER_TIMEOUT, "the cluster took too long")
    try:
        with entry(
            host.provider_faults, "CommitSnapshots", telling(host.computer, Stage.HOST_SNAPSHOT, *hung, then=late)
        ):
            yield
    finally:
        for copy, left in made:
            copy.release()
            host.left_copies.remove(left)


@fault(Component.CSV_CLUSTER)
def csv_unavailable(host: LabHost) -> Injection:
    """The node loses the cluster shared volume while it is read."""
    status = "STATUS_CONNECTION_DISCONNECTED(c000020c)"
    lost = SharedVolumePaused(VOLUME, DISK, status), SharedVolumeLost(VOLUME, DISK, "ERROR_TIMEOUT(1460)")
    return broken_reading(host, 2040, HResult.E_FAIL, *lost)


@fault(Component.CSV_CLUSTER)
def cluster_disk_missing(host: LabHost) -> Injection:
    """The cluster has a disk resource whose disk is gone, and VSS asks for it in vain."""
    called = VssCallFailed("pResource->get_Disk(&pDisk)", "Processing EndPrepareSnapshots")

    async def strike() -> None:
        host.computer.announce(Stage.HOST_SNAPSHOT, called, HResult.ERROR_NOT_FOUND)
        raise ProviderError(HResult.ERROR_NOT_FOUND, "the cluster has no such disk")

    return entry(host.provider_faults, "EndPrepareSnapshots", strike)


@fault(Component.CSV_CLUSTER)
def cluster_failover(host: LabHost) -> Injection:
    """The node leaves the cluster, and the virtual machines move to another as their backup begins."""
    moved = NodeRemoved(host.name), ResourceFailed(DISK, "Cluster Group")

    async def moved_away() -> None:
        raise JobFailedError(30149, HResult.E_FAIL, "the cluster failed over", Stage.PREPARE_BACKUP)

    return among(host.agent.claims, telling(host.computer, Stage.PREPARE_BACKUP, *moved, then=moved_away))
