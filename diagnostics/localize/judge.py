"""From the posterior to a verdict: how far the evidence carries, what it names, and why."""

import heapq
import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from diagnostics.localize.calibration import Belief, shipped
from diagnostics.localize.explain import EvidenceLine, Suspect, Weighing, minimal, plates_concerned, weigh
from diagnostics.localize.factors import EventLine, Line, job_line, notable
from diagnostics.localize.inference import Posterior
from diagnostics.localize.naming import Name, best_cause, name_of
from diagnostics.localize.network import Network
from diagnostics.localize.problem import OTHER, JobObservation, Problem
from diagnostics.localize.responsibility import Responsibilities
from diagnostics.localize.sharing import unfolded
from diagnostics.verdict import VerdictWord
from engine.pipeline import Mode, Scope, Stage, stages_of
from engine.sentence import Sentence

SURE = 0.98
"""Asserted takes so much: at 0.95, and without a sign of its own, a night whose cause the catalog does not know ended
with a wrong one asserted nearly three times as often, on the causes and seeds that the temperature is fitted on."""
_ITS_OWN = 0.3
"""And that its most probable cause shows something so much more readily than all others do."""
FIRM = 0.9
LIKELY = 0.5
_FEW = 4
"""An ambiguity of more members than this is no answer."""
_ENOUGH_JOBS = 3
_ENOUGH_FAMILIES = 2
_SURPRISING = 0.01
"""The predictive check fails where chance alone leaves so many failures with less than this probability."""
_LISTED = 0.01
"""Candidates below this probability, or where nothing failed or was seen, are listed only to fill the first five."""
_FIRST = 5
_MOST_LISTED = 32
"""For so many candidates, those most probably at fault, it is told whether they failed a job."""
_REPORTS = "reports of jobs"
"""The family of what failed jobs report."""
MOST_EXPLAINED = 6
"""For so many faults the evidence is weighed line by line, unless told otherwise."""


class Fault(NamedTuple):
    """A component on a plate that the verdict names."""

    plate: str
    component: str
    cause: str | None
    """The most probable one, where it is more likely than not by the causes that are listed; None where only the
    component is."""
    probability: float
    """P(some cause of the component is present on the plate and failed a job); without failed jobs, P(present)."""
    cause_probability: float | None
    """Of that, the part of the named cause: calibrated, for the listed causes are not all that there are."""
    jobs: tuple[str, ...]
    """Keys of the failed jobs that it explains."""
    evidence: tuple[EvidenceLine, ...]
    counter_evidence: tuple[EvidenceLine, ...]
    minimal_evidence: tuple[int, ...]
    """Indices into `evidence` of lines that still carry the fault."""
    name: Name
    """The most probable cause, named or not, and what speaks for it."""
    belief: Belief
    """What the probability is made of."""


class Candidate(NamedTuple):
    """A line of the ranking."""

    plate: str
    component: str
    cause: str
    """The most probable cause of the component."""
    probability: float
    belief: Belief
    """What the probability is made of."""


class Judgement(NamedTuple):
    """The verdict, before it is put into words."""

    verdict: VerdictWord
    faults: tuple[Fault, ...]
    """What the verdict names, the firmest first; the members where it is ambiguous."""
    candidates: tuple[Candidate, ...]
    """The whole ranking by component, whatever the verdict: first those that can have failed one of the jobs."""
    unexplained_jobs: tuple[str, ...]
    """Failed jobs that no named component explains."""
    limits: tuple[str, ...]
    """What was not computed, in words."""


class _Grade(NamedTuple):
    """How far the evidence carries one part of the explanation."""

    word: VerdictWord
    suspects: tuple[Suspect, ...]


_RANK = (
    VerdictWord.ASSERTED,
    VerdictWord.LEADING,
    VerdictWord.UNEXPLAINED,
    VerdictWord.AMBIGUOUS,
    VerdictWord.INSUFFICIENT,
)


