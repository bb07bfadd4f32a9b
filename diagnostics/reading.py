"""Reads a case: from paths to events in true order, and an inventory of everything that was handed in.

paths -> documents (intake) -> events by wall clocks and file names (parsing) -> machines, UTC, order (here)
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

import msgspec

from diagnostics.event import Event, Kind
from diagnostics.evidence.clock import Clock, Clocks, Zones, parse_zones
from diagnostics.evidence.document import Damage, Document, Tally
from diagnostics.evidence.folding import Repeat
from diagnostics.evidence.intake import Intake
from diagnostics.evidence.inventory import NOT_READ, SourceReport, unread
from diagnostics.evidence.machines import by_label, known_machine_in, unify
from diagnostics.evidence.members import DEFAULT_LIMITS, Limits
from diagnostics.ledger.pages import Pages
from diagnostics.parsers.format import Format, Interest, Relevance, everything
from diagnostics.parsing import Part, Progress, Unwatched, Wanted, parse
from engine.sentence import Sentence

if TYPE_CHECKING:
    from diagnostics.ledger.ledger import Ledger

__all__ = ["Progress", "Reading", "read_case"]


class Reading(msgspec.Struct, kw_only=True):
    """A case, read."""

    events: list[Event]
    """In order of (time, source, record), times in UTC; those without a time are last."""
    sources: list[SourceReport]
    """In the order of their names."""
    tallies: dict[str, Tally]
    """What the parsers counted, by source; times here are as printed."""
    repeats: Counter[Repeat]
    """Events counted but not kept: after the first thousand of their kind on a day, or found in two files."""
    machines: dict[str, str]
    """Machine names as printed -> as this case calls them."""
    cancelled: bool = False
    ledger: "Ledger | None" = None
    """Every event, where that was asked for; whoever did closes it."""

    def channels(self) -> Iterator[tuple[str, str]]:
        """(machine, channel) of every event log that was read, wanted records in it or not."""
        for source in self.sources:
            tally = self.tallies.get(source.path)
            for channel in tally.channels if tally else ():
                yield source.machine, channel


def read_case(  # noqa: PLR0913 - each is something else that a caller may say
    paths: Iterable[str | Path],
    interest: Interest = everything,
    *,
    relevant: Relevance | None = None,
    zones: Iterable[str] = (),
    progress: Progress | None = None,
    stdin: IO[bytes] | None = None,
    formats: Sequence[Format] | None = None,
    limits: Limits = DEFAULT_LIMITS,
    ledger: bool = False,
) -> Reading:
    """Read everything under `paths` (`-` is standard input); the answer does not depend on their order.

    Args:
        paths: files, folders, archives.
        interest: which event-log records are wanted; the others are counted only.
        relevant: which lines of traces and texts are wanted; all, where it is None. Of the others a few are kept.
        zones: time zones of wall clocks, `NAME` or `FILE=NAME`.
        progress: is told how far the reading is, and may cancel it.
        stdin: standard input, if it is not that of the process.
        formats: the formats to recognize, in order; all of `diagnostics.parsers` unless given.
        limits: what archives may ask of us.
        ledger: whether every event is listed, wanted or not; see `diagnostics.ledger`.

    Raises:
        UnreadableInput: a path does not exist, or there is none.
        UnknownZoneError: a name in `zones` is no time zone, or that of a zone's source is no source's.
    """
    said = parse_zones(zones)
    watcher: Progress = progress or Unwatched()
    with Intake(limits, stdin) as intake:
        documents: list[Document] = []
        reports: list[SourceReport] = []
        for item in intake.documents(paths):
            if isinstance(item, Document):
                documents.append(item)
            else:
                reports.append(item)
            if watcher.cancelled():
                reports.append(unread("everything else", NOT_READ, Sentence("cancelled while files were being listed")))
                break
        pages = Pages() if ledger else None
        parts = list(parse(documents, Wanted(interest, relevant, noted=ledger), watcher, formats, pages))
        cancelled = watcher.cancelled()
        damage = intake.damage
        keep = _Keep(pages, intake.outlive()) if pages else None
    return _assemble(parts, reports, damage, said, keep, cancelled=cancelled)


class _Keep(NamedTuple):
    """Where words stay for whoever looks at the ledger."""

    pages: Pages
    cleanup: Callable[[], None]


def _assemble(
    parts: Sequence[Part],
    reports: list[SourceReport],
    damage: Mapping[str, Sequence[Damage]],
    zones: Zones,
    keep: _Keep | None,
    *,
    cancelled: bool,
) -> Reading:
    parts, machines, names = _with_machines(parts)
    told = [event for part in parts for event in (*part.events, *part.telling)]
    clocks = Clocks(told, zones)
    repeats: Counter[Repeat] = Counter()
    events: list[Event] = []
    used: list[Clock | None] = []
    for part in parts:
        report, timed, clock = _in_utc(part, clocks)
        used.append(clock)
        report.damage = [*damage.get(report.path, ()), *report.damage]
        reports.append(report)
        events += timed
        repeats += part.repeats
    if not cancelled:
        zones.check((report.path, report.machine) for report in reports)
    events.sort(key=lambda event: (event.time is None, event.time or 0, event.source, event.record))
    return Reading(
        events=_distinct(events, repeats),
        sources=sorted(reports, key=lambda report: report.path),
        tallies={part.document.name: part.tally for part in parts},
        repeats=repeats,
        machines=machines,
        cancelled=cancelled,
        ledger=_bound(parts, used, names, keep) if keep else None,
    )


def _bound(
    parts: Sequence[Part], clocks: Sequence[Clock | None], names: Sequence[Callable[[str], str]], keep: _Keep
) -> "Ledger":
    from diagnostics.ledger.binding import Bound, bind  # noqa: PLC0415 - others need no numpy yet
    from diagnostics.ledger.ledger import LedgerSource  # noqa: PLC0415 - as above

    documents = [
        Bound(
            LedgerSource(part.document.name, part.kind, part.document.path, part.rereadable), part.register, clock, name
        )
        for part, clock, name in zip(parts, clocks, names, strict=True)
        if part.register is not None
    ]
    return bind(documents, keep.pages, keep.cleanup)


_Name = Callable[[str], str]
"""From a machine's name as a document prints it to its name in the case."""


