"""What Windows itself notices beneath a backup: devices, file systems, services, logons, networks, memory, clusters.

The parts of the engine say what failed for them; these happenings are what the machine tells on its own about the
ground that gave way. Which record each becomes is told in `engine/eventlog/messages`.
"""

from dataclasses import dataclass

from engine.hresult import HResult
from engine.occurrence import Happening


@dataclass(frozen=True, slots=True)
class Device:
    """A disk, as its driver names it."""

    number: int
    """Of the disk, as Disk Management counts."""

    def __str__(self) -> str:
        return f"\\Device\\Harddisk{self.number}\\DR{self.number}"


@dataclass(frozen=True, slots=True)
class BadBlock(Happening):
    """A sector cannot be read (disk 7)."""

    device: Device


@dataclass(frozen=True, slots=True)
class ControllerFailed(Happening):
    """The driver got an error from the controller, or from the path to it (disk 11)."""

    device: Device


@dataclass(frozen=True, slots=True)
class DeviceNotReady(Happening):
    """A device is there but takes no requests (disk 15)."""

    device: Device


@dataclass(frozen=True, slots=True)
class RequestRetried(Happening):
    """A request got no answer in time and was sent again (disk 153)."""

    device: Device
    block: int
    """Its logical block address."""


@dataclass(frozen=True, slots=True)
class TargetLost(Happening):
    """The connection to an iSCSI target was lost (iScsiPrt 20)."""

    target: str


@dataclass(frozen=True, slots=True)
class LogonRefused(Happening):
    """An iSCSI target did not accept the initiator's credentials (iScsiPrt 17)."""

    target: str


@dataclass(frozen=True, slots=True)
class FileSystemCorrupt(Happening):
    """A file system's structure contradicts itself (Ntfs 55)."""

    volume: str
    """Its drive letter."""


@dataclass(frozen=True, slots=True)
class LogNotFlushed(Happening):
    """A file system could not write its transaction log (Ntfs 57)."""

    volume: str


@dataclass(frozen=True, slots=True)
class VirtualDiskSlow(Happening):
    """A request to a mounted virtual disk took very long (VHDMP 302)."""

    path: str
    milliseconds: int


@dataclass(frozen=True, slots=True)
class ServiceEnded(Happening):
    """A service's process ended and nobody had asked for it (Service Control Manager 7034)."""

    name: str
    """As `services.msc` shows it."""
    key: str
    """Of the registry: `DPMRA`."""


@dataclass(frozen=True, slots=True)
class ServiceGaveUp(Happening):
    """A service ended with an error of its own (7023)."""

    name: str
    key: str
    error: HResult


@dataclass(frozen=True, slots=True)
class ServiceNotStarted(Happening):
    """A service could not be started (7000)."""

    name: str
    key: str
    error: HResult


@dataclass(frozen=True, slots=True)
class ServiceChanged(Happening):
    """A service was started or stopped as it should be (7036)."""

    name: str
    key: str
    running: bool


@dataclass(frozen=True, slots=True)
class ServiceSlow(Happening):
    """A service did not answer in time when it was called (7011)."""

    name: str
    key: str
    milliseconds: int = 30_000


@dataclass(frozen=True, slots=True)
class ProgramCrashed(Happening):
    """A program ended in an exception (Application Error 1000)."""

    program: str
    module: str
    exception: str
    """Its code, in hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class MachineRestarted(Happening):
    """The machine came up again without having been shut down (EventLog 6008)."""


@dataclass(frozen=True, slots=True)
class FilterRefused(Happening):
    """A file system filter could not attach itself to a volume (FilterManager 3)."""

    driver: str
    volume: str


@dataclass(frozen=True, slots=True)
class TicketRefused(Happening):
    """Kerberos answered with an error (Security-Kerberos 3 and 4)."""

    server: str
    error: str
    """By its name in RFC 4120, such as `KRB_AP_ERR_SKEW`."""
    code: str
    """Its number, in hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class TimeSourceLost(Happening):
    """The clock was not set for a day (Time-Service 36)."""

    seconds: int = 86_400


@dataclass(frozen=True, slots=True)
class DomainControllerMissing(Happening):
    """A secure session with a domain controller could not be set up (NETLOGON 5719)."""

    domain: str


@dataclass(frozen=True, slots=True)
class TrustBroken(Happening):
    """A domain controller does not accept the machine's account (NETLOGON 3210)."""

    domain: str
    controller: str


@dataclass(frozen=True, slots=True)
class NameNotResolved(Happening):
    """None of the DNS servers answered (DNS Client Events 1014)."""

    name: str


@dataclass(frozen=True, slots=True)
class ComputerUnreachable(Happening):
    """DCOM could not reach a computer by any of its protocols (DistributedCOM 10028)."""

    computer: str


