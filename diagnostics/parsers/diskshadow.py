r"""What DiskShadow prints or logs (`diskshadow /l file`): writers, providers, shadow copies.

    * WRITER "Microsoft Hyper-V VSS Writer"
            - Writer ID   = {66841cd4-6ded-4f4b-8f17-fd23f8ddc3de}
            + Component "Microsoft Hyper-V VSS Writer:\6E2E...":
                    - Caption: Online\SQL01

DiskShadow is English in every language of Windows. A caption of the Hyper-V writer is its own verdict on whether a
machine can be backed up online.
"""

import re
from collections.abc import Iterator

from diagnostics.event import Event, Kind
from diagnostics.parsers.lines import Block, Lines, Page
from diagnostics.parsers.shapes_jobs import vm_and_mode
from diagnostics.parsers.sieve import BLANK
from diagnostics.parsers.vssadmin import last_error_kind, provider_type
from engine.pipeline import Mode

_BANNER = re.compile(r"\s*Microsoft DiskShadow version|\s*DISKSHADOW>", re.IGNORECASE)
_ENTRY = re.compile(
    r"\s*\*\s*(?:(?P<writer>WRITER)\s+\"(?P<name>[^\"]+)\"|(?P<provider>ProviderID):|(?P<shadow>Shadow copy ID)\s*=)",
    re.IGNORECASE,
)
_PART = re.compile(r"\s*(?P<bullet>[-+*])?\s*(?P<label>[^:={\"]{2,60}?)\s*[:=](?!\\)\s*(?P<value>.*)")
_CAPTION = re.compile(r"\s*-?\s*Caption\s*[:=]\s*(?P<caption>.*\S)", re.IGNORECASE)
_GUID = re.compile(r"\{?([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})\}?")
_VARIABLE = re.compile(r"\s+%\w+%\s*$")
_MOST_PARTS = 64
"""How many properties of an entry are kept; components and file lists may be thousands of lines."""


def _opens(lines: Lines) -> bool:
    line = lines.peek() or ""
    stripped = line.lstrip()
    if stripped.startswith("*"):
        return bool(_ENTRY.match(line))
    if stripped[:9].lower() in {"- caption", "caption: "}:
        return _is_machine(line)
    return stripped.startswith(("Microsoft DiskShadow", "DISKSHADOW>")) and bool(_BANNER.match(line))


def _is_machine(line: str) -> bool:
    caption = _CAPTION.match(line)
    return caption is not None and vm_and_mode(caption["caption"])[1] is not Mode.UNKNOWN


def _read(lines: Lines, page: Page) -> Iterator[Event]:
    at = lines.number
    line = lines.peek() or ""
    entry = _ENTRY.match(line)
    if entry is None:
        lines.take()
        if caption := _CAPTION.match(line):
            yield _machine(page, at, caption["caption"], "")
        return
    first = lines.take()
    parts: dict[str, str] = {}
    machines: list[Event] = []
    identity = ""
    taken = [first]
    while lines.peek() is not None and not _ends(lines, lines.peek() or ""):
        here = lines.number
        line = lines.take()
        caption = _CAPTION.match(line)
        part = _PART.match(line)
        if part and part["label"].strip().lower() in {"full path", "name"} and (guid := _GUID.search(part["value"])):
            identity = guid[1]
        if caption and vm_and_mode(caption["caption"])[1] is not Mode.UNKNOWN:
            machines.append(_machine(page, here, caption["caption"], identity))
            identity = ""
        if part and len(parts) < _MOST_PARTS:
            parts.setdefault(part["label"].strip().lower(), _VARIABLE.sub("", part["value"]).strip())
            taken.append(line.strip())
    yield _described(page, at, entry, first, parts, "\n".join(taken[:_MOST_PARTS]))
    yield from machines


def _ends(lines: Lines, line: str) -> bool:
    if not line.strip():
        return not (lines.peek(1) or "")[:1].isspace()
    return bool(_ENTRY.match(line)) or not line[:1].isspace() or bool(_BANNER.match(line))


def _machine(page: Page, at: int, caption: str, identity: str) -> Event:
    vm, mode = vm_and_mode(caption)
    fields = {"VmName": vm, "VmId": identity, "Mode": mode.value}
    return page.event(Kind.VM, at, caption, provider="diskshadow", fields=fields)


def _described(page: Page, at: int, entry: re.Match[str], first: str, parts: dict[str, str], text: str) -> Event:
    if entry["writer"]:
        return _writer(page, at, entry["name"], parts, text)
    guid = _GUID.search(first)
    identity = f"{{{guid[1]}}}" if guid else ""
    return (_provider if entry["provider"] else _shadow)(page, at, identity, parts, text)


def _writer(page: Page, at: int, name: str, parts: dict[str, str], text: str) -> Event:
    status = re.match(r"(\d{1,2})\b\s*\(?(\w*)", parts.get("status", parts.get("state", "")).lstrip("["))
    failure = parts.get("writer failure code", "")
    fields = {
        "WriterName": name,
        "WriterId": parts.get("writer id", ""),
        "WriterInstanceId": parts.get("writer instance id", parts.get("instance id", "")),
        "State": status[1] if status else "",
        "StateText": status[2] if status else "",
        "LastError": failure,
        "LastErrorKind": "none" if failure.startswith("0x00000000") else last_error_kind(failure),
    }
    return page.event(Kind.VSS_WRITER, at, text, provider=name, fields=fields)


def _provider(page: Page, at: int, identity: str, parts: dict[str, str], text: str) -> Event:
    name = parts.get("name", "").strip("'\"")
    fields = {
        "ProviderName": name,
        "ProviderId": identity,
        "ProviderType": provider_type(parts.get("type", ""), identity),
        "Version": parts.get("version", ""),
    }
    return page.event(Kind.VSS_PROVIDER, at, text, provider=name, fields=fields)


def _shadow(page: Page, at: int, identity: str, parts: dict[str, str], text: str) -> Event:
    moment = page.moment(parts.get("creation time", ""))
    volume = re.search(r"\[([^\]]+)\]\s*$", parts.get("original volume name", ""))
    fields = {
        "ShadowCopyId": identity,
        "ShadowSetId": _VARIABLE.sub("", parts.get("shadow copy set", parts.get("shadow copy set id", ""))),
        "OriginalVolume": volume[1].rstrip("\\") if volume else parts.get("original volume name", ""),
        "DeviceName": parts.get("shadow copy device name", ""),
        "CreationTime": parts.get("creation time", ""),
        "ProviderId": parts.get("provider id", ""),
        "Type": parts.get("attributes", ""),
    }
    return page.event(Kind.SHADOW_COPY, at, text, moment=moment, fields=fields)


BLOCK = Block(
    "diskshadow",
    _opens,
    _read,
    rf"^{BLANK}*(?:\*{BLANK}*(?:writer|providerid|shadow copy)|- caption|caption: |microsoft diskshadow|diskshadow>)",
)
