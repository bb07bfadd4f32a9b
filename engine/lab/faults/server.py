"""What is wrong with DPM's server: its scheduler, its database, its engine, other jobs, what it knows of hosts."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from engine.dpm.failures import JobFailedError
from engine.dpm.locks import locked
from engine.dpm.occurrences import DatabaseUnreachable, EngineCrashed, EngineMissed
from engine.dpm.repository import CATALOG
from engine.hresult import HResult
from engine.lab.faults.kinds import Injection, among, fault, setting, together
from engine.lab.faults.telling import Strike, telling
from engine.lab.site import LabSite
from engine.pipeline import Component, Stage
from engine.windows import ProgramCrashed, ServiceEnded


def _missed(details: str) -> Strike:
    async def strike() -> None:
        raise JobFailedError(104, HResult.E_FAIL, details)

    return strike


@fault(Component.DPM_SERVER)
def dpm_scheduler_broken(site: LabSite) -> Injection:
    """SQL Server Agent cannot run the program that starts DPM's jobs, so that none begins."""
    return among(site.schedule_faults, _missed("the step of the scheduled job failed"))


@fault(Component.DPM_SERVER)
def dpm_service_crash(site: LabSite) -> Injection:
    """The engine of DPM ends in an exception, and scheduled jobs cannot reach it."""
    happenings = (
        EngineCrashed("System.NullReferenceException"),
        ProgramCrashed("msdpm.exe", "KERNELBASE.dll", "e0434352"),
        ServiceEnded("DPM", "MSDPM"),
        EngineMissed(),
    )
    strike = telling(site.computer, Stage.SCHEDULE, *happenings, then=_missed("the engine cannot be reached"))
    return among(site.schedule_faults, strike)


@fault(Component.DPM_SERVER)
@contextmanager
def dpm_database_unreachable(site: LabSite) -> Iterator[None]:
    """Another program locks the catalog of recovery points, and no job can begin."""
    path = site.dpm.repository.folder / CATALOG
    catalog = sqlite3.connect(path, isolation_level=None)

    async def ask() -> None:
        """As the engine does, which would wait for half a minute of this machine's time."""
        catalog.execute("BEGIN IMMEDIATE")
        try:
            with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as engine:
                engine.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise JobFailedError(104, HResult.E_FAIL, f"the catalog cannot be used: {error}") from error
        finally:
            catalog.execute("ROLLBACK")

    told = telling(site.computer, Stage.SCHEDULE, DatabaseUnreachable(), then=ask)
    with closing(catalog), among(site.schedule_faults, told):
        yield


@fault(Component.DPM_SERVER)
@contextmanager
def dpm_job_conflict(site: LabSite) -> Iterator[None]:
    """Another operation of DPM holds all replicas, and jobs are refused."""
    repository = site.dpm.repository
    held = (locked(repository.places(replica).writer_lock, "a replica") for replica in repository.replicas())
    with together(*held):
        yield


@fault(Component.DPM_SERVER)
def dpm_unsupported_host(site: LabSite) -> Injection:
    """The hosts run a Windows that this DPM does not know: a class that it asks for is not there."""
    return together(
        *(setting(host.agent, refuses=HResult.WBEM_E_INVALID_CLASS, number=104) for host in site.hosts.values())
    )
