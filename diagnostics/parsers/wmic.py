r"""What `wmic ... get` prints: a table without a ruler, or `Name=value` lines (`/format:list`).

    Capacity      DriveLetter  FileSystem  FreeSpace    Name          FileSystem=NTFS
    135838822400  C:           NTFS        11215540224  C:\           FreeSpace=11215540224

Property names are never localized. wmic ends its lines with CR CR LF, so that blank lines stand between all of them.
"""

import re
from collections.abc import Iterator

from diagnostics.event import Event
from diagnostics.parsers.lines import Block, Lines, Page
from diagnostics.parsers.powershell import read_row
from diagnostics.parsers.shapes import knows
from diagnostics.parsers.sieve import BLANK

_HEADING = re.compile(r"(?:[A-Z]\w{1,40} {2,}){1,60}(?:[A-Z]\w{1,40})?\s*$")
_ITEM = re.compile(r"(?P<name>[A-Z]\w{1,40})=(?P<value>.*)$")
_MOST_BLANKS = 4
"""Between the objects of a list; more end it."""


def _starts(heading: str) -> list[int]:
    return [match.start() for match in re.finditer(r"\S+", heading)]


def _opens_table(lines: Lines) -> bool:
    line = lines.peek() or ""
    return "  " in line and bool(_HEADING.match(line)) and knows(dict.fromkeys(line.split(), ""))


def _read_table(lines: Lines, page: Page) -> Iterator[Event]:
    heading = lines.take()
    names, starts = heading.split(), _starts(heading)
    while (row := _next_row(lines, starts)) is not None:
        at = lines.number
        lines.take()
        yield from read_row(dict(zip(names, row, strict=True)), at, page)


def _next_row(lines: Lines, starts: list[int]) -> list[str] | None:
    """The cells of the next line, past a blank one; None where no row stands there."""
    blanks = 0
    while (line := lines.peek(blanks)) is not None and not line.strip() and blanks < 2:
        blanks += 1
    if not line or not line.strip():
        return None
    if any(start and line[start - 1 : start] not in {" ", ""} for start in starts):
        return None
    for _ in range(blanks):
        lines.take()
    return [line[start:end].strip() for start, end in zip(starts, [*starts[1:], len(line)], strict=True)]


def _item(line: str | None) -> re.Match[str] | None:
    return _ITEM.match(line) if line and "=" in line else None


def _opens_list(lines: Lines) -> bool:
    if not _item(lines.peek()):
        return False
    return knows(dict.fromkeys(_names_ahead(lines), ""))


def _names_ahead(lines: Lines) -> list[str]:
    """The property names of the first object."""
    names: list[str] = []
    ahead = blanks = 0
    while (line := lines.peek(ahead)) is not None and blanks <= 1 and len(names) < 60:
        item = _item(line)
        if item is None and line.strip():
            break
        if item:
            if item["name"] in names:
                break
            names.append(item["name"])
        blanks = 0 if item else blanks + 1
        ahead += 1
    return names


def _read_list(lines: Lines, page: Page) -> Iterator[Event]:
    row: dict[str, str] = {}
    at, blanks = lines.number, 0
    while (line := lines.peek()) is not None and blanks <= _MOST_BLANKS:
        item = _item(line)
        if item is None and line.strip():
            break
        if item and item["name"] in row:
            yield from read_row(row, at, page)
            row = {}
        if item:
            at = at if row else lines.number
            row[item["name"]] = item["value"].strip()
        blanks = 0 if item else blanks + 1
        lines.take()
    if row:
        yield from read_row(row, at, page)


BLOCKS = (
    Block("wmic", _opens_table, _read_table, rf"^(?:[a-z][^ \n]{{1,80}} {{2,}})+[^ \n]*{BLANK}*$"),
    Block("wmic", _opens_list, _read_list, r"^[a-z][^=\n]{1,80}="),
)
