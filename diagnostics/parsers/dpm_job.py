r"""DPM's job reports and alerts, copied from its console or a mail.

    Type:    Recovery point
    Status:  Failed
    Description:  DPM encountered a retryable VSS error. (ID 30112 Details: ... (0x800423F3))
    Data transferred:   0 MB
    Cluster node   N2-HyperV.contoso.COM
    Source details:  \Backup Using Child Partition Snapshot\SQL01

Also a sentence on its own: the id in brackets is DPM's own way of signing a message, in every language.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import msgspec

from diagnostics.event import Event, Kind, Level
from diagnostics.parsers.dpm_sentence import server_in, vm_in
from diagnostics.parsers.lines import Block, Lines, Page
from diagnostics.parsers.shapes_jobs import NOT_TOLD, vm_and_mode, vm_and_mode_within
from diagnostics.parsers.sieve import BLANK, any_of
from diagnostics.parsers.vssadmin import bytes_of
from engine.pipeline import Mode

# ruff: noqa: RUF001 - full-width characters are what the logs hold

_ITEM = re.compile(
    r"[ \t]*(?P<label>[^\W\d_][^:：\t]{0,39}?)(?:[ \u00a0]?[:：](?!\\)[ \t\u00a0]*|\t+| {3,})(?P<value>.*)"
)
_SIGNED = re.compile(r"[(（](?:ID|Id\.?|Identifi\w{4,8})[ \u00a0:：]{0,3}(?P<id>1?\d{1,5})(?!\d)")
_TITLE = re.compile(r"(?:DPM|MABS) ?[:：].*[(（](?P<id>\d{2,5})[)）]\s*$")
_CONSOLE = re.compile(r"Error (?P<id>\d{1,5}): .*\bDPM\b")
_LONGEST = 60  # lines of a report
_STATUS_LEVELS = {"failed": Level.ERROR, "warning": Level.WARNING, "succeeded": Level.INFORMATION}


class _Words(msgspec.Struct, frozen=True):
    labels: dict[str, list[str]]
    statuses: dict[str, list[str]]


@cache
def _words() -> _Words:
    return msgspec.yaml.decode(Path(__file__).with_suffix(".yml").read_bytes(), type=_Words)


@cache
def _roles() -> Mapping[str, str]:
    return {label: role for role, labels in _words().labels.items() for label in labels}


def status_of(value: str) -> str:
    """`failed`, `warning`, `succeeded` or `unknown`, from a status in any language known."""
    lowered = value.lower()
    return next((s for s, words in _words().statuses.items() if any(word in lowered for word in words)), "unknown")


def _item(line: str | None) -> tuple[str, str] | None:
    """A line's role (empty where its label is unknown) and value."""
    match = _ITEM.match(line) if line else None
    if match is None:
        return None
    return _roles().get(match["label"].strip().lower().replace("\u2019", "'"), ""), match["value"].strip()


def _signed(line: str) -> re.Match[str] | None:
    return _SIGNED.search(line) if "(" in line or "（" in line else None


def _opens_report(lines: Lines) -> bool:
    first = _item(lines.peek())
    second = _item(lines.peek(1)) if first else None
    if first is None or second is None:
        return False
    if {first[0], second[0]} in _PAIRS:
        return True
    if first[0] and second[0] and _signed(second[1]):
        return True
    unknown_language = not first[0] and not second[0] and _signed(lines.peek(2) or "") is not None
    return unknown_language and _item(lines.peek(2)) is not None and status_of(second[1]) != "unknown"


_PAIRS = (
    {"type", "status"},
    {"status", "description"},
    {"area", "since"},
    {"type", "description"},
    {"area", "description"},
    {"severity", "area"},
)


def _read_report(lines: Lines, page: Page) -> Iterator[Event]:
    at = lines.number
    values: dict[str, str] = {}
    taken: list[str] = []
    while len(taken) < _LONGEST and _goes_on(lines, page, values):
        line = lines.take()
        taken.append(line)
        _put(values, line)
    text = "\n".join(taken).rstrip()
    yield (
        _alert(page, at, values, text)
        if values.keys() & {"area", "since", "severity"}
        else _job(page, at, values, text)
    )


def _goes_on(lines: Lines, page: Page, values: Mapping[str, str]) -> bool:
    line = lines.peek()
    if line is None:
        return False
    if not line.strip():
        following = _item(lines.peek(1))
        return following is not None and following[0] not in {"", "type", "area", "severity", *values}
    item = _item(line)
    if not values or (item and item[0]):
        return item is None or item[0] not in values or item[0] in {"", "more"}
    return not page.interrupted(lines)


