"""What is seen of a night while it runs: jobs by stage, blocks by fate, bytes over the wire, recovery points."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from diagnostics.report.strip import ABSENT, FAILED, PASSED, UNREACHED
from diagnostics.verdict import JobReport
from engine.dpm.occurrences import Fate
from engine.lab import Outcome, Step
from engine.pipeline import STAGES, Mode, Scope, Stage

_MOST_RATES = 240
_RANKS = (None, Fate.UNCHANGED, Fate.SENT, Fate.CHANGED)
"""Of a few blocks, that which counts most is told."""
RUNNING = "running"
"""How a job fares in the stage where it is."""


@dataclass
class JobSeen:
    """A machine's job, as far as it has come."""

    vm: str
    host: str
    attempt: int = 0
    seen: set[Stage] = field(default_factory=set)
    furthest: Stage | None = None
    failed: Stage | None = None
    sent: int = 0
    points: int = 0
    """Recovery points that it has made."""
    ended: bool = False

    @property
    def outcome(self) -> str:
        """As a verdict would say it; empty before it begins and while it runs."""
        return "" if not self.ended else "failed" if self.failed else "succeeded"

    def cells(self) -> tuple[str, ...]:
        """How it fares in each stage: the words of `diagnostics.report.strip`, and RUNNING."""
        if self.furthest is None:
            return (UNREACHED,) * len(STAGES)
        last = STAGES.index(self.failed or self.furthest)
        return tuple(self._cell(stage, at, last) for at, stage in enumerate(STAGES))

    def _cell(self, stage: Stage, at: int, last: int) -> str:
        if at > last:
            return UNREACHED
        if stage is self.failed:
            return FAILED
        if at == last and not self.ended:
            return RUNNING
        return PASSED if stage in self.seen else ABSENT

    def report(self) -> JobReport:
        """As the picture of the pipeline wants it."""
        stages = [self.failed.value, self.failed.value] if self.failed else []
        return JobReport(
            id=f"{self.vm}@{self.attempt}",
            vm=self.vm,
            host=self.host,
            mode=Mode.UNKNOWN,
            outcome=self.outcome or "unknown",
            stages=stages,
            started=None,
            ended=None,
            bytes_sent=self.sent,
        )


class DiskSeen:
    """What became of a disk's blocks, as far as that is known."""

    def __init__(self) -> None:
        self._ranks = bytearray()
        """Of each block, its place among the ranks."""

    @property
    def blocks(self) -> int:
        """How many there are."""
        return len(self._ranks)

    @property
    def counts(self) -> dict[Fate | None, int]:
        """How many fared how; None: not compared yet."""
        return {fate: self._ranks.count(rank) for rank, fate in enumerate(_RANKS)}

    def take(self, first: int, count: int, fate: Fate | None) -> None:
        """Some blocks that follow one another; what was known of them is no longer true."""
        self._ranks.extend(bytes(max(0, first + count - len(self._ranks))))
        self._ranks[first : first + count] = bytes([_RANKS.index(fate)]) * count

    def cells(self, width: int) -> list[Fate | None]:
        """The disk in so many cells, each for a few blocks: or fewer cells, one for each block."""
        blocks, width = len(self._ranks), min(width, len(self._ranks))
        bounds = [cell * blocks // width for cell in range(width + 1)]
        return [_RANKS[max(self._ranks[start:end])] for start, end in pairwise(bounds)]


class NightSeen:
    """The steps of a night, taken together."""

    def __init__(self, host_of: Iterable[tuple[str, str]]) -> None:
        """Machines with their hosts."""
        self.jobs = {vm: JobSeen(vm, host) for vm, host in host_of}
        self.disks: dict[str, DiskSeen] = {}
        """Those that the jobs of this night have gone through."""
        self.disk = ""
        """The one that moved last."""
        self.rates: deque[float] = deque(maxlen=_MOST_RATES)
        """Bytes a second over the wire, for each run of blocks: 0 where they were the same."""
        self.now: datetime | None = None
        self.steps = 0
        self.current: Step | None = None
        """The last step that belongs to a stage."""

    def take(self, step: Step) -> None:
        """One step more."""
        self.steps += 1
        before, self.now = self.now, step.time
        if step.stage and step.vm in self.jobs:
            self._of_job(self.jobs[step.vm], step, step.stage)
        if step.blocks:
            self._of_disk(step, before)

    def _of_job(self, job: JobSeen, step: Step, stage: Stage) -> None:
        if stage is Stage.SCHEDULE and step.outcome is Outcome.BEGAN:
            job.attempt += 1
            job.seen, job.furthest, job.failed, job.ended = set(), None, None, False
        if not job.attempt:
            return  # what its host's writers say of it while another machine's job runs
        self.current = step
        job.seen.add(stage)
        if job.furthest is None or STAGES.index(stage) > STAGES.index(job.furthest):
            job.furthest = stage
        if step.outcome is Outcome.FAILED and job.failed is None:
            job.failed = stage
        job.ended = step.actor == Scope.SITE and (step.outcome is Outcome.FAILED or stage is STAGES[-1])
        job.sent += step.bytes or 0
        job.points += stage is Stage.RECOVERY_POINT and step.outcome is Outcome.PASSED

    def _of_disk(self, step: Step, before: datetime | None) -> None:
        first, count = step.blocks or (0, 0)
        self.disks.setdefault(step.disk, DiskSeen()).take(first, count, step.fate)
        self.disk = step.disk
        if step.fate in (Fate.UNCHANGED, Fate.SENT):
            seconds = (step.time - before).total_seconds() if before else 0.0
            self.rates.append((step.bytes or 0) / seconds if seconds > 0 else 0.0)

    def begin(self) -> None:
        """Another night begins: what was sent before is not counted again."""
        self.disks.clear()
        for job in self.jobs.values():
            job.sent = 0

    def end(self, failed: Iterable[str]) -> None:
        """The night is over; these machines' last jobs failed."""
        failed = set(failed)
        for job in self.jobs.values():
            job.ended = job.attempt > 0
            if job.vm not in failed:
                job.failed = None
