"""How many exports it takes, asking for what the verdict recommends next, in a fixed order, or for any at random.

Of a night, only the job reports are handed in at first. Whoever is asked gives what the machine holds, if only an
empty list. Beside the ways that a person has stands one that knows the truth and looks into each export before it
asks for one: no advice can do better by much.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from diagnostics.answer.next_steps import next_evidence
from diagnostics.case.collecting import Missing, missing
from diagnostics.diagnosis import Knowledge
from diagnostics.localize.judge import FIRM, Candidate
from diagnostics.reading import Reading
from diagnostics.understanding import Case
from tests.bench.localization.chance import chance_of
from tests.bench.localization.handed import Source, with_source
from tests.bench.localization.logbook import Export
from tests.bench.localization.night import Night
from tests.bench.localization.signals import COMMON_LOGS
from tests.bench.localization.trial import is_at_fault, understood

MOST = 15
"""Where digging stops; a fault that is not found by then counts so many."""
_FAR = 4
"""So many exports are looked ahead by the way that knows the truth: what they do not show, the others do not either."""


class Dug(NamedTuple):
    """What one way of asking took."""

    firm: int
    """Exports until the truth is first, and firm."""
    first: int
    """Exports until the truth is first, and stays so whatever else is asked for; the way that knows it stops there."""
    minutes: float
    """A person's time for these."""


class Digging(NamedTuple):
    """A night, and what each way of asking took."""

    open: bool
    """Whether the job reports alone leave something else first."""
    ways: dict[str, Dug]


USUAL_REPORTS, VAGUE_REPORTS = "usual reports", "reports that tell little"
ADVISED, USUAL, RANDOM, KNOWING = "advised", "in a usual order", "at random", "knowing the truth"
Choice = Callable[[Case, Sequence[Missing]], Missing]


def dig(night: Night, seed: int, knowledge: Knowledge) -> Digging:
    """What each way of asking takes; the night has all but the job reports withheld."""
    chance = chance_of("dig", seed, *(truth.cause for truth in night.truths))
    bundle = _Bundle(night, knowledge)
    ways: dict[str, Choice] = {
        ADVISED: _advised,
        USUAL: lambda _, options: min(options, key=_usual_order),
        RANDOM: lambda _, options: chance.choice(options),
    }
    taken = {way: _asked(bundle, choose) for way, choose in ways.items()}
    return Digging(not bundle.is_right(bundle.start), {**taken, KNOWING: _knowing(bundle)})


class _Bundle:
    """A night's exports, and what the verdict makes of any of them: what changes nothing is not asked again."""

    def __init__(self, night: Night, knowledge: Knowledge) -> None:
        self._night = night
        self._knowledge = knowledge
        self._known: dict[frozenset[Export], Case] = {}
        self.start = self.understood(())
        self.options = _on_failed_machines(self.start, missing(self.start.topology, night.reading.events, ()))

    def understood(self, asked: Sequence[Missing]) -> Case:
        """The case with some exports handed in."""
        exports = [export for item in asked for export in _exports(item) if self._tells(export)]
        key = frozenset(exports)
        if key not in self._known:
            reading: Reading = self._night.reading
            for export in sorted(key):
                reading = with_source(reading, Source(export, self._night.withheld.get(export, ())))
            self._known[key] = understood(reading, self._knowledge)
        return self._known[key]

    def _tells(self, export: Export) -> bool:
        """A list that holds nothing of interest changes nothing; a log that holds nothing may."""
        return self._holds(export) or export[1] in COMMON_LOGS

    def _holds(self, export: Export) -> bool:
        return bool(self._night.withheld.get(export))

    def filled(self, options: Iterable[Missing]) -> list[Missing]:
        """Those that hold anything."""
        return [item for item in options if any(map(self._holds, _exports(item)))]

    def is_right(self, case: Case) -> bool:
        """Whether the truth is first."""
        return self._is_true(case.judgement.candidates[0])

    def is_firm(self, case: Case) -> bool:
        """Whether it is first, and firm."""
        return self.is_right(case) and case.judgement.candidates[0].probability >= FIRM

    def believed(self, case: Case) -> float:
        """The probability of the truth."""
        return max((found.probability for found in case.judgement.candidates if self._is_true(found)), default=0.0)

    def _is_true(self, found: Candidate) -> bool:
        return is_at_fault((found.plate, found.component), self._night.truths)


def _asked(bundle: _Bundle, choose: Choice) -> Dug:
    asked: list[Missing] = []
    cases = [bundle.start]
    while len(asked) < min(MOST, len(bundle.options)):
        asked.append(choose(cases[-1], [item for item in bundle.options if item not in asked]))
        cases.append(bundle.understood(asked))
    wrong = [number for number, case in enumerate(cases) if not bundle.is_right(case)]
    first = MOST if not bundle.is_right(cases[-1]) else max(wrong, default=-1) + 1
    return _dug(asked, first, _place_of_first(map(bundle.is_firm, cases)))


def _knowing(bundle: _Bundle) -> Dug:
    """Always the export after which the truth is most probable."""
    asked: list[Missing] = []
    cases = [bundle.start]
    while len(asked) < _FAR and not bundle.is_firm(cases[-1]):
        left = bundle.filled(item for item in bundle.options if item not in asked)
        if not left:
            break
        asked.append(max(left, key=lambda item: bundle.believed(bundle.understood([*asked, item]))))
        cases.append(bundle.understood(asked))
    return _dug(asked, _place_of_first(map(bundle.is_right, cases)), _place_of_first(map(bundle.is_firm, cases)))


def _dug(asked: Sequence[Missing], first: int, firm: int) -> Dug:
    return Dug(firm, first, sum(item.export.cost for item in asked[:first]))


def _place_of_first(holds: Iterable[bool]) -> int:
    return next((number for number, so in enumerate(holds) if so), MOST)


def _on_failed_machines(case: Case, options: Sequence[Missing]) -> list[Missing]:
    """What the machines that ran a failed job have to give, and the server: nobody would look elsewhere first."""
    failed = {plate for job in case.problem.jobs if not job.succeeded for plate in _around(case, job.plate)}
    machines = {plate.partition(":")[2] for plate in failed}
    return [
        item
        for item in options
        if item.machine in machines or item.machine not in case.topology.vms + case.topology.hosts
    ]


def _around(case: Case, plate: str) -> Iterator[str]:
    parents: Mapping[str, str | None] = {known.name: known.parent for known in case.problem.plates}
    around: str | None = plate
    while around is not None:
        yield around
        around = parents.get(around)


def _advised(case: Case, options: Sequence[Missing]) -> Missing:
    """The first recommended export; retries are no exports. Where nothing is recommended, the usual one."""
    by_title = {(item.option.title, item.machine): item for item in options}
    for advice in next_evidence(case, options):
        if (advice.collect, advice.machine) in by_title:
            return by_title[advice.collect, advice.machine]
    return min(options, key=_usual_order)


_ROLES = ("host", "guest", "dpm-server", "domain-controller")


def _usual_order(item: Missing) -> tuple[int, float, str, str]:
    """Logs before lists, machine by machine, the hosts first: what a check list says, whatever failed."""
    return (_ROLES.index(item.role.value), -item.export.cost, item.machine, item.export.id)


def _exports(item: Missing) -> Iterator[Export]:
    """What of a night the export holds."""
    have = item.export.have
    names = {*have.channels, *have.listings, *(f"{kind}s" for kind in have.kinds)}
    names |= {f"{binary}.errlog" for binary in have.binaries}
    yield from ((item.machine, name) for name in sorted(names))
