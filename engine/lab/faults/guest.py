"""What goes wrong inside a guest: its VSS, its writers, its integration components."""

from engine.hresult import HResult
from engine.hyperv.applications import SQL_WRITER
from engine.hyperv.machine import BackupService
from engine.lab.faults.kinds import Injection, entry, fault, setting
from engine.lab.site import LabVm
from engine.pipeline import Component
from engine.vss.faults import delay, die, veto
from engine.vss.states import Phase


@fault(Component.INTEGRATION_COMPONENTS)
def guest_requestor_not_running(vm: LabVm) -> Injection:
    """The service Hyper-V Volume Shadow Copy Requestor is stopped in the guest."""
    return setting(vm.machine.integration, backup_service=BackupService.STOPPED)


@fault(Component.INTEGRATION_COMPONENTS)
def guest_does_not_answer(vm: LabVm) -> Injection:
    """The guest's backup service hangs, and the host waits for it in vain."""
    return setting(vm.machine.integration, backup_service=BackupService.HUNG)


@fault(Component.INTEGRATION_COMPONENTS)
def integration_services_outdated(vm: LabVm) -> Injection:
    """The guest's integration services are older than its host works with."""
    return setting(vm.machine.integration, version=(5, 2))


@fault(Component.GUEST_WRITER)
def writer_failed(
    vm: LabVm,
    *,
    writer: str = "Registry Writer",
    phase: str = "Freeze",
    hresult: str = "VSS_E_WRITERERROR_NONRETRYABLE",
) -> Injection:
    """A writer in the guest rejects an event of the backup."""
    return entry(vm.writer(writer), Phase(phase), veto(HResult[hresult]))


@fault(Component.GUEST_WRITER)
def writer_service_stopped(vm: LabVm, *, writer: str = SQL_WRITER, phase: str = "PrepareForSnapshot") -> Injection:
    """The process of a writer in the guest ends in the middle of the backup."""
    return entry(vm.writer(writer), Phase(phase), die)


@fault(Component.FREEZE_TIMEOUT)
def freeze_window_exceeded(vm: LabVm, *, writer: str = SQL_WRITER, seconds: float = 90.0) -> Injection:
    """A writer in the guest takes longer to freeze than the 60 s from Freeze to Thaw."""
    return entry(vm.writer(writer), Phase.FREEZE, delay(seconds))
