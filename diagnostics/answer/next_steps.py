"""What to collect or try next, for which machine and with which command."""

from collections.abc import Iterable, Mapping, Sequence

from diagnostics.case.collecting import Missing, Option, retries, tests
from diagnostics.case.pipeline import chain
from diagnostics.case.promises import Promises
from diagnostics.case.topology import UNKNOWN, Role, vm_plate
from diagnostics.localize.explain import Suspect
from diagnostics.localize.judge import Candidate
from diagnostics.localize.next_evidence import Gain, Retry, Test, rank_splits, rank_tests
from diagnostics.sanitize import one_line
from diagnostics.understanding import Case
from diagnostics.verdict import NextEvidence, VerdictWord
from engine.sentence import Sentence

_SHOWN = 5
_SPLITS_SHOWN = 3
_SUSPECTED = 5
"""So many candidates are worth a look at what would tell them apart."""
_WORTHWHILE_BITS = 0.05
"""Less is not worth the way to a machine: of a yes or no it leaves nineteen doubts in twenty as they are."""
_SAID_BITS = 0.005
"""Where a verdict is open and nothing is worthwhile, what little could be learned is told; below this it reads 0.00."""
_OPEN = {VerdictWord.LEADING, VerdictWord.AMBIGUOUS, VerdictWord.INSUFFICIENT, VerdictWord.UNEXPLAINED}


def next_evidence(case: Case, lacking: Sequence[Missing]) -> list[NextEvidence]:
    """What would tell most per minute about which of the suspects it is."""
    believed = {Suspect(found.plate, found.component): found.probability for found in case.judgement.candidates}
    plates = _suspected(case)
    options = _tests(case, lacking, plates)
    retried = _retried(case)
    if retried in plates:
        options |= _retries(retried)
    gains = rank_tests(case.posterior, believed, [test for test, _ in options.values()])
    return _best(gains, options, case.judgement.verdict)[:_SHOWN]


def told_apart_by(case: Case, lacking: Sequence[Missing]) -> list[NextEvidence]:
    """What would best tell apart the suspects that the verdict leaves side by side; nothing for any other verdict."""
    if case.judgement.verdict is not VerdictWord.AMBIGUOUS:
        return []
    suspects = [Suspect(fault.plate, fault.component) for fault in case.judgement.faults]
    plates = sorted({suspect.plate for suspect in suspects} & set(case.posterior.network.plates))
    options = _tests(case, lacking, plates)
    retried = _retried(case)
    if retried in plates:
        options |= _retries(retried)
    gains = rank_splits(case.posterior, suspects, [test for test, _ in options.values()])
    return _best(gains, options, case.judgement.verdict)[:_SPLITS_SHOWN]


def _best(
    gains: Sequence[Gain], options: Mapping[str, tuple[Test | Retry, Option]], word: VerdictWord
) -> list[NextEvidence]:
    """The options in the order of what they promise; what promises too little to be worth the effort is left out."""
    worthwhile = [gain for gain in gains if gain.bits >= _WORTHWHILE_BITS]
    if not worthwhile and word in _OPEN:
        worthwhile = [gain for gain in gains if gain.bits >= _SAID_BITS]
    told = ((options[gain.key][1], gain) for gain in worthwhile)
    return [
        NextEvidence(
            collect=Sentence(option.title),
            machine=one_line(option.machine),
            command=one_line(option.command),
            gain_bits=round(gain.bits, 3),
        )
        for option, gain in told
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


def _tests(case: Case, lacking: Sequence[Missing], plates: Iterable[str]) -> dict[str, tuple[Test | Retry, Option]]:
    """The missing exports of the machines on and around some plates, and of the DPM server."""
    machines = {name.partition(":")[2] for plate in plates for name in chain(case.graph, plate)}
    machines |= {*case.topology.with_role(Role.DPM_SERVER)}
    promises = Promises(case.rules, case.places, case.catalog)
    near = [item for item in lacking if item.machine in machines]
    found = tests(near, lambda machine: case.topology.plate_of(machine)[1], promises.signs)
    return {test.key: (test, option) for test, option in found}


def _retries(plate: str) -> dict[str, tuple[Test | Retry, Option]]:
    return {test.key: (test, option) for test, option in retries(plate, plate.partition(":")[2])}


def _retried(case: Case) -> str | None:
    """The virtual machine whose job is worth trying again: the first suspected by name, unless all is clear already."""
    if case.judgement.verdict is VerdictWord.ASSERTED:
        return None
    plates = (found.plate for found in case.judgement.candidates[:_SUSPECTED])
    return next(
        (plate for plate in plates if plate.startswith("vm:") and not plate.startswith(vm_plate(UNKNOWN))), None
    )