def judge(problem: Problem, posterior: Posterior, most_explained: int = MOST_EXPLAINED) -> Judgement:
    """Say how far the evidence carries; `posterior` is that of the problem.

    The evidence is weighed line by line for the first `most_explained` faults, which takes longer than all else.
    """
    return _Judge(problem, posterior, most_explained).judgement()


class _Judge:
    def __init__(self, problem: Problem, posterior: Posterior, most_explained: int) -> None:
        self.most_explained = most_explained
        self.network: Network = posterior.network
        self.plates = posterior.nested
        self.leak = problem.leak
        jobs = {job.key: job for job in reversed(problem.jobs) if job.plate in self.plates}
        self.jobs = list(reversed(jobs.values()))
        self.failed = [job for job in self.jobs if not job.succeeded and job.failed]
        self.failed_within = self._by_plate_around(self.failed)
        self.failed_stages = {job.key: _failed_stages(job) for job in self.failed}
        self.passed = [job for job in self.jobs if job.succeeded]
        self.families = {event.key: event.family or event.key for event in problem.events}
        self.explanation = posterior.explanation
        self.limits: list[str] = []
        self.limits.extend(_simplified(sorted(self.network.problem.singly - problem.singly)))
        self.calibration = shipped()
        self.responsibilities = Responsibilities(self.network)
        self._beliefs: dict[Suspect, Belief] = {}
        self._touches: dict[tuple[str, str], list[JobObservation]] = {}

    def _by_plate_around(self, jobs: Iterable[JobObservation]) -> Mapping[str, Sequence[JobObservation]]:
        within: defaultdict[str, list[JobObservation]] = defaultdict(list)
        for job in jobs:
            for plate in self.network.paths[job.plate]:
                within[plate].append(job)
        return within

    def judgement(self) -> Judgement:
        grades = sorted(self._grades(), key=lambda grade: (_RANK.index(grade.word), grade.suspects))
        word = self._word(grades)
        faults = self._faults(grades, word)
        explained = {job for fault in faults for job in fault.jobs}
        unexplained = tuple(job.key for job in self.failed if job.key not in explained)
        return Judgement(word, faults, self._candidates(), unexplained, tuple(self.limits))

    # --- the word ---

    def _word(self, grades: Sequence[_Grade]) -> VerdictWord:
        if not any(self.network.lines.values()):
            return VerdictWord.INSUFFICIENT
        best = grades[0].word if grades else None
        if not self.failed:
            return self._word_without_failure(grades)
        if best is not VerdictWord.ASSERTED and self._all_retried():
            return VerdictWord.TRANSIENT
        if self._left_to_chance_too_often():
            return VerdictWord.LEADING if best in _RANK[:2] and self._mostly_explained() else VerdictWord.UNEXPLAINED
        return best or VerdictWord.INSUFFICIENT

    def _word_without_failure(self, grades: Sequence[_Grade]) -> VerdictWord:
        """Without a failed job nothing is asserted; where jobs passed, only a firm suspicion is worth a word.

        Trouble without any job shows neither a fault nor that backups are well.
        """
        if not grades:
            return VerdictWord.HEALTHY if self.passed or not self._troubled() else VerdictWord.INSUFFICIENT
        best = grades[0]
        firm = len(best.suspects) == 1 and self._probability(best.suspects[0]) >= FIRM
        return VerdictWord.HEALTHY if self.passed and not firm else best.word

    def _troubled(self) -> bool:
        """Whether the logs hold any event that a fault makes likelier."""
        lines = (line for of_plate in self.network.lines.values() for line in of_plate.values())
        return any(isinstance(line, EventLine) and line.seen for line in lines)

    def _all_retried(self) -> bool:
        """Whether each failure stands alone on its plate and a later job, in a mode that shows as much, passed."""
        by_plate: defaultdict[str, list[JobObservation]] = defaultdict(list)
        for job in self.jobs:
            by_plate[job.plate].append(job)
        return all(_retried(job, by_plate[job.plate]) for job in self.failed)

    def _left_to_chance_too_often(self) -> bool:
        """The predictive check: whether chance can have failed the jobs that nothing in the explanation touches."""
        touched = {job.key for present in self.explanation for job in self._touched(present.plate, present.component)}
        by_chance = sum(1 for job in self.failed if job.key not in touched)
        p = -math.expm1(len(stages_of(Mode.ONLINE)) * math.log1p(-self.leak))
        return by_chance > 0 and _tail(len(self.failed) + len(self.passed), by_chance, p) < _SURPRISING

    def _mostly_explained(self) -> bool:
        named = [present for present in self.explanation if present.component]
        touched = {job.key for present in named for job in self._touched(present.plate, present.component)}
        return 2 * len(touched) >= len(self.failed)

    # --- grades ---

    def _grades(self) -> Iterator[_Grade]:
        by_plate: defaultdict[str, list[str]] = defaultdict(list)
        for present in self.explanation:
            if present.component not in by_plate[present.plate]:
                by_plate[present.plate].append(present.component)
        suspects = [Suspect(plate, component) for plate, components in by_plate.items() for component in components]
        clear = [suspect for suspect in suspects if suspect.component and self._probability(suspect) >= LIKELY]
        yield from (_Grade(self._firmness(suspect), (suspect,)) for suspect in clear)
        explained = {job.key for suspect in clear for job in self._touched(suspect.plate, suspect.component)}
        for plate, components in by_plate.items():
            if "" in components:
                yield _Grade(VerdictWord.UNEXPLAINED, ())
            if any(self._unclear(Suspect(plate, name), explained) for name in components):
                yield self._ambiguity(plate)

    def _unclear(self, suspect: Suspect, explained: Collection[str]) -> bool:
        """Whether something is wrong there, but not clearly this; what failed by something clear asks no more."""
        if not suspect.component:
            return self.plates[suspect.plate].other <= LIKELY
        if not self.failed:
            return self._present(suspect) < LIKELY
        touched = {job.key for job in self._touched(suspect.plate, suspect.component)}
        return self._probability(suspect) < LIKELY and not touched <= set(explained)

    def _firmness(self, suspect: Suspect) -> VerdictWord:
        """Beside the probability, asserted takes a failed job, a sign of its own, two kinds of support or three jobs.

        A job that may as well have failed where the component is not needed is none of the three.
        """
        jobs = self._touched(suspect.plate, suspect.component)
        if self._probability(suspect) < SURE or not jobs or self._name(suspect).own_sign < _ITS_OWN:
            return VerdictWord.LEADING
        stages = self._stages(suspect.plate, suspect.component)
        pointing = [job for job in jobs if self.failed_stages[job.key] <= stages]
        if len(pointing) >= _ENOUGH_JOBS or len(self._support(suspect)) >= _ENOUGH_FAMILIES:
            return VerdictWord.ASSERTED
        return VerdictWord.LEADING

    def _name(self, suspect: Suspect) -> Name:
        return name_of(self.network, self.plates[suspect.plate], suspect)

    def _support(self, suspect: Suspect) -> set[str]:
        """The families of seen events that a suspect makes likely; the failed jobs are one more, their reports too."""
        catalog = self.network.nodes[suspect.plate].catalog
        causes = {(catalog.scope, cause.id) for cause in catalog.causes if cause.component == suspect.component}
        return {""} | {
            self.families.get(key, _REPORTS)
            for plate in plates_concerned(self.network, suspect.plate)
            for key, line in self.network.lines[plate].items()
            if notable(line) and _speaks_for(line, causes)
        }

    def _ambiguity(self, plate: str) -> _Grade:
        """The smallest set of components, here or around, that holds the mass of all that could be it."""
        pool = [
            (-round(self._probability(Suspect(name, component)), 6), Suspect(name, component))
            for name in self.network.paths[plate]
            for component, mass in self.plates[name].components.items()
            if mass >= _LISTED and self._reaches(name, component, plate)
        ]
        pool.sort()
        total = -sum(mass for mass, _ in pool)
        held = list(accumulate(-mass for mass, _ in pool))
        needed = 1 + sum(1 for mass in held if mass < FIRM * total)
        if needed > _FEW:
            return _Grade(VerdictWord.INSUFFICIENT, ())
        return _Grade(VerdictWord.AMBIGUOUS, tuple(suspect for _, suspect in pool[:needed]))

    def _probability(self, suspect: Suspect) -> float:
        """P(it failed a job), calibrated; where none failed, P(it is at fault)."""
        return self.calibration.probability(self._belief(suspect))

    def _belief(self, suspect: Suspect) -> Belief:
        if suspect not in self._beliefs:
            self._beliefs[suspect] = self._believed(suspect)
        return self._beliefs[suspect]

    def _believed(self, suspect: Suspect) -> Belief:
        present = self._present(suspect)
        if not self.failed:
            return Belief(present, 1.0)
        if not present or not self._touched(suspect.plate, suspect.component):
            return Belief(present, 0.0)
        return Belief(present, min(1.0, self.responsibilities.of(suspect) / present))

    def _present(self, suspect: Suspect) -> float:
        return self.plates[suspect.plate].components[suspect.component]

    # --- faults ---

    def _faults(self, grades: Iterable[_Grade], word: VerdictWord) -> tuple[Fault, ...]:
        if word is VerdictWord.HEALTHY:
            return ()
        suspects = list(dict.fromkeys(suspect for grade in grades for suspect in grade.suspects))
        if len(suspects) > self.most_explained:
            self.limits.append(
                Sentence("evidence weighed for {some} of {all} faults", some=self.most_explained, all=len(suspects))
            )
        explained = suspects[: self.most_explained]
        weighings = dict(zip(explained, weigh(self.network, explained), strict=True))
        faults = [self._fault(suspect, weighings.get(suspect)) for suspect in suspects]
        return tuple(sorted(faults, key=lambda fault: (-round(fault.probability, 6), fault.plate, fault.component)))

    def _fault(self, suspect: Suspect, weighing: Weighing | None) -> Fault:
        probability = self._probability(suspect)
        level = FIRM if probability >= FIRM else LIKELY
        found = self._name(suspect)
        jobs = tuple(job.key for job in self._touched(suspect.plate, suspect.component))
        plate, component = unfolded(suspect.plate, suspect.component)
        fault = Fault(plate, component, None, probability, None, jobs, (), (), (), found, self._belief(suspect))
        if probability * found.share >= LIKELY:
            share = self.calibration.names.probability(found.log_odds, found.own_sign)
            fault = fault._replace(cause=found.cause, cause_probability=probability * share)
        if weighing is None:
            return fault
        if weighing.left_out:
            self.limits.append(
                Sentence(
                    "{plate}: {count} lines not weighed for {component}",
                    plate=suspect.plate, count=weighing.left_out, component=suspect.component,
                )
            )  # fmt: skip
        return fault._replace(
            evidence=weighing.evidence,
            counter_evidence=weighing.counter_evidence,
            minimal_evidence=minimal(self.network, suspect, weighing.evidence, min(level, probability)),
        )

    def _touched(self, plate: str, component: str) -> list[JobObservation]:
        """The failed jobs that a component on a plate can have failed: within the plate, in one of its stages."""
        if (plate, component) not in self._touches:
            stages = self._stages(plate, component)
            within = (job for job in self.failed_within[plate] if stages & self.failed_stages[job.key])
            self._touches[plate, component] = [job for job in within if self._reaches(plate, component, job.plate)]
        return self._touches[plate, component]

    def _reaches(self, plate: str, component: str, inner: str) -> bool:
        """Whether a component on a plate can fail what runs on another one: itself, or one within it."""
        path = self.network.paths[inner]
        if plate not in path:
            return False
        reach = {cause.reach for cause in self.network.nodes[plate].catalog.causes if cause.component == component}
        return any(not names or not names.isdisjoint(path) for names in reach)

    def _stages(self, plate: str, component: str) -> frozenset[Stage]:
        causes = self.network.nodes[plate].catalog.causes
        return frozenset(
            stage
            for cause in causes
            if (cause.component == component if component else cause.id == OTHER)
            for stage, probability in cause.failure.items()
            if probability > 0.0
        )

    # --- candidates ---

    def _candidates(self) -> tuple[Candidate, ...]:
        ranked = [
            (-round(mass, 6), plate, component)
            for plate, posterior in self.plates.items()
            for component, mass in posterior.components.items()
        ]
        listed = [row for row in ranked if -row[0] >= _LISTED and self.network.nodes[row[1]].notable]
        suspects = [
            Suspect(plate, component)
            for _, plate, component in heapq.nsmallest(_MOST_LISTED, listed if len(listed) >= _FIRST else ranked)
        ]
        order = {
            suspect: (-round(self._probability(suspect), 6), -round(self._present(suspect), 6), suspect)
            for suspect in suspects
        }
        if len(listed) > _MOST_LISTED:
            self.limits.append(Sentence("{some} of {all} suspects ranked", some=_MOST_LISTED, all=len(listed)))
        ranking = sorted(suspects, key=order.__getitem__)
        return tuple(self._candidate(suspect, -order[suspect][0]) for suspect in ranking)

    def _candidate(self, suspect: Suspect, probability: float) -> Candidate:
        cause = best_cause(self.network, self.plates[suspect.plate], suspect)
        plate, component = unfolded(suspect.plate, suspect.component)
        return Candidate(plate, component, unfolded(suspect.plate, cause).name, probability, self._belief(suspect))


