"""The verdict: what `diagnose --format json` prints, and what every report shows.

The shape is a contract (schema `shindan.verdict/1`): fields are added, never changed in meaning. All strings that come
from logs have passed `diagnostics.sanitize` already.
"""

from collections.abc import Sequence
from enum import StrEnum

import msgspec

SCHEMA = "shindan.verdict/1"
LIKELY = 0.5
"""From here on something is more likely than not."""


class VerdictWord(StrEnum):
    """How far the evidence carries."""

    ASSERTED = "asserted"
    LEADING = "leading"
    AMBIGUOUS = "ambiguous"
    INSUFFICIENT = "insufficient"
    TRANSIENT = "transient"
    UNEXPLAINED = "unexplained"
    HEALTHY = "healthy"


OPEN = (VerdictWord.AMBIGUOUS, VerdictWord.INSUFFICIENT, VerdictWord.UNEXPLAINED)
"""Words that name no cause: they leave it to the person what comes next."""


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


class UpdateAdvice(msgspec.Struct, kw_only=True):
    """A known update that fixes a cause, and whether a machine has it."""

    kb: str
    title: str
    """What it fixes."""
    machine: str
    """The machine that needs it; empty where nothing tells which."""
    state: str
    """`missing`, `installed`, `superseded`, or `unknown`."""
    why: str
    references: list[str]


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
    updates: list[UpdateAdvice] = []
    """Known updates against it, those that are missing first."""
    cause_probability: float | None = None
    """That of the named cause, at most that of the component; None where none is named."""
    cause_ahead_db: float | None = None
    """By how much the named cause is ahead of all others that are known of the component, in decibans."""
    cause_sign: float | None = None
    """By how much more readily it shows the most telling sign that was seen than any other cause does, 0 to 1."""


def foremost(faults: Sequence[Fault]) -> tuple[list[Fault], list[Fault]]:
    """The faults that are more likely than not, and those that a verdict lists beside them as not told apart.

    Where none is likely, all are foremost: then there is nothing that they stand beside.
    """
    likely = [fault for fault in faults if fault.probability >= LIKELY]
    return (likely, [fault for fault in faults if fault.probability < LIKELY]) if likely else (list(faults), [])


class Candidate(msgspec.Struct, kw_only=True):
    """One line of the whole ranking."""

    component: str
    instance: str
    cause: str | None
    probability: float
    title: str
    """The component, and the cause if one is told, in words."""
    why: str = ""
    """Why it lost against the first, for the few that come next; see `Reckoning`."""


class SuspectReckoned(msgspec.Struct, kw_only=True):
    """How the odds of one suspect came about, in decibans, to a tenth; what is printed adds up.

    `prior_db` + its part of every line + `rest_db` = `posterior_db`, that it is at fault;
    `posterior_db` + `calibration_db` + `failed_db` = `probability_db`, what the verdict says of it.
    """

    instance: str
    prior: float
    """P(at fault) before anything is observed."""
    prior_db: float
    rest_db: float
    """What all other observations of the case add together."""
    posterior_db: float
    posterior: float
    """P(at fault)."""
    calibration_db: float = 0.0
    """What calibration changes; 0 where there is none."""
    failed_db: float = 0.0
    """What it loses because something may be wrong and yet no job have failed by it; 0 where no job failed."""
    probability_db: float
    probability: float
    """As the verdict says it."""


class LineReckoned(msgspec.Struct, kw_only=True):
    """A line of evidence, and what it adds to the odds of each suspect after the lines before it, in decibans."""

    source: str
    record: int
    machine: str
    event: str
    rule: str
    adds_db: list[float]
    """One for each suspect, in their order."""


class Reckoning(msgspec.Struct, kw_only=True):
    """The arithmetic of the verdict: the faults and the suspects that come next, line by line.

    Decibans are 10 log10 of odds. These add up to the last digit, because every line is counted after those before
    it. `weight_db` of evidence answers another question, what were missing without the line, and does not add up
    where lines say the same.
    """

    suspects: list[SuspectReckoned] = []
    lines: list[LineReckoned] = []
    rest_lines: int = 0
    """How many observations `rest_db` sums up."""


TELLING_DB = 3.0
"""Of a line that speaks for a suspect: it doubles the odds."""


def lines_for(reckoning: Reckoning, instance: str) -> list[tuple[float, LineReckoned]]:
    """The lines that speak for a suspect, the heaviest first, with the decibans that each adds."""
    place = next((place for place, one in enumerate(reckoning.suspects) if one.instance == instance), None)
    if place is None:
        return []
    telling = [(line.adds_db[place], line) for line in reckoning.lines if line.adds_db[place] >= TELLING_DB]
    return sorted(telling, key=lambda told: -told[0])


