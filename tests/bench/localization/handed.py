"""What of a night's logs is handed in, as if it had been read from files."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import NamedTuple

import msgspec

from diagnostics.case.topology import Role
from diagnostics.event import Event, Kind
from diagnostics.evidence.document import Tally
from diagnostics.evidence.inventory import SourceReport
from diagnostics.reading import Reading
from tests.bench.localization.faults import MINUTE
from tests.bench.localization.logbook import DAY, EVENING, Export
from tests.bench.localization.setting import Setting
from tests.bench.localization.signals import COMMON_LOGS, JOBS, VMMS_LOG
from tests.bench.localization.site import SERVER, Site


class Source(NamedTuple):
    """An export that was made."""

    export: Export
    events: Sequence[Event]
    wrapped: bool = False
    """Whether the log begins only during the night."""


def collect(
    events: Mapping[Export, Sequence[Event]], site: Site, setting: Setting, chance: Random
) -> tuple[list[Source], dict[Export, Sequence[Event]]]:
    """The exports that are handed in, and those that are not. Event logs exist though they hold nothing of interest."""
    common = [
        (machine, log)
        for machine, role in site.machines()
        for log in sorted(COMMON_LOGS)
        if role is Role.HOST or log != VMMS_LOG
    ]
    given: list[Source] = []
    withheld: dict[Export, Sequence[Event]] = {}
    for export in dict.fromkeys((*common, *sorted(events))):
        of_export = events.get(export, ())
        wrapped = chance.random() < setting.wrapped
        if export == (SERVER, JOBS) or chance.random() < _likely(export, site, setting):
            given.append(Source(export, of_export, wrapped and export[1] in COMMON_LOGS))
        elif of_export:
            withheld[export] = of_export
    return given, withheld


def _likely(export: Export, site: Site, setting: Setting) -> float:
    machine, log = export
    of_guest = machine in site.vms
    if log in COMMON_LOGS:
        return setting.collected_of_guest if of_guest else setting.collected
    return setting.collected_rarely * (setting.collected_of_guest if of_guest else 1.0)


def thinned(source: Source, lost: float, chance: Random) -> Source:
    """The source without a share of its events; job reports only lose their errors."""
    kept = []
    for event in source.events:
        if chance.random() >= lost:
            kept.append(event)
        elif event.kind is Kind.JOB:
            kept.append(msgspec.structs.replace(event, text="", codes=()))
    return source._replace(events=kept)


def reading_of(sources: Iterable[Source]) -> Reading:
    """The sources, read."""
    events: list[Event] = []
    reports: list[SourceReport] = []
    tallies: dict[str, Tally] = {}
    for source in sources:
        path = "/".join(source.export)
        numbered = enumerate(source.events, 1)
        events += [msgspec.structs.replace(event, source=path, record=number) for number, event in numbered]
        reports.append(_report(path, source))
        tallies[path] = Tally()
        tallies[path].channels = {source.export[1]} if _is_log(source) else set()
    return _reading(events, reports, tallies)


def with_source(reading: Reading, source: Source) -> Reading:
    """The reading, with one more source handed in."""
    more = reading_of([source])
    return _reading(
        [*reading.events, *more.events], [*reading.sources, *more.sources], {**reading.tallies, **more.tallies}
    )


def _reading(events: list[Event], reports: list[SourceReport], tallies: dict[str, Tally]) -> Reading:
    return Reading(
        events=sorted(events, key=lambda event: (event.time is None, event.time or 0, event.source, event.record)),
        sources=sorted(reports, key=lambda report: report.path),
        tallies=tallies,
        repeats=Counter(),
        machines={report.machine: report.machine for report in reports},
    )


def _report(path: str, source: Source) -> SourceReport:
    """The inventory line; an event log holds much that no rule asks for, and its span is known."""
    if not _is_log(source):
        number = len(source.events)
        return SourceReport(path=path, kind="text", machine=source.export[0], records=number, events=number)
    return SourceReport(
        path=path,
        kind="evtx",
        machine=source.export[0],
        records=len(source.events) + 1000,
        events=len(source.events),
        first=EVENING + 90 * MINUTE if source.wrapped else EVENING - 3 * DAY,
        last=EVENING + DAY // 2,
    )


def _is_log(source: Source) -> bool:
    return source.export[1] in COMMON_LOGS or source.export[1].startswith("Microsoft-")
