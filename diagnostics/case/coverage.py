"""What is provably absent: causes whose events did not show in logs that cover the time of a failed job.

Absence counts only where it is proved: an event log of the machine was read without damage, and its first and last
record enclose the job. What was not collected says nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from diagnostics.case.jobs import Job, Outcome
from diagnostics.case.observations import Sighting, links_of
from diagnostics.case.places import Places
from diagnostics.case.topology import short_name
from diagnostics.event import Event, Kind
from diagnostics.evidence.inventory import SourceReport
from diagnostics.knowledge.catalog import Catalog
from diagnostics.localize.problem import OTHER, EventObservation, Link
from diagnostics.reading import Reading
from diagnostics.rules.rule import Polarity, Rule

TRUST = 0.6
"""An author's sensitivity says how often a cause shows where the rule was written; elsewhere it shows less often."""
_SPURIOUS = 0.01
CHANNELS = {"application": "application", "system": "system", "hyper-v-vmms": "microsoft-windows-hyper-v-vmms-admin"}
"""Logsource services whose channel is certain, so that the absence of their records can be proved."""


class Absence(NamedTuple):
    """A cause none of whose events is in the logs or lists that would hold them."""

    observation: EventObservation
    machine: str
    source: str
    rules: tuple[str, ...]
    of_list: bool = False
    """Whether a list of settings lacks it, not a log."""


class Coverage:
    """Which event logs cover which time, by machine and channel."""

    def __init__(self, reading: Reading) -> None:
        self._spans: dict[tuple[str, str], list[SourceReport]] = defaultdict(list)
        for source in reading.sources:
            tally = reading.tallies.get(source.path)
            if tally and not source.damage and source.first is not None:
                for channel in tally.channels:
                    self._spans[short_name(source.machine), _normal(channel)].append(source)

    def source(self, machine: str, service: str, job: Job) -> str | None:
        """The log of this kind that encloses the job, None where none does."""
        for source in self._spans.get((machine, CHANNELS.get(service, "")), ()):
            if _encloses(source, job):
                return source.path
        return None

    def machines(self) -> frozenset[str]:
        """The machines that have some event log without damage."""
        return frozenset(machine for machine, _ in self._spans)


def _normal(channel: str) -> str:
    return channel.casefold().replace("/", "-")


def _encloses(source: SourceReport, job: Job) -> bool:
    if source.first is None or source.last is None or job.started is None or job.ended is None:
        return False
    return source.first <= job.started and job.ended <= source.last


def absences(
    reading: Reading,
    jobs: Iterable[Job],
    sightings: Iterable[Sighting],
    rules: Sequence[Rule],
    places: Places,
    catalog: Catalog,
) -> tuple[Absence, ...]:
    """The causes that failed jobs would have shown on the machines that ran them, and did not."""
    coverage = Coverage(reading)
    shown = {link.id for sighting in sightings for link in sighting.rule.causes}
    by_cause = {cause: told for cause, told in _records_by_cause(rules).items() if cause not in shown}
    found: dict[str, Absence] = {}
    for job in jobs:
        if job.outcome is Outcome.FAILED:
            for machine in sorted(coverage.machines() & places.machines_of(job.reports[0])):
                for absence in _absent(by_cause, machine, job, coverage, places, catalog):
                    found.setdefault(absence.observation.key, absence)
    return tuple(found[key] for key in sorted(found))


def _records_by_cause(rules: Iterable[Rule]) -> Mapping[str, list[Rule]]:
    """The rules that find a cause in event logs; causes that show elsewhere too are no less absent for that."""
    table: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        if rule.polarity is Polarity.FAULT and rule.home is Kind.RECORD:
            for link in rule.causes:
                table[link.id].append(rule)
    return table


def _absent(
    by_cause: Mapping[str, list[Rule]], machine: str, job: Job, coverage: Coverage, places: Places, catalog: Catalog
) -> Iterator[Absence]:
    for cause, rules in by_cause.items():
        sources = [coverage.source(machine, rule.logsource.service, job) for rule in rules]
        if any(source is None for source in sources):
            continue
        would_be = Event(kind=Kind.RECORD, source="", record=0, time=job.ended, machine=machine)
        link = max(_links_to(cause, would_be, rules, places, catalog), key=lambda link: link.sensitivity, default=None)
        if link is None:
            continue
        plate = places.find(would_be, link.scope).name
        observation = EventObservation(
            key=f"no-{cause}@{plate}",
            plate=plate,
            seen=False,
            links=(link._replace(sensitivity=TRUST * link.sensitivity),),
            spurious=_SPURIOUS,
            family="",
        )
        yield Absence(observation, machine, sources[0] or "", tuple(sorted(rule.name for rule in rules)))


def _links_to(cause: str, event: Event, rules: Iterable[Rule], places: Places, catalog: Catalog) -> Iterator[Link]:
    """The links to a cause that sits on the plate of the machine itself."""
    home = places.home(event)
    for rule in rules:
        for link in links_of(event, rule, places, catalog):
            if link.cause == cause != OTHER and link.scope is home:
                yield link
