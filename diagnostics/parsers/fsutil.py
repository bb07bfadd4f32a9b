"""What `fsutil volume diskfree C:` and `fsutil fsinfo ntfsinfo C:` print, in any language of Windows.

    Total # of free bytes        : 11215540224           NTFS Volume Serial Number :  0x9e34f0d634f0b2b9
    Total # of bytes             : 135838822400          NTFS Version   :             3.1
    Total # of avail free bytes  : 11215540224           Number Sectors :             0x000000000fcfffff  ...

Which volume it is stands in the command line, where that was copied too. Labels are localized, their order is not.
Newer systems print decimal numbers with separators, and add a size in parentheses.
"""

import re
from collections.abc import Iterator

from diagnostics.event import Event, Kind
from diagnostics.parsers.lines import Block, Lines, Page
from diagnostics.parsers.shapes_storage import volume_fields
from diagnostics.parsers.sieve import BLANK

_COMMAND = re.compile(
    r"(?:.{0,200}?[>#$] ?)?fsutil(?:\.exe)?\s+(?P<topic>volume\s+diskfree|fsinfo\s+ntfsinfo)"
    r"\s+\"?(?P<volume>[^\s\"]{1,200})",
    re.IGNORECASE,
)
_NUMBER = r"(?P<hex>0x[0-9a-fA-F]+)|(?P<decimal>\d[\d.,\u00a0\u202f ]*\d|\d)"
_COUNT = re.compile(rf"\s*[^:：]{{3,60}}[:：]\s*(?:{_NUMBER})\s*(?P<rest>\(.*\)|[^\W\d_]{{0,6}})\s*$")
_NTFS = re.compile(r"\s*NTFS.{3,50}[:：]\s*0x[0-9a-fA-F]{8,16}\s*$")
_MOST_LINES = 40
_LONGEST = 200  # characters that are looked at
_SECTOR_SIZES = frozenset({512, 1024, 2048, 4096})


def _opens(lines: Lines) -> bool:
    line = lines.peek() or ""
    if "fsutil" in line.lower():
        return bool(_COMMAND.match(line))
    return line.lstrip().startswith("NTFS") and bool(_NTFS.match(line))


def _read(lines: Lines, page: Page) -> Iterator[Event]:
    at = lines.number
    command = _COMMAND.match(lines.peek() or "")
    volume = command["volume"] if command else ""
    ntfs = command is None or command["topic"].lower().startswith("fsinfo")
    taken = [lines.take()] if command else []
    lines.skip_blank()
    counts: list[int] = []
    while len(taken) < _MOST_LINES and (line := lines.peek()) and (":" in line or "：" in line):
        if taken and _opens(lines) and not _NTFS.match(line):
            break
        taken.append(lines.take())
        if count := _COUNT.match(line[:_LONGEST]):
            counts.append(_value(count))
    size, free = (_of_clusters if ntfs else _of_bytes)(counts)
    fields = volume_fields(
        access=volume, identity="", label="", file_system="NTFS" if ntfs else "", size=size, free=free, drive_type=""
    )
    if volume and counts:
        yield page.event(Kind.VOLUME, at, "\n".join(taken), provider="fsutil", fields=fields, codes=())
    else:
        page.tally.not_understood(at)  # whose numbers these are, nothing tells


def _value(count: re.Match[str]) -> int:
    return int(count["hex"], 16) if count["hex"] else int(re.sub(r"\D", "", count["decimal"]))


def _of_bytes(counts: list[int]) -> tuple[str, str]:
    """Free and total bytes are the first two."""
    return (str(counts[1]), str(counts[0])) if len(counts) > 1 else ("", "")


def _of_clusters(counts: list[int]) -> tuple[str, str]:
    """Serial and version, then sectors, clusters, free clusters; further down the bytes of a sector."""
    behind = counts[1:]
    behind = behind[next((place for place, count in enumerate(behind) if count > 1 << 10), len(behind)) :]
    sector = next((count for count in behind[3:] if count in _SECTOR_SIZES), 0)
    if len(behind) < 3 or not sector or not behind[1]:
        return "", ""
    sectors, clusters, free = behind[:3]
    per_cluster = 1 << round(sectors / clusters).bit_length() - 1  # a power of two; the last cluster may be cut
    return str(sectors * sector), str(free * per_cluster * sector)


BLOCK = Block("fsutil", _opens, _read, rf"fsutil|^{BLANK}*ntfs")
