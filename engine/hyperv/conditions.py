"""May a virtual machine be backed up online? The conditions that the Hyper-V writer checks, by letter.

A to F are the article's (DPM 2007 SP1 and Hyper-V, reference information at its end); G came later (*Backing Up and
Restoring Virtual Machines*, HyperV_v2: the snapshot file location must be the volume of the machine's disks). The
writer takes the online way whenever all of them are met, and the offline way otherwise.

Facts have three values: true, false, and None for not known. Nothing is guessed: a condition that some unknown fact
could still break is unknown, and learning a fact never changes a condition that is decided.
"""

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from engine.pipeline import Mode
from engine.sentence import Sentence

LEAST_SIZE = 1 << 30
"""Bytes that an NTFS volume must have (the article's 1 GB)."""
LEAST_FREE = 300 << 20
"""Bytes that must be free on it (the article's 300 MB)."""


class Letter(StrEnum):
    """The conditions, as the article letters them; G is the later one."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"
    G = "G"


CONDITIONS = {
    Letter.A: "The integration services are installed, and their backup service is enabled and answers.",
    Letter.B: "The virtual machine has no dynamic disk.",
    Letter.C: "All volumes of the virtual machine are formatted with NTFS.",
    Letter.D: "Every NTFS volume has at least 1 GB, and at least 300 MB of it free.",
    Letter.E: "Previous Versions (shadow copies) are off in the guest, or stored on the volume that they are of.",
    Letter.F: "The virtual machine is running.",
    Letter.G: "The checkpoint files lie on the volume of the virtual machine's disks.",
}
"""What each letter asks for."""


class Disk(NamedTuple):
    """A disk as the guest sees it."""

    name: str
    dynamic: bool | None = None


class Volume(NamedTuple):
    """A volume of the guest."""

    name: str
    file_system: str | None = None
    """As Windows calls it (`NTFS`); None where it is not known."""
    size: int | None = None
    """Bytes."""
    free: int | None = None
    """Bytes."""
    reserved: bool | None = False
    """Whether Windows made it for itself (EFI system partition, recovery): no data is there, and no shadow copy."""


class ShadowStorage(NamedTuple):
    """Where the shadow copies of a guest's volume are kept."""

    volume: str
    storage: str
    same: bool | None = None
    """Whether both are one volume."""


class VirtualDisk(NamedTuple):
    """A disk of the virtual machine, as a file on its host."""

    path: str
    beside_checkpoints: bool | None = None
    """Whether it lies on the volume that checkpoint files are written to."""


class Facts(NamedTuple):
    """What is known of a virtual machine. Of the lists, the flag beside each says whether nothing is missing in it."""

    integration_installed: bool | None = None
    backup_service_enabled: bool | None = None
    backup_service_answers: bool | None = None
    disks: tuple[Disk, ...] = ()
    all_disks: bool = False
    volumes: tuple[Volume, ...] = ()
    all_volumes: bool = False
    shadow_storages: tuple[ShadowStorage, ...] = ()
    """None at all, and complete: Previous Versions are off."""
    all_shadow_storages: bool = False
    running: bool | None = None
    virtual_disks: tuple[VirtualDisk, ...] = ()
    all_virtual_disks: bool = False


class Outcome(StrEnum):
    """How a condition stands."""

    MET = "met"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Reason(NamedTuple):
    """One fact that decides about a condition."""

    fact: str
    """The field of `Facts`."""
    item: str
    """The disk or volume that it is about, empty where it is about the machine."""
    holds: bool | None
    """True: it does not stand in the way; False: it breaks the condition; None: it is not known."""
    text: str


class Finding(NamedTuple):
    """How one condition stands, and why."""

    letter: Letter
    outcome: Outcome
    reasons: tuple[Reason, ...]
    """What decides: all that breaks it, else all that is not known, else everything that was checked."""


class Eligibility(NamedTuple):
    """The answer for one virtual machine."""

    findings: tuple[Finding, ...]
    """One per letter, in order."""
    mode: Mode
    """Online where all are met, offline where one fails, else unknown."""


