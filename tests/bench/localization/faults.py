"""What is broken in a night, whom it reaches, and how jobs fail by it."""

from collections.abc import Iterable, Sequence
from random import Random
from typing import NamedTuple

from diagnostics.case.pipeline import stages_on
from diagnostics.knowledge.catalog import Cause
from engine.pipeline import COMPONENTS, Component, Mode, Scope, Stage, stages_of
from tests.bench.localization.setting import Range, Setting
from tests.bench.localization.site import Site

_ORDER = {stage: place for place, stage in enumerate(Stage)}


class Fault(NamedTuple):
    """A cause that is present."""

    cause: Cause
    scope: Scope
    machines: tuple[str, ...]
    """The hosts or the virtual machine that it sits on: several for a shared volume, none for the site."""
    vms: frozenset[str]
    """The virtual machines that it reaches."""
    failure: float
    """P(it fails a job)."""
    stages: tuple[Stage, ...]
    """Where it fails jobs, the usual stage first."""
    verbosity: float

    @property
    def plates(self) -> tuple[str, ...]:
        """The names under which an answer may blame it."""
        return tuple(f"{self.scope}:{machine}" for machine in self.machines) or ("site",)

    def stage(self, mode: Mode, setting: Setting, chance: Random) -> Stage | None:
        """Where it fails a job in this mode; None if it lets the job pass."""
        possible = [stage for stage in self.stages if stage in stages_of(mode)]
        if not possible or chance.random() >= self.failure:
            return None
        return possible[0] if chance.random() < setting.habit else chance.choice(possible)


def make_fault(cause: Cause, site: Site, setting: Setting, chance: Random) -> Fault | None:
    """The cause somewhere on the site; None where the site has no place for it."""
    scope = cause.scopes[0] if chance.random() < setting.usual_scope else chance.choice(cause.scopes)
    stages = list(stages_on(scope, cause.stages, COMPONENTS[cause.component]))
    if not stages or (cause.component is Component.CSV_CLUSTER and not site.cluster):
        return None
    chance.shuffle(stages)
    machines = _machines(cause, scope, site, chance)
    return Fault(
        cause=cause,
        scope=scope,
        machines=machines,
        vms=frozenset(_reached(cause, scope, machines, site, setting, chance)),
        failure=min(0.99, cause.failure * jittered(setting, chance)),
        stages=tuple(stages),
        verbosity=chance.uniform(*setting.verbosity),
    )


def jittered(setting: Setting, chance: Random) -> float:
    return chance.uniform(1.0 - setting.jitter, 1.0 + setting.jitter)


def _machines(cause: Cause, scope: Scope, site: Site, chance: Random) -> tuple[str, ...]:
    match scope:
        case Scope.SITE:
            return ()
        case Scope.HOST:
            return site.cluster if cause.component is Component.CSV_CLUSTER else (chance.choice(list(site.hosts)),)
        case Scope.VM:
            return (chance.choice(site.vms),)


def _reached(
    cause: Cause, scope: Scope, machines: Sequence[str], site: Site, setting: Setting, chance: Random
) -> Iterable[str]:
    if scope is Scope.VM:
        return machines
    if cause.component is Component.DPM_STORAGE:
        return _some(site.vms, setting.reach_of_storage, chance)
    hosts = machines or _some(list(site.hosts), setting.reach_of_site, chance)
    return _some([vm for host in hosts for vm in site.hosts[host]], setting.reach_of_host, chance)


def _some(names: Sequence[str], share: Range, chance: Random) -> list[str]:
    """Each with one probability, drawn for all of them; never nobody."""
    p = chance.uniform(*share)
    return [name for name in names if chance.random() < p] or [chance.choice(names)]


class Run(NamedTuple):
    """One attempt to back up one virtual machine."""

    vm: str
    mode: Mode
    started: int
    """Microseconds UTC, as `ended`."""
    ended: int
    failed: Stage | None
    by: Fault | None
    """None where it passed, or failed for a reason that went away."""

    def the_night_before(self, day: int) -> "Run":
        """The same job a day earlier, when all was well."""
        return self._replace(started=self.started - day, ended=self.ended - day, failed=None, by=None)


MINUTE = 60_000_000
"""In microseconds."""


def run_jobs(site: Site, faults: Sequence[Fault], evening: int, setting: Setting, chance: Random) -> list[Run]:
    """The jobs of a night: host by host in parallel, one virtual machine after the other, some retried."""
    runs: list[Run] = []
    for vms in site.hosts.values():
        at = evening + chance.randint(0, 20) * MINUTE
        for vm in vms:
            run = _run(vm, at, site, faults, setting, chance)
            runs.append(run)
            if run.failed and chance.random() < setting.retried:
                again = run.ended + chance.randint(15, 60) * MINUTE
                runs.append(_run(vm, again, site, faults, setting, chance))
            at += chance.randint(6, 15) * MINUTE
    return runs


def _run(vm: str, started: int, site: Site, faults: Sequence[Fault], setting: Setting, chance: Random) -> Run:
    mode = Mode.OFFLINE if vm in site.offline else Mode.ONLINE
    ends = [(fault.stage(mode, setting, chance), fault) for fault in faults if vm in fault.vms]
    fatal = sorted(((_ORDER[stage], fault) for stage, fault in ends if stage), key=lambda end: end[0])
    failed, by = (tuple(Stage)[fatal[0][0]], fatal[0][1]) if fatal else (None, None)
    if chance.random() < setting.transient:
        chosen = chance.choice(stages_of(mode))
        if failed is None or _ORDER[chosen] < _ORDER[failed]:
            failed, by = chosen, None
    length = (len(Stage) if failed is None else _ORDER[failed] + 1) * chance.randint(5, 20) * 1_000_000
    return Run(vm, mode, started, started + length, failed, by)
