"""What to collect or try next, for which machine and with which command."""

from collections.abc import Iterable, Iterator, Sequence

from diagnostics.case.collecting import Missing, Option, retries, tests
from diagnostics.case.pipeline import chain
from diagnostics.case.topology import UNKNOWN, Role, vm_plate
from diagnostics.localize.explain import Suspect
from diagnostics.localize.judge import Candidate
from diagnostics.localize.next_evidence import Gain, Retry, Test, rank_tests
from diagnostics.localize.telling_apart import rank_splits
from diagnostics.sanitize import one_line
from diagnostics.understanding import Case
from diagnostics.verdict import NextEvidence, VerdictWord
from engine.sentence import Sentence

_SHOWN = 5
_SPLITS_SHOWN = 3
_SUSPECTED = 5
"""So many candidates are worth a look at what would tell them apart."""
_WORTHWHILE_BITS = 0.005
"""Less is shown as nothing."""


def next_evidence(case: Case, lacking: Sequence[Missing]) -> list[NextEvidence]:
    """What would tell most per minute about the plates that are suspected."""
    found: list[tuple[Option, Gain]] = []
    for plate in _suspected(case):
        options = {test.key: (test, option) for test, option in _tests(case, lacking, plate)}
        gains = rank_tests(case.problem, case.posterior, [test for test, _ in options.values()])
        found += [(options[gain.key][1], gain) for gain in gains]
    return _best(found)[:_SHOWN]


def told_apart_by(case: Case, lacking: Sequence[Missing]) -> list[NextEvidence]:
    """What would best tell apart the suspects that the verdict leaves side by side; nothing for any other verdict."""
    if case.judgement.verdict is not VerdictWord.AMBIGUOUS:
        return []
    suspects = [Suspect(fault.plate, fault.component) for fault in case.judgement.faults]
    found: list[tuple[Option, Gain]] = []
    for plate in sorted({fault.plate for fault in case.judgement.faults} & set(case.posterior.network.plates)):
        options = {test.key: (test, option) for test, option in _tests(case, lacking, plate)}
        gains = rank_splits(case.posterior, suspects, [test for test, _ in options.values()])
        found += [(options[gain.key][1], gain) for gain in gains]
    return _best(found)[:_SPLITS_SHOWN]


def _best(found: Iterable[tuple[Option, Gain]]) -> list[NextEvidence]:
    """Each option once, with the most that it promises, the most per cost first."""
    best: dict[Option, Gain] = {}
    for option, gain in found:
        best[option] = max(best.get(option, gain), gain, key=lambda one: one.bits_per_cost)
    ranked = sorted(best.items(), key=lambda item: (-item[1].bits_per_cost, item[0]))
    return [
        NextEvidence(
            collect=Sentence(option.title),
            machine=one_line(option.machine),
            command=one_line(option.command),
            gain_bits=round(gain.bits, 3),
        )
        for option, gain in ranked
        if gain.bits > _WORTHWHILE_BITS
    ]


def _suspected(case: Case) -> list[str]:
    """The nested plates around the first candidates."""
    return list(
        dict.fromkeys(plate for found in case.judgement.candidates[:_SUSPECTED] for plate in _around(case, found))
    )


def _around(case: Case, found: Candidate) -> list[str]:
    """The nested plates whose logs tell of a candidate: its own, or those of the machines that share it."""
    members = case.graph.nodes[found.plate]["members"]
    return sorted({case.graph.nodes[member]["parent"] for member in members}) or [found.plate]


def _tests(case: Case, lacking: Sequence[Missing], plate: str) -> Iterator[tuple[Test | Retry, Option]]:
    machines = [name.partition(":")[2] for name in chain(case.graph, plate)]
    yield from tests(lacking, plate, machines + case.topology.with_role(Role.DPM_SERVER), case.catalog)
    if plate == _retried(case):
        yield from retries(plate, machines[0])


def _retried(case: Case) -> str | None:
    """The virtual machine whose job is worth trying again: the first suspected by name, unless all is clear already."""
    if case.judgement.verdict is VerdictWord.ASSERTED:
        return None
    plates = (found.plate for found in case.judgement.candidates[:_SUSPECTED])
    return next(
        (plate for plate in plates if plate.startswith("vm:") and not plate.startswith(vm_plate(UNKNOWN))), None
    )