def eligibility(facts: Facts) -> Eligibility:
    """Decide every condition, and with them the mode of the backup."""
    findings = tuple(_finding(letter, check(facts)) for letter, check in _CHECKS.items())
    return Eligibility(findings, _mode(finding.outcome for finding in findings))


def _finding(letter: Letter, reasons: Iterable[Reason]) -> Finding:
    checked = tuple(reasons)
    for holds, outcome in ((False, Outcome.FAILED), (None, Outcome.UNKNOWN)):
        deciding = tuple(reason for reason in checked if reason.holds is holds)
        if deciding:
            return Finding(letter, outcome, deciding)
    return Finding(letter, Outcome.MET, checked)


def _mode(outcomes: Iterable[Outcome]) -> Mode:
    found = set(outcomes)
    if Outcome.FAILED in found:
        return Mode.OFFLINE
    return Mode.UNKNOWN if Outcome.UNKNOWN in found else Mode.ONLINE


# --- three-valued logic ----------------------------------------------------------------------------------------------


def _both(one: bool | None, other: bool | None) -> bool | None:  # noqa: FBT001 - truth values are the operands
    if one is False or other is False:
        return False
    return None if one is None or other is None else True


def _either(one: bool | None, other: bool | None) -> bool | None:  # noqa: FBT001 - as above
    if one or other:
        return True
    return None if one is None or other is None else False


def _not(one: bool | None) -> bool | None:  # noqa: FBT001 - as above
    return None if one is None else not one


def _at_least(number: int | None, least: int) -> bool | None:
    return None if number is None else number >= least


# --- the conditions --------------------------------------------------------------------------------------------------


def _told(holds: bool | None, yes: str, no: str, unknown: str) -> str:  # noqa: FBT001 - as above
    return unknown if holds is None else yes if holds else no


def _of(template: str, name: str) -> Sentence:
    """A template about one disk or volume, with its name."""
    return Sentence(template, name=name)


def _integration(facts: Facts) -> Iterator[Reason]:
    for field, holds, what in (
        ("integration_installed", facts.integration_installed, _INSTALLED),
        ("backup_service_enabled", facts.backup_service_enabled, _ENABLED),
        ("backup_service_answers", facts.backup_service_answers, _ANSWERING),
    ):
        yield Reason(field, "", holds, _told(holds, *what))


_INSTALLED = (
    Sentence("the integration services are installed"),
    Sentence("the integration services are not installed"),
    Sentence("not known whether the integration services are installed"),
)
_ENABLED = (
    Sentence("the backup service is enabled"),
    Sentence("the backup service is switched off"),
    Sentence("not known whether the backup service is enabled"),
)
_ANSWERING = (
    Sentence("the backup service answers"),
    Sentence("the backup service does not answer"),
    Sentence("not known whether the backup service answers"),
)


def _listed(field: str, what: Sentence, complete: bool, reasons: list[Reason]) -> Iterator[Reason]:  # noqa: FBT001 - as above
    """The reasons of a list's items, and that the list may not be complete."""
    yield from reasons
    if not complete:
        text = Sentence("not known whether there are more {what}" if reasons else "nothing tells its {what}", what=what)
        yield Reason(field, "", None, text)
    elif not reasons:
        yield Reason(field, "", holds=True, text=Sentence("it has no {what}", what=what))


def _disks(facts: Facts) -> Iterator[Reason]:
    reasons = [
        Reason("disks", disk.name, _not(disk.dynamic), _of(_told(disk.dynamic, *_DYNAMIC), disk.name))
        for disk in facts.disks
    ]
    yield from _listed("disks", Sentence("disks"), facts.all_disks, reasons)


_DYNAMIC = (Sentence("{name} is dynamic"), Sentence("{name} is basic"), Sentence("{name} may be basic or dynamic"))
_RESERVED = Sentence("{name} is a partition that Windows keeps for itself")