def _simplified(plates: Sequence[str]) -> Iterator[Sentence]:
    """Where two faults at once were too many to consider, in words."""
    if len(plates) > _FEW:
        yield Sentence(
            "so many different events bear on {count} plates that two faults at once there were not considered",
            count=len(plates),
        )
    elif plates:
        yield Sentence(
            "so many different events bear on {plates} that two faults at once there were not considered",
            plates=", ".join(plates),
        )


def _retried(failed: JobObservation, on_plate: Sequence[JobObservation]) -> bool:
    later = on_plate[on_plate.index(failed) + 1 :]
    alone = sum(1 for job in on_plate if not job.succeeded and job.failed) == 1
    return alone and any(job.succeeded and _shows_as_much(job.mode, failed.mode) for job in later)


def _speaks_for(line: Line, causes: Collection[tuple[Scope, str]]) -> bool:
    """Whether an event, or what the report of a job says, is likelier by one of the causes than without them."""
    if isinstance(line, EventLine):
        return any((link.scope, link.cause) in causes and link.sensitivity > line.spurious for link in line.links)
    told = line.report
    return told is not None and any(
        (link.scope, link.cause) in causes and link.sensitivity > told.otherwise for link in told.links
    )


def _shows_as_much(retry: Mode, failed: Mode) -> bool:
    return retry in (failed, Mode.ONLINE) or failed is Mode.UNKNOWN


def _failed_stages(job: JobObservation) -> frozenset[Stage]:
    line = job_line(job)
    return frozenset(line.failed) if line else frozenset()


def _tail(trials: int, successes: int, p: float) -> float:
    """P(at least so many successes) of a binomial distribution."""
    log_p, log_q = math.log(max(p, 1e-300)), math.log1p(-min(p, 1.0 - 1e-16))
    terms = (
        math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1) + k * log_p + (trials - k) * log_q
        for k in range(successes)
    )
    return 1.0 - math.fsum(math.exp(term) for term in terms)
