"""What is wrong with VSS, the Hyper-V writer, or a provider on a host."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from engine.dpm.failures import JobFailedError
from engine.hresult import HResult
from engine.hyperv.machine import VmStep
from engine.hyperv.writer import NAME as HYPERV_WRITER
from engine.hyperv.writer import HyperVApplication, hyperv_writer
from engine.lab.computers import LabHost
from engine.lab.faults.kinds import Injection, among, entry, fault, setting, together
from engine.lab.faults.telling import Strike, telling
from engine.pipeline import Component, Stage
from engine.vss.copy_on_write import CopyOnWriteProvider
from engine.vss.errors import VssError
from engine.vss.faults import FaultyApplication, FaultyProvider, die, refuse, veto
from engine.vss.identities import ProviderIdentity, ProviderType
from engine.vss.occurrences import ServiceFailed
from engine.vss.shadow_set import ShadowSet
from engine.vss.states import Phase
from engine.windows import (
    CopyNotDismounted,
    HardwareCopyMissing,
    LogonRefused,
    ProgramCrashed,
    ProviderMissing,
    ServiceEnded,
    ServiceNotStarted,
)

_PRODUCT = ProviderIdentity(
    "StorageVendor VSS Provider", UUID("ddd3d232-a96f-4ac5-8f7b-250fd91fd102"), ProviderType.HARDWARE, "5.2.0.0"
)
"""A storage vendor's provider; the identifier is that of Data ONTAP's."""


def _outage(host: LabHost, routine: str, cause: HResult, returned: HResult) -> Injection:
    return setting(host.machine.coordinator, outage=ServiceFailed(routine, cause, returned))


# --- VSS -------------------------------------------------------------------------------------------------------------


@fault(Component.HOST_VSS)
def vss_event_system_broken(host: LabHost) -> Injection:
    """COM+ events do not work on the host, so VSS cannot reach its writers."""
    return _outage(host, "CoCreateInstance", HResult.CO_E_OBJNOTREG, HResult.VSS_E_WRITER_INFRASTRUCTURE)


@fault(Component.HOST_VSS)
def vss_services_unusable(host: LabHost) -> Injection:
    """The host's VSS service is disabled."""
    disabled = HResult.ERROR_SERVICE_DISABLED
    not_started = ServiceNotStarted("Volume Shadow Copy", "VSS", disabled)
    notice = among(host.agent.claims, telling(host.computer, Stage.GATHER_WRITERS, not_started))
    return together(notice, _outage(host, "CoCreateInstance", disabled, HResult.VSS_E_UNEXPECTED))


@fault(Component.HOST_VSS)
def vss_registration_damaged(host: LabHost) -> Injection:
    """A class of VSS is not registered on the host any more."""
    return _outage(host, "CoCreateInstance", HResult.REGDB_E_CLASSNOTREG, HResult.VSS_E_UNEXPECTED)


@fault(Component.HOST_VSS)
def requestor_trips_on_registry(host: LabHost) -> Injection:
    """A key of the list of profiles ends in .bak, and VSS cannot make an account of its name."""
    return _outage(host, "ConvertStringSidToSid", HResult.ERROR_INVALID_SID, HResult.VSS_E_UNEXPECTED)


@fault(Component.HOST_VSS)
def vss_coordinator_stuck(host: LabHost) -> Injection:
    """A shadow copy set that another program began on the host has never ended."""
    other = ShadowSet(host.around.new_id(), host.around.new_id(), "wbengine.exe", {})
    return setting(host.machine.coordinator, creating=other)


# --- the Hyper-V writer ----------------------------------------------------------------------------------------------


def _vetoing(host: LabHost, phase: Phase, hresult: HResult) -> Injection:
    return entry(host.writer(HYPERV_WRITER), phase, veto(hresult))


@fault(Component.HYPERV_WRITER)
def hyperv_writer_stuck(host: LabHost) -> Injection:
    """The Hyper-V writer is in a failed state, and rejects every backup."""
    return _vetoing(host, Phase.PREPARE_SNAPSHOT, HResult.VSS_E_WRITERERROR_NONRETRYABLE)


@fault(Component.HYPERV_WRITER)
def hyperv_writer_overlap(host: LabHost) -> Injection:
    """Another backup of the host keeps the Hyper-V writer busy."""
    held = (setting(vm.machine, backing_up=True) for vm in host.vms.values())
    return together(_vetoing(host, Phase.PREPARE_BACKUP, HResult.VSS_E_WRITERERROR_RETRYABLE), *held)


