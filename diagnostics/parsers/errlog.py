"""DPM's trace logs, `DPMRA*.errlog` and `MSDPM*.errlog`: exact, trimmed by hand, or merged by findstr.

    0990 17D8 11/05 13:02:42.416 31 vsssnapshotrequestor.cpp(585) [00000000003970D0] NORMAL CVssSnapshotRequestor:: ...
    N2-DPMRACurr.errlog:0900  9-May 4:00:45 PM csvapi.cpp(400)   WARNING  Failed: Hr: = [0x8007173d] : ...

Process and thread id (hexadecimal), date without a year, local time, component, source file (line), object, task id,
severity, message. Sources: Microsoft KB 2462424 and KB 2549533; that the task id joins server and agent logs:
https://learn.microsoft.com/previous-versions/system-center/data-protection-manager-2010/ff399539(v=technet.10).
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from diagnostics.event import Event, Kind, Level
from diagnostics.parsers.codes import find_codes
from diagnostics.parsers.lines import Block, Lines, Page
from diagnostics.parsers.timestamps import Timestamp, parse_timestamp

_GUID = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_LINE = re.compile(
    rf"""
    (?:(?P<log>(?:[A-Za-z]:)?[^:"*?<>|]{{1,200}}?\.errlog):)?(?:\d+:)?\s*           # findstr, and its /n
    (?:(?P<process>[0-9A-Fa-f]{{3,8}})\s+)?(?:(?P<thread>[0-9A-Fa-f]{{3,8}})\s+)?
    (?:(?P<date>(?:\d{{4}}[-/])?\d{{1,2}}[-/.](?:\d{{1,2}}|[^\W\d_]{{3,9}}\.?))\s+
       (?P<time>\d{{1,2}}:\d\d:\d\d(?:[.,]\d{{1,7}})?(?:\s*[AaPp]\.?[Mm]\.?)?)\s+)?
    (?:\d{{1,3}}\s+)?
    (?P<file>\w[\w.-]{{0,80}}\.(?:cpp|cs|cxx|c|hpp|h|inl))\((?P<line>\d{{1,6}})\)
    (?:\s+\[[0-9A-Fa-f]{{8,16}}\])?
    (?:\s+[\[{{]?(?P<task>{_GUID})[\]}}]?)?
    (?:\s+(?P<severity>NORMAL|WARNING|ACTIVITY|FATAL|ERROR|CRITICAL|VERBOSE|INFO|DEBUG)\b)?
    [ \t]*(?P<text>.*)
    """,
    re.VERBOSE,
)
_HAS_SOURCE = re.compile(r"\.(?:cpp|cs|cxx|c|hpp|h|inl)\(\d")
_BINARY = re.compile(
    r"(?:^|[\\/])(?:(?P<machine>[^\\/]+?)[-_.])?(?P<binary>[A-Za-z]{3,24}?)(?:Curr)?\d{0,3}(?:[. _-][^\\/]*)?\.errlog",
    re.IGNORECASE,
)
_ERROR_INFO = re.compile(r'ErrorInfo\b[^>]{0,200}?\bErrorCode="(\d{1,5})"')
"""How the engine dumps a DPM error: its id is a bare number there."""
_LEVELS = {
    "NORMAL": Level.INFORMATION,
    "INFO": Level.INFORMATION,
    "ACTIVITY": Level.INFORMATION,
    "VERBOSE": Level.VERBOSE,
    "DEBUG": Level.VERBOSE,
    "WARNING": Level.WARNING,
    "ERROR": Level.ERROR,
    "FATAL": Level.CRITICAL,
    "CRITICAL": Level.CRITICAL,
}
_LONGEST_MESSAGE = 400  # lines; a stack trace with its XML has some dozens
_DAY = 86_400_000_000


class _Log(NamedTuple):
    """What a file's name tells."""

    binary: str
    machine: str


def _opens(lines: Lines) -> bool:
    return _matched(lines.peek() or "") is not None


def _matched(line: str) -> re.Match[str] | None:
    """A trace line; source file and line alone are not enough, other products print them too."""
    if not _HAS_SOURCE.search(line):
        return None
    match = _LINE.match(line)
    return match if match and (match["severity"] or match["time"] or match["log"]) else None


def _read(lines: Lines, page: Page) -> Iterator[Event]:
    while match := _matched(lines.peek() or ""):
        at = lines.number
        lines.take()
        yield _event(page, at, match, _continued(lines, page))


def _continued(lines: Lines, page: Page) -> list[str]:
    """The further lines of a message: stack traces and XML."""
    more: list[str] = []
    while (line := lines.peek()) and line.strip() and len(more) < _LONGEST_MESSAGE and not page.interrupted(lines):
        more.append(lines.take())
    return more


def _event(page: Page, at: int, match: re.Match[str], more: list[str]) -> Event:
    log = _log(match["log"] or page.document.name)
    severity = match["severity"] or ""
    text = "\n".join((match["text"], *more)) if more else match["text"]
    return page.event(
        Kind.ERRLOG,
        at,
        text,
        moment=_moment(match["date"], match["time"], page.document.modified),
        machine=log.machine if match["log"] else "",
        provider=log.binary,
        level=_LEVELS.get(severity, Level.UNKNOWN),
        fields={
            "Binary": log.binary,
            "ProcessId": match["process"] or "",
            "ThreadId": match["thread"] or "",
            "File": match["file"],
            "Line": match["line"],
            "TaskId": (match["task"] or "").upper(),
            "Severity": severity,
        },
        codes=_codes(text),
    )


def _codes(text: str) -> tuple[str, ...]:
    codes = find_codes(text)
    if "ErrorInfo" not in text:
        return codes
    return tuple(dict.fromkeys((*(f"ID {number}" for number in _ERROR_INFO.findall(text) if number != "0"), *codes)))


@lru_cache(maxsize=64)
def _log(name: str) -> _Log:
    match = _BINARY.search(name)
    return _Log(match["binary"], match["machine"] or "") if match else _Log("", "")


def _moment(day: str | None, time: str | None, modified: int | None) -> Timestamp | None:
    """Local time; the year is the last in which the date is not later than the file's modification."""
    midnight = _midnight(day, modified // _DAY if modified is not None else None) if day else None
    if midnight is None or time is None:
        return None
    clock = _time_of_day(time)
    return None if clock is None else Timestamp(midnight + clock, local=True)


def _time_of_day(time: str) -> int | None:
    """Microseconds since midnight."""
    if len(time) == 12 and time[2] == ":" and time < "24" and time[-1].isdigit():  # hh:mm:ss.mmm, all but always
        return ((int(time[:2]) * 60 + int(time[3:5])) * 60 + int(time[6:8])) * 1_000_000 + int(time[9:]) * 1000
    moment = parse_timestamp(f"2000-01-01 {time}")
    return moment.microseconds % _DAY if moment else None


@lru_cache(maxsize=1024)
def _midnight(day: str, modified_day: int | None) -> int | None:
    parts = re.split(r"[-/.]", day.rstrip("."))
    if len(parts) == 3:
        moment = parse_timestamp("-".join(parts))
    elif modified_day is None:
        return None
    else:
        # A day of grace: the log's clock may be up to 14 hours ahead of UTC.
        latest = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=modified_day + 1)).date()
        moment = _in_last_years(parts, latest)
    return moment.microseconds // _DAY * _DAY if moment else None


def _in_last_years(parts: list[str], latest: date) -> Timestamp | None:
    limit = (latest.toordinal() - date(1970, 1, 1).toordinal() + 1) * _DAY
    first, second = parts
    for year in range(latest.year, latest.year - 9, -1):  # 29 February may lie eight years back
        text = (
            f"{year}-{first:0>2}-{second:0>2}" if second.isdigit() and int(first) <= 12 else f"{first} {second} {year}"
        )
        if second.isdigit() and int(first) > 12:
            text = f"{year}-{second:0>2}-{first:0>2}"
        moment = parse_timestamp(text)
        if moment and moment.microseconds < limit:
            return moment
    return None


BLOCK = Block("errlog", _opens, _read, r"\.(?:cpp|cs|cxx|c|hpp|h|inl)\(")
