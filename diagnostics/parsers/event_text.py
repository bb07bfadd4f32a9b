"""Events as Event Viewer copies them to the clipboard or saves them as text, and as `wevtutil qe /f:text` prints them.

    Log Name:      Application              ログの名前:         Application
    Source:        VSS                      ソース:             VSS
    Date:          5/31/2022 1:45:05 PM     日付:               2018/10/01 21:00:19
    Event ID:      8229                     イベント ID:        8229
    ...
    Description:                            説明:
    A VSS writer has rejected an event ...

Labels are localized (`event_text.yml`); in a language that nobody has entered yet, the order of the header tells what
each line is. The message is free text with blank lines and ends where the next event, or surely something else, begins.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from diagnostics.event import Event, Kind, Level
from diagnostics.parsers.lines import Block, Lines, Page
from diagnostics.parsers.records import codes_of, finished, level_named
from diagnostics.parsers.sieve import DIGIT, LABEL
from diagnostics.parsers.timestamps import Timestamp, parse_timestamp

_LONGEST_LABEL = 48
_LONGEST_HEADER_LINE = 400
_NO_VALUE = frozenset("\\/")
"""Behind the colon of a path."""
_ORDER = ("channel", "provider", "date", "event_id", "task", "level", "keywords", "user", "machine", "description")
_BEGINNINGS = frozenset({"channel", "provider", "date", "time", "event_id", "task", "level", "machine"})
"""What a copy may begin with, and go on with."""
_LONGEST_HEADER = 12  # lines
_MARKER = re.compile(r"Event ?\[\d+\]:?\s*$")
"""How wevtutil numbers its events."""
_MOMENT = re.compile(r"\d.*\d[:.]\d\d")
_XML_VALUE = re.compile(r"<Data Name=['\"]([^'\"]{1,80})['\"]>([^<]{0,4000})</Data>")
_XML_TIME = re.compile(r"SystemTime=['\"]([^'\"]{10,40})['\"]")
_LONGEST_MESSAGE = 2000  # lines
_TABBED = re.compile(
    r"(?P<level>[^\t]{1,30})\t(?P<date>[^\t]{6,40})\t(?P<provider>[^\t]{1,120})\t(?P<id>\d{1,5})\t(?P<task>[^\t]{0,120})(?:\t(?P<text>.*))?$"
)


@cache
def _roles() -> Mapping[str, str]:
    labels = msgspec.yaml.decode(Path(__file__).with_suffix(".yml").read_bytes(), type=dict[str, list[str]])
    return {label: role for role, names in labels.items() for label in names}


class _Item(NamedTuple):
    role: str
    """Empty where the label is in no language known."""
    value: str


@lru_cache(maxsize=4096)
def _role(label: str) -> str | None:
    """What a label means, empty where it is in no language known; None where it is no label."""
    label = label.strip(" \t\u00a0").lower().replace("\u2019", "'")
    return _roles().get(label, "") if label[:1].isalpha() else None


def _item(line: str | None) -> _Item | None:
    """A header line: label, colon, value."""
    return _split(line) if line and len(line) < _LONGEST_HEADER_LINE else None


@lru_cache(maxsize=4096)
def _split(line: str) -> _Item | None:
    """Without a pattern, since it is asked at every line of every log."""
    at = line.find(":")
    if at < 0:
        at = line.find("：")
    if not 0 < at < _LONGEST_LABEL or line[at + 1 : at + 2] in _NO_VALUE:
        return None
    role = _role(line[:at])
    return None if role is None else _Item(role, line[at + 1 :].strip())


def _opens(lines: Lines) -> bool:
    line = lines.peek() or ""
    if line.startswith("Event") and _MARKER.match(line):
        return True
    first = _item(line)
    second = _item(lines.peek(1)) if first and first.role in _BEGINNINGS | {""} else None
    if first is None or second is None:
        return False
    if first.role:
        return second.role in _BEGINNINGS and _has_event_id(lines)
    third = _item(lines.peek(2))
    return third is not None and bool(_MOMENT.match(third.value)) and _is_moment(third, lines)


def _has_event_id(lines: Lines) -> bool:
    return any(_role_at(lines, ahead) == "event_id" for ahead in (3, *range(_LONGEST_HEADER)))  # mostly the fourth


def _role_at(lines: Lines, ahead: int) -> str:
    item = _item(lines.peek(ahead))
    return item.role if item else ""


def _is_moment(third: _Item, lines: Lines) -> bool:
    fourth = _item(lines.peek(3))
    return parse_timestamp(third.value) is not None and fourth is not None and fourth.value.isdecimal()


def _read(lines: Lines, page: Page) -> Iterator[Event]:
    at = lines.number
    if _MARKER.match(lines.peek() or ""):
        lines.take()
    header = _header(lines)
    text, data, system_time = _message(lines, page, header.pop("description", ""))
    event_id = _number(header.get("event_id", ""))
    if event_id is None:
        yield from _without_id(page, at, header, text)
        return
    moment = _moment(page, header, system_time)
    provider, machine = header.get("provider", ""), header.get("machine", "") or page.document.machine
    page.tally.channels.add(header.get("channel", ""))
    if not page.interest(provider, event_id):
        page.tally.saw(moment.microseconds if moment else None, machine)
        return
    event = page.event(
        Kind.RECORD,
        at,
        text,
        moment=moment,
        machine=machine,
        provider=provider,
        event_id=event_id,
        level=level_named(header.get("level", "")),
        channel=header.get("channel", ""),
        fields=data,
        codes=codes_of(data, text),
    )
    yield finished(event)


def _without_id(page: Page, at: int, header: Mapping[str, str], text: str) -> Iterator[Event]:
    """A header that was cut short: still worth its text."""
    whole = text or "\n".join(header.values())
    event = page.event(Kind.TEXT, at, whole, provider=header.get("provider", ""), machine=header.get("machine", ""))
    if event.codes or event.provider:
        yield event
    else:
        page.tally.not_understood(at)


def _number(value: str) -> int | None:
    digits = value.replace(".", "").replace(",", "").strip()
    return int(digits) if digits.isdecimal() and len(digits) <= 6 else None


def _moment(page: Page, header: Mapping[str, str], system_time: str) -> Timestamp | None:
    if system_time and (moment := parse_timestamp(system_time)):
        return moment
    date, time = header.get("date", ""), header.get("time", "")
    return page.moment(f"{date} {time}" if time else date) if date else None


def _header(lines: Lines) -> dict[str, str]:
    """The values by role, up to and with the description's first line."""
    header: dict[str, str] = {}
    language_known = bool(_role_at(lines, 0))
    for place in range(_LONGEST_HEADER):
        item = _item(lines.peek())
        if item is None:
            break
        role = item.role if language_known else (_ORDER[place] if place < len(_ORDER) else "")
        if not role or (role in header and role in {"channel", "provider", "event_id"}):
            break
        lines.take()
        header.setdefault(role, item.value)
        if role == "description":
            break
    return header


