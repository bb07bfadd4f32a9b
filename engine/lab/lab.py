"""The lab: a site that lives in a folder, and what is done with it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from engine.dpm import Repository
from engine.eventlog.logbook import Logbook
from engine.lab.background import IDLE, make_noise
from engine.lab.faults import Fault, FaultError, parse_fault
from engine.lab.logs import write_logs
from engine.lab.night import JobRecord, Schedule
from engine.lab.scenario import Scenario
from engine.lab.seeding import fill_disks, make_replicas
from engine.lab.site import LabSite
from engine.lab.surroundings import LEAD, Surroundings
from engine.lab.trace import Night, Recorder, Watch, unwatched


@dataclass
class _Injected:
    """A fault that is there."""

    fault: Fault
    undo: ExitStack
    failures: int = 0
    """Jobs that failed since."""


class Lab:
    """Its state outlives a run: replicas, disks, logs, and faults that were not mended. Close it, or use it in `with`.

    Same scenario, seed, faults and version: the same trace and the same logs, byte for byte.
    """

    def __init__(
        self, scenario: Scenario, folder: Path, *, seed: int | None = None, faults: Iterable[Fault] = ()
    ) -> None:
        """Build it in a folder that is empty or missing. `faults` come on top of the scenario's own.

        Raises FaultError, OSError.
        """
        self.scenario = scenario
        self.seed = scenario.seed if seed is None else seed
        self.logbook = Logbook()
        self.jobs: list[JobRecord] = []
        """Of all runs."""
        self._recorder = Recorder(self.logbook)
        machines = scenario.machines()
        placed = [one.placed(machines) for one in (*map(parse_fault, scenario.faults), *faults)]
        folder.mkdir(parents=True, exist_ok=True)
        self.site = LabSite(Surroundings(scenario, folder, self.seed, self._recorder))
        self._injected: list[_Injected] = []
        fill_disks(self.site)
        if scenario.job.replica == "present":
            make_replicas(self.site)
        for fault in placed:
            self.inject(fault)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Those that are there now."""
        return tuple(one.fault for one in self._injected)

    @property
    def repository(self) -> Repository:
        """Where the server keeps replicas and recovery points."""
        return self.site.dpm.repository

    def inject(self, fault: Fault) -> None:
        """Let something go wrong from now on. Raises FaultError."""
        fault = fault.placed(self.scenario.machines())
        undo = ExitStack()
        with undo:
            undo.enter_context(fault.kind.inject(self.site.part(fault.plate), **fault.parameters))
            self._injected.append(_Injected(fault, undo.pop_all()))

    def mend(self, fault: Fault | str, plate: str = "") -> None:
        """Take faults away again, all of this name where no plate is given. Raises FaultError where there is none."""
        name, plate = (fault, plate) if isinstance(fault, str) else (fault.kind.name, fault.plate)
        found = [it for it in self._injected if it.fault.kind.name == name and plate in ("", it.fault.plate)]
        if not found:
            raise FaultError(f"there is no fault {name}" + (f" on {plate}" if plate else ""))
        for one in found:
            self._take_away(one)

    def back_up_offline(self, vms: Iterable[str]) -> None:
        """From now on these machines are saved for their backup, as if `Backup (volume snapshot)` were unticked."""
        for name in vms:
            vm = self.site.vms[name]
            vm.machine.integration.backup_enabled, vm.may_be_saved = False, True

    def run(self, watch: Watch = unwatched) -> Night:
        """A night: a job for each machine, with the retries that DPM makes by itself.

        `watch` is told of each step, on this thread; it may block. What it raises ends the run in order, and is raised.
        """
        return self._night(watch, lambda schedule: schedule.night(list(self.site.vms.values())))

    def run_again(self, watch: Watch = unwatched, vms: Iterable[str] = ()) -> Night:
        """The jobs that failed last once more, or those of these machines; what was transferred is not sent again."""
        names = set(vms) or set(Night(tuple(self.jobs), ()).failed)
        chosen = [vm for vm in self.site.vms.values() if vm.name in names]
        attempt = max((job.attempt for job in self.jobs if job.vm in names), default=0) + 1
        return self._night(watch, lambda schedule: schedule.round(chosen, attempt))

    def write_logs(self, folder: Path) -> list[Path]:
        """Write what the machines would export; returns the files. Raises EventLogError, OSError."""
        return write_logs(folder, self.site, self.logbook, self.jobs)

    def close(self) -> None:
        """Release the files; faults go first, for some of them are undone on these."""
        for one in reversed(self._injected):
            one.undo.close()
        self.site.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _night(self, watch: Watch, jobs: Callable[[Schedule], Awaitable[list[JobRecord]]]) -> Night:
        recorder, schedule = self._recorder, Schedule(self.site, self._recorder.failed_at, self._failed)
        recorder.watch, recorder.error = watch, None
        before = len(recorder.steps)

        async def main() -> list[JobRecord]:
            task = asyncio.current_task()
            if task is not None:
                recorder.stop = task.cancel
            async with self.site.busy(self.site.vms.values()):
                await asyncio.sleep(LEAD)
            noises = [asyncio.create_task(make_noise(self.site, noise)) for noise in self.scenario.noise]
            try:
                return await jobs(schedule)
            finally:
                await asyncio.gather(*noises)
                await asyncio.sleep(IDLE + 1)

        try:
            done = self.site.around.clock.run(main())
        except asyncio.CancelledError:
            if recorder.error is None:
                raise
        if recorder.error is not None:
            raise recorder.error
        self.jobs += done
        return Night(tuple(sorted(done, key=lambda job: (job.started, job.vm))), tuple(recorder.steps[before:]))

    def _failed(self, _record: JobRecord) -> None:
        """A job failed: faults that pass come closer to their end."""
        for one in list(self._injected):
            one.failures += 1
            if one.fault.passes and one.failures >= one.fault.passes:
                self._take_away(one)

    def _take_away(self, one: _Injected) -> None:
        self._injected.remove(one)
        one.undo.close()
