"""What administrators export of machines beside their logs: settings, volumes, listings, as they stand when asked.

The files are called as `shindan collect` calls them, without the machine's name, which their folder has.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from sys import maxsize

from engine.eventlog import inventory, vssadmin
from engine.eventlog.inventory import Registered, VolumeSetting
from engine.eventlog.settings import RESERVED, DiskSetting, device, diskpart
from engine.eventlog.systeminfo import System, Windows, systeminfo
from engine.eventlog.vssadmin import CopyListed, StorageSetting
from engine.hyperv.machine import PowerState
from engine.lab.computers import Computer, LabHost, LabVm
from engine.lab.site import LabSite

SERVER_WINDOWS = Windows("Microsoft Windows Server 2012 Standard", "6.2.9200", "")
HOST_WINDOWS = Windows("Microsoft Windows Server 2012 Datacenter", "6.2.9200", "")
"""The last one that brings guests to rest as the lab does: later hosts make checkpoints."""
GUEST_WINDOWS = Windows("Microsoft Windows Server 2008 R2 Enterprise", "6.1.7601", "Service Pack 1")


def write_exports(folder: Path, site: LabSite, languages: Mapping[str, str]) -> list[Path]:
    """Write the exports of the machines that have a language here, but for those that do not run. Raises OSError."""
    running = [vm for vm in site.vms.values() if vm.machine.state is PowerState.RUNNING]
    parts: list[LabHost | LabVm] = [*site.hosts.values(), *running]
    told: list[tuple[str, Iterable[tuple[str, str | bytes]]]] = [
        (site.computer.name, _of_server(site, languages.get(site.computer.name, "en")))
    ]
    told += [(one.name, _exports(one, languages.get(one.name, "en"))) for one in parts]
    return [
        _written(folder / machine, name, content)
        for machine, exports in told
        if machine in languages
        for name, content in exports
    ]


def _written(folder: Path, name: str, content: str | bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        (folder / name).write_bytes(content)
    else:
        (folder / name).write_text(content, encoding="utf-8-sig", newline="\r\n")
    return folder / name


def _of_server(site: LabSite, language: str) -> Iterator[tuple[str, str | bytes]]:
    system = System(site.computer.name, SERVER_WINDOWS, site.around.scenario.site.domain)
    yield "systeminfo.txt", systeminfo(system, language)


def _exports(machine: LabHost | LabVm, language: str) -> Iterator[tuple[str, str | bytes]]:
    yield from _of_host(machine, language) if isinstance(machine, LabHost) else _of_guest(machine, language)
    identities = [provider.identity for provider in machine.coordinator.providers]
    yield "vssadmin-providers.txt", vssadmin.list_providers(identities, language)
    yield "vssadmin-shadowstorage.txt", vssadmin.list_shadow_storage(_storages(machine), language)
    yield "vssadmin-shadows.txt", vssadmin.list_shadows(_copies(machine), language)


def _of_host(host: LabHost, language: str) -> Iterator[tuple[str, str | bytes]]:
    readable = tuple(vm for vm in host.machine.vms if vm.configuration_valid)
    listed = Registered(host.name, readable, host.machine.integration, host.machine.least_integration, language)
    yield "vm.xml", inventory.machines(listed)
    yield "integration.xml", inventory.integration_services(listed)
    yield "vhd.xml", inventory.disk_drives(listed)
    if any(not one.merging for vm in readable for one in vm.checkpoints):
        yield "checkpoints.xml", inventory.checkpoints(listed)
    volumes = [
        VolumeSetting(name, device(host.name, name), "NTFS", one.block.size, one.files.free())
        for name, one in host.machine.volumes.items()
    ]
    yield "volumes.xml", inventory.volumes(host.name, volumes)
    yield "systeminfo.txt", systeminfo(System(host.name, HOST_WINDOWS, host.around.scenario.site.domain), language)


def _of_guest(vm: LabVm, language: str) -> Iterator[tuple[str, str | bytes]]:
    volumes = vm.machine.guest.volumes
    settings = [
        VolumeSetting(one.name, device(vm.name, one.name), one.file_system, one.block.size, one.files.free())
        for one in volumes
    ]
    system = vm.machine.guest.system_partition
    settings.insert(0, VolumeSetting("", system.name, "NTFS", system.size, system.free, RESERVED))
    yield "volumes.xml", inventory.volumes(vm.name, settings)
    disks = [
        DiskSetting(one.name, one.block.size, one.file_system, one.dynamic, 0 if number else system.size)
        for number, one in enumerate(volumes)
    ]
    yield "diskpart.txt", diskpart(vm.name, disks)
    domain, memory = vm.around.scenario.site.domain, vm.machine.memory
    yield "systeminfo.txt", systeminfo(System(vm.name, GUEST_WINDOWS, domain, memory), language)


def _storages(machine: LabHost | LabVm) -> Iterator[StorageSetting]:
    """The associations that an administrator made (Previous Versions, a limit), or that copies need."""
    chosen = (
        {one.name: one.shadow_storage for one in machine.machine.guest.volumes} if isinstance(machine, LabVm) else {}
    )
    sizes = {name: block.size for name, block in machine.blocks.items()}
    for name, block in machine.blocks.items():
        limit = None if block.diff_area_limit == maxsize else block.diff_area_limit
        storage = chosen.get(name)
        if storage or limit is not None or block.shadow_copies:
            kept = storage or name
            devices = device(machine.name, name), device(machine.name, kept)
            size = sizes.get(kept, block.size)
            yield StorageSetting(name, devices[0], kept, devices[1], block.diff_area_used, limit, size)


def _copies(machine: Computer) -> Iterator[CopyListed]:
    """Those that somebody left behind."""
    for number, left in enumerate(machine.left_copies, 1):
        volume, provider = left.volume, machine.coordinator.providers[-1].identity.name
        yield CopyListed(left.set_id, left.id, volume, device(machine.name, volume), number, left.created, machine.name,
                         provider)  # fmt: skip
