"""What the machines of a lab would export."""

from collections.abc import Iterable
from pathlib import Path

from engine.dpm.failures import failure_kinds
from engine.eventlog.job import Failure, JobReport
from engine.eventlog.logbook import Logbook, write_jobs
from engine.eventlog.messages import meanings
from engine.lab.exports import write_exports
from engine.lab.night import JobRecord
from engine.lab.scenario import Scenario
from engine.lab.site import LabSite

_OF_VSS = (30111, 30112)
"""Error IDs whose details say that VSS told them."""


def write_logs(folder: Path, site: LabSite, logbook: Logbook, jobs: Iterable[JobRecord]) -> list[Path]:
    """Write `<machine>/*.evtx`, `*.errlog`, exports and listings, and the server's `job.txt`.

    Raises EventLogError, OSError.
    """
    scenario = site.around.scenario
    spoken = {host.name: host.language for host in scenario.hosts}
    spoken |= {vm.name: vm.language for host in scenario.hosts for vm in host.virtual_machines}
    names = scenario.collected or (scenario.site.server, *spoken)
    machines = {name: spoken.get(name) or scenario.language for name in names}
    written = logbook.write(folder, machines=machines)
    reports = [_report(job, scenario) for job in sorted(jobs, key=lambda job: (job.started, job.vm))]
    if reports and scenario.site.server in machines:
        written.append(write_jobs(folder, scenario.site.server, reports))
    return written + write_exports(folder, site, machines)


def _report(job: JobRecord, scenario: Scenario) -> JobReport:
    """A job as the console shows it."""
    failure = None
    if job.failed:
        names = {"vm": job.vm, "host": job.host, "server": scenario.site.server}
        text = failure_kinds()[job.number].text.strip().format(**names)
        meaning = meanings().get(job.hresult.name, "")
        failure = Failure(job.number, text, f"VssError:{meaning}" if job.number in _OF_VSS else meaning, job.hresult)
    host = f"{job.host}.{scenario.site.domain}"
    return JobReport(job.vm, job.mode, host, job.group, job.started, job.ended, job.sent, failure)
