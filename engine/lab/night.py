"""A night: the server's schedule runs a job for each virtual machine, and once more for those that failed retryably."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from engine.dpm.errors import RepositoryError
from engine.dpm.failures import JobFailedError, failure_kinds
from engine.dpm.occurrences import AgentCalled, JobBegan, JobEnded, ScheduleMissed
from engine.hresult import HResult
from engine.hyperv.backup import HostBackup, host_backup
from engine.lab.computers import LabHost, LabVm
from engine.lab.failures import job_failure
from engine.lab.network import LinkBrokenError, call_agent
from engine.lab.site import LabSite
from engine.lab.transfer import JobTag, Transfer
from engine.pipeline import Mode, Stage
from engine.volume import VolumeError
from engine.vss.errors import VssError

_STAGGER = 5.0
"""Seconds between two jobs of a host."""

current_vm: ContextVar[str] = ContextVar("current_vm", default="")
"""The virtual machine whose job is under way, for whoever watches."""


@dataclass(frozen=True)
class JobRecord:
    """One attempt to back up one virtual machine."""

    id: UUID
    vm: str
    host: str
    group: str
    mode: Mode
    attempt: int
    started: datetime
    """UTC."""
    ended: datetime
    sent: int
    """Bytes that went over the wire."""
    recovery_point: bool
    stage: Stage | None = None
    """Where it failed, as far as the engine knows it."""
    number: int = 0
    """DPM's error ID; 0 where it succeeded."""
    hresult: HResult = HResult.S_OK
    reason: str = ""

    @property
    def failed(self) -> bool:
        return self.number != 0

    @property
    def retryable(self) -> bool:
        """Whether DPM runs it once more by itself."""
        return self.failed and failure_kinds()[self.number].retryable


class Schedule:
    """Runs jobs, and has the stage that each of them reached from who watches."""

    def __init__(
        self,
        site: LabSite,
        stage_of: Callable[[str], Stage | None],
        attempt_failed: Callable[[JobRecord], None],
    ) -> None:
        """`stage_of` a machine's job is where it failed; `attempt_failed` hears of each that did."""
        self._site = site
        self._stage_of = stage_of
        self._attempt_failed = attempt_failed

    async def night(self, vms: Sequence[LabVm]) -> list[JobRecord]:
        """All jobs, host by host at once, and the retries an hour later."""
        done: list[JobRecord] = []
        job = self._site.around.scenario.job
        left = list(vms)
        for attempt in range(1, job.retries + 2):
            records = await self.round(left, attempt)
            done += records
            again = {record.vm for record in records if record.retryable}
            left = [vm for vm in left if vm.name in again]
            if not left:
                break
            if attempt <= job.retries:
                await asyncio.sleep(job.retry_after)
        return done

    async def round(self, vms: Iterable[LabVm], attempt: int) -> list[JobRecord]:
        """One job for each of these machines; hosts work at once, machines of a host in turn."""
        by_host: dict[str, list[LabVm]] = {}
        for vm in vms:
            by_host.setdefault(vm.host.name, []).append(vm)
        rounds = [self._of_host(those, attempt) for those in by_host.values()]
        return [record for records in await asyncio.gather(*rounds) for record in records]

    async def _of_host(self, vms: Sequence[LabVm], attempt: int) -> list[JobRecord]:
        records = []
        for vm in vms:
            current_vm.set(vm.name)
            record = await self._attempt(vm, attempt)
            if record is not None:
                records.append(record)
                if record.failed:
                    self._attempt_failed(record)
            await asyncio.sleep(_STAGGER)
        return records

    async def _attempt(self, vm: LabVm, attempt: int) -> JobRecord | None:
        """One job; None where its schedule did not begin it."""
        site, machine = self._site, self._site.dpm.machine
        id_, group, host = site.around.new_id(), site.around.scenario.job.group, vm.host
        job = (id_, vm.name, host.name, group)
        for fault in site.schedule_faults:
            try:
                await fault()
            except JobFailedError as error:
                machine.announce(Stage.SCHEDULE, ScheduleMissed(*job, error.details), error.hresult)
                return None
        started = site.around.clock.now()
        machine.announce(Stage.SCHEDULE, JobBegan(*job, attempt))
        work = _Work(site, vm, job)
        failure: JobFailedError | None = None
        try:
            async with site.busy([vm]):
                await work.run()
        except (JobFailedError, VssError, VolumeError, LinkBrokenError, RepositoryError, OSError) as error:
            failure = job_failure(error)
        stage = (failure.stage or self._stage_of(vm.name) or Stage.GATHER_WRITERS) if failure else None
        record = JobRecord(
            *(id_, vm.name, host.name, group, work.mode, attempt, started, site.around.clock.now()),
            sent=work.transferred,
            recovery_point=failure is None,
            stage=stage,
            number=failure.number if failure else 0,
            hresult=failure.hresult if failure else HResult.S_OK,
            reason=failure.details if failure else "",
        )
        self._tell(record, job)
        return record

    def _tell(self, record: JobRecord, job: JobTag) -> None:
        machine = self._site.dpm.machine
        text = ""
        if record.failed:
            names = {"vm": record.vm, "host": record.host, "server": machine.name}
            text = failure_kinds()[record.number].text.strip().format(**names)
        ended = JobEnded(
            *(*job, record.mode, record.started, record.sent, record.number, text, record.reason, record.attempt),
        )
        machine.announce(record.stage or Stage.RELEASE_SNAPSHOT, ended, record.hresult)


class _Work:
    """What one job does, and how far it came."""

    def __init__(self, site: LabSite, vm: LabVm, job: JobTag) -> None:
        self.mode = Mode.UNKNOWN
        self._site = site
        self._vm = vm
        self._job = job
        self._transfer: Transfer | None = None

    @property
    def transferred(self) -> int:
        """Bytes that went over the wire."""
        return self._transfer.sent if self._transfer else 0

    async def run(self) -> None:
        """The job. Raises JobFailedError, and what `host_backup` raises."""
        host = self._vm.host
        await asyncio.sleep(self._site.around.random(f"{self._job[0]}").uniform(1.0, 4.0))
        self.mode = self._vm.machine.eligibility().mode
        await self._contact(host)
        allowed = self._vm.may_be_saved
        for strike in host.agent.claims:
            await strike()
        async with host_backup(host.machine, [self._vm.name], offline_allowed=allowed) as backup:
            self.mode = backup.modes[self._vm.name]
            await self._move(backup)

    async def _contact(self, host: LabHost) -> None:
        machine = self._site.dpm.machine
        try:
            await call_agent(self._site.directory, host.link, host.agent)
        except JobFailedError as error:
            called = AgentCalled(*self._job, error.number, error.details)
            machine.announce(Stage.CONTACT_AGENT, called, error.hresult)
            raise JobFailedError(error.number, error.hresult, error.details, Stage.CONTACT_AGENT) from error
        machine.announce(Stage.CONTACT_AGENT, AgentCalled(*self._job))

    async def _move(self, backup: HostBackup) -> None:
        self._transfer = Transfer(self._site.dpm, self._vm, self._job, self.mode)
        try:
            for file in backup.files[self._vm.name]:
                await self._transfer.run(file)
        finally:
            self._vm.host.link.carried = 0
