"""The Hyper-V writer: it does its guests' whole work within the host's PrepareForSnapshot.

Source: *Backing Up and Restoring Virtual Machines* (win32, HyperV_v2): nothing is done in Freeze and Thaw; PostSnapshot
rolls the copied disks back to the guest's snapshot, or returns a saved machine to its former state; if one machine
fails, none is backed up.
"""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from engine.hresult import HResult
from engine.hyperv.filesystem import FileSystem
from engine.hyperv.guest import GuestVolume
from engine.hyperv.host import Host
from engine.hyperv.machine import PowerState, VirtualMachine, VmStep
from engine.hyperv.occurrences import (
    ConfigurationUnreadable,
    DiskMissing,
    DiskReverted,
    GuestAsked,
    ModeDecided,
    MountFailed,
    VolumesDiffer,
)
from engine.pipeline import Mode, Scope, Stage
from engine.volume import VolumeError
from engine.vss.errors import VssError, WriterError, WritersFailedError
from engine.vss.identities import CLASS_IDS, WriterIdentity
from engine.vss.requestor import Requestor
from engine.vss.shadow_set import ShadowCopy, ShadowSet
from engine.vss.states import STEPS
from engine.vss.writer import Application, Writer, WriterComponent, stage_of

NAME = "Microsoft Hyper-V VSS Writer"
CAPTIONS = {Mode.ONLINE: "Backup Using Child Partition Snapshot", Mode.OFFLINE: "Backup Using Saved State"}
"""How the writer's metadata says in which mode a machine will be backed up; the machine's name follows."""

_PASSING = (
    HResult.VSS_E_WRITERERROR_TIMEOUT,
    HResult.VSS_E_WRITERERROR_RETRYABLE,
    HResult.VSS_E_WRITERERROR_OUTOFRESOURCES,
    HResult.VSS_E_FLUSH_WRITES_TIMEOUT,
    HResult.VSS_E_HOLD_WRITES_TIMEOUT,
    HResult.VSS_E_PROVIDER_VETO,
    HResult.VSS_E_SNAPSHOT_SET_IN_PROGRESS,
    HResult.VSS_E_WRITER_NOT_RESPONDING,
    HResult.ERROR_TIMEOUT,
    HResult.ERROR_SERVICE_NOT_ACTIVE,
    HResult.ERROR_NOT_SUPPORTED,
)
"""What goes wrong in a guest and may pass; the host's writer then says retryable, else non-retryable (DPM 30112 is what
becomes of outdated integration services)."""


_STAGES = {
    HResult.ERROR_TIMEOUT: Stage.CONTACT_GUEST,
    HResult.ERROR_SERVICE_NOT_ACTIVE: Stage.CONTACT_GUEST,
    HResult.ERROR_NOT_SUPPORTED: Stage.CONTACT_GUEST,
    HResult.VSS_E_BAD_STATE: Stage.CONTACT_GUEST,
    HResult.VSS_E_WRITER_INFRASTRUCTURE: Stage.GUEST_PREPARE,
    HResult.VSS_E_SNAPSHOT_SET_IN_PROGRESS: Stage.GUEST_PREPARE,
    HResult.VSS_E_VOLUME_NOT_SUPPORTED: Stage.GUEST_PREPARE,
}
"""How far the inner cycle had come; to the snapshot, where nothing else is said."""


def hyperv_writer(host: Host, application: Application | None = None) -> Writer:
    """The writer of a host, as vmms.exe subscribes it."""
    identity = WriterIdentity(NAME, CLASS_IDS[NAME], host.machine.new_id(), process="vmms.exe")
    return Writer(host.machine, identity, application or HyperVApplication(host))