@dataclass(frozen=True, slots=True)
class CertificateRejected(Happening):
    """A handshake failed because of the other side's certificate (Schannel 36882 and 36888).

    https://learn.microsoft.com/windows/win32/secauthn/schannel-error-codes-for-tls-and-ssl-alerts has the numbers.
    """

    program: str
    alert: int
    """Of TLS: 45 for one that has expired, 48 for one of an unknown authority."""


@dataclass(frozen=True, slots=True)
class LinkLost(Happening):
    """A network adapter lost its link (Tcpip 4202)."""

    adapter: str


@dataclass(frozen=True, slots=True)
class MemoryExhausted(Happening):
    """Nearly all memory that may be committed is (Resource-Exhaustion-Detector 2004)."""

    program: str
    """Which has most of it."""
    process_id: int
    used: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class PoolExhausted(Happening):
    """A pool of the kernel is empty (Srv 2019 and 2020)."""

    paged: bool


@dataclass(frozen=True, slots=True)
class PortsExhausted(Happening):
    """No outgoing port is left (Tcpip 4231)."""


@dataclass(frozen=True, slots=True)
class SharedVolumeClaimed(Happening):
    """A cluster shared volume could not be prepared for a backup: another one holds it (DPM's agent traces it)."""

    volume: str


@dataclass(frozen=True, slots=True)
class SharedVolumePaused(Happening):
    """A cluster shared volume is not available on this node, and its I/O waits (FailoverClustering 5120)."""

    volume: str
    disk: str
    status: str
    """As Windows prints it: `STATUS_CONNECTION_DISCONNECTED(c000020c)`."""


@dataclass(frozen=True, slots=True)
class SharedVolumeLost(Happening):
    """A cluster shared volume is not accessible from this node any more (FailoverClustering 5142)."""

    volume: str
    disk: str
    error: str


@dataclass(frozen=True, slots=True)
class SharedVolumeRedirected(Happening):
    """A cluster shared volume is reached through another node; normal while it is backed up (5121)."""

    volume: str
    disk: str


@dataclass(frozen=True, slots=True)
class SharedSnapshotFailed(Happening):
    """The cluster could not make a software snapshot of shared volumes (FailoverClustering 5217)."""

    volume: str
    set_id: str
    error: str


@dataclass(frozen=True, slots=True)
class SnapshotNotAnnounced(Happening):
    """A shared volume was to be copied without its having been prepared for that (FailoverClustering 1584)."""

    volume: str
    disk: str


@dataclass(frozen=True, slots=True)
class ResourceHung(Happening):
    """A resource of the cluster did not answer in its time (FailoverClustering 1230)."""

    resource: str
    kind: str = "Physical Disk"
    library: str = "clusres.dll"


@dataclass(frozen=True, slots=True)
class ResourceHostEnded(Happening):
    """The process that hosts resources of the cluster was ended, and starts anew (FailoverClustering 1146)."""


@dataclass(frozen=True, slots=True)
class ResourceFailed(Happening):
    """A resource of the cluster failed (FailoverClustering 1069)."""

    resource: str
    group: str
    kind: str = "Physical Disk"


@dataclass(frozen=True, slots=True)
class NodeRemoved(Happening):
    """A node is no longer a member of the cluster (FailoverClustering 1135)."""

    node: str


@dataclass(frozen=True, slots=True)
class ShadowCopyRefused(Happening):
    """Volsnap lacks memory (5, 21), room to grow (24), or the volume with the storage (32)."""

    volume: str
    event_id: int


@dataclass(frozen=True, slots=True)
class VssCallFailed(Happening):
    """A call of VSS to Windows failed in a way that it did not expect (VSS 12289)."""

    routine: str
    operation: str
    """What it was about, as the record's last value tells."""


@dataclass(frozen=True, slots=True)
class ProviderMissing(Happening):
    """A provider's COM class could not be created (VSS 12292)."""

    class_id: str
    operation: str


@dataclass(frozen=True, slots=True)
class HardwareCopyMissing(Happening):
    """The disk with a hardware shadow copy did not appear on the machine (VSS 12330)."""

    volume: str


@dataclass(frozen=True, slots=True)
class CopyNotDismounted(Happening):
    """The volume with a hardware shadow copy could not be dismounted (VSS 12331)."""

    error: HResult


@dataclass(frozen=True, slots=True)
class CallbackDenied(Happening):
    """VSS was not let back into a writer's process; harmless, and in every Application log (VSS 8194)."""


@dataclass(frozen=True, slots=True)
class ScopedSnapshotsEnabled(Happening):
    """The requestor of a guest cannot make its snapshots beside those of System Restore (vmicvss 13)."""


@dataclass(frozen=True, slots=True)
class DiffAreaNotSet(Happening):
    """The requestor of a guest found no room on a volume for what its shadow copy needs (vmicvss 3)."""

    volume: str


@dataclass(frozen=True, slots=True)
class VssIdle(Happening):
    """VSS had nothing to do for three minutes and ended (VSS 8224)."""


@dataclass(frozen=True, slots=True)
class ResourcesMissing(Happening):
    """VSS could not start a thread (VSS 12296)."""
