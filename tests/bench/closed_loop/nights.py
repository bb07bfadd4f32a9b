"""Nights in the lab with known faults, and what Shindan says of them."""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple

import msgspec

from diagnostics.diagnosis import Knowledge, load_knowledge, read_and_understand
from diagnostics.knowledge.catalog import Cause
from diagnostics.reproduce.signature import Signature, signature_of
from diagnostics.request import Request
from engine.lab import Fault, Lab, Scenario, parse_fault
from engine.lab.scenario import Host, Job, VirtualMachine
from engine.pipeline import Scope
from engine.vss.identities import CLASS_IDS

HOSTS = {"HV01": ("SQL01", "WEB01", "FILE01"), "HV02": ("APP01", "MAIL01")}


class Injectable(NamedTuple):
    """A fault of the lab on plates of one scope, and the causes that it brings about there: mostly one."""

    text: str
    scope: Scope
    causes: tuple[Cause, ...]

    @property
    def name(self) -> str:
        return f"{self.text}@{self.scope}"

    @property
    def component(self) -> str:
        return self.causes[0].component


class Truth(NamedTuple):
    """A fault where it sat."""

    injectable: Injectable
    plate: str


class Said(NamedTuple):
    """What was the matter in a night, and what Shindan says of it."""

    truths: tuple[Truth, ...]
    seed: int
    failed: bool
    """Whether any job failed."""
    forced: bool
    """Whether that took a job that forbids offline backups."""
    verdict: str
    ranking: tuple[tuple[str, str, str | None], ...]
    """Plate, component and cause of the candidates."""
    signature: Signature


@cache
def knowledge() -> Knowledge:
    """Loaded once in each process."""
    return load_knowledge()


def injectables() -> list[Injectable]:
    """All faults that causes name, on plates of each scope where both may sit, in the order of their names."""
    found: dict[tuple[str, Scope], list[Cause]] = {}
    for cause in knowledge().catalog.causes.values():
        for text in cause.inject:
            for scope in {*cause.scopes} & {*parse_fault(text).kind.plates}:
                found.setdefault((text, scope), []).append(cause)
    return [Injectable(text, scope, tuple(causes)) for (text, scope), causes in sorted(found.items())]


def site(faults: Iterable[Fault], seed: int = 1, **job: object) -> Scenario:
    """Two hosts with five machines; writers that faults speak of are in every guest."""
    spoken = {str(fault.parameters.get("writer", fault.kind.parameters.get("writer", ""))) for fault in faults}
    more = tuple(sorted(spoken & set(CLASS_IDS)))
    hosts = []
    for host, vms in HOSTS.items():
        writers = tuple(dict.fromkeys((*VirtualMachine(name="X").writers, *more)))
        machines = tuple(VirtualMachine(name=vm, writers=writers) for vm in vms)
        hosts.append(Host(name=host, virtual_machines=machines))
    return Scenario(title="two hosts", seed=seed, hosts=tuple(hosts), job=msgspec.convert(job, Job))


def placed(injectable: Injectable, seed: int, scenario: Scenario) -> Fault:
    """The fault on a plate that the seed chooses."""
    fitting = [plate for plate in ("site", *scenario.machines()) if plate.partition(":")[0] == injectable.scope]
    chance = Random(f"{injectable.name}/{seed}")  # noqa: S311 - repeatable on purpose
    return replace(parse_fault(injectable.text), plate=chance.choice(fitting))


class Beside(StrEnum):
    """How two faults of a night sit to each other, by the machines that each may fail."""

    OTHER_HOSTS = "on different hosts"
    OTHER_MACHINES = "in different machines of one host"
    """Each may fail a machine that the other does not."""
    WITHIN = "one within the other's reach"
    """It may be hidden: nobody sees what a guest's writer would have done where its host's backups never begin."""


def beside(one: Injectable, other: Injectable, seed: int) -> Beside:
    """Where the two of a night sit to each other."""
    scenario = site(())
    mine, theirs = (_within(placed(it, seed + number, scenario).plate) for number, it in enumerate((one, other)))
    if mine <= theirs or theirs <= mine:
        return Beside.WITHIN
    hosts = [{host for host, vms in HOSTS.items() if reach & set(vms)} for reach in (mine, theirs)]
    return Beside.OTHER_MACHINES if hosts[0] & hosts[1] else Beside.OTHER_HOSTS


def _within(plate: str) -> set[str]:
    """The virtual machines whose jobs need what is on a plate."""
    name = plate.partition(":")[2]
    return {vm for host, vms in HOSTS.items() for vm in vms if name in ("", host, vm)}


def play(chosen: Sequence[Injectable], seed: int) -> Said:
    """A night with these faults. Where a fault fails no job because machines are quietly backed up offline, that is
    forbidden, as it is by default where consistency of applications is asked for.
    """
    plain = [parse_fault(one.text) for one in chosen]
    said = _played(chosen, seed, site(plain))
    return said if said.failed or not chosen else _played(chosen, seed, site(plain, offline_allowed=False))


def _played(chosen: Sequence[Injectable], seed: int, scenario: Scenario) -> Said:
    faults = [placed(one, seed + number, scenario) for number, one in enumerate(chosen)]
    with tempfile.TemporaryDirectory() as folder:
        with Lab(scenario, Path(folder) / "lab", seed=seed, faults=faults) as lab:
            night = lab.run()
            lab.write_logs(Path(folder) / "logs")
        case = read_and_understand(Request(paths=(str(Path(folder) / "logs"),)), knowledge(), most_explained=0)
    truths = tuple(Truth(one, fault.plate) for one, fault in zip(chosen, faults, strict=True))
    return Said(
        truths,
        seed,
        bool(night.failed) or any(job.failed for job in night.jobs) or len(night.jobs) < 5,
        not scenario.job.offline_allowed,
        case.judgement.verdict,
        tuple((one.plate, one.component, one.cause) for one in case.judgement.candidates),
        signature_of(case),
    )
