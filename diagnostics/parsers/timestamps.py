"""Moments as Windows prints them, in any culture, to microseconds.

A moment that names a zone is UTC; one that does not is by the wall clock of the machine that printed it (`local`).
The order of day and month follows the regional settings of whoever exported, not the language of the text, so it is
decided per document: `day_first_in` looks for a value that proves it.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import msgspec

_LONGEST = 80  # characters; no culture prints a longer moment, and patterns must not meet more
_EPOCH = date(1970, 1, 1).toordinal()
_DAY = 86_400_000_000
_INVISIBLE = str.maketrans(dict.fromkeys("?\u200e\u200f\u202a\u202c\ufeff") | {"\u00a0": " ", "\u202f": " "})


DayFirst = bool | None
"""Whether `5/6/2022` is a day in June; None where nobody knows."""


class Timestamp(NamedTuple):
    """A moment."""

    microseconds: int
    """Since 1970-01-01, by UTC or by a wall clock."""
    local: bool
    """True where the text names no zone: a wall clock."""


class _Cultures(msgspec.Struct, frozen=True):
    months: dict[str, list[str]]
    before_noon: list[str]
    after_noon: list[str]


class _Words(NamedTuple):
    """The data file, turned round for look-up."""

    months: dict[str, int]
    after_noon: frozenset[str]
    clock: re.Pattern[str]


@cache
def _words() -> _Words:
    cultures = msgspec.yaml.decode(Path(__file__).with_name("cultures.yml").read_bytes(), type=_Cultures)
    months = {
        name: number
        for names in cultures.months.values()
        for number, alternatives in enumerate(names, 1)
        for name in alternatives.split("|")
    }
    halves = "|".join(re.escape(half) for half in (*cultures.before_noon, *cultures.after_noon))
    clock = (
        rf"[\sT,](?:({halves})\s*)?(\d{{1,2}})[:.](\d\d)(?:[:.](\d\d)(?:[.,:](\d{{1,9}}))?)?"
        rf"\s*({halves})?\s*(Z|UTC|GMT|[+-]\d\d:?\d\d)?$"
    )
    return _Words(months, frozenset(cultures.after_noon), re.compile(clock, re.IGNORECASE))


_PRINTED_BY_NET = re.compile(r"/Date\((-?\d{1,16})(?:[+-]\d{4})?\)/")
_DMTF = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\.(\d{6})([+-])(\d{3})")
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})\s*[-/.年년]\s*(\d{1,2})\s*[-/.月월]\s*(\d{1,2})(?!\d)")
_YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})\s*([-/.])\s*(\d{1,2})\s*[-/.]\s*(\d{4}|\d\d)(?!\d)")
_DAY_AND_NAME = re.compile(
    r"(?<!\d)(\d{1,2})\.?[\s-]+(?:de\s+)?([^\W\d_]{3,12})\.?[\s,-]+(?:de\s+)?(\d{4}|\d\d$)(?!\d)"
)
_NAME_AND_DAY = re.compile(r"([^\W\d_]{3,12})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?!\d)")
_PROOF = re.compile(
    r"(?<![\d/.-])(?:((?:1[3-9]|2\d|3[01])([-/.])(?:0?[1-9]|1[0-2])\2)|(?:0?[1-9]|1[0-2])([-/.])(?:1[3-9]|2\d|3[01])\3)\d{4}(?!\d)"
)


def parse_timestamp(text: str, day_first: DayFirst = None) -> Timestamp | None:
    """Read one moment; None where the text is none, or one before 1970 (how Windows and .NET print "never").

    `day_first` is how `5/6/2022` is meant; where it is None the usual custom of the separator and of the clock decides
    (`5/6/2022 1:45 PM` is May, `5/6/2022 13:45`, `5.6.2022` and `5-6-2022` are June). Values that prove their own
    order are read by it, whatever `day_first` says.
    """
    if len(text) > _LONGEST:
        return None
    if text[4:5] == "-":
        found = _iso(text)
        if found is not None:
            return found
    return _printed(text.translate(_INVISIBLE).strip(), day_first)


def day_first_in(texts: Iterable[str]) -> DayFirst:
    """Whether a document prints the day before the month, by its first date that proves it; None where none does."""
    for text in texts:
        proof = _PROOF.search(text)
        if proof:
            return proof[1] is not None
    return None


def _iso(text: str) -> Timestamp | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return _stamp(moment)


def _stamp(moment: datetime) -> Timestamp | None:
    """Exact integer arithmetic: a float of seconds since 1970 has no room for microseconds in every year."""
    offset = moment.utcoffset()
    since = _days_between(moment.year, moment.month, moment.day)
    if since is None:
        return None
    seconds = (moment.hour * 60 + moment.minute) * 60 + moment.second
    if offset:
        seconds -= offset.days * 86_400 + offset.seconds
    return Timestamp(since * _DAY + seconds * 1_000_000 + moment.microsecond, offset is None)


def _printed(text: str, day_first: DayFirst) -> Timestamp | None:
    if text.startswith("/Date("):
        return _net(text)
    clock = _words().clock.search(text)
    days = _days(
        text[: clock.start()] if clock else text,
        day_first,
        twelve_hours=clock is not None and bool(clock[1] or clock[6]),
    )
    if days is None:
        return _iso(text) or _dmtf(text)
    if clock is None:
        return Timestamp(days * _DAY, local=True)
    return _at(days, clock)


def _at(days: int, clock: re.Match[str]) -> Timestamp | None:
    before, hours, minutes, seconds, fraction, after, zone = clock.groups()
    hour, minute, second = int(hours), int(minutes), int(seconds or 0)
    half = (before or after or "").lower()
    if half:
        hour = hour % 12 + (12 if half in _words().after_noon else 0)
    if hour > 23 or minute > 59 or second > 60:
        return None
    microseconds = int((fraction or "0").ljust(6, "0")[:6])
    seconds_of_day = (hour * 60 + minute) * 60 + second - _offset(zone)
    return Timestamp(days * _DAY + seconds_of_day * 1_000_000 + microseconds, zone is None)


def _offset(zone: str | None) -> int:
    """Seconds east of UTC."""
    if zone is None or zone[0] not in "+-":
        return 0
    seconds = int(zone[1:3]) * 3600 + int(zone[-2:]) * 60
    return -seconds if zone[0] == "-" else seconds


@lru_cache(maxsize=4096)
def _days(text: str, day_first: DayFirst, *, twelve_hours: bool) -> int | None:
    """Days since 1970 of a printed date: a log's lines share few dates, so most are found in the cache."""
    if match := _YEAR_FIRST.search(text):
        return _days_between(int(match[1]), int(match[2]), int(match[3]))
    if match := _YEAR_LAST.search(text):
        order = _order(match[2], day_first, twelve_hours=twelve_hours)
        return _days_by_order(_year(match[4]), int(match[1]), int(match[3]), day_first=order)
    return _days_by_name(text)


