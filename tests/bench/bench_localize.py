"""Processor time and memory of exact inference and judgement: a bundle, one with tangled events, and a large site.

usage: python -m tests.bench.bench_localize     (exits 1 where a goal is missed)
"""

import random
import resource
import sys
import time
from collections.abc import Iterable

from diagnostics.localize.inference import infer
from diagnostics.localize.judge import judge
from diagnostics.localize.problem import OTHER, CauseNode, EventObservation, JobObservation, Link, Plate, Problem
from engine.pipeline import COMPONENTS, STAGES, Mode, Scope, Stage, stages_of

GOAL_INFER, GOAL_JUDGE, GOAL_PEAK = 2.0, 3.0, 1024.0
"""Seconds of processor time, and MiB."""
_CAUSES = {Scope.SITE: 25, Scope.HOST: 45, Scope.VM: 45}


def causes(scope: Scope, number: int) -> tuple[CauseNode, ...]:
    """Hard and flaky causes in turn, spread over the components of a plate, some of them in a part of its stages."""
    components = [(component, info) for component, info in COMPONENTS.items() if scope in info.scopes]
    nodes = [CauseNode(OTHER, "", 0.0005, dict.fromkeys(STAGES, 0.1))]
    for place in range(number - 1):
        turn, which = divmod(place, len(components))
        component, info = components[which]
        stages = info.stages[: max(1, len(info.stages) - turn // 2)]
        severity = 0.45 if turn % 2 else 0.95
        nodes.append(
            CauseNode(f"{component}-{turn}", component, 0.002 + 0.002 * (place % 5), dict.fromkeys(stages, severity))
        )
    return tuple(nodes)


def problem(hosts: int, machines: int, failing: float, seed: int, sources: int, seen: float = 0.01) -> Problem:
    """A night in which a share of the machines fails at random, one host fails as a whole, and events are seen."""
    chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
    of_scope = {scope: causes(scope, number) for scope, number in _CAUSES.items()}
    plates = [Plate("site", Scope.SITE, None, of_scope[Scope.SITE])]
    jobs: list[JobObservation] = []
    events = list(_events("site", Scope.SITE, of_scope, sources, seen, chance))
    for host in range(hosts):
        name = f"host:HV{host:03}"
        plates.append(Plate(name, Scope.HOST, "site", of_scope[Scope.HOST]))
        events += _events(name, Scope.HOST, of_scope, sources, seen, chance)
        for machine in range(machines):
            vm = f"vm:HV{host:03}-{machine:02}"
            plates.append(Plate(vm, Scope.VM, name, of_scope[Scope.VM]))
            jobs += _jobs(vm, failing if host else 1.0, chance)
            events += _events(vm, Scope.VM, of_scope, sources, seen, chance)
    return Problem(tuple(plates), tuple(jobs), tuple(events))


def _jobs(vm: str, failing: float, chance: random.Random) -> Iterable[JobObservation]:
    mode = Mode.OFFLINE if chance.random() < 0.2 else Mode.ONLINE
    if chance.random() < failing:
        place = chance.randrange(len(stages_of(mode)))
        stages = stages_of(mode)[place : place + chance.choice((1, 1, 4))]
        yield JobObservation(f"{vm} 1", vm, mode, succeeded=False, failed=(stages[0], stages[-1]))
    yield JobObservation(f"{vm} 2", vm, mode, succeeded=chance.random() < 0.9, failed=(Stage.HOST_SNAPSHOT,) * 2)


def _events(
    plate: str, scope: Scope, of_scope, sources: int, seen: float, chance: random.Random
) -> Iterable[EventObservation]:
    for number in range(sources):
        own = of_scope[scope][number * 7 % len(of_scope[scope])]
        links = [Link(scope, own.id, 0.7)]
        if scope is Scope.VM and number % 3 == 0:
            links.append(Link(Scope.HOST, of_scope[Scope.HOST][number * 5 % 45].id, 0.3))
        yield EventObservation(
            f"{plate} {number}", plate, chance.random() < seen, tuple(links), 0.01, f"family {number}"
        )


def half(hosts: int, machines: int) -> Problem:
    """A night in which the hosts of half the site fail with all that they carry, in the same stage."""
    night = problem(hosts, machines, 0.0, 1, 10)
    bad = {plate.name for plate in night.plates if plate.parent in {f"host:HV{host:03}" for host in range(hosts // 2)}}
    jobs = [
        job._replace(succeeded=False, failed=(Stage.HOST_SNAPSHOT,) * 2) if job.plate in bad else job
        for job in night.jobs
    ]
    return night._replace(jobs=tuple(jobs))


def with_volumes(night: Problem, hosts_each: int, volumes: int) -> Problem:
    """The same night where some hosts share volumes: each volume a plate beside the hosts."""
    hosts = [plate.name for plate in night.plates if plate.scope is Scope.HOST]
    shared = (CauseNode("csv-unavailable", "csv_cluster", 0.006, dict.fromkeys(STAGES[4:8], 0.8)),)
    members = (frozenset(hosts[at * hosts_each : (at + 1) * hosts_each]) for at in range(volumes))
    plates = (Plate(f"csv:{at}", Scope.HOST, "site", shared, of_volume) for at, of_volume in enumerate(members))
    return night._replace(plates=(*night.plates, *plates))


def measure(title: str, case: Problem, repeat: int) -> bool:
    """Print a line; whether the goals were met."""
    inference = judging = float("inf")
    for _ in range(repeat):
        start = time.process_time()
        posterior = infer(case)
        inferred = time.process_time()
        judgement = judge(case, posterior)
        inference = min(inference, inferred - start)
        judging = min(judging, time.process_time() - inferred)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sizes = f"{len(case.plates)} plates, {len(case.jobs)} jobs, {len(case.events)} events"
    print(
        f"{title}: infer {inference:.3f} s, judge {judging:.3f} s ({judgement.verdict}), peak {peak:.0f} MiB; {sizes}",
        flush=True,
    )
    return inference <= GOAL_INFER and judging <= GOAL_JUDGE and peak <= GOAL_PEAK


def main() -> int:
    """Print a line per measurement; 1 where a goal is missed."""
    site = problem(500, 20, 0.01, 1, 10)
    met = [
        measure("bundle, 1 host x 1 machine", problem(1, 1, 0.5, 1, 40), 5),
        measure("bundle, 3 hosts x 5 machines", problem(3, 5, 0.5, 1, 40), 5),
        measure("the same, every fifth event seen", problem(3, 5, 0.5, 1, 40, 0.2), 3),
        measure("site, 500 hosts x 20 machines, 1 % fail", site, 2),
        measure("the same, 12 volumes of 4 hosts each", with_volumes(site, 4, 12), 2),
        measure("the same site, one host fails", problem(500, 20, 0.0, 1, 10), 2),
        measure("the same site, half of it fails", half(500, 20), 2),
    ]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