def _file_systems(facts: Facts) -> Iterator[Reason]:
    reasons = [_file_system(volume) for volume in facts.volumes]
    yield from _listed("volumes", Sentence("volumes"), facts.all_volumes, reasons)


def _file_system(volume: Volume) -> Reason:
    ntfs = _is_ntfs(volume)
    holds = _either(volume.reserved, ntfs)
    if volume.reserved:
        text = _of(_RESERVED, volume.name)
    elif ntfs is None:
        text = Sentence("{name} has a file system that is not known", name=volume.name)
    elif volume.file_system:
        text = Sentence("{name} is formatted with {system}", name=volume.name, system=volume.file_system)
    else:
        text = Sentence("{name} is not formatted", name=volume.name)
    return Reason("volumes", volume.name, holds, text)


def _is_ntfs(volume: Volume) -> bool | None:
    return None if volume.file_system is None else volume.file_system.upper() == "NTFS"


def _sizes(facts: Facts) -> Iterator[Reason]:
    reasons = [_size(volume) for volume in facts.volumes]
    yield from _listed("volumes", Sentence("volumes"), facts.all_volumes, reasons)


def _size(volume: Volume) -> Reason:
    """Asked of NTFS volumes only: any other breaks condition C."""
    roomy = _both(_at_least(volume.size, LEAST_SIZE), _at_least(volume.free, LEAST_FREE))
    exempt = _either(volume.reserved, _not(_is_ntfs(volume)))
    if volume.reserved:
        text = _of(_RESERVED, volume.name)
    elif exempt:
        system = volume.file_system or Sentence("unformatted")
        text = Sentence("{name} is not asked: it is not NTFS but {system}", name=volume.name, system=system)
    else:
        size, free = _amount(volume.size), _amount(volume.free)
        text = Sentence("{name} has {size}, {free} free", name=volume.name, size=size, free=free)
    return Reason("volumes", volume.name, _either(exempt, roomy), text)


def _amount(number: int | None) -> str:
    """Bytes as people read them, never rounded up to a limit that they miss."""
    if number is None:
        return Sentence("an unknown amount")
    if number >= LEAST_SIZE:
        return f"{number // (LEAST_SIZE // 10) / 10:g} GB"
    return f"{number // (1 << 20)} MB"


def _shadow_storages(facts: Facts) -> Iterator[Reason]:
    reasons = [
        Reason(
            "shadow_storages",
            kept.volume,
            kept.same,
            Sentence("shadow copies of {volume} are kept on {storage}", volume=kept.volume, storage=kept.storage),
        )
        for kept in facts.shadow_storages
    ]
    yield from _listed("shadow_storages", Sentence("shadow copy storage"), facts.all_shadow_storages, reasons)


def _running(facts: Facts) -> Iterator[Reason]:
    yield Reason("running", "", facts.running, _told(facts.running, *_RUNNING))


_RUNNING = (Sentence("it is running"), Sentence("it is not running"), Sentence("not known whether it is running"))


def _checkpoint_volume(facts: Facts) -> Iterator[Reason]:
    reasons = [
        Reason("virtual_disks", disk.path, disk.beside_checkpoints, _beside(disk)) for disk in facts.virtual_disks
    ]
    yield from _listed("virtual_disks", Sentence("virtual disks"), facts.all_virtual_disks, reasons)


_BESIDE = (
    Sentence("{name} lies on the volume of the checkpoint files"),
    Sentence("{name} lies on another volume than the checkpoint files"),
    Sentence("{name} may lie on another volume than the checkpoint files"),
)


def _beside(disk: VirtualDisk) -> Sentence:
    return _of(_told(disk.beside_checkpoints, *_BESIDE), disk.path)


_CHECKS: dict[Letter, Callable[[Facts], Iterator[Reason]]] = {
    Letter.A: _integration,
    Letter.B: _disks,
    Letter.C: _file_systems,
    Letter.D: _sizes,
    Letter.E: _shadow_storages,
    Letter.F: _running,
    Letter.G: _checkpoint_volume,
}
