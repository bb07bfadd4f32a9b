"""What is wrong with the cluster, and with the volumes that its nodes share."""

from uuid import UUID

from engine.dpm.failures import JobFailedError
from engine.hresult import HResult
from engine.lab.computers import LabHost
from engine.lab.faults.kinds import Injection, among, entry, fault
from engine.lab.faults.reading import broken_reading
from engine.lab.faults.telling import telling
from engine.pipeline import Component, Stage
from engine.vss.faults import refuse
from engine.windows import (
    NodeRemoved,
    ResourceFailed,
    SharedSnapshotFailed,
    SharedVolumeClaimed,
    SharedVolumeLost,
    SharedVolumePaused,
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
def csv_unavailable(host: LabHost) -> Injection:
    """The node loses the cluster shared volume while it is read."""
    status = "STATUS_CONNECTION_DISCONNECTED(c000020c)"
    lost = SharedVolumePaused(VOLUME, DISK, status), SharedVolumeLost(VOLUME, DISK, "ERROR_TIMEOUT(1460)")
    return broken_reading(host, 2040, HResult.E_FAIL, *lost)


@fault(Component.CSV_CLUSTER)
def cluster_failover(host: LabHost) -> Injection:
    """The node leaves the cluster, and the virtual machines move to another as their backup begins."""
    moved = NodeRemoved(host.name), ResourceFailed(DISK, "Cluster Group")

    async def moved_away() -> None:
        raise JobFailedError(30149, HResult.E_FAIL, "the cluster failed over", Stage.PREPARE_BACKUP)

    return among(host.agent.claims, telling(host.computer, Stage.PREPARE_BACKUP, *moved, then=moved_away))