def _put(values: dict[str, str], line: str) -> None:
    item = _item(line)
    if item is None:
        if line.strip() and values:
            last = next(reversed(values))
            values[last] = f"{values[last]}\n{line.strip()}".strip()
        return
    role, value = item
    if value in NOT_TOLD:
        value = ""
    values.setdefault(role or _role_by_value(value, values), value)


def _role_by_value(value: str, values: Mapping[str, str]) -> str:
    if _signed(value):
        return "description"
    if value.startswith("\\"):
        return "source"
    if "status" not in values and status_of(value) != "unknown":
        return "status"
    if re.fullmatch(r"\d[\d.,]*[ \u00a0][KMGTкмгт]?[BbоoбO]\w*", value):
        return "transferred"
    return f"#{len(values)}"


def _job(page: Page, at: int, values: Mapping[str, str], text: str) -> Event:
    description = values.get("description", "")
    status = status_of(values.get("status", ""))
    if status == "unknown" and _signed(description):
        status = "failed"
    vm, mode = _machine(values.get("source", ""), text)
    end, start = values.get("end", ""), values.get("start", "")
    fields = {
        "Product": "dpm",
        "Status": status,
        "JobType": values.get("type", ""),
        "VmName": vm,
        "Mode": mode.value,
        "Server": values.get("server") or _server(page, values, vm, text),
        "ClusterNode": values.get("node", ""),
        "ProtectionGroup": values.get("group", ""),
        "BytesTransferred": bytes_of(values.get("transferred", "")),
        "StartTime": start,
        "EndTime": end,
    }
    moment = page.moment(end) or page.moment(start)
    return page.event(Kind.JOB, at, text, moment=moment, provider="DPM", level=_level(status), fields=fields)


def _machine(caption: str, text: str) -> tuple[str, Mode]:
    """Of the caption; where the report has none, of the first within its sentences."""
    if caption:
        return vm_and_mode(caption)
    vm, mode = vm_and_mode_within(text)
    return vm or vm_in(text), mode


def _server(page: Page, values: Mapping[str, str], vm: str, text: str) -> str:
    """Where the report has no line for it, the computer that its sentence names."""
    return "" if values.get("node") else server_in(values.get("description", text), vm, page.document.machine)


def _level(status: str) -> Level:
    return _STATUS_LEVELS.get(status, Level.UNKNOWN)


def _alert(page: Page, at: int, values: Mapping[str, str], text: str) -> Event:
    signed = _signed(values.get("description", "")) or _signed(text)
    since = values.get("since", "")
    vm, _ = _machine(values.get("area", ""), text)
    fields = {
        "Severity": values.get("severity", ""),
        "AlertId": signed["id"] if signed else "",
        "AffectedArea": values.get("area", ""),
        "OccurredSince": since,
        "Server": values.get("server") or _server(page, values, vm, text),
        "VmName": vm,
    }
    return page.event(Kind.ALERT, at, text, moment=page.moment(since), provider="DPM", level=Level.ERROR, fields=fields)


def _opens_sentence(lines: Lines) -> bool:
    line = lines.peek() or ""
    if "(" not in line and "（" not in line:
        return line.startswith("Error ") and bool(_CONSOLE.match(line))
    return bool(_signed(line) or (line.startswith(("DPM", "MABS")) and _TITLE.match(line)))


def _read_sentence(lines: Lines, page: Page) -> Iterator[Event]:
    at = lines.number
    text = lines.take().strip()
    title = _TITLE.match(text) if text.startswith(("DPM", "MABS")) and not _signed(text) else None
    if title:
        fields = {"AlertId": title["id"], "AffectedArea": ""}
        yield page.event(Kind.ALERT, at, text, provider="DPM", level=Level.ERROR, fields=fields)
    else:
        yield _job(page, at, {"description": text, "status": "failed"}, text)


_IDENTIFIER = "[(（](?:id|identifi)"


def _labelled() -> str:
    labels = any_of(spelt for label in _roles() for spelt in (label, label.replace("'", "\u2019")))
    return rf"^[ \t]*(?:{labels}){BLANK}*(?:[:：\t]| {{3}})|{_IDENTIFIER}"


BLOCKS = (
    Block("dpm-job", _opens_report, _read_report, _labelled),
    Block(
        "dpm-job",
        _opens_sentence,
        _read_sentence,
        rf"{_IDENTIFIER}|^(?:dpm|mabs|error )",
        interrupts=False,
    ),
)
