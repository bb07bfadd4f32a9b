"""What the report of a failed job says of why it failed: of this job, and of one thing.

An event of a log may be there by chance. The report of a failed job is about what failed it, or says nothing: so it is
no event beside the failure, which any fault around the machine might explain, but a property of the failure itself.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from diagnostics.case.jobs import Job
from diagnostics.case.observations import Sighting
from diagnostics.event import Kind
from diagnostics.knowledge.catalog import Catalog
from diagnostics.localize.problem import OTHER, EventObservation, Link, Report
from diagnostics.rules.rule import Polarity, Rule
from engine.pipeline import DEPENDS_ON, Component, Scope

_MOST_LIKELY = 0.9
"""P(a cause's jobs end with one report), at most."""
_KINDRED = 0.1
"""How readily a cause says what no rule lists for it, as a share of how its component's most ready cause does: authors'
lists are not complete."""
_SPEAKS_OF = 0.5
"""A report speaks of a component where it makes it so much likelier, as a share of that which it makes likeliest."""
_SPOKEN_OF = 0.3
"""A cause is known to speak in reports where its rules' sensitivities for these add up to so much."""
_SILENT = 0.25
"""P(no rule knows the report | failed by a cause of which rules know reports): four fifths of the public failures with
a job report hold a code or sentence that leads to their component."""
_CODE_OF_ANOTHER = 0.1
"""How much less likely a job ends with a code of a component that does not stand on the one at fault."""
_UNKNOWN_CODE = 0.5
"""The same for the unknown cause."""
_SAME_AGAIN = 0.8
"""P(a fault's next job ends with the same error as one before)."""
_BESIDE_THE_POINT = 0.1
"""By how much an author's spurious rate is too high for what a failed job reports as its own error: of 50 public
failures with a job report, one report spoke of another component."""
_ANY_SYMPTOM = 0.002
"""P(a job that failed by whatever cause ends with a symptom of others)."""
_BY_UNKNOWN = 0.003
"""P(a job that failed by an unknown cause ends with one report that rules know): unknown causes share the reports of
known ones, and without it two codes of one report ruled them out."""
_GUESTS_COUNTERPART = {
    Component.GUEST_VSS: Component.HOST_VSS,
    Component.GUEST_WRITER: Component.HOST_VSS,
    Component.INTEGRATION_COMPONENTS: Component.HYPERV_WRITER,
}
"""Codes are catalogued by the host's components; the guest's speak with the same."""


class Apart(NamedTuple):
    """Sightings, without what reports of failed jobs say."""

    logged: list[Sighting]
    reported: Mapping[str, list[Sighting]]
    """By job id."""


def apart(sightings: Iterable[Sighting], failed: Iterable[Job]) -> Apart:
    """Tell what reports of these jobs say from what is logged."""
    job_of = {(report.source, report.record): job.id for job in failed for report in job.reports}
    logged: list[Sighting] = []
    reported: dict[str, list[Sighting]] = defaultdict(list)
    for sighting in sightings:
        by_job = defaultdict(list)
        for event in sighting.events:
            by_job[job_of.get((event.source, event.record), "")].append(event)
        for job, events in by_job.items():
            key = f"{sighting.key} of {job}" if job else sighting.key
            part = msgspec.structs.replace(sighting, key=key, events=events)
            (reported[job] if job else logged).append(part)
    return Apart(logged, reported)


class Reports:
    """Reads the reports of failed jobs, one after the other: a fault's jobs mostly end with the same error."""

    def __init__(self, rules: Iterable[Rule], catalog: Catalog, around: Mapping[str, str | None]) -> None:
        """With the plate around each plate."""
        self._catalog = catalog
        self._around = around
        self._said: set[tuple[str, frozenset[str]]] = set()
        """What jobs have said on each plate, by the names of the rules that read it."""
        self._ways = _ways_to_report(rules)
        self._causes_of: dict[Component, list[str]] = defaultdict(list)
        for cause in catalog.causes.values():
            self._causes_of[cause.component].append(cause.id)
        self._unknown: dict[frozenset[Component], Report] = {}

    def read(self, job: Job, plate: str, readings: Sequence[tuple[Rule, EventObservation]]) -> Report:
        """What the report of a failed job on a plate says, by what each rule makes of it."""
        if readings:
            return self._known(plate, readings)
        codes = (self._catalog.codes.get(code) for report in job.reports for code in report.codes)
        components = frozenset(info.component for info in codes if info and info.component)
        if components not in self._unknown:
            self._unknown[components] = self._not_known(components)
        return self._unknown[components]

    def _known(self, plate: str, readings: Sequence[tuple[Rule, EventObservation]]) -> Report:
        """What its id says and what the code within it says, and whatever else rules of different families read."""
        families: dict[str, Report] = {}
        for rule, reading in readings:
            told, family = self._weighed(rule, reading), reading.family or rule.name
            families[family] = max(families.get(family, told), told, key=_strength)
        otherwise = math.prod(told.otherwise for told in families.values())
        gains: dict[Link, float] = defaultdict(lambda: 1.0)
        for told in families.values():
            for place, gain in _gains(told).items():
                gains[place] *= gain
        for place, gain in self._kindred(gains):
            if gain > gains.get(place, 1.0):
                gains[place] = gain
        for scope in Scope:
            gains[Link(scope, OTHER, 0.0)] = _BY_UNKNOWN / otherwise
        again = self._said_before(plate, frozenset(rule.name for rule, _ in readings))
        links = (
            place._replace(sensitivity=_said(min(gain * otherwise, _MOST_LIKELY), again[place.scope]))
            for place, gain in sorted(gains.items())
        )
        return Report(tuple(links), otherwise)

    def _kindred(self, gains: Mapping[Link, float]) -> list[tuple[Link, float]]:
        """The same for the other causes of the components that the report speaks of most."""
        best: dict[tuple[Component, Scope, str], float] = {}
        for place, gain in gains.items():
            if place.cause in self._catalog.causes:
                about = self._catalog.causes[place.cause].component, place.scope, place.plate
                best[about] = max(best.get(about, 0.0), gain)
        least = _SPEAKS_OF * max(best.values(), default=0.0)
        return [
            (Link(scope, cause, 0.0, plate), _KINDRED * gain)
            for (component, scope, plate), gain in best.items()
            if gain >= least
            for cause in self._causes_of[component]
        ]

    def _said_before(self, plate: str, rules: frozenset[str]) -> Mapping[Scope, bool]:
        """Whether a job before said the same on the machine, on its host, on the site."""
        places = {Scope.VM: plate, Scope.HOST: self._around.get(plate) or plate, Scope.SITE: ""}
        again = {scope: (place, rules) in self._said for scope, place in places.items()}
        self._said |= {(place, rules) for place in places.values()}
        return again

    def _weighed(self, rule: Rule, reading: EventObservation) -> Report:
        """What one rule says: hardly anything by chance, for a job's own error is seldom beside the point."""
        chance = _BESIDE_THE_POINT * reading.spurious + (_ANY_SYMPTOM if rule.polarity is Polarity.SYMPTOM else 0.0)
        return Report(tuple(link for link in reading.links if link.cause != OTHER), chance)

    def _not_known(self, components: frozenset[Component]) -> Report:
        """A report that no rule knows: hardly by a cause whose reports are known, nor with a code of something else."""
        causes = []
        for cause in self._catalog.causes.values():
            said = _SILENT if self._ways[cause.id] > _SPOKEN_OF else 1.0
            if components and not any(_may_speak_for(cause.component, code) for code in components):
                said *= _CODE_OF_ANOTHER
            causes.append((cause.id, said))
        unknown = _SILENT * _UNKNOWN_CODE if components else 1.0
        return Report((), 1.0, (*causes, (OTHER, unknown)))


def _ways_to_report(rules: Iterable[Rule]) -> Mapping[str, float]:
    """By cause, the sum of the sensitivities of the rules that may read it from a job's report."""
    ways: dict[str, float] = defaultdict(float)
    for rule in rules:
        if Kind.JOB in rule.kinds and rule.polarity in {Polarity.FAULT, Polarity.SYMPTOM}:
            for link in rule.causes:
                ways[link.id] += link.sensitivity
    return ways


def _said(sensitivity: float, again: bool) -> float:  # noqa: FBT001 - private, one caller
    return _SAME_AGAIN + (1.0 - _SAME_AGAIN) * sensitivity if again else sensitivity


def _strength(told: Report) -> float:
    return max(_gains(told).values(), default=0.0)


def _gains(told: Report) -> dict[Link, float]:
    """By how much likelier each cause makes a report than what it does not speak of."""
    gains: dict[Link, float] = {}
    for link in told.links:
        place = link._replace(sensitivity=0.0)
        gains[place] = max(gains.get(place, 1.0), link.sensitivity / told.otherwise)
    return gains


def _may_speak_for(component: Component, code: Component) -> bool:
    """Whether a code of a component may come of another's fault: its own, or one that it stands on."""
    below = [code]
    for one in below:
        below += [needed for needed in DEPENDS_ON[one] if needed not in below]
    return component in below or _GUESTS_COUNTERPART.get(component) is code
