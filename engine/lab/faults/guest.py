"""What goes wrong inside a guest: its VSS, its writers, its integration components."""

import asyncio
import errno
import os

from engine.hresult import HResult
from engine.hyperv.applications import SQL_WRITER
from engine.hyperv.machine import BackupService
from engine.lab.computers import LabVm
from engine.lab.faults.kinds import Injection, entry, fault, noticing, setting
from engine.pipeline import Component, Stage
from engine.vss.faults import delay, die, hang, refuse, veto
from engine.vss.occurrences import ServiceFailed, ThawOverdue
from engine.vss.shadow_set import ShadowSet
from engine.vss.states import Phase
from engine.windows import ProviderMissing, ServiceEnded

EXCHANGE, NTDS, SYSTEM = "Microsoft Exchange Writer", "NTDS", "System Writer"
_SERVICES = {
    SQL_WRITER: ("SQL Server VSS Writer", "SQLWriter"),
    EXCHANGE: ("Microsoft Exchange Information Store", "MSExchangeIS"),
    NTDS: ("Active Directory Domain Services", "NTDS"),
}
"""What `services.msc` and the registry call the services behind writers; the rest lives in Cryptographic Services."""
_OVERDUE = 120.0
"""Seconds after which a writer that was frozen complains that no Thaw comes (VSS 4003)."""

# --- integration components ------------------------------------------------------------------------------------------


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
    return setting(vm.machine.integration, version=(6, 0, 6001, 17101))


@fault(Component.INTEGRATION_COMPONENTS)
def backup_integration_disabled(vm: LabVm) -> Injection:
    """The check mark Backup (volume snapshot) is missing in the machine's settings: it is backed up offline."""
    return setting(vm.machine.integration, backup_enabled=False)


# --- VSS in the guest ------------------------------------------------------------------------------------------------


def _outage(vm: LabVm, routine: str, cause: HResult, returned: HResult) -> Injection:
    return setting(vm.coordinator, outage=ServiceFailed(routine, cause, returned))


@fault(Component.GUEST_VSS)
def guest_vss_event_system_broken(vm: LabVm) -> Injection:
    """COM+ events do not work in the guest, so VSS cannot reach its writers."""
    return _outage(vm, "CoCreateInstance", HResult.CO_E_OBJNOTREG, HResult.VSS_E_WRITER_INFRASTRUCTURE)


@fault(Component.GUEST_VSS)
def guest_vss_services_unusable(vm: LabVm) -> Injection:
    """The guest's VSS or its provider service is disabled."""
    return _outage(vm, "CoCreateInstance", HResult.ERROR_SERVICE_DISABLED, HResult.VSS_E_UNEXPECTED)


@fault(Component.GUEST_VSS)
def guest_vss_stuck(vm: LabVm) -> Injection:
    """A shadow copy set that somebody began in the guest has never ended."""
    other = ShadowSet(vm.around.new_id(), vm.around.new_id(), "wbengine.exe", {})
    return setting(vm.coordinator, creating=other)


@fault(Component.GUEST_VSS)
def guest_vss_registration_damaged(vm: LabVm) -> Injection:
    """The registration of the guest's shadow copy provider is damaged."""
    missing = ProviderMissing("{463948d2-035d-4d1d-9bfc-473fece07dab}", "Creating instance of provider")
    refused = refuse(HResult.REGDB_E_CLASSNOTREG, "the provider's class is not registered")
    strike = noticing(vm.computer, Stage.GUEST_PREPARE, missing, refused)
    return entry(vm.provider_faults, "BeginPrepareSnapshot", strike)


@fault(Component.GUEST_VSS)
def guest_provider_conflict(vm: LabVm) -> Injection:
    """Another backup product's provider in the guest is in the way, and vetoes."""
    return entry(
        vm.provider_faults, "PreCommitSnapshots", refuse(HResult.VSS_E_PROVIDER_VETO, "another copy is under way")
    )


# --- writers in the guest --------------------------------------------------------------------------------------------


@fault(Component.GUEST_WRITER)
def sql_writer_failed(vm: LabVm) -> Injection:
    """The log of a database cannot be written, so that SQL Server cannot freeze it."""

    def fail(_offset: int, _data: bytes) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO), "ledger")

    return setting(vm.machine.guest.volumes[0].files.open("ledger"), write=fail)


@fault(Component.GUEST_WRITER)
def exchange_writer_failed(vm: LabVm, *, writer: str = EXCHANGE) -> Injection:
    """Exchange rejects the backup, since an earlier one is still marked as running."""
    return entry(
        vm.writer(writer), Phase.PREPARE_SNAPSHOT, veto(HResult.VSS_E_WRITERERROR_RETRYABLE, "backup in progress")
    )


@fault(Component.GUEST_WRITER)
def ese_writer_failed(vm: LabVm, *, writer: str = NTDS, seconds: float = 25.0) -> Injection:
    """A writer with an ESE database does not freeze within the 20 s that such databases allow."""
    return entry(vm.writer(writer), Phase.FREEZE, delay(seconds))


@fault(Component.GUEST_WRITER)
def system_writer_missing(vm: LabVm) -> Injection:
    """System Writer cannot describe its files, and is missing in the list of writers."""
    return entry(vm.writer(SYSTEM), Phase.IDENTIFY, veto(HResult.VSS_E_WRITERERROR_NONRETRYABLE, "no list of files"))


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
    ended = ServiceEnded(*_SERVICES.get(writer, ("Cryptographic Services", "CryptSvc")))
    return entry(vm.writer(writer), Phase(phase), noticing(vm.computer, Stage.GUEST_PREPARE, ended, die))


@fault(Component.FREEZE_TIMEOUT)
def freeze_window_exceeded(vm: LabVm, *, seconds: float = 75.0) -> Injection:
    """The guest is so busy that Thaw comes later than the 60 s for which its writers stay frozen."""
    return entry(vm.provider_faults, "PreCommitSnapshots", delay(seconds))


@fault(Component.FREEZE_TIMEOUT)
def freeze_never_thawed(vm: LabVm) -> Injection:
    """The guest's provider hangs while the writers are frozen, and nobody ends the freeze until the host gives up."""

    async def strike() -> None:
        await asyncio.sleep(_OVERDUE)
        for writer in vm.coordinator.writers:
            vm.computer.announce(Stage.GUEST_FREEZE, ThawOverdue(writer.identity))
        await hang()

    return entry(vm.provider_faults, "PreCommitSnapshots", strike)