@fault(Component.HYPERV_WRITER)
def hyperv_writer_incomplete_set(host: LabHost) -> Injection:
    """A volume that holds files of machines is not in the shadow copy set."""
    return _vetoing(host, Phase.PREPARE_SNAPSHOT, HResult.VSS_E_WRITERERROR_INCONSISTENTSNAPSHOT)


@fault(Component.HYPERV_WRITER)
@contextmanager
def vmms_down(host: LabHost) -> Iterator[None]:
    """The Virtual Machine Management service crashes, and the Hyper-V writer with it."""
    crashed = ProgramCrashed("vmms.exe", "vmms.exe", "c0000005")
    ended = ServiceEnded("Hyper-V Virtual Machine Management", "vmms")
    strike = telling(host.computer, Stage.PREPARE_BACKUP, crashed, ended, then=die)
    faults = host.writer(HYPERV_WRITER)
    with entry(faults, Phase.PREPARE_BACKUP, strike):
        yield
    if not any(one.alive for one in host.machine.coordinator.writers if one.identity.name == HYPERV_WRITER):
        application = FaultyApplication(HyperVApplication(host.machine), faults)
        host.machine.subscribe(hyperv_writer(host.machine, application))


@fault(Component.HYPERV_WRITER)
def hyperv_auto_recovery_failed(host: LabHost) -> Injection:
    """Virtual disks in the host's shadow copy cannot be brought back to their guests' moment."""
    failed = refuse(HResult.VSS_E_WRITERERROR_RETRYABLE, "the disk could not be reverted")
    return together(*(entry(vm.step_faults, VmStep.REVERT, failed) for vm in host.vms.values()))


# --- providers -------------------------------------------------------------------------------------------------------


@contextmanager
def _provider(host: LabHost, faults: dict[str, Strike]) -> Iterator[None]:
    """A storage vendor's provider is installed, and is asked first."""
    coordinator = host.machine.coordinator
    blocks = {name: volume.block for name, volume in host.machine.volumes.items()}
    ours = FaultyProvider(CopyOnWriteProvider(host.computer, _PRODUCT, blocks), faults)
    coordinator.providers.insert(0, ours)
    try:
        yield
    finally:
        coordinator.providers.remove(ours)


@fault(Component.HARDWARE_PROVIDER)
def third_party_provider_interferes(host: LabHost, *, routine: str = "EndPrepareSnapshots") -> Injection:
    """A storage vendor's provider is asked first, and vetoes."""
    return _provider(host, {routine: refuse(HResult.VSS_E_PROVIDER_VETO, "the array refuses")})


@fault(Component.HARDWARE_PROVIDER)
def provider_lun_not_arrived(host: LabHost) -> Injection:
    """The disk with the hardware shadow copy does not appear on the host."""
    missing = refuse(HResult.VSS_E_NO_SNAPSHOTS_IMPORTED, "no disk arrived")
    copy = HardwareCopyMissing("\\\\?\\Volume{00000000-0000-0000-0000-000000000001}\\")
    return _provider(host, {"PreFinalCommitSnapshots": telling(host.computer, Stage.POST_SNAPSHOT, copy, then=missing)})


@fault(Component.HARDWARE_PROVIDER)
def provider_lun_dismount(host: LabHost) -> Injection:
    """The disk with the hardware shadow copy cannot be taken offline, since programs hold files on it."""
    busy = refuse(HResult.VSS_E_PROVIDER_VETO, "the copy is in use")
    told = telling(host.computer, Stage.POST_SNAPSHOT, CopyNotDismounted(HResult.ERROR_ACCESS_DENIED), then=busy)
    return _provider(host, {"PostFinalCommitSnapshots": told})


@fault(Component.HARDWARE_PROVIDER)
def provider_not_registered(host: LabHost) -> Injection:
    """The COM class of a storage vendor's provider cannot be created."""
    missing = ProviderMissing(str(_PRODUCT.id), "Creating instance of hardware provider")

    async def strike() -> None:
        host.computer.announce(Stage.PREPARE_BACKUP, missing, HResult.REGDB_E_CLASSNOTREG)
        raise VssError(HResult.VSS_E_PROVIDER_NOT_REGISTERED, f"{_PRODUCT.name} cannot be created")

    return among(host.agent.claims, strike)


@fault(Component.HARDWARE_PROVIDER)
def provider_credentials(host: LabHost) -> Injection:
    """The array does not accept the credentials with which its provider logs on."""
    logon = LogonRefused("iqn.1992-08.com.vendor:sn.1")

    async def strike() -> None:
        raise JobFailedError(30290, HResult.E_FAIL, "a volume could not be added to the set", Stage.PREPARE_BACKUP)

    return among(host.agent.claims, telling(host.computer, Stage.PREPARE_BACKUP, logon, then=strike))
