"""The verdict: what `diagnose --format json` prints, and what every report shows.

The shape is a contract (schema `shindan.verdict/1`): fields are added, never changed in meaning. All strings that come
from logs have passed `diagnostics.sanitize` already.
"""

from enum import StrEnum

import msgspec

SCHEMA = "shindan.verdict/1"


class VerdictWord(StrEnum):
    """How far the evidence carries."""

    ASSERTED = "asserted"
    LEADING = "leading"
    AMBIGUOUS = "ambiguous"
    INSUFFICIENT = "insufficient"
    TRANSIENT = "transient"
    UNEXPLAINED = "unexplained"
    HEALTHY = "healthy"


class Evidence(msgspec.Struct, kw_only=True):
    """One line of evidence: an event, the rule that read it, and what it weighs."""

    source: str
    record: int
    time: str | None
    machine: str
    event: str
    codes: list[str]
    rule: str
    weight_db: float
    """Decibans: 10 log10 of the change in the fault's odds when the line is left out."""
    text: str
    count: int = 1
    """How often it was seen; one burst weighs once."""


class RemedyStep(msgspec.Struct, kw_only=True):
    """One step of a remedy: what to do, and the command where there is one."""

    do: str
    run: list[str] = []


class RemedyAdvice(msgspec.Struct, kw_only=True):
    """A remedy as a person needs it."""

    id: str
    title: str
    role: str
    risk: str
    steps: list[RemedyStep]
    undo: str = ""
    verify: str = ""


class Fault(msgspec.Struct, kw_only=True):
    """A component instance that the verdict names."""

    component: str
    instance: str
    scope: str
    stage: str | None
    cause: str | None
    probability: float
    title: str
    explanation: str
    evidence: list[Evidence]
    counter_evidence: list[Evidence]
    minimal_evidence: list[int]
    """Indices into `evidence` that still carry the verdict."""
    jobs: list[str]
    confirm: list[str]
    remedies: list[str]
    remedy_details: list[RemedyAdvice]
    references: list[str]


class Candidate(msgspec.Struct, kw_only=True):
    """One line of the whole ranking."""

    component: str
    instance: str
    cause: str | None
    probability: float


class Noise(msgspec.Struct, kw_only=True):
    """A known harmless event, folded away but counted."""

    event: str
    count: int
    why: str


class JobReport(msgspec.Struct, kw_only=True):
    """One attempt to back up one virtual machine."""

    id: str
    vm: str
    host: str
    mode: str
    outcome: str
    stages: list[str]
    """First and last stage of the interval in which it failed; empty where it succeeded or nothing tells."""
    started: str | None
    ended: str | None
    bytes_sent: int | None


class MachineReport(msgspec.Struct, kw_only=True):
    """A machine of the case, its role, and how that is known."""

    name: str
    role: str
    basis: str
    host: str = ""
    """For a guest: the host that runs it, empty where nothing tells."""


class TopologyReport(msgspec.Struct, kw_only=True):
    """Site ⊃ hosts ⊃ virtual machines, as the logs tell it or a person gave it."""

    site: dict[str, list[MachineReport]]
    hosts: list[MachineReport]
    vms: list[MachineReport]


class NextEvidence(msgspec.Struct, kw_only=True):
    """Something worth collecting, with the command that collects it."""

    collect: str
    machine: str
    command: str
    gain_bits: float


class DamageReport(msgspec.Struct, kw_only=True):
    """A part of a source that could not be read."""

    where: str
    why: str


class SourceLine(msgspec.Struct, kw_only=True):
    """The inventory line of one file."""

    path: str
    kind: str
    machine: str
    records: int
    events: int
    first: str | None
    last: str | None
    encoding: str | None
    time_zone: str
    damage: list[DamageReport]


class NotChecked(msgspec.Struct, kw_only=True):
    """Something that the verdict does not rest on, and why."""

    what: str
    why: str


class Verdict(msgspec.Struct, kw_only=True):
    """The answer to one case."""

    schema: str = SCHEMA
    verdict: VerdictWord
    summary: str
    faults: list[Fault]
    candidates: list[Candidate]
    noise: list[Noise]
    jobs: list[JobReport]
    topology: TopologyReport
    next_evidence: list[NextEvidence]
    sources: list[SourceLine]
    not_checked: list[NotChecked]