class HyperVApplication(Application):
    """What stands behind the Hyper-V writer."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._modes: dict[UUID, Mode] = {}
        self._asked: dict[UUID, Requestor] = {}
        """The guests' cycles, whose copies exist until the host's are made and corrected."""
        self._saved: dict[UUID, PowerState] = {}
        """The states that saved machines were in."""
        self._checkpoints: list[VirtualMachine] = []
        """The machines that have a checkpoint of this backup."""

    async def identify(self) -> tuple[WriterComponent, ...]:
        return tuple(self._publish(vm) for vm in self._host.vms if self._loads(vm))

    async def prepare_backup(self, shadow_set: ShadowSet) -> None:
        for vm in self._chosen(shadow_set):
            files = self._host.volumes[vm.host_volume].files
            for volume in vm.guest.volumes:
                if not files.exists(volume.disk):
                    missing = DiskMissing(vm.name, vm.printed_id, volume.disk)
                    self._host.machine.announce(Stage.PREPARE_BACKUP, missing, HResult.ERROR_FILE_NOT_FOUND)
                    message = f"{volume.disk} of {vm.name} is missing"
                    raise WriterError(HResult.VSS_E_WRITERERROR_NONRETRYABLE, message)

    async def prepare_snapshot(self, shadow_set: ShadowSet) -> None:
        vms = self._chosen(shadow_set)
        for vm in vms:
            if vm.host_volume not in shadow_set.volumes:
                message = f"{vm.host_volume}, which holds {vm.name}, is not in the set"
                raise WriterError(HResult.VSS_E_WRITERERROR_INCONSISTENTSNAPSHOT, message)
        try:
            for vm in vms:
                await self._bring_to_rest(vm)
        except BaseException:
            await self.abort()
            raise

    async def post_snapshot(self, shadow_set: ShadowSet) -> None:
        failures: list[tuple[str, VssError | VolumeError | OSError]] = []
        vms = self._chosen(shadow_set)
        for vm in vms:
            try:
                if vm.id in self._asked:
                    await self._recover(vm, shadow_set)
                elif vm.id in self._saved:
                    await self._host.start(vm, self._saved[vm.id])
                    del self._saved[vm.id]
            except (VssError, VolumeError, OSError) as error:
                failures.append((vm.name, error))
        await self._undo()
        if failures:
            raise _after_snapshot(failures, of=len(vms))

    async def backup_complete(self) -> None:
        await self._end_checkpoints()

    async def abort(self) -> None:
        await self._undo()
        await self._end_checkpoints()

    # --- one machine ---

    def _loads(self, vm: VirtualMachine) -> bool:
        """Whether its configuration can be read; without one a machine is not offered.

        That one of them kept the writer from offering any was a defect of Windows Server 2008 (KB 956697).
        """
        if not vm.configuration_valid:
            unreadable = ConfigurationUnreadable(vm.name, vm.printed_id)
            self._host.machine.announce(Stage.GATHER_WRITERS, unreadable, HResult.ERROR_FILE_CORRUPT)
        return vm.configuration_valid

    def _publish(self, vm: VirtualMachine) -> WriterComponent:
        decision = vm.eligibility()
        self._modes[vm.id] = decision.mode
        failed = tuple(finding.letter for finding in decision.findings if finding.outcome == "failed")
        decided = ModeDecided(vm.name, vm.printed_id, decision.mode, failed)
        self._host.machine.announce(Stage.GATHER_WRITERS, decided)
        caption = f"{CAPTIONS[decision.mode]}\\{vm.name}"
        return WriterComponent(vm.printed_id, caption, frozenset({vm.host_volume}))

    async def _bring_to_rest(self, vm: VirtualMachine) -> None:
        if self._modes[vm.id] is Mode.ONLINE:
            await self._begin_checkpoint(vm)
            await self._ask_guest(vm)
        elif vm.state in (PowerState.RUNNING, PowerState.PAUSED):
            try:
                self._saved[vm.id] = await self._host.save(vm)
            except VssError as error:
                raise WriterError(HResult.VSS_E_WRITERERROR_NONRETRYABLE, str(error), Stage.SAVE_STATE) from error

    async def _begin_checkpoint(self, vm: VirtualMachine) -> None:
        try:
            await self._host.begin_checkpoint(vm)
        except VssError as error:
            raise WriterError(HResult.VSS_E_WRITERERROR_NONRETRYABLE, str(error), Stage.PREPARE_BACKUP) from error
        self._checkpoints.append(vm)

    async def _end_checkpoints(self) -> None:
        while self._checkpoints:
            await self._host.end_checkpoint(self._checkpoints.pop())

    async def _ask_guest(self, vm: VirtualMachine) -> None:
        try:
            self._asked[vm.id] = await vm.ask_guest(self._host.least_integration, self._host.guest_limit)
        except VssError as error:
            stage = _stage_reached(error)
            passing = error.hresult in _PASSING
            verdict = HResult.VSS_E_WRITERERROR_RETRYABLE if passing else HResult.VSS_E_WRITERERROR_NONRETRYABLE
            asked = GuestAsked(vm.name, vm.printed_id, str(error), verdict)
            self._host.machine.announce(Stage.CONTACT_GUEST, asked, error.hresult)
            raise WriterError(verdict, f"the guest {vm.name} made no snapshot: {error}", stage) from error
        self._host.machine.announce(Stage.CONTACT_GUEST, GuestAsked(vm.name, vm.printed_id))

    async def _recover(self, vm: VirtualMachine, shadow_set: ShadowSet) -> None:
        """Auto-recovery: in the host's copy, bring each disk back to the moment of the guest's copy."""
        inner = self._asked[vm.id].shadow_set
        volumes = vm.guest.volumes
        if len(inner.copies) != len(volumes):
            differ = VolumesDiffer(vm.name, vm.printed_id, len(volumes), len(inner.copies))
            self._host.machine.announce(Stage.POST_SNAPSHOT, differ, HResult.VSS_E_UNEXPECTED)
            message = f"{vm.name} copied {len(inner.copies)} of {len(volumes)} volumes"
            raise VssError(HResult.VSS_E_UNEXPECTED, message)
        hosts = shadow_set.copies[vm.host_volume]
        for volume in volumes:
            offset = await self._mount(vm, volume, hosts)
            await self._revert(vm, volume, offset, inner.copies[volume.name], hosts)

    async def _mount(self, vm: VirtualMachine, volume: GuestVolume, copy: ShadowCopy) -> int:
        """Where a virtual disk lies in the host's copy."""
        try:
            await vm.suffer(VmStep.MOUNT)
            return FileSystem.frozen(copy).extent(volume.disk)[0]
        except (VssError, VolumeError, OSError) as error:
            failed = MountFailed(vm.name, vm.printed_id, volume.disk, str(error))
            hresult = error.hresult if isinstance(error, VssError) else HResult.ERROR_FILE_NOT_FOUND
            self._host.machine.announce(Stage.POST_SNAPSHOT, failed, hresult)
            raise

    async def _revert(
        self, vm: VirtualMachine, volume: GuestVolume, offset: int, guests: ShadowCopy, hosts: ShadowCopy
    ) -> None:
        try:
            await vm.suffer(VmStep.REVERT)
            count = _revert(volume, offset, guests, hosts)
        except (VssError, VolumeError, OSError) as error:
            hresult = HResult(getattr(error, "hresult", HResult.ERROR_IO_DEVICE))
            reverted = DiskReverted(vm.name, vm.printed_id, volume.disk, 0, str(error))
            self._host.machine.announce(Stage.POST_SNAPSHOT, reverted, hresult)
            raise
        reverted = DiskReverted(vm.name, vm.printed_id, volume.disk, count)
        self._host.machine.announce(Stage.POST_SNAPSHOT, reverted)

    async def _undo(self) -> None:
        """Release the guests' copies, and start what was saved; one that does not start keeps none waiting."""
        saved, self._saved = self._saved, {}
        asked, self._asked = self._asked, {}
        for requestor in asked.values():
            await requestor.release()
        starts = [self._host.start(vm, saved[vm.id]) for vm in self._host.vms if vm.id in saved]
        for result in await asyncio.gather(*starts, return_exceptions=True):
            if isinstance(result, BaseException) and not isinstance(result, VssError):
                raise result  # the others are announced; those machines stay saved

    def _chosen(self, shadow_set: ShadowSet) -> list[VirtualMachine]:
        chosen = shadow_set.components.get(NAME, ())
        return [vm for vm in self._host.vms if vm.printed_id in chosen]


