"""One night on the ordinary road: what the verdict says of it, what the yardsticks say, and what is true."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from diagnostics.diagnosis import Knowledge
from diagnostics.localize.calibration import Belief
from diagnostics.localize.judge import FIRM, LIKELY, Fault
from diagnostics.reading import Reading
from diagnostics.request import Request
from diagnostics.understanding import Case, understand
from diagnostics.verdict import VerdictWord
from engine.pipeline import Component
from tests.bench.localization.figures import Answer
from tests.bench.localization.night import Night, Truth
from tests.bench.localization.yardsticks import YARDSTICKS, Instance, Spectrum

MODEL = "model"
_NOTHING_ASKED = Request(paths=())


class Named(NamedTuple):
    """A component that an asserted verdict names as firm."""

    instance: Instance
    right: bool
    cause_firm: bool
    """Whether a cause is named, as firm as the component."""
    cause_right: bool
    minimal: int | None
    """Lines of minimal evidence; None where they were not worked out."""


class Naming(NamedTuple):
    """What speaks for the most probable cause of a component that is at fault, and whether it is the one."""

    log_odds: float
    own_sign: float
    right: bool


class Believed(NamedTuple):
    """What the model believes of the first candidate, and whether it is at fault."""

    belief: Belief
    true: bool


class Result(NamedTuple):
    """How a night was answered."""

    causes: tuple[str, ...]
    seed: int
    word: VerdictWord
    ranks: dict[str, tuple[int, ...]]
    """By method: where each truth stands in the ranking, from 1; 0 where it is not in it."""
    kinds: tuple[int, ...]
    """Where each truth's component stands in the model's ranking on any plate: one place per component."""
    first: Instance
    truths: tuple[Instance, ...]
    candidates: tuple[Answer, ...]
    """What was said of each candidate, the first one first."""
    believed: Believed | None
    named: tuple[Named, ...]
    namings: tuple[Naming, ...]
    """Of the components that are likely and at fault."""
    jobs: int
    failed: int


def understood(reading: Reading, knowledge: Knowledge, most_explained: int = 0) -> Case:
    """The ordinary road, from a reading on."""
    rules, catalog, _ = knowledge
    return understand(reading.events, reading, rules, catalog, _NOTHING_ASKED, most_explained=most_explained)


def is_at_fault(instance: Instance, truths: Sequence[Truth]) -> bool:
    return any(_blames(instance, truth) for truth in truths)


def _blames(instance: Instance, truth: Truth) -> bool:
    """A shared volume may be blamed as a plate of its own, or on any of the hosts that share it."""
    plate, component = instance
    shared = truth.component is Component.CSV_CLUSTER and plate.startswith("csv:")
    return component == truth.component and (plate in truth.plates or shared)


def try_night(night: Night, seed: int, knowledge: Knowledge, most_explained: int = 0) -> Result:
    """Answer a night."""
    case = understood(night.reading, knowledge, most_explained)
    judgement = case.judgement
    ranking = [(candidate.plate, candidate.component) for candidate in judgement.candidates]
    spectrum = Spectrum(case.problem)
    rankings = {MODEL: ranking} | {name: rank(spectrum) for name, rank in YARDSTICKS.items()}
    said = tuple(
        (found.probability, is_at_fault(at, night.truths))
        for found, at in zip(judgement.candidates, ranking, strict=True)
    )
    firm = judgement.faults if judgement.verdict is VerdictWord.ASSERTED else ()
    return Result(
        causes=tuple(truth.cause for truth in night.truths),
        seed=seed,
        word=judgement.verdict,
        ranks={
            name: tuple(_rank(ranked, truth, night.truths) for truth in night.truths)
            for name, ranked in rankings.items()
        },
        kinds=tuple(_place(ranking, truth.component) for truth in night.truths),
        first=ranking[0] if ranking else ("", ""),
        truths=tuple((truth.plates[0], truth.component) for truth in night.truths),
        candidates=said,
        believed=Believed(judgement.candidates[0].belief, said[0][1]) if said else None,
        named=tuple(
            Named(
                (fault.plate, fault.component),
                is_at_fault((fault.plate, fault.component), night.truths),
                (fault.cause_probability or 0.0) >= FIRM,
                fault.cause in {truth.cause for truth in night.truths},
                len(fault.minimal_evidence) if most_explained else None,
            )
            for fault in firm
            if fault.probability >= FIRM
        ),
        namings=tuple(_namings(judgement.faults, night.truths)),
        jobs=len(case.jobs),
        failed=sum(not job.succeeded for job in case.problem.jobs),
    )


def _namings(faults: Iterable[Fault], truths: Sequence[Truth]) -> Iterator[Naming]:
    causes = {truth.cause for truth in truths}
    for fault in faults:
        if fault.probability >= LIKELY and is_at_fault((fault.plate, fault.component), truths):
            yield Naming(fault.name.log_odds, fault.name.own_sign, fault.name.cause in causes)


def _place(ranking: Sequence[Instance], component: Component) -> int:
    components = list(dict.fromkeys(component for _, component in ranking))
    return components.index(component) + 1 if component in components else 0


def _rank(ranking: Sequence[Instance], truth: Truth, truths: Sequence[Truth]) -> int:
    """Its place; naming a fault again, as a cluster's on the next of its hosts, takes none."""
    place = 0
    named: set[Truth] = set()
    for instance in ranking:
        blamed = next((one for one in truths if _blames(instance, one)), None)
        place += blamed not in named
        if blamed == truth:
            return place
        if blamed:
            named.add(blamed)
    return 0