def supported(reckoning: Reckoning, instance: str) -> bool:
    """Whether anything speaks for a suspect: a line, or all lines together; else it has but its prior."""
    gained = (one.posterior_db - one.prior_db for one in reckoning.suspects if one.instance == instance)
    return bool(lines_for(reckoning, instance)) or any(gain >= TELLING_DB for gain in gained)


class Moment(msgspec.Struct, kw_only=True):
    """Something that happened. `kind`: job-started, job-ended, evidence, trouble, progress, context."""

    time: str
    kind: str
    machine: str
    source: str
    record: int
    level: str
    """As Windows counts severity: critical, error, warning, information, verbose; empty where the source has none."""
    event: str
    text: str
    rule: str = ""
    job: str = ""
    """The id of the job that started or ended."""
    count: int = 1
    """How many events of a burst stand behind it."""


class Timeline(msgspec.Struct, kw_only=True):
    """The moments worth reading in order, at most some hundreds; what has no time is not among them."""

    moments: list[Moment] = []
    left_out: int = 0


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
    remarks: list[str] = []
    """What is unusual about it, though nothing of it is lost."""


class NotChecked(msgspec.Struct, kw_only=True):
    """Something that the verdict does not rest on, and why."""

    what: str
    why: str


class ReproductionWord(StrEnum):
    """What the lab says of the verdict."""

    REPRODUCED = "reproduced"
    """The first cause, brought about in the lab, logs what the case logged, and no other does so as well."""
    NOT_TOLD_APART = "not-told-apart"
    """It does, and others do so as well."""
    ANOTHER = "another"
    """Another cause does so better than the first."""
    NOT_REPRODUCED = "not-reproduced"
    """None of those that were run does."""
    NO_FAULT_KNOWN = "no-fault-known"
    """The lab cannot bring about any of the causes."""


class LineCompared(msgspec.Struct, kw_only=True):
    """Something that was logged, in the case or in the lab, without names and times."""

    event: str
    role: str
    """The plate of the machine that logged it: site, host or vm."""
    codes: list[str]
    stage: str | None


class LabRun(msgspec.Struct, kw_only=True):
    """A cause of the verdict, brought about in the lab, and how like the case is what the lab logged then."""

    cause: str
    instance: str
    fault: str
    """As `shindan replay --fault` takes it; empty where the lab knows none for the cause."""
    likeness: float | None
    """0 to 1, by `diagnostics.reproduce.likeness`; None where it was not run."""
    both: list[LineCompared] = []
    only_case: list[LineCompared] = []
    only_lab: list[LineCompared] = []


class Reproduction(msgspec.Struct, kw_only=True):
    """The causes of the verdict, run in the lab on machines like those of the case."""

    outcome: ReproductionWord
    summary: str
    """One sentence."""
    runs: list[LabRun]
    """Those most like the case first; then those that could not be run."""
    lab: list[str]
    """What stood in the lab, and what of the case was left out."""
    seed: int
    """Of the lab: the same seed gives the same runs."""


class Note(msgspec.Struct, kw_only=True):
    """What a person wrote to an event, or that they marked it."""

    source: str
    record: int
    time: str | None
    machine: str
    event: str
    text: str
    """What the event says."""
    note: str
    """The person's words; empty for a bookmark."""


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
    told_apart_by: list[NextEvidence] = []
    """For an ambiguous verdict: what would best tell its suspects apart. Empty where no export or retry would."""
    sources: list[SourceLine]
    not_checked: list[NotChecked]
    timeline: Timeline = msgspec.field(default_factory=Timeline)
    reckoning: Reckoning = msgspec.field(default_factory=Reckoning)
    reproduced: Reproduction | None = None
    """None where nobody asked for it: `shindan reproduce` does."""
    notes: list[Note] = []
    """A person's, in the order of their events."""


def weighed(verdict: Verdict) -> bool:
    """Whether anything in the logs spoke for or against a suspect."""
    return bool(verdict.faults or verdict.reckoning.lines or verdict.reckoning.rest_lines)


def rivals(verdict: Verdict) -> list[Candidate]:
    """The ranking as people want it: without the faults that are named, and empty where nothing was weighed.

    Then every probability is what was believed before, and would read as if the logs had said it.
    """
    if not weighed(verdict):
        return []
    named = {fault.instance for fault in verdict.faults}
    return [candidate for candidate in verdict.candidates if candidate.instance not in named]
