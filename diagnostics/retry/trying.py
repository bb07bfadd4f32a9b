"""The failed job in the lab, a remedy applied to it, the job once more from where it was, and what it left verified."""

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from diagnostics.knowledge.catalog import Catalog
from diagnostics.parsing import Progress, Unwatched
from diagnostics.retry.opening import FailedJob, NothingToRetryError
from diagnostics.retry.plan import Plan, Wish, choose, plan
from engine.dpm import Repository, verify
from engine.lab import JobRecord, Lab, Step, Watch
from engine.progress import Unwatched as UnwatchedBytes


class Cancelled(Exception):  # noqa: N818 - as the engine calls it: no error
    """Somebody had enough of it."""


class JobTried(msgspec.Struct, kw_only=True):
    """One attempt to back up one virtual machine."""

    vm: str
    host: str
    mode: str
    attempt: int
    outcome: str
    """`recovery-point` or `failed`."""
    stage: str | None
    error: str
    """DPM's ID and the code; empty where it succeeded."""
    bytes_sent: int


class Retried(msgspec.Struct, kw_only=True):
    """What came of it."""

    plan: Plan
    before: list[JobTried]
    """The last attempt of each machine before the remedy."""
    after: list[JobTried]
    points: list[int]
    """The recovery points that the retry made; all were read, and every block checked."""
    damage: list[str]
    recovered: bool
    """Whether every machine has a recovery point in which every byte checked out."""
    basis: list[str]
    caveat: str = ""
    """What was not shown: that the suspected cause was the cause, where the verdict on the logs is open."""


def retry(job: FailedJob, catalog: Catalog, wish: Wish, progress: Progress | None = None) -> Retried:
    """Run the job to where it failed, apply a remedy, run it again, and verify.

    Raises:
        UnknownRemedyError: there is no such remedy, or none for the cause.
        NothingToRetryError: the job does not fail in the lab.
        Cancelled: on request.
    """
    job = job.suspecting(wish.remedy)
    watcher, remedy = progress or Unwatched(), choose(job, catalog, wish)
    watcher.started(3)
    with (
        tempfile.TemporaryDirectory(prefix="shindan-lab-") as folder,
        Lab(job.scenario, Path(folder) / "lab", faults=job.faults) as lab,
    ):
        watch = _watch(watcher)
        failed = _to_failure(lab, watcher, watch)
        told = try_remedy(lab, plan(job, lab.faults, failed, catalog, remedy), watch, watcher)
    return msgspec.structs.replace(told, basis=list(job.basis), caveat=job.caveat)


def try_remedy(lab: Lab, planned: Plan, watch: Watch, progress: Progress | None = None) -> Retried:
    """Apply a planned remedy in a lab whose jobs failed, run these again, and verify what recovery points they make.

    What the watcher raises ends it, and is raised.
    """
    watcher = progress or Unwatched()
    before = _last(lab.jobs, planned.vms)
    there = {point.id for point in lab.repository.points()}
    _apply(lab, planned)
    watcher.reading("the job once more")
    again = lab.run_again(watch, planned.vms)
    watcher.advanced(1)
    points = sorted(point.id for point in lab.repository.points() if point.id not in there)
    damage = _verified(lab.repository, points, watcher)
    return Retried(
        plan=planned,
        before=before,
        after=_last(again.jobs, planned.vms),
        points=points,
        damage=damage,
        recovered=bool(points) and not damage and not again.failed and len(again.jobs) == len(planned.vms),
        basis=[],
    )


def _watch(watcher: Progress) -> Watch:
    def stop(_step: Step) -> None:
        if watcher.cancelled():
            raise Cancelled

    return stop


def _to_failure(lab: Lab, watcher: Progress, watch: Watch) -> Sequence[str]:
    """Run the night; the machines whose jobs failed, or never began."""
    watcher.reading("the job, to where it failed")
    night = lab.run(watch)
    began = {job.vm for job in night.jobs}
    failed = [*night.failed, *(vm for vm in lab.site.vms if vm not in began)]
    watcher.advanced(1)
    if not failed:
        raise NothingToRetryError("every job ended with a recovery point in the lab: nothing is to be tried again")
    return failed


def _apply(lab: Lab, planned: Plan) -> None:
    for fault in lab.faults:
        if str(fault) in planned.takes_away:
            lab.mend(fault)
    lab.back_up_offline(planned.offline)


def _verified(repository: Repository, points: Sequence[int], watcher: Progress) -> list[str]:
    """Read the new recovery points; what is damaged."""
    watcher.reading("the recovery points, block by block")
    damage = [str(one) for one in verify(repository, points, UnwatchedBytes())] if points else []
    watcher.advanced(1)
    return damage


def _last(jobs: Iterable[JobRecord], vms: Sequence[str]) -> list[JobTried]:
    last = {job.vm: job for job in jobs}
    return [_tried(last[vm]) for vm in vms if vm in last]


def _tried(job: JobRecord) -> JobTried:
    return JobTried(
        vm=job.vm,
        host=job.host,
        mode=job.mode,
        attempt=job.attempt,
        outcome="failed" if job.failed else "recovery-point",
        stage=job.stage,
        error=f"ID {job.number} ({job.hresult.name} 0x{job.hresult & 0xFFFFFFFF:08X})" if job.failed else "",
        bytes_sent=job.sent,
    )