def _message(lines: Lines, page: Page, first: str) -> tuple[str, dict[str, str], str]:
    """The description, and what the event's own XML adds to it: named values, and the time in UTC."""
    taken = [first] if first else []
    data: dict[str, str] = {}
    system_time = ""
    while (line := lines.peek()) is not None and len(taken) < _LONGEST_MESSAGE and not _ends(lines, page, line):
        if line.lstrip().startswith("<Event "):
            if taken and taken[-1].rstrip().endswith((":", "：")):
                taken.pop()  # "Event Xml:", in whatever language
            data, system_time = _xml(lines)
            break
        taken.append(lines.take())
    return "\n".join(taken).strip(), data, system_time


def _ends(lines: Lines, page: Page, line: str) -> bool:
    """Whether something else begins; most lines of a message are told by one look that they begin nothing."""
    if not line or (line[0].isspace() and line.lstrip()[:1] != "*"):
        return False
    looks_like = ":" in line or "：" in line or "\t" in line or "(" in line or "{" in (lines.peek(1) or "")
    return looks_like and (line[-1] != ":" or line.startswith("Event[")) and page.interrupted(lines)


def _xml(lines: Lines) -> tuple[dict[str, str], str]:
    taken: list[str] = []
    while lines.peek() is not None and len(taken) < _LONGEST_MESSAGE:
        taken.append(lines.take())
        if "</Event>" in taken[-1]:
            break
    xml = "\n".join(taken)
    time = _XML_TIME.search(xml)
    return dict(_XML_VALUE.findall(xml)), time[1] if time else ""


def _tabbed(line: str | None) -> re.Match[str] | None:
    if not line or line.count("\t") < 4:
        return None
    match = _TABBED.match(line)
    return match if match and parse_timestamp(match["date"]) else None


def _read_tabbed(lines: Lines, page: Page) -> Iterator[Event]:
    """`Save As`, tab delimited: level, date, source, id, category, and the message with unquoted line breaks."""
    while match := _tabbed(lines.peek()):
        at = lines.number
        lines.take()
        taken = [match["text"] or ""]
        while (line := lines.peek()) is not None and not _tabbed(line) and len(taken) < _LONGEST_MESSAGE:
            if page.interrupted(lines):
                break
            taken.append(lines.take())
        yield _tabbed_event(page, at, match, "\n".join(taken).strip().strip('"'))


def _tabbed_event(page: Page, at: int, match: re.Match[str], text: str) -> Event:
    return finished(
        page.event(
            Kind.RECORD,
            at,
            text,
            moment=page.moment(match["date"]),
            provider=match["provider"],
            event_id=int(match["id"]),
            level=level_named(match["level"]) or Level.UNKNOWN,
        )
    )


BLOCKS = (
    Block("event-text", _opens, _read, rf"^event|{LABEL}"),
    Block(
        "event-text",
        lambda lines: _tabbed(lines.peek()) is not None,
        _read_tabbed,
        rf"^(?:[^\t\n]+\t){{3}}{DIGIT}{{1,5}}\t",
    ),
)