def _with_machines(parts: Sequence[Part]) -> tuple[list[Part], dict[str, str], list[_Name]]:
    """Every event gets its machine: as the record says, else the file's name; each under one name."""
    told = {name for part in parts for name in part.tally.machines if name != part.document.machine}
    known = by_label(told)
    hints = {part.document.name: known_machine_in(part.document.name, known) or part.document.machine for part in parts}
    names = {event.machine for part in parts for event in (*part.events, *part.telling)}
    machines = unify({*told, *names, *hints.values()})
    namings = [_naming(part.document, hints[part.document.name], machines) for part in parts]
    return [_renamed(part, name) for part, name in zip(parts, namings, strict=True)], machines, namings


def _naming(document: Document, hint: str, machines: Mapping[str, str]) -> _Name:
    anonymous = {"", document.machine}

    def name(machine: str) -> str:
        printed = hint if machine in anonymous else machine
        return machines.get(printed, printed)

    return name


def _renamed(part: Part, name: _Name) -> Part:
    def rename(event: Event) -> Event:
        machine = name(event.machine)
        return event if machine == event.machine else msgspec.structs.replace(event, machine=machine)

    document = msgspec.structs.replace(part.document, machine=name(""))
    counts: Counter[str] = Counter()
    for machine, count in part.tally.machines.items():
        counts[name(machine)] += count
    part.tally.machines = counts
    repeats: Counter[Repeat] = Counter()
    for repeat, count in part.repeats.items():
        repeats[repeat._replace(machine=name(repeat.machine))] += count
    events, telling = ([rename(event) for event in events] for events in (part.events, part.telling))
    return part._replace(document=document, events=events, telling=telling, repeats=repeats)


def _in_utc(part: Part, clocks: Clocks) -> tuple[SourceReport, list[Event], Clock | None]:
    """The inventory line of a document, its events by UTC, and the wall clock that they were by."""
    tally = part.tally
    source = part.document.name
    machine = min(tally.machines, key=lambda name: (-tally.machines[name], name), default=part.document.machine)
    timed = [event for event in part.events if event.time is not None]
    local = any(event.local_time for event in timed) or (part.register is not None and part.register.local)
    clock = clocks.of(source, machine) if local else None
    events = [_event_in_utc(event, clock) for event in part.events]
    first, last = _span(tally, clock)
    report = SourceReport(
        path=source,
        kind=part.kind,
        machine=machine,
        records=tally.records,
        events=len(events),
        first=first,
        last=last,
        encoding=part.document.encoding,
        time_zone=clock.known if clock else "" if first is None else "UTC",
        damage=list(tally.damage),
        remarks=list(tally.remarks),
        lines_not_understood=tally.lines_not_understood,
        first_line_not_understood=tally.first_line_not_understood,
    )
    return report, events, clock


def _span(tally: Tally, clock: Clock | None) -> tuple[int | None, int | None]:
    if tally.first is None or tally.last is None or clock is None:
        return tally.first, tally.last
    return clock.utc(tally.first), clock.utc(tally.last)


def _event_in_utc(event: Event, clock: Clock | None) -> Event:
    if not event.local_time:
        return event
    time = event.time if event.time is None or clock is None else clock.utc(event.time)
    return msgspec.structs.replace(event, time=time, local_time=False)


def _distinct(events: list[Event], repeats: Counter[Repeat]) -> list[Event]:
    """One event for each record, though it was exported twice (a log and its XML, two exports that overlap).

    The copy with the longer text stays: an XML export may hold the rendered message, an EVTX never does.
    """
    kept: dict[object, Event] = {}
    for at, event in enumerate(events):
        is_record = event.kind is Kind.RECORD and event.event_id and event.machine and event.channel
        key = (event.machine, event.channel, event.record, event.time, event.event_id) if is_record else at
        other = kept.get(key)
        if other is not None:
            repeats[Repeat(event.machine, event.kind, event.provider, event.event_id, event.codes)] += 1
        if other is None or len(event.text) > len(other.text):
            kept[key] = event
    return list(kept.values())
