"""Everything about one event: what it says, its values, what its codes mean, and which rules read it."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from diagnostics.event import Event
from diagnostics.knowledge.catalog import Catalog
from diagnostics.knowledge.events import known_event, named_values
from diagnostics.ledger.hits import Hit
from diagnostics.sanitize import one_line, sanitize
from diagnostics.wording import event_name
from tui.timeline.clock import DisplayClock

_TEXT = 8000
_VALUE = 1000


class CodeTold(NamedTuple):
    """An error code, decoded."""

    code: str
    symbol: str
    meaning: str


class HitTold(NamedTuple):
    """A rule that read the event."""

    rule: str
    polarity: str
    instance: str
    weight_db: float | None
    times: int
    why: str


class Details(NamedTuple):
    """An event in all its parts, harmless for a terminal."""

    name: str
    level: str
    time: str
    """With its zone; empty where the event has none."""
    machine: str
    place: str
    """`file:record`."""
    channel: str
    meaning: str
    """What such records mean; empty where no table tells."""
    text: str
    fields: tuple[tuple[str, str], ...]
    codes: tuple[CodeTold, ...]
    hits: tuple[HitTold, ...]
    note: str

    @property
    def words(self) -> list[str]:
        """What can be explained, the most telling first."""
        return [*(told.code for told in self.codes), self.name, *(hit.rule for hit in self.hits)]


def details_of(event: Event, clock: DisplayClock, catalog: Catalog, hits: Sequence[Hit], note: str) -> Details:
    """Put an event into words."""
    known = known_event(event.provider, event.event_id) if event.event_id else None
    return Details(
        name=event_name(event),
        level=event.level.name.lower(),
        time="" if event.time is None else clock.full(event.time),
        machine=one_line(event.machine),
        place=f"{one_line(event.source)}:{event.record}",
        channel=one_line(event.channel),
        meaning=known.meaning if known else "",
        text=sanitize(event.text[:_TEXT]).strip(),
        fields=tuple(_fields(event)),
        codes=tuple(_code(code, catalog) for code in event.codes),
        hits=tuple(_hit(hit) for hit in hits),
        note=one_line(note, _VALUE),
    )


def _fields(event: Event) -> Iterator[tuple[str, str]]:
    names = [name for name, _ in named_values(event)]
    for (own, value), known in zip(event.fields.items(), names, strict=True):
        yield one_line(known or own), one_line(value, _VALUE)


def _code(code: str, catalog: Catalog) -> CodeTold:
    known = catalog.codes.get(code)
    return CodeTold(one_line(code), known.symbol if known else "", known.meaning if known else "")


def _hit(hit: Hit) -> HitTold:
    rule = hit.rule
    return HitTold(
        one_line(rule.name), rule.polarity, one_line(hit.instance), hit.weight_db, hit.times, one_line(rule.why)
    )


def as_text(told: Details) -> str:
    """The same as lines, to be copied: what is copied is what is shown."""
    head = "  ".join(part for part in (told.time, told.machine, told.name, told.level, told.place) if part)
    fields = [f"{name}={value}" for name, value in told.fields]
    codes = [" ".join(part for part in code if part) for code in told.codes]
    return "\n".join(part for part in (head, told.text, *fields, *codes, told.note) if part)
