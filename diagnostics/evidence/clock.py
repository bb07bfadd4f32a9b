"""From wall clocks to UTC: which zone a source's times are by, and how that is known.

A zone is, in this order, given by the user; seen, because the same events also stand in a source with UTC times;
told by the machine's own log (EventLog 6013 names its zone, Kernel-General 22 and 24 its bias); borrowed from those
other machines of the case whose logs are as old as the source; or assumed to be UTC. The inventory says which.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from difflib import get_close_matches
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import msgspec

from diagnostics.event import Event
from engine.sentence import Sentence

_SECOND = 1_000_000
_MINUTE = 60 * _SECOND
_QUARTER = 15 * _MINUTE
_OFFSETS = range(-12 * 60 * _MINUTE, 14 * 60 * _MINUTE + 1, _QUARTER)
"""All zones in use are a multiple of 15 minutes from UTC, between -12:00 and +14:00."""
_TOLERANCE = _SECOND
"""Rendered times are cut to the second, some are rounded."""
_AS_OLD = 30 * 24 * 60 * _MINUTE
"""Logs of other years are of other places, too: a collection's samples say nothing of last night's mail."""
_AGREEING = 2
_COMPARED = 500
"""Wall-clock events that are compared with UTC ones; more does not make the answer better."""
_EPOCH = datetime(1970, 1, 1)
_FIXED = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?")

UPTIME = ("EventLog", 6013)
"""Its last value is `-540 Tokyo Standard Time`: the bias without daylight saving, and the zone's name (localized)."""
BIAS_CHANGED = ("Microsoft-Windows-Kernel-General", 22)
ZONE_REFRESHED = ("Microsoft-Windows-Kernel-General", 24)
"""Both hold the bias that is in force: UTC minus local time, in minutes."""
TELLING = frozenset({UPTIME, BIAS_CHANGED, ZONE_REFRESHED})
"""Records to read even where nobody else is interested in them."""


class UnknownZoneError(ValueError):
    """A time zone that neither the IANA data base nor Windows knows."""


class Clock(NamedTuple):
    """The zones that a wall clock went by, and how they are known."""

    zones: tuple[tuple[int, tzinfo], ...]
    """Each from which wall-clock time on, in order; the first holds for all time before it, too."""
    known: str
    """For the inventory: `Asia/Tokyo (given)`."""

    def utc(self, local: int) -> int:
        """Microseconds UTC of a wall-clock time; the earlier of the two that it means when summer time ends."""
        at = bisect_right(self.zones, local, key=lambda zone: zone[0])
        return local - _offset(self.zones[max(0, at - 1)][1], local)


def _always(zone: tzinfo, known: str) -> Clock:
    return Clock(((0, zone),), known)


def _offset(zone: tzinfo, local: int) -> int:
    """Microseconds from UTC; none for times that no calendar has."""
    try:
        offset = zone.utcoffset(_EPOCH + timedelta(microseconds=local))
    except OverflowError:
        return 0
    return (offset or timedelta()) // timedelta(microseconds=1)


class Zones(NamedTuple):
    """What the user says of time zones."""

    default: str = ""
    by_source: Mapping[str, str] = {}
    """Zone by source: its name in the inventory, or the end of it (`HV01/vssadmin.txt`, a folder name, a machine)."""

    def given(self, source: str, machine: str) -> str:
        """The zone that the user gives for a source, empty where none."""
        if machine in self.by_source:
            return self.by_source[machine]
        fitting = self.by_source.keys() & _parts_of(source)
        return self.by_source[max(fitting, key=len)] if fitting else self.default

    def check(self, sources: Iterable[tuple[str, str]]) -> None:
        """Raise `UnknownZoneError` for a zone that is given for none of the sources, each with its machine."""
        known = {name for source, machine in sources for name in (machine, *_parts_of(source))}
        for stranger in sorted(self.by_source.keys() - known):
            raise UnknownZoneError(
                Sentence(
                    "--tz {name}={zone}: no file, folder or machine is called so",
                    name=stranger, zone=self.by_source[stranger],
                )
            )  # fmt: skip


def _parts_of(source: str) -> set[str]:
    """A source's path, and every part of it."""
    parts = source.split("/")
    return {"/".join(parts[start:end]) for start in range(len(parts)) for end in range(start + 1, len(parts) + 1)}


def parse_zones(options: Iterable[str]) -> Zones:
    """`NAME` or `FILE=NAME`, several times; raises `UnknownZoneError`."""
    default, by_source = "", {}
    for option in options:
        source, equals, name = option.rpartition("=")
        find_zone(name)
        if equals:
            by_source[source.replace("\\", "/").removeprefix("./")] = name
        else:
            default = name
    return Zones(default, by_source)