def _year(digits: str) -> int:
    return int(digits) + (2000 if len(digits) == 2 else 0)


def _order(separator: str, day_first: DayFirst, *, twelve_hours: bool) -> bool:
    if day_first is not None:
        return day_first
    return separator != "/" or not twelve_hours


def _days_by_order(year: int, first: int, second: int, *, day_first: bool) -> int | None:
    day, month = (first, second) if day_first else (second, first)
    return _days_between(year, month, day) if month <= 12 else _days_between(year, day, month)


def _days_by_name(text: str) -> int | None:
    months = _words().months
    for match in _DAY_AND_NAME.finditer(text):
        if month := months.get(match[2].lower()):
            return _days_between(_year(match[3]), month, int(match[1]))
    for match in _NAME_AND_DAY.finditer(text):
        if month := months.get(match[1].lower()):
            return _days_between(int(match[3]), month, int(match[2]))
    return None


@lru_cache(maxsize=4096)
def _days_between(year: int, month: int, day: int) -> int | None:
    if year < 1970:
        return None
    try:
        return date(year, month, day).toordinal() - _EPOCH
    except ValueError:
        return None


def _net(text: str) -> Timestamp | None:
    """`/Date(1653997505000)/`: milliseconds UTC, as Windows PowerShell's ConvertTo-Json prints."""
    match = _PRINTED_BY_NET.fullmatch(text)
    milliseconds = int(match[1]) if match else -1
    return Timestamp(milliseconds * 1000, local=False) if milliseconds >= 0 else None


def _dmtf(text: str) -> Timestamp | None:
    """`20220531134505.000000+120`: a CIM datetime, its offset in minutes (DMTF DSP0004, 5.2.4)."""
    match = _DMTF.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction = (int(match[n]) for n in range(1, 8))
    try:
        moment = datetime(year, month, day, hour, minute, second, fraction, tzinfo=UTC)
    except ValueError:
        return None
    stamp = _stamp(moment)
    offset = int(match[8] + match[9]) * 60_000_000
    return stamp and Timestamp(stamp.microseconds - offset, local=False)