def _revert(volume: GuestVolume, offset: int, guests: ShadowCopy, hosts: ShadowCopy) -> int:
    """Write into the host's copy what the guest has overwritten since its own; how many bytes."""
    count = 0
    for start, end in _overwritten(volume, guests):
        room = bytearray(end - start)
        guests.read_into(start, room)
        hosts.write(offset + start, room)
        count += end - start
    return count


def _overwritten(volume: GuestVolume, copy: ShadowCopy) -> Sequence[tuple[int, int]]:
    """The ranges of a guest's volume that were written since a shadow copy of it, and perhaps a few more."""
    volume.block.hold_writes(1.0)
    try:
        mark = volume.block.create_shadow_copy(f"{copy.id}-mark")
    finally:
        volume.block.release_writes()
    try:
        ranges = mark.changed_since(copy.id)
        return [(0, volume.block.size)] if ranges is None else list(ranges)
    finally:
        mark.release()


def _stage_reached(error: VssError) -> Stage:
    """How far the inner cycle had come."""
    if isinstance(error, WritersFailedError):
        phase = next((phase for phase, step in STEPS.items() if step.failed is error.state), None)
        return stage_of(Scope.VM, phase) if phase else Stage.GUEST_PREPARE
    return _STAGES.get(error.hresult, Stage.GUEST_SNAPSHOT)


def _after_snapshot(failures: Sequence[tuple[str, Exception]], of: int) -> WriterError:
    """What a writer says when machines could not be recovered: some of them, or all."""
    hresult = HResult.VSS_E_WRITERERROR_NONRETRYABLE
    if len(failures) < of:
        hresult = HResult.VSS_E_WRITERERROR_PARTIAL_FAILURE
    return WriterError(hresult, "; ".join(f"{name}: {error}" for name, error in failures), Stage.POST_SNAPSHOT)
