"""One call of a backup job to its files fails, by number; a diagnosis says from the logs alone whose fault it was."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from diagnostics.diagnosis import Knowledge, diagnose
from diagnostics.request import Request
from engine.lab import Lab, Scenario, Step
from engine.lab.disks import Access, of_points, of_replicas
from engine.lab.scenario import Host, Job, VirtualMachine
from engine.pipeline import TRANSFER_STAGES, Component, Stage
from engine.windows import BadBlock, Device

VM = "SQL01"
_MOVING = set(TRANSFER_STAGES)
"""What is told from the first read to the recovery point; once that is told, nothing that fails spoils it."""
EXPECTED = {
    "source": {Component.DISK_IO, Component.TRANSFER},
    "replica": {Component.DPM_STORAGE, Component.DISK_IO},
    "point": {Component.DPM_STORAGE, Component.DISK_IO},
    "pool": {Component.DPM_STORAGE, Component.DISK_IO},
}
"""Which components may be named, by whose file it was; the plate has to be the host's, or the site's."""


class Call(NamedTuple):
    """A call of a job's transfer to a file."""

    number: int
    """From 0, in the order of calls."""
    place: str
    writes: bool


class Attribution(NamedTuple):
    """What came of a call that failed."""

    call: Call
    error: int
    """An error number of the operating system."""
    failed: bool
    """Whether the job failed."""
    named: str
    """The first candidate: instance and cause."""
    right: bool


def scenario() -> Scenario:
    """Two hosts, with two machines each; failed jobs are not run again."""
    hosts = (("HV01", (VM, "WEB01")), ("HV02", ("APP01", "FILE01")))
    declared = tuple(
        Host(name=host, virtual_machines=tuple(VirtualMachine(name=vm) for vm in vms)) for host, vms in hosts
    )
    return Scenario(title="one call fails", hosts=declared, job=Job(retries=0))


class _Counter:
    """Counts the calls of one machine's transfer, and lets one of them fail."""

    def __init__(self, lab: Lab, wanted: int | None, error: int) -> None:
        self.calls: list[Call] = []
        self._moving = False
        self._pool = lab.site.dpm.repository.folder
        self._images = {volume.block.path for volume in lab.site.hosts["HV01"].machine.volumes.values()}
        self._lab = lab
        self._wanted = wanted
        self._error = error

    def watch(self, step: Step) -> None:
        if step.vm == VM:
            self._moving = step.stage in _MOVING

    def look(self, access: Access) -> None:
        place = self._place(access)
        if not self._moving or not place:
            return
        call = Call(len(self.calls), place, access.writes)
        self.calls.append(call)
        if call.number == self._wanted:
            if self._error == errno.EIO:  # whose disk it is notices
                owner = self._lab.site.hosts["HV01"].computer if place == "source" else self._lab.site.computer
                owner.announce(Stage.READ_SOURCE, BadBlock(Device(1)))
            raise OSError(self._error, os.strerror(self._error), str(access.path))

    def _place(self, access: Access) -> str:
        if access.path in self._images:
            return "" if access.writes else "source"
        if not access.path.is_relative_to(self._pool):
            return ""
        return "replica" if of_replicas(access.path) else "point" if of_points(access.path) else "pool"


def calls_of_a_job(folder: Path) -> list[Call]:
    """All calls of a transfer in which none fails."""
    with Lab(scenario(), folder) as lab:
        counter = _Counter(lab, None, 0)
        lab.site.around.files.rules.append(counter.look)
        assert not lab.run(counter.watch).failed
        return counter.calls


def errors_of(call: Call) -> Iterator[int]:
    """How a call can fail: nothing runs full by reading."""
    yield errno.EIO
    if call.writes:
        yield errno.ENOSPC


def attribution(folder: Path, call: Call, error: int, knowledge: Knowledge) -> Attribution:
    """Run a night in which this call fails, and diagnose its logs."""
    with Lab(scenario(), folder / "lab") as lab:
        counter = _Counter(lab, call.number, error)
        lab.site.around.files.rules.append(counter.look)
        failed = VM in lab.run(counter.watch).failed
        lab.write_logs(folder / "logs")
    verdict = diagnose(Request(paths=(str(folder / "logs"),)), knowledge=knowledge).verdict
    if not verdict.candidates:
        return Attribution(call, error, failed, verdict.verdict, right=False)
    first = verdict.candidates[0]
    plate = first.instance.partition("/")[0]
    right = first.component in EXPECTED[call.place] and plate == ("host:HV01" if call.place == "source" else "site")
    return Attribution(call, error, failed, f"{first.instance}, {first.cause}", right)
