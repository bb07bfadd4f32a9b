"""What event-log records mean, and what their unnamed values are called.

Classic event sources log values without names; their message tables tell what each place holds. `events.csv` carries
that over, so that a report can say `hr=0x80070005` and a rule can ask for `hr`.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from pathlib import Path

import msgspec

from diagnostics.event import Event
from engine.datafiles.documents import Problem
from engine.datafiles.tables import read_rows

_COLUMNS = ("provider", "event_id", "meaning", "fields", "source")
_KNOWLEDGE = Path(__file__).parent


class EventInfo(msgspec.Struct, frozen=True):
    """What records of one id mean."""

    provider: str
    """As the source is called; `*` stands for any text."""
    event_id: int
    meaning: str
    fields: tuple[str, ...]
    """Names of the values, in their order; empty where nobody knows them, or where each record names its own."""
    source: str
    """Where that is known from."""

    @property
    def name(self) -> str:
        """`VSS/8229`, without wildcards."""
        return f"{self.provider.replace('*', '')}/{self.event_id}"


def load_events(folder: Path = _KNOWLEDGE) -> tuple[tuple[EventInfo, ...], list[Problem]]:
    """Read `events.csv`; what is wrong is left out and told."""
    problems: list[Problem] = []
    found: dict[tuple[str, int], EventInfo] = {}
    for line, cells in read_rows(folder / "events.csv", _COLUMNS, problems):
        if not cells["event_id"].isdecimal() or not cells["provider"] or not cells["meaning"]:
            problems.append(Problem("events.csv", line, "an incomplete row", "provider, event id as a number, meaning"))
            continue
        key = (cells["provider"].casefold(), int(cells["event_id"]))
        if key in found:
            problems.append(Problem("events.csv", line, f"event {cells['provider']} {key[1]} occurs twice"))
            continue
        fields = tuple(cells["fields"].split())
        found[key] = EventInfo(cells["provider"], key[1], cells["meaning"], fields, cells["source"])
    return tuple(found.values()), problems


@cache
def _shipped() -> dict[int, list[EventInfo]]:
    """By id; a name without `*` before the patterns."""
    found: dict[int, list[EventInfo]] = {}
    for info in sorted(load_events()[0], key=lambda info: ("*" in info.provider, info.provider)):
        found.setdefault(info.event_id, []).append(info)
    return found


@lru_cache(maxsize=4096)
def known_event(provider: str, event_id: int) -> EventInfo | None:
    """What is known of records of this provider and id."""
    folded = provider.casefold()
    known = _shipped().get(event_id, ())
    return next((info for info in known if fnmatchcase(folded, info.provider.casefold())), None)


def value_of(event: Event, field: str) -> str | None:
    """A value by the name (lower-case) that its place has; None where there is none."""
    for place, name in _places(event.provider, event.event_id, "param1" in event.fields):
        if name.lower() == field:
            return event.fields.get(place)
    return None


def named_values(event: Event) -> Iterator[tuple[str, str]]:
    """The values of an event, each with its own name or the one that its place is known by, else with an empty one."""
    names = dict(_places(event.provider, event.event_id, "param1" in event.fields))
    for name, value in event.fields.items():
        yield names.get(name, "" if name.startswith("Data[") else name), value


@lru_cache(maxsize=4096)
def _places(provider: str, event_id: int, numbered_params: bool) -> tuple[tuple[str, str], ...]:  # noqa: FBT001 - a part of the key
    """The places of such an event's values, and what they mean. Newer Windows calls some places `param1` and so on."""
    info = known_event(provider, event_id)
    spelling, first = ("param{}", 1) if numbered_params else ("Data[{}]", 0)
    return tuple((spelling.format(place), name) for place, name in enumerate(info.fields if info else (), first))
