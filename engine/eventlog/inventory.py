r"""What PowerShell exports of a host's virtual machines, and of any machine's volumes.

`Get-VM`, `Get-VMIntegrationService`, `Get-VMHardDiskDrive`, `Get-VMSnapshot` and `Win32_Volume`, each piped to
`Export-Clixml`, with the properties that the engine knows. Sources: the public types of the module Hyper-V
(Microsoft.HyperV.PowerShell) and their enumerations; *Manage Hyper-V Integration Services* (Microsoft Learn) for the
statuses; German names as public scripts list them, Japanese ones are left in English where no source has them.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from engine.eventlog.clixml import Choice, Property, Thing, Version, clixml
from engine.hyperv.machine import BackupService, Checkpoint, PowerState, VirtualMachine

_NAMESPACE = "Microsoft.HyperV.PowerShell"
_BASE = (f"{_NAMESPACE}.VirtualizationObject", "System.Object")
_DEVICE = "F9C25F23-DB30-403D-A1CD-31FE241DFD54"
_STATES = {PowerState.RUNNING: 2, PowerState.OFF: 3, PowerState.SAVED: 6, PowerState.PAUSED: 9}
_STATUSES = {"Ok": 2, "NoContact": 12, "ProtocolMismatch": 32775, "CommunicationTimedOut": 32783}

_OF_BACKUP = {BackupService.STOPPED: "NoContact", BackupService.HUNG: "CommunicationTimedOut"}


class _Service(NamedTuple):
    """An integration service."""

    type: str
    device: str
    """The last part of its id."""
    name: str


_BACKUP = _Service("VMIntegrationComponent", "5CED1297-4598-4915-A5FC-AD21BB4D02A4", "VSS")
_SERVICES = (
    _Service("VMIntegrationComponent", "2497F4DE-E9FA-4204-80E4-4B75C46419C0", "Time Synchronization"),
    _Service("VMIntegrationComponent", "84EAAE65-2F2E-45F5-9BB5-0E857DC8EB47", "Heartbeat"),
    _Service("DataExchangeComponent", "2A34B1C2-FD73-4043-8A5B-DD2159BC743F", "Key-Value Pair Exchange"),
    _Service("ShutdownComponent", "9F8233AC-BE49-4C79-8EE3-E7E1985B2077", "Shutdown"),
    _BACKUP,
)
_WORDS = {
    "en": {
        "Ok": "OK",
        "NoContact": "No Contact",
        "CommunicationTimedOut": "Communication Timed Out",
        "ProtocolMismatch": "The protocol version of the component installed in the virtual machine does not match the "
        "version expected by the hosting system",
    },
    "de": {
        "Operating normally": "Normaler Betrieb",
        "Time Synchronization": "Zeitsynchronisierung",
        "Heartbeat": "Takt",
        "Key-Value Pair Exchange": "Austausch von Schlüsselwertepaaren",
        "Shutdown": "Herunterfahren",
        "NoContact": "Kein Kontakt",
    },
    "ja": {
        "Backup": "バックアップ",
        "Time Synchronization": "時刻の同期",
        "Heartbeat": "ハートビート",
        "Key-Value Pair Exchange": "キー/値ペア交換",
        "Shutdown": "シャットダウン",
    },
}


def _said(words: str, language: str) -> str:
    """In a language, or in English where that is all that is known."""
    return _WORDS[language].get(words) or _WORDS["en"].get(words, words)


class Registered(NamedTuple):
    """A host with the virtual machines that it lists."""

    host: str
    vms: tuple[VirtualMachine, ...]
    """Those whose configurations can be read: the others are in no list."""
    newest: tuple[int, ...]
    """The version of integration services that the host brings."""
    oldest: tuple[int, ...]
    """The oldest that it works with."""
    language: str = "en"


def machines(of: Registered) -> bytes:
    """`Get-VM | Export-Clixml`."""
    return clixml(_machine(of, vm) for vm in of.vms)


def _machine(of: Registered, vm: VirtualMachine) -> Thing:
    services = vm.integration
    running = vm.state is PowerState.RUNNING
    outdated = services.version < of.newest
    properties: dict[str, Property] = {
        "VMName": vm.name,
        "VMId": vm.id,
        "Id": vm.id,
        "Name": vm.name,
        "State": Choice(f"{_NAMESPACE}.VMState", vm.state.value, _STATES[vm.state]),
        "IntegrationServicesState": ("Update required" if outdated else "Up to date") if running else "",
        "IntegrationServicesVersion": Version(services.version) if running and services.installed else None,
        "MemoryAssigned": vm.memory if running else 0,
        "MemoryStartup": vm.memory,
        "Status": _said("Backing up virtual machine" if vm.backing_up else "Operating normally", of.language),
        "ConfigurationLocation": _folder(vm.host_volume),
        "SnapshotFileLocation": _folder(vm.checkpoint_volume),
        "ComputerName": of.host,
    }
    types = (f"{_NAMESPACE}.VirtualMachine", f"{_NAMESPACE}.VirtualMachineBase", *_BASE)
    return Thing(types, f"VirtualMachine (Name = '{vm.name}') [Id = '{vm.id}']", properties)


def integration_services(of: Registered) -> bytes:
    """`Get-VM | Get-VMIntegrationService | Export-Clixml`."""
    return clixml(_service(of, vm, one) for vm in of.vms for one in _SERVICES)


def _service(of: Registered, vm: VirtualMachine, service: _Service) -> Thing:
    name = _said(service.name, of.language)
    first, second = (*_statuses(of, vm, service), "", "")[:2]
    properties: dict[str, Property] = {
        "Enabled": vm.integration.backup_enabled if service is _BACKUP else True,
        "PrimaryOperationalStatus": _status(first),
        "PrimaryStatusDescription": _said(first, of.language),
        "SecondaryOperationalStatus": _status(second),
        "SecondaryStatusDescription": _said(second, of.language),
        "Name": name,
        "Id": f"Microsoft:{vm.printed_id}\\{service.device}",
        "VMId": vm.id,
        "VMName": vm.name,
        "ComputerName": of.host,
    }
    types = dict.fromkeys((service.type, "VMIntegrationComponent", "VMDevice"))
    named = (f"{_NAMESPACE}.{one}" for one in types)
    return Thing((*named, *_BASE), f"{service.type} (Name = '{name}')", properties)


def _status(name: str) -> Choice | None:
    return Choice(f"{_NAMESPACE}.VMIntegrationComponentOperationalStatus", name, _STATUSES[name]) if name else None


def _statuses(of: Registered, vm: VirtualMachine, service: _Service) -> Iterator[str]:
    """What the host knows of a service in the guest: nothing of one that cannot be there."""
    services = vm.integration
    if vm.state is not PowerState.RUNNING:
        return
    asked = service is _BACKUP and services.backup_enabled
    if not services.installed:
        yield "NoContact"
        return
    yield _OF_BACKUP.get(services.backup_service, "Ok") if asked else "Ok"
    if services.version < of.oldest:
        yield "ProtocolMismatch"


def disk_drives(of: Registered) -> bytes:
    """`Get-VM | Get-VMHardDiskDrive | Export-Clixml`."""
    return clixml(_drive(of, vm, number) for vm in of.vms for number in range(len(vm.guest.volumes)))


def _drive(of: Registered, vm: VirtualMachine, number: int) -> Thing:
    path = f"{_folder(vm.host_volume)}\\{vm.guest.volumes[number].disk}"
    properties: dict[str, Property] = {
        "Path": path,
        "DiskNumber": None,
        "ControllerLocation": number % 2,
        "ControllerNumber": number // 2,
        "ControllerType": Choice(f"{_NAMESPACE}.ControllerType", "IDE", 0),
        "Name": "Hard Drive",
        "VMId": vm.id,
        "VMName": vm.name,
        "ComputerName": of.host,
    }
    types = (f"{_NAMESPACE}.HardDiskDrive", f"{_NAMESPACE}.Drive", f"{_NAMESPACE}.VMDevice", *_BASE)
    return Thing(types, f"HardDiskDrive (Name = 'Hard Drive', VMName = '{vm.name}')", properties)


def checkpoints(of: Registered) -> bytes:
    """`Get-VM | Get-VMSnapshot | Export-Clixml`; a checkpoint that is being merged is in no list any more."""
    return clixml(_checkpoint(of, vm, one) for vm in of.vms for one in vm.checkpoints if not one.merging)


def _checkpoint(of: Registered, vm: VirtualMachine, checkpoint: Checkpoint) -> Thing:
    name = f"{vm.name} - {_said('Backup', of.language)} - ({checkpoint.created:%Y/%m/%d - %H:%M:%S})"
    properties: dict[str, Property] = {
        "VMName": vm.name,
        "VMId": vm.id,
        "Id": checkpoint.id,
        "Name": name,
        "SnapshotType": Choice(f"{_NAMESPACE}.SnapshotType", "Recovery", 1),
        "CreationTime": checkpoint.created,
        "ParentSnapshotName": None,
        "ComputerName": of.host,
    }
    types = (f"{_NAMESPACE}.VMSnapshot", f"{_NAMESPACE}.VirtualMachineBase", *_BASE)
    return Thing(types, f"VMSnapshot (Name = '{name}', VMName = '{vm.name}')", properties)


class VolumeSetting(NamedTuple):
    """A volume as `Win32_Volume` describes it."""

    name: str
    """Its drive letter, as in `C:`; empty where it has none."""
    device: str
    """Its GUID path."""
    file_system: str
    size: int
    """Bytes."""
    free: int
    """Bytes."""
    label: str = ""


def volumes(machine: str, listed: Iterable[VolumeSetting]) -> bytes:
    """`Get-CimInstance Win32_Volume | Export-Clixml`."""
    return clixml(_volume(machine, one) for one in listed)


def _volume(machine: str, volume: VolumeSetting) -> Thing:
    name = f"{volume.name}\\" if volume.name else volume.device
    properties: dict[str, Property] = {
        "Caption": name,
        "Name": name,
        "SystemName": machine,
        "DeviceID": volume.device,
        "Capacity": volume.size,
        "DriveLetter": volume.name or None,
        "DriveType": 3,
        "FileSystem": volume.file_system,
        "FreeSpace": volume.free,
        "Label": volume.label or None,
    }
    namespace = "Microsoft.Management.Infrastructure.CimInstance"
    types = (f"{namespace}#root/cimv2/Win32_Volume", f"{namespace}#root/cimv2/CIM_StorageVolume")
    return Thing((*types, namespace, "System.Object"), "Win32_Volume", properties)


def _folder(volume: str) -> str:
    return f"{volume}\\Hyper-V"