class _WindowsZones(msgspec.Struct, frozen=True):
    zones: dict[str, str]
    localized: dict[str, str]


@cache
def _windows_zones() -> dict[str, str]:
    data = Path(__file__).with_name("windows_zones.yml").read_bytes()
    table = msgspec.yaml.decode(data, type=_WindowsZones)
    return {name.casefold(): iana for name, iana in (table.zones | table.localized).items()}


def find_zone(name: str) -> tzinfo:
    """A zone by IANA name (`Asia/Tokyo`), Windows name (`Tokyo Standard Time`) or offset (`+09:00`, `UTC-5`).

    Raises:
        UnknownZoneError: with a suggestion, if there is a similar name.
    """
    fixed = _FIXED.fullmatch(name.strip())
    if fixed:
        return _fixed_zone(name, fixed)
    if name.upper() in {"UTC", "Z", "GMT"}:
        return UTC
    windows = _windows_zones().get(name.casefold().replace("daylight", "standard"))
    try:
        return ZoneInfo(windows or _spelled(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        similar = get_close_matches(name, sorted(available_timezones()), n=1)
        told = Sentence("unknown time zone {name!r}", name=name)
        if similar:
            told = Sentence("unknown time zone {name!r}; did you mean {similar}?", name=name, similar=similar[0])
        raise UnknownZoneError(told) from None


def _fixed_zone(name: str, match: re.Match[str]) -> tzinfo:
    sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
    if offset > timedelta(hours=14):
        raise UnknownZoneError(
            Sentence("unknown time zone {name!r}: no zone is more than 14 hours from UTC", name=name)
        )
    return timezone(-offset if sign == "-" else offset)


def _spelled(name: str) -> str:
    """The IANA spelling of a name in any case: `asia/tokyo` works on every file system."""
    return next((zone for zone in sorted(available_timezones()) if zone.casefold() == name.casefold()), name)


def _printed(offset: int) -> str:
    sign = "-" if offset < 0 else "+"
    return f"{sign}{abs(offset) // (60 * _MINUTE):02d}:{abs(offset) // _MINUTE % 60:02d}"


def _at_offset(offset: int, how: str) -> Clock:
    return _always(timezone(timedelta(microseconds=offset)), Sentence("{zone} ({how})", zone=_printed(offset), how=how))


_ASSUMED = _always(UTC, Sentence("{zone} (assumed: nothing tells the zone)", zone="UTC"))


class Clocks:
    """Knows the clock of every source of a case."""

    def __init__(self, events: Sequence[Event], zones: Zones) -> None:
        self._zones = zones
        self._utc = _moments(event for event in events if not event.local_time)
        self._local: dict[str, list[Event]] = defaultdict(list)
        for event in events:
            if event.local_time and event.time is not None:
                self._local[event.source].append(event)
        self._told = _told_by_machines(events)
        self._spans = _spans(events)

    def of(self, source: str, machine: str) -> Clock:
        """The clock of a source with wall-clock times; `machine` is whose log it is, empty if nobody knows."""
        given = self._zones.given(source, machine)
        if given:
            return _always(find_zone(given), Sentence("{zone} (given)", zone=given))
        told = self._told.get(machine)
        return self._seen(source, told) or told or self._borrowed(source) or _ASSUMED

    def _seen(self, source: str, told: Clock | None) -> Clock | None:
        """From events that another source of their machine has in UTC; None if the machine's own word agrees."""
        events = self._local[source]
        votes: Counter[int] = Counter()
        for event in events[:: 1 + len(events) // _COMPARED]:
            moments = self._utc.get(_identity(event, event.machine), [])
            votes.update(offset for offset in _OFFSETS if _has(moments, (event.time or 0) - offset))
        ranking = votes.most_common(2)
        if not ranking or ranking[0][1] < _AGREEING or (len(ranking) > 1 and ranking[1][1] == ranking[0][1]):
            return None
        offset, count = ranking[0]
        if told and any(event.time is not None and event.time - told.utc(event.time) == offset for event in events):
            return None
        machine = events[0].machine
        if not machine:
            return _at_offset(offset, Sentence("guessed from {events}", events=_events(count)))
        return _at_offset(offset, _guessed(count, machine))

    def _borrowed(self, source: str) -> Clock | None:
        """The clock that most machines tell whose logs are as old as a source; none where they disagree evenly."""
        lenders = {machine: clock for machine, clock in self._told.items() if self._are_as_old(machine, source)}
        ranking = Counter(clock.known.partition(" (")[0] for clock in lenders.values()).most_common(2)
        if not ranking or (len(ranking) > 1 and ranking[0][1] == ranking[1][1]):
            return None
        name = ranking[0][0]
        machine, clock = min((m, c) for m, c in lenders.items() if c.known.startswith(f"{name} ("))
        return Clock(clock.zones, Sentence("{zone} (guessed: {machine} is in that zone)", zone=name, machine=machine))

    def _are_as_old(self, machine: str, source: str) -> bool:
        """Whether a machine's logs reach within a month of a source's times; they do where it has none."""
        times = [event.time for event in self._local[source] if event.time is not None]
        first, last = self._spans[machine]
        return not times or (first - _AS_OLD <= max(times) and min(times) <= last + _AS_OLD)


def _spans(events: Iterable[Event]) -> dict[str, tuple[int, int]]:
    """When each machine's events begin and end, to the day."""
    spans: dict[str, tuple[int, int]] = {}
    for event in events:
        if event.time is not None:
            first, last = spans.get(event.machine, (event.time, event.time))
            spans[event.machine] = min(first, event.time), max(last, event.time)
    return spans


_Identity = tuple[str, str, int, tuple[str, ...]]


def _identity(event: Event, machine: str) -> _Identity:
    return (machine, event.provider.casefold(), event.event_id, event.codes if not event.event_id else ())


def _moments(events: Iterable[Event]) -> dict[_Identity, list[int]]:
    moments: dict[_Identity, list[int]] = defaultdict(list)
    for event in events:
        if event.time is not None and (event.event_id or event.codes):
            for machine in {event.machine, ""}:  # exports without a computer column may be of any machine
                moments[_identity(event, machine)].append(event.time)
    for times in moments.values():
        times.sort()
    return dict(moments)


def _has(moments: list[int], time: int) -> bool:
    at = bisect_left(moments, time - _TOLERANCE)
    return at < len(moments) and moments[at] <= time + _TOLERANCE


class _Told(NamedTuple):
    """What a record says of its machine's zone."""

    time: int
    zone: tzinfo
    name: str
    by_name: bool


def _told_by_machines(events: Iterable[Event]) -> dict[str, Clock]:
    """What each machine's own log says of its zone, now and earlier: by name if it names any, else by its bias."""
    told: dict[str, list[_Told]] = defaultdict(list)
    for event in events:
        word = _told_by(event)
        if word:
            told[event.machine].append(word)
    return {machine: _clock_told(machine, words) for machine, words in told.items()}


def _told_by(event: Event) -> _Told | None:
    key = (event.provider, event.event_id)
    if key not in TELLING or event.time is None:
        return None
    if key == UPTIME:
        bias, name = _uptime(event)
        if name.casefold() in _windows_zones():
            zone = find_zone(name)
            return _Told(event.time, zone, str(zone), by_name=True)
    else:
        bias = _minutes(event.fields.get("CurrentBias") or event.fields.get("NewBias") or "")
    if bias is None:
        return None
    return _Told(event.time, timezone(timedelta(minutes=-bias)), _printed(-bias * _MINUTE), by_name=False)


def _clock_told(machine: str, words: list[_Told]) -> Clock:
    words = sorted([word for word in words if word.by_name] or words, key=lambda word: (word.time, word.name))
    changes = words[:1] + [word for before, word in pairwise(words) if word.name != before.name]
    zones: list[tuple[int, tzinfo]] = []
    for word in changes:
        start = word.time + _offset(word.zone, word.time)
        zones.append((max(start, zones[-1][0]) if zones else start, word.zone))
    names = ", later ".join(dict.fromkeys(word.name for word in changes))
    return Clock(tuple(zones), Sentence("{zone} ({how})", zone=names, how=_guessed(len(words), machine)))


def _guessed(count: int, machine: str) -> Sentence:
    return Sentence("guessed from {events} of {machine}", events=_events(count), machine=machine)


def _events(count: int) -> Sentence:
    return Sentence("1 event") if count == 1 else Sentence("{count} events", count=count)


def _uptime(event: Event) -> tuple[int | None, str]:
    """Bias and zone name of an EventLog 6013, wherever in its values they stand."""
    for value in reversed(event.fields.values()):
        bias, _, name = value.partition(" ")
        if name and _minutes(bias) is not None:
            return _minutes(bias), name.strip()
    return None, ""


def _minutes(text: str) -> int | None:
    """A bias in minutes, None where the text is none; records print negative ones as unsigned now and then."""
    try:
        value = int(text, 0)
    except ValueError:
        return None
    if value >= 1 << 31:
        value -= 1 << 32
    return value if abs(value) <= 14 * 60 else None
