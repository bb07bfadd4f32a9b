"""The inside of a virtual machine: volumes, applications with their writers, and a VSS of its own."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import NAMESPACE_OID, uuid5

import msgspec

from engine.clock import Gate
from engine.hresult import HResult
from engine.hyperv import conditions
from engine.hyperv.filesystem import FileSystem
from engine.occurrence import Machine
from engine.pipeline import Stage
from engine.vss.coordinator import DEFAULT_LIMITS, Coordinator, Limits
from engine.vss.copy_on_write import CopyOnWriteProvider
from engine.vss.errors import VssError
from engine.vss.identities import GUEST_PROVIDER
from engine.vss.mounted import BlockVolume, MountedVolume
from engine.vss.requestor import Requestor
from engine.vss.shadow_set import Volume
from engine.vss.writer import Writer
from engine.windows import DiffAreaNotSet, ScopedSnapshotsEnabled

REQUESTOR = "Hyper-V Volume Shadow Copy Requestor"
"""The display name of the service vmicvss."""
LEAST_FREE = 50 << 20
"""Bytes that a volume of less than 500 MB must have free for a shadow copy (*Windows Server Backup fails even though
there is free space on the backup destination*, Microsoft Japan: 50 MB, and 320 MB on larger ones)."""
SNAPSHOT_FILE_SYSTEMS = frozenset({"NTFS", "REFS"})


@dataclass
class GuestVolume:
    """A volume of the guest, which fills one virtual disk."""

    mounted: MountedVolume
    files: FileSystem
    disk: str
    """The name of the virtual disk's file on the host."""
    file_system: str = "NTFS"
    """What it is formatted with, as far as Windows knows."""
    dynamic: bool = False
    """Whether its disk is a dynamic one."""
    shadow_storage: str | None = None
    """The volume on which Previous Versions keep copies of it; None where they are off."""

    @property
    def name(self) -> str:
        return self.mounted.name

    @property
    def block(self) -> BlockVolume:
        return self.mounted.block


@dataclass
class SystemPartition:
    """What Windows starts from: a partition of the first disk without a letter, which every snapshot includes."""

    name: str
    """Its GUID path."""
    size: int = 100 << 20
    """Bytes."""
    free: int = 71 << 20
    """Bytes, as setup leaves them."""


class Guest:
    """An operating system in a virtual machine."""

    def __init__(
        self,
        machine: Machine,
        volumes: Iterable[GuestVolume],
        writers: Iterable[Writer] = (),
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self.machine = machine
        self.volumes = list(volumes)
        self.running = Gate()
        """Open while the machine runs; whoever works in the guest waits for it."""
        supported = {volume.name: volume.block for volume in self.volumes if _supports_snapshots(volume)}
        self.provider = CopyOnWriteProvider(machine, GUEST_PROVIDER, supported)
        self.coordinator = Coordinator(machine, writers, [self.provider], limits)
        device = uuid5(NAMESPACE_OID, f"{machine.name}/System Reserved")
        self.system_partition = SystemPartition(f"\\\\?\\Volume{{{device}}}\\")
        self.scoped_snapshots = False
        """Whether System Restore makes snapshots of some files only, which the requestor's cannot stand beside."""
        self.mounted: dict[str, Volume] = {volume.name: volume.mounted for volume in self.volumes}
        """The volumes as VSS finds them, by name; a scenario may make them slow."""

    async def snapshot(self) -> Requestor:
        """The inner cycle, with all writers, to its BackupComplete; whoever asked releases the copies in the end.

        Raises VssError, after which nothing is left of it.
        """
        if self.scoped_snapshots:
            self.machine.announce(Stage.CONTACT_GUEST, ScopedSnapshotsEnabled(), HResult.ERROR_NOT_SUPPORTED)
            raise VssError(HResult.ERROR_NOT_SUPPORTED, f"{self.machine.name} makes scoped snapshots")
        requestor = Requestor(self.coordinator, REQUESTOR)
        try:
            await requestor.gather_writer_metadata()
            requestor.start_snapshot_set()
            self._check_system_partition()
            for volume in self.mounted.values():
                await requestor.add_to_snapshot_set(volume)
            await requestor.prepare_for_backup()
            await requestor.do_snapshot_set()
            await requestor.backup_complete()
        except BaseException:
            await requestor.abort_backup()
            raise
        return requestor

    def _check_system_partition(self) -> None:
        """See whether its shadow copy has room. Raises VssError."""
        if self.system_partition.free < LEAST_FREE:
            result = HResult.VSS_E_INSUFFICIENT_STORAGE
            self.machine.announce(Stage.GUEST_SNAPSHOT, DiffAreaNotSet(self.system_partition.name), result)
            raise VssError(result, f"the system partition of {self.machine.name} has no room for a shadow copy")

    def memory(self) -> bytes:
        """What a saved state must hold beyond the disks: by volume, the pages that were not written yet."""
        return msgspec.msgpack.encode({volume.name: volume.files.unwritten() for volume in self.volumes})

    def storages(self) -> tuple[conditions.ShadowStorage, ...]:
        """Where Previous Versions keep their copies."""
        return tuple(
            conditions.ShadowStorage(volume.name, volume.shadow_storage, volume.shadow_storage == volume.name)
            for volume in self.volumes
            if volume.shadow_storage is not None
        )


def _supports_snapshots(volume: GuestVolume) -> bool:
    return volume.file_system.upper() in SNAPSHOT_FILE_SYSTEMS
