"""What the report of a failed job says of why it failed: of this job, and of one thing.

An event of a log may be there by chance. The report of a failed job is about what failed it, or says nothing: so it is
no event beside the failure, which any fault around the machine might explain, but a property of the failure itself.
"""

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
from engine.pipeline import DEPENDS_ON, Component

_MOST_LIKELY = 0.9
"""P(a cause's jobs end with one report), at most."""
_SPOKEN_OF = 0.3
"""A cause is known to speak in reports where its rules' sensitivities for these add up to so much."""
_SILENT = 0.25
"""P(no rule knows the report | failed by a cause of which rules know reports): four fifths of the public failures with
a job report hold a code or sentence that leads to their component."""
_CODE_OF_ANOTHER = 0.1
"""How much less likely a job ends with a code of a component that does not stand on the one at fault."""
_UNKNOWN_CODE = 0.5
"""The same for the unknown cause."""
_BESIDE_THE_POINT = 0.1
"""By how much an author's spurious rate is too high for what a failed job reports as its own error: of 50 public
failures with a job report, one report spoke of another component."""
_AT_ONCE = float(__import__("os").environ.get("ATONCE", "2.5"))
"""So many of a cause's rules read one report: its id, its code, its sentence."""
_ANY_SYMPTOM = float(__import__("os").environ.get("ANYS", "0.002"))
"""P(a job that failed by whatever cause ends with a symptom of others)."""
_UNKNOWN_GAIN = 2.0
"""By how much a report is likelier by an unknown cause than by one that it does not speak of."""
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
            by_job[job_of.get((event.source, event.record), "") if event.kind is Kind.JOB else ""].append(event)
        for job, events in by_job.items():
            key = f"{sighting.key} of {job}" if job else sighting.key
            part = msgspec.structs.replace(sighting, key=key, events=events)
            (reported[job] if job else logged).append(part)
    return Apart(logged, reported)


class Reports:
    """Reads the reports of failed jobs."""

    def __init__(self, rules: Iterable[Rule], catalog: Catalog) -> None:
        self._catalog = catalog
        self._ways = _ways_to_report(rules)
        self._unknown: dict[frozenset[Component], Report] = {}

    def read(self, job: Job, readings: Sequence[tuple[Rule, EventObservation]]) -> Report:
        """What the report of a failed job says, by what each rule makes of it."""
        if readings:
            return self._known(readings)
        codes = (self._catalog.codes.get(code) for report in job.reports for code in report.codes)
        components = frozenset(info.component for info in codes if info and info.component)
        if components not in self._unknown:
            self._unknown[components] = self._not_known(components)
        return self._unknown[components]

    def _known(self, readings: Sequence[tuple[Rule, EventObservation]]) -> Report:
        """Of each cause, what the rule says that speaks most for it: it is one report, however many rules read it."""
        weighed = [self._weighed(rule, reading) for rule, reading in readings]
        otherwise = max(weighed, key=lambda told: _strongest(told) / told.otherwise).otherwise
        gains: dict[Link, float] = {}
        for told in weighed:
            for link in told.links:
                place = link._replace(sensitivity=0.0)
                gains[place] = max(gains.get(place, 1.0), link.sensitivity / told.otherwise)
        links = (
            place._replace(sensitivity=min(gain * otherwise, _MOST_LIKELY)) for place, gain in sorted(gains.items())
        )
        return Report(tuple(links), otherwise, ((OTHER, min(1.0, _UNKNOWN_GAIN * otherwise)),))

    def _weighed(self, rule: Rule, reading: EventObservation) -> Report:
        """What one rule says: a job ends with one error, so of a cause that has many ways to fail, each is rarer."""
        chance = _BESIDE_THE_POINT * reading.spurious + (_ANY_SYMPTOM if rule.polarity is Polarity.SYMPTOM else 0.0)
        links = (
            link._replace(sensitivity=link.sensitivity / max(1.0, self._ways[link.cause] / _AT_ONCE))
            for link in reading.links
            if link.cause != OTHER
        )
        return Report(tuple(links), chance)

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


def _strongest(told: Report) -> float:
    return max((link.sensitivity for link in told.links), default=0.0)


def _may_speak_for(component: Component, code: Component) -> bool:
    """Whether a code of a component may come of another's fault: its own, or one that it stands on."""
    below = [code]
    for one in below:
        below += [needed for needed in DEPENDS_ON[one] if needed not in below]
    return component in below or _GUESTS_COUNTERPART.get(component) is code
