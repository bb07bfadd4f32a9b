"""Other backup products' messages, and cluster.log: one line each.

`requestors.yml` lists the sentences by which Veeam, Bareos, burp, SnapManager, restic, Actiphy, Windows Server Backup
and others say that a job failed, and in which operation.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from diagnostics.event import Event, Kind, Level
from diagnostics.parsers.lines import Block, Lines, Page
from diagnostics.parsers.plain import look_at
from diagnostics.parsers.shapes_jobs import vm_and_mode_within
from diagnostics.parsers.sieve import BLANK, DIGIT, any_of
from diagnostics.parsers.timestamps import Timestamp, parse_timestamp
from diagnostics.parsers.vssadmin import last_error_kind

_LONGEST = 4000  # characters of a line that the patterns meet
_STAMP = re.compile(
    r"[\s\[(]*(\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}[ T]+\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,7})?)?"
    r"(?: ?[AP]M)?(?:Z|[+-]\d\d:\d\d)?)"
)
_CLUSTER = re.compile(
    r"(?:\[[^\]]{1,40}\]\s*)?(?P<process>[0-9a-f]{8})\.(?P<thread>[0-9a-f]{8})::"
    r"(?P<date>\d{4}/\d\d/\d\d)-(?P<time>\d\d:\d\d:\d\d\.\d{3})\s+(?P<level>ERR|WARN|INFO|DBG)\s+(?P<text>.*)"
)
_CLUSTER_SHORT = re.compile(
    r"(?P<level>ERR|WARN|INFO|DBG)\s+(?P<text>\[(?:RHS|RCM|RES|NODE|GUM|DCM|QUORUM|CORE|API|SV|IM)\].*)"
)
_CLUSTER_LEVELS = {"ERR": Level.ERROR, "WARN": Level.WARNING, "INFO": Level.INFORMATION, "DBG": Level.VERBOSE}
_VEEAM_GUEST = re.compile(
    r"(?P<time>\d{1,2}:\d\d:\d\d(?: [AP]M)?)\s+(?P<thread>\d{1,6})\s+(?P<level>INFO|WARN|ERR|ERROR)\s+(?P<text>.*)"
)
_GUEST_LEVELS = {"INFO": Level.INFORMATION, "WARN": Level.WARNING, "ERR": Level.ERROR, "ERROR": Level.ERROR}


class _Sentence(msgspec.Struct, frozen=True):
    product: str
    hint: str
    pattern: str
    kind: Kind = Kind.JOB
    own_line: bool = False
    """Never printed inside an event's message, so it ends one."""


class _Known(NamedTuple):
    hint: str
    pattern: re.Pattern[str]
    sentence: _Sentence


class _Found(NamedTuple):
    sentence: _Sentence
    fields: dict[str, str]


@cache
def _sentences() -> tuple[_Known, ...]:
    read = msgspec.yaml.decode(Path(__file__).with_suffix(".yml").read_bytes(), type=list[_Sentence])
    return tuple(_Known(entry.hint, re.compile(entry.pattern, re.IGNORECASE), entry) for entry in read)


@cache
def _hints() -> tuple[str, ...]:
    return tuple({known.hint: None for known in _sentences()})


def _found(line: str | None) -> _Found | None:
    if not line or len(line) > _LONGEST:
        return None
    lowered = line.lower()
    if not any(map(lowered.__contains__, _hints())):
        return None
    for hint, pattern, sentence in _sentences():
        if hint in lowered and (match := pattern.search(line)):
            return _Found(sentence, {name: value for name, value in match.groupdict().items() if value})
    return None


def _read_sentence(lines: Lines, page: Page) -> Iterator[Event]:
    at = lines.number
    text = lines.take().strip()
    found = _found(text)
    if found is None:
        return
    stamp = _STAMP.match(text)
    moment = page.moment(stamp[1]) if stamp else None
    reader = _writer if found.sentence.kind is Kind.VSS_WRITER else _job
    yield reader(page, at, text, moment, found)


def _job(page: Page, at: int, text: str, moment: Timestamp | None, found: _Found) -> Event:
    vm, mode = vm_and_mode_within(text)
    fields = {
        "Product": found.sentence.product,
        "Status": "failed",
        "VmName": vm,
        "Mode": mode.value,
        **look_at(text).fields,
        **found.fields,
    }
    return page.event(
        Kind.JOB, at, text, moment=moment, provider=found.sentence.product, level=Level.ERROR, fields=fields
    )


def _writer(page: Page, at: int, text: str, moment: Timestamp | None, found: _Found) -> Event:
    said = {**look_at(text).fields, **found.fields}
    digits = said.pop("StateHex", "")
    if digits:
        said["State"] = str(int(digits, 16))
    said["LastErrorKind"] = last_error_kind(text) if "0x8004" in text.lower() else ""
    return page.event(Kind.VSS_WRITER, at, text, moment=moment, provider=said.get("WriterName", ""), fields=said)


def _opens_cluster(lines: Lines) -> bool:
    line = lines.peek() or ""
    return ("::" in line and bool(_CLUSTER.match(line))) or (
        line[:3] in {"ERR", "WAR", "INF"} and bool(_CLUSTER_SHORT.match(line))
    )


def _read_cluster(lines: Lines, page: Page) -> Iterator[Event]:
    """cluster.log is in UTC, unless Get-ClusterLog was told otherwise."""
    at = lines.number
    line = lines.take()
    match = _CLUSTER.match(line)
    moment = parse_timestamp(f"{match['date']} {match['time']} UTC") if match else None
    match = match or _CLUSTER_SHORT.match(line)
    if match:
        level = _CLUSTER_LEVELS[match["level"]]
        yield page.event(Kind.TEXT, at, match["text"], moment=moment, provider="cluster.log", level=level)


def _opens_guest(lines: Lines) -> bool:
    line = lines.peek() or ""
    return line[:1].isdigit() and bool(_VEEAM_GUEST.match(line))


def _read_guest(lines: Lines, page: Page) -> Iterator[Event]:
    """VeeamVssSupport's log in the guest prints times without a date."""
    at = lines.number
    line = lines.take()
    found, match = _found(line), _VEEAM_GUEST.match(line)
    if found:
        yield _job(page, at, line, None, found)
    elif match:
        level = _GUEST_LEVELS[match["level"]]
        yield page.event(Kind.TEXT, at, match["text"], provider="VeeamVssSupport", level=level)


def _opens_sentence(lines: Lines) -> bool:
    return _found(lines.peek()) is not None


def _opens_own_line(lines: Lines) -> bool:
    found = _found(lines.peek())
    return found is not None and found.sentence.own_line


def _words() -> str:
    return any_of(_hints())


BLOCKS = (
    Block(
        "cluster-log",
        _opens_cluster,
        _read_cluster,
        rf"[0-9a-f]{{8}}\.[0-9a-f]{{8}}::|^(?:err|warn|info|dbg){BLANK}+\[",
    ),
    Block(
        "veeam-guest", _opens_guest, _read_guest, rf"^{DIGIT}{{1,2}}:{DIGIT}{{2}}:{DIGIT}{{2}}[^\n]*(?:info|warn|err)"
    ),
    Block("backup-job", _opens_own_line, _read_sentence, _words),
    Block("backup-job", _opens_sentence, _read_sentence, _words, interrupts=False),
)
