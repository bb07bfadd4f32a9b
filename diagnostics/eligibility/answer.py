"""The answer about each virtual machine, for people and programs: sanitized, every reason with its file and line."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from diagnostics.case.collecting import Option, how_to_export
from diagnostics.eligibility.facts import Known
from diagnostics.eligibility.ledger import Place
from diagnostics.sanitize import harmless, one_line
from engine.hyperv.conditions import CONDITIONS, Eligibility, Finding, Letter, Outcome, Reason, eligibility
from engine.pipeline import Mode
from engine.sentence import Sentence

SCHEMA = "shindan.eligibility/1"
_PLACES_SHOWN = 4

ON_HOST, IN_GUEST = "host", "guest"
TOLD_BY: dict[Letter, tuple[tuple[str, str], ...]] = {
    Letter.A: ((ON_HOST, "integration-services"),),
    Letter.B: ((IN_GUEST, "disks"),),
    Letter.C: ((IN_GUEST, "volumes"),),
    Letter.D: ((IN_GUEST, "volumes"),),
    Letter.E: ((IN_GUEST, "shadow-storage"),),
    Letter.F: ((ON_HOST, "vm-settings"),),
    Letter.G: ((ON_HOST, "vm-settings"), (ON_HOST, "virtual-disks")),
}
"""Which exports of `knowledge/collect.yml` tell a condition, and where they are made."""


class ReasonLine(msgspec.Struct, kw_only=True):
    """One fact that decides about a condition, and the lines that say so."""

    text: str
    sources: list[str]
    """`file:line`, or the file of an image; empty where nothing tells."""


class ConditionLine(msgspec.Struct, kw_only=True):
    """One condition of one machine."""

    letter: str
    condition: str
    outcome: Outcome
    reasons: list[ReasonLine]


class Export(msgspec.Struct, kw_only=True):
    """What would tell conditions that are not known."""

    letters: list[str]
    title: str
    machine: str
    command: str


class MachineAnswer(msgspec.Struct, kw_only=True):
    """The answer about one virtual machine."""

    vm: str
    """Empty where no export names it."""
    host: str
    mode: Mode
    conditions: list[ConditionLine]
    collect: list[Export]
    writer_says: Mode | None
    """How the Hyper-V writer itself lists the machine, where an export of DiskShadow tells."""
    writer_source: str


class Document(msgspec.Struct, kw_only=True):
    """What `shindan eligibility --json` prints."""

    schema: str = SCHEMA
    machines: list[MachineAnswer]


def answer(known: Known) -> MachineAnswer:
    """Decide about a machine, and put the decision into words."""
    decided = eligibility(known.facts)
    says = known.writer_says
    return MachineAnswer(
        vm=one_line(known.vm),
        host=one_line(known.host),
        mode=decided.mode,
        conditions=[_condition(finding, known) for finding in decided.findings],
        collect=list(_collect(decided, known)),
        writer_says=says[0] if says else None,
        writer_source=_source(says[1]) if says else "",
    )


def _condition(finding: Finding, known: Known) -> ConditionLine:
    return ConditionLine(
        letter=finding.letter,
        condition=Sentence(CONDITIONS[finding.letter]),
        outcome=finding.outcome,
        reasons=[_reason(reason, known) for reason in finding.reasons],
    )


def _reason(reason: Reason, known: Known) -> ReasonLine:
    places = known.places.get((reason.fact, reason.item), ())
    return ReasonLine(text=harmless(reason.text), sources=[_source(place) for place in places[:_PLACES_SHOWN]])


def _source(place: Place) -> str:
    return one_line(f"{place.source}:{place.record}" if place.record else place.source)


def _collect(decided: Eligibility, known: Known) -> Iterator[Export]:
    """The exports that would tell, each with the letters that it tells."""
    letters: defaultdict[Option, list[str]] = defaultdict(list)
    for finding in decided.findings:
        if finding.outcome is Outcome.UNKNOWN:
            for place, export in TOLD_BY[finding.letter]:
                machine = known.host if place == ON_HOST else known.vm
                letters[how_to_export(export, machine)].append(finding.letter)
    for option, told in letters.items():
        yield Export(
            letters=told,
            title=Sentence(option.title),
            machine=one_line(option.machine),
            command=one_line(option.command),
        )


def outcome_of(answers: Iterable[MachineAnswer]) -> Mode:
    """Online if all machines are, offline if one must be, else unknown."""
    modes = {found.mode for found in answers}
    return Mode.OFFLINE if Mode.OFFLINE in modes else Mode.UNKNOWN if Mode.UNKNOWN in modes else Mode.ONLINE
