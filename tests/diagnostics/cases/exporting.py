"""A case's evidence, as Windows and backup programs would export it."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

Evidence = Mapping[str, Any]
"""One line: `kind`, `where`, `source`, and of `event_id`, `level`, `codes`, `text` what the source prints."""

_MACHINES = {"dpm-server": "DPM01", "host": "HV01", "guest": "VM01"}
_ANY_MACHINE = "SRV01"
_LEVELS = {"critical": 1, "error": 2, "warning": 3, "information": 4, "info": 4}
_CULTURES = {"ja": "ja-JP", "de": "de-DE", "fr": "fr-FR", "it": "it-IT", "ko": "ko-KR", "zh-TW": "zh-TW", "es": "es-ES"}
_SYSTEM_LOG = frozenset(
    {
        *("volsnap", "disk", "ntfs", "storahci", "srv", "service control manager", "bugcheck", "storport", "iscsiprt"),
        *("microsoft-windows-ntfs", "microsoft-windows-failoverclustering", "failoverclustering"),
        *("microsoft-windows-failovercluster", "netlogon", "schannel", "w32time", "microsoft-windows-time-service"),
        *("kerberos", "tcpip", "eventlog", "vds basic provider", "vioscsi"),
    }
)
_LISTING_FIELD = re.compile(
    r"\s+(?=(Writer Id|Writer Instance Id|State|Last error|Provider type|Provider Id|Version"
    r"|プロバイダーの種類|プロバイダー Id|バージョン|状態|最後のエラー)\s*:)"
)


def export(case: Mapping[str, Any]) -> dict[str, bytes]:
    """File name -> content: an event log of each machine, and a text for each other kind of evidence on it."""
    culture = _CULTURES.get(str(case.get("locale")), "en-US")
    is_dpm = "dpm" in str(case.get("product", "")).lower()
    events: dict[str, list[str]] = {}
    texts: dict[str, list[str]] = {}
    for number, line in enumerate(case["evidence"]):
        machine = _MACHINES.get(line.get("where"), _ANY_MACHINE)
        if line["kind"] == "event" and line.get("event_id"):
            events.setdefault(f"{machine}-events.xml", []).append(_event(line, machine, number, culture))
        else:
            name, text = _paragraph(line, is_dpm=is_dpm)
            texts.setdefault(f"{machine}-{name}.txt", []).append(text)
    head = '<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n'
    logs = {name: f"{head}<Events>{''.join(records)}</Events>" for name, records in events.items()}
    pages = {name: "\n\n".join(filter(None, paragraphs)) + "\n" for name, paragraphs in texts.items()}
    return {name: content.encode() for name, content in sorted({**logs, **pages}.items())}


def _event(line: Evidence, machine: str, number: int, culture: str) -> str:
    provider = _provider(str(line.get("source") or "unknown"))
    text = line.get("text") or ""
    data = "".join(f"<Data>{escape(value)}</Data>" for value in (text, *_codes(line)) if value)
    rendering = f"<RenderingInfo Culture={quoteattr(culture)}><Message>{escape(text)}</Message></RenderingInfo>"
    return (
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
        f"<Provider Name={quoteattr(provider)}/><EventID>{line['event_id']}</EventID>"
        f"<Level>{_LEVELS.get(str(line.get('level', 'error')).lower(), 2)}</Level>"
        f"<TimeCreated SystemTime='2026-11-20T01:{number // 60:02d}:{number % 60:02d}.1234567Z'/>"
        f"<EventRecordID>{1000 + number}</EventRecordID><Channel>{escape(_channel(provider))}</Channel>"
        f"<Computer>{machine}</Computer><Security/></System><EventData>{data}</EventData>"
        f"{rendering if text else ''}</Event>"
    )


def _provider(source: str) -> str:
    """What an event's source is called in the log, of what a case's author wrote."""
    name = source.rsplit("\\", maxsplit=1)[-1]
    return re.split(r"[ ,(/]", name)[0] if name.lower().startswith(("vss ", "volsnap ")) else name


def _channel(provider: str) -> str:
    if provider.lower() in _SYSTEM_LOG:
        return "System"
    if "hyper-v" in provider.lower():
        return f"{provider}-Admin"
    return "DPM Alerts" if provider.upper() == "DPM-EM" else "Application"


def _paragraph(line: Evidence, *, is_dpm: bool) -> tuple[str, str]:
    """The kind of text that such evidence is pasted as, and the text."""
    text, codes = line.get("text") or "", _codes(line)
    if line["kind"] == "job-error":
        report = text + _tail(line, text, codes)
        return "job", f"Type:    Recovery point\nStatus:  Failed\nDescription:  {report}\n" if is_dpm else report
    if line["kind"] == "vssadmin":
        return "vssadmin", " ".join(filter(None, (_LISTING_FIELD.sub("\n   ", text), _in_brackets(codes)))).strip()
    source = f"{line['source']}: " if line.get("source") else ""
    return line["kind"], f"{source}{text} {_in_brackets(codes)}".strip()


def _tail(line: Evidence, text: str, codes: list[str]) -> str:
    """The ID and codes of a job's failure where its text does not hold them, as DPM appends them."""
    number, tail = line.get("event_id"), ""
    if number and f"ID {number}" not in text and f"ID: {number}" not in text:
        details = f" Details: ({codes.pop(0)})" if codes else ""
        tail = f" (ID {number}{details})"
    return tail + (f" {_in_brackets(codes)}" if codes else "")


def _codes(line: Evidence) -> list[str]:
    """The codes that the text does not hold."""
    text = (line.get("text") or "").lower()
    return [code for code in map(str, line.get("codes") or ()) if code.lower() not in text]


def _in_brackets(codes: Iterable[str]) -> str:
    return " ".join(f"({code})" for code in codes)
