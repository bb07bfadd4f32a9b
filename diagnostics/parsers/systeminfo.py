"""What `systeminfo` prints, in any language of Windows, and the line of `ver`.

    Host Name:                 HV01
    OS Name:                   Microsoft Windows Server 2012 R2 Datacenter
    OS Version:                6.3.9600 N/A Build 9600
    Hotfix(s):                 2 Hotfix(s) Installed.
                               [01]: KB2894856
                               [02]: KB2896496

Labels are localized; the first three lines and their order are not, nor is the numbering of the updates.
"""

import re
from collections.abc import Iterator

from diagnostics.event import Event, Kind
from diagnostics.parsers.lines import Block, Lines, Page
from diagnostics.parsers.shapes_updates import KB, os_fields
from diagnostics.parsers.sieve import DIGIT

_LABELLED = re.compile(r"\S[^:：]{1,60}[:：]\s*(?P<value>\S.*?)\s*$")
_VERSION = re.compile(r"\S[^:：]{1,60}[:：]\s*(?P<version>\d{1,2}\.\d\.\d{4,5})\s(?P<rest>.*\d{4,5})\s*$")
_SERVICE_PACK = re.compile(r"Service Pack (?P<number>\d)", re.IGNORECASE)
_NUMBERED = re.compile(r"\s*\[\d{1,4}\][:：]\s*(?P<value>\S.*?)\s*$")
_VER = re.compile(r"Microsoft Windows \[[^\d\]]{0,30}(?P<version>\d{1,2}\.\d{1,2}\.\d{4,5}(?:\.\d{1,6})?)\]")
_MOST_LINES = 3000


def _opens(lines: Lines) -> bool:
    line = lines.peek() or ""
    if line.startswith("Microsoft Windows ["):
        return bool(_VER.match(line))
    if ":" not in line and "：" not in line:
        return False
    second = lines.peek(1) or ""
    return "Windows" in second and bool(_VERSION.match(lines.peek(2) or "")) and bool(_LABELLED.match(line))


def _read(lines: Lines, page: Page) -> Iterator[Event]:
    at = lines.number
    if ver := _VER.match(lines.peek() or ""):
        fields = os_fields("Microsoft Windows", ver["version"])
        yield page.event(Kind.OS, at, lines.take(), fields=fields, codes=())
        return
    name, system = (_value(lines.take()) for _ in range(2))
    text = lines.take()
    version = _VERSION.match(text)
    fields = os_fields(system, version["version"] if version else "")
    pack = _SERVICE_PACK.search(text)
    fields["ServicePack"] = pack["number"] if pack else ""
    yield page.event(Kind.OS, at, f"{system} {text}", machine=name, fields=fields, codes=())
    for _ in range(_MOST_LINES):
        at, line = lines.number, lines.peek()
        if line is None or not line.strip():
            break
        lines.take()
        numbered = _NUMBERED.match(line[:200])
        if numbered and (match := KB.search(numbered["value"])):
            fields = {"Kb": f"KB{match['number']}", "Installed": "true"}
            yield page.event(Kind.UPDATE, at, line.strip(), machine=name, fields=fields, codes=())


def _value(line: str) -> str:
    match = _LABELLED.match(line)
    return match["value"] if match else ""


BLOCK = Block("systeminfo", _opens, _read, rf"^microsoft windows \[|{DIGIT}\.{DIGIT}\.{DIGIT}{{4}}")
