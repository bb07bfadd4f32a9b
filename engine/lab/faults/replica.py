"""What goes wrong between a machine and its replica: they differ where they should not, or nobody knows where."""

from pathlib import Path

from engine.dpm.failures import JobFailedError
from engine.hresult import HResult
from engine.lab.computers import LabVm
from engine.lab.faults.kinds import Injection, among, fault, together
from engine.lab.seeding import replica_name
from engine.pipeline import Component, Stage
from engine.vss.faults import Fault as Strike

_ROTTEN = b"\xa5" * 4096


@fault(Component.REPLICA_CC)
def replica_diverged(vm: LabVm, *, blocks: int = 2) -> Injection:
    """Blocks of the replica are not what they were when they were stored: their checksums do not match any more."""
    rot(vm, blocks)
    return together()  # a comparison repairs it from the source; there is nothing to take away


def rot(vm: LabVm, blocks: int) -> Path:
    """Overwrite some bytes of stored blocks of the machine's first replica; the file that holds them."""
    repository = vm.around.repository
    name = replica_name(vm, vm.machine.guest.volumes[0].disk)
    replica = next(one for one in repository.replicas() if one.image == name)
    newest = max(point.id for point in repository.points() if point.replica == replica.id)
    places = repository.places(replica)
    with repository.reading(newest) as opened:
        slots = [slot for slot in opened.map.slots.tolist() if slot][:blocks]
    with places.slots.open("r+b") as file:
        for slot in slots:
            file.seek(slot * replica.block_size)
            file.write(_ROTTEN)
    return places.slots


def _untracked(vm: LabVm, number: int, reason: str) -> Injection:
    """The agent cannot say what changed, and DPM gives up until a consistency check; `number` is its error ID."""

    async def give_up() -> None:
        raise JobFailedError(number, HResult.E_FAIL, reason, Stage.READ_REPLICA)

    strike: Strike = give_up
    return among(vm.tracking_faults, strike)


@fault(Component.REPLICA_CC)
def change_tracking_lost(vm: LabVm) -> Injection:
    """The record of what was changed since the last recovery point is damaged."""
    return _untracked(vm, 30154, "the record of changes cannot be read")


@fault(Component.REPLICA_CC)
def change_journal_wrapped(vm: LabVm) -> Injection:
    """The change journal of the volume was too small, and the oldest changes are lost."""
    return _untracked(vm, 30117, "the change journal wrapped")


@fault(Component.REPLICA_CC)
def protected_layout_changed(vm: LabVm) -> Injection:
    """A disk of the machine was moved or resized since protection was set up."""
    return _untracked(vm, 30135, "the files of the machine were moved")


@fault(Component.REPLICA_CC)
def unclean_shutdown(vm: LabVm) -> Injection:
    """The host went down without being shut down properly, so that changes may be missing in the record of them."""
    return _untracked(vm, 30155, "the host was not shut down properly")
