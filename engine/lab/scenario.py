"""A scenario: what a lab consists of, the job, what goes wrong in it, and the seed. Sizes are MiB, times seconds."""

from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec

from engine.hyperv.applications import SQL_WRITER
from engine.pipeline import Scope

Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,14}$")]
"""Of a computer, as NetBIOS allows it."""
Drive = Annotated[str, msgspec.Meta(pattern="^[A-Z]:$")]
Size = Annotated[int, msgspec.Meta(ge=1, le=1 << 22)]
"""MiB."""
Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e6)]
Language = Literal["en", "ja", "de"]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of a scenario."""


class GuestVolume(_Part, frozen=True, kw_only=True):
    """A volume of a guest, which fills one virtual disk."""

    name: Drive = "C:"
    size: Size = 1024
    file_system: str = "NTFS"
    dynamic: bool = False
    """Whether its disk is a dynamic one."""
    shadow_storage: Drive | None = None
    """Where Previous Versions keep their copies; off without it."""


class Workload(_Part, frozen=True, kw_only=True):
    """What a guest's database does all the time."""

    pause: Seconds = 2.0
    """At most so long between two transactions."""
    note: Annotated[int, msgspec.Meta(ge=1, le=1 << 20)] = 600
    """Bytes that each of them writes."""


class VirtualMachine(_Part, frozen=True, kw_only=True):
    """A virtual machine with its guest."""

    name: Name
    volumes: tuple[GuestVolume, ...] = (GuestVolume(),)
    writers: tuple[str, ...] = (SQL_WRITER, "Registry Writer", "System Writer")
    host_volume: Drive = "D:"
    checkpoint_volume: Drive | None = None
    """Where checkpoint files go; beside the disks without it."""
    memory: Size = 64
    state: Literal["running", "off"] = "running"
    backup_integration: bool = True
    """The check mark `Backup (volume snapshot)`; without it the backup is offline, on purpose."""
    diff_area: Size | None = None
    """The most that shadow copies in the guest may take."""
    workload: Workload = Workload()
    language: Language | None = None


class HostVolume(_Part, frozen=True, kw_only=True):
    """A volume of a host."""

    name: Drive = "D:"
    size: Size | None = None
    """Large enough for what lies on it without it."""


class Host(_Part, frozen=True, kw_only=True):
    """A Hyper-V host."""

    name: Name
    volumes: tuple[HostVolume, ...] = (HostVolume(),)
    diff_area: Size | None = None
    """The most that shadow copies of each of them may take."""
    virtual_machines: tuple[VirtualMachine, ...]
    language: Language | None = None


class Site(_Part, frozen=True, kw_only=True):
    """What all hosts share."""

    server: Name = "DPM01"
    domain: str = "contoso.com"
    network: Annotated[float, msgspec.Meta(gt=0)] = 100.0
    """MiB that go over the wire in a second."""


class Job(_Part, frozen=True, kw_only=True):
    """The protection group: how all virtual machines are backed up."""

    group: str = "PG-HyperV"
    replica: Literal["present", "missing"] = "present"
    """Whether an earlier night has made the replicas; without them the job makes them."""
    offline_allowed: bool = True
    retries: Annotated[int, msgspec.Meta(ge=0, le=5)] = 1
    retry_after: Seconds = 3600.0


class Noise(_Part, frozen=True, kw_only=True):
    """Something harmless that a machine logs again and again."""

    plate: str
    """Where, as of a fault."""
    what: Literal["callback-denied", "disk-retried"] = "callback-denied"
    times: Annotated[int, msgspec.Meta(ge=1, le=100_000)]
    seconds: Annotated[float, msgspec.Meta(gt=0)] = 60.0
    """From the first to the last, about; it begins with the jobs."""


class Scenario(_Part, frozen=True, kw_only=True):
    """A lab, a job, its faults, a seed."""

    title: str
    seed: int = 1
    start: datetime = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
    """When the jobs begin, in UTC."""
    language: Language = "en"
    """Of the machines that have no other."""
    site: Site = Site()
    hosts: Annotated[tuple[Host, ...], msgspec.Meta(min_length=1)]
    job: Job = Job()
    faults: tuple[str, ...] = ()
    """As in `--fault`: `NAME[@PLATE][:KEY=VALUE]...`."""
    noise: tuple[Noise, ...] = ()
    collected: tuple[Name, ...] = ()
    """The machines whose logs are exported; of all of them, where none is named."""

    def machines(self) -> list[str]:
        """The plates that a fault may sit on, as `host:HV01` and `vm:SQL01`, beside the site."""
        plates = [f"{Scope.HOST}:{host.name}" for host in self.hosts]
        return plates + [f"{Scope.VM}:{vm.name}" for host in self.hosts for vm in host.virtual_machines]
