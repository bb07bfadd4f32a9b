"""What PowerShell prints to a console or a file: tables (`Format-Table`) and lists (`Format-List`).

    VMName Name                    SnapshotType CreationTime          Name    : SQL01
    ------ ----                    ------------ ------------          State   : Running
    SQL01  SQL01 - Backup - (...)  Recovery     5/16/2017 10:00 PM    Version : 9.0

Their rows have the same columns as exports to CSV or JSON, so `shapes` tells what they mean.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

from diagnostics.event import Event
from diagnostics.parsers.cells import Origin
from diagnostics.parsers.lines import Block, Lines, Page
from diagnostics.parsers.shapes import event_from_row, knows

_COMMAND = re.compile(r"(?:PS [^>\n]{0,200}> ?)?[A-Za-z]{2,20}-[A-Za-z]{2,60} ?[:>] *(?=\S)")
"""What a copied listing has before its heading: the prompt, the cmdlet that printed it."""
_RULER = re.compile(r"[ \t]*-+(?: +-+)+[ \t]*$")
_PROPERTY = re.compile(r"(?P<name>[A-Za-z][\w()%./-]{0,60}) *: ?(?P<value>.*)")
_CHECKPOINT = re.compile(
    r"(?:Get-VM(?:Snapshot|Checkpoint)[:>]?\s+)?(?P<VMName>\S.*?)\s+(?P<Name>\S.*?)\s+"
    r"(?P<SnapshotType>Standard|Recovery|Planned|Missing|Replica|AppConsistentReplica|SyncedReplica)\s+"
    r"(?P<CreationTime>\d[\d/.-]+ +\d{1,2}:\d\d(?::\d\d)?(?: [AP]M)?)(?:\s+(?P<ParentSnapshotName>\S.*))?\s*$"
)
_TYPE_ALONE = re.compile(
    r"(?:Get-VM(?:Snapshot|Checkpoint)[:>]?\s+)?SnapshotType[\s:=]+(?P<SnapshotType>[A-Za-z]{5,20})\s*$"
)
_TYPES = ("SnapshotType", "Recovery", "Standard", "Planned", "Missing", "Replica")
_FILLER = "\0"
"""Stands behind a character that is two cells wide, so that columns can be cut by position."""
_MOST_PROPERTIES = 100


# --- tables ----------------------------------------------------------------------------------------------------------


def _opens_table(lines: Lines) -> bool:
    ruler = lines.peek(1)
    if not ruler or "--" not in ruler or not _RULER.match(ruler):
        return False
    return knows(dict.fromkeys(_cut(_heading(lines.peek() or ""), _columns(ruler)), ""))


def _heading(line: str) -> str:
    command = _COMMAND.match(line)
    return line[command.end() :] if command else line


def _columns(ruler: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"-+", ruler)]


def _read_table(lines: Lines, page: Page) -> Iterator[Event]:
    header, ruler = _heading(lines.take()), lines.take()
    columns = _columns(ruler)
    names = _cut(header, columns)
    while (line := lines.peek()) is not None and line.strip():
        at = lines.number
        lines.take()
        yield from read_row(_table_row(names, line, columns), at, page)


def _table_row(names: list[str], line: str, columns: list[tuple[int, int]]) -> dict[str, str]:
    if max(_aligned(line, columns), _aligned(_widened(line), columns)) < len(columns) and (match := _checkpoint(line)):
        return match.groupdict(default="")  # a mail or a web page has eaten the blanks
    return {name: value.rstrip("…") for name, value in zip(names, _cut(line, columns), strict=True)}


def read_row(row: dict[str, str], at: int, page: Page) -> Iterator[Event]:
    """The event that a row of a text tells; one of unknown meaning is counted."""
    event = event_from_row(row, at, Origin(page.document, page.day_first))
    if event:
        yield event
    else:
        page.tally.not_understood(at)


def _cut(line: str, columns: list[tuple[int, int]]) -> list[str]:
    """The cells of a line; consoles pad by cells on the screen, editors and copies by characters."""
    cells = max((_widened(line), line), key=lambda cells: _aligned(cells, columns))
    starts = [0, *(_start(cells, end, start) for (_, end), (start, _) in pairwise(columns))]
    return [
        cells[start:end].replace(_FILLER, "").strip()
        for start, end in zip(starts, [*starts[1:], len(cells)], strict=True)
    ]


def _widened(line: str) -> str:
    return "".join(c + _FILLER if unicodedata.east_asian_width(c) in "WF" else c for c in line)


def _aligned(cells: str, columns: list[tuple[int, int]]) -> int:
    """How many values begin or end where their headings do, or are empty."""
    return sum(
        not cells[start:end].strip()
        or (cells[start : start + 1].strip() != "" and cells[start - 1 : start].strip() == "")
        or (cells[end - 1 : end].strip() != "" and cells[end : end + 1].strip() == "")
        for start, end in columns
    )


def _start(cells: str, end_before: int, start: int) -> int:
    """Where a column begins in this line: a number may begin left of its heading."""
    if cells[start - 1 : start] in {" ", ""}:
        return start
    blank = cells.rfind(" ", end_before, start)
    return blank + 1 if blank >= 0 else start


# --- lists -----------------------------------------------------------------------------------------------------------


def _property(line: str | None) -> tuple[str, str, int] | None:
    """Name, value, and the column of the colon."""
    match = _PROPERTY.match(line) if line and ":" in line else None
    return (match["name"], match["value"], match.start("value")) if match else None


def _opens_list(lines: Lines) -> bool:
    first, second = _property(lines.peek()), _property(lines.peek(1))
    if first is None or second is None or abs(first[2] - second[2]) > 1:
        return False
    names: dict[str, str] = {}
    while (item := _property(lines.peek(len(names)))) and item[0] not in names and len(names) < _MOST_PROPERTIES:
        names[item[0]] = ""
    return knows(names)


def _read_list(lines: Lines, page: Page) -> Iterator[Event]:
    at = lines.number
    row: dict[str, str] = {}
    last = ""
    while (line := lines.peek()) and line.strip() and len(row) < _MOST_PROPERTIES:
        item = _property(line)
        if item and item[0] in row:
            break
        lines.take()
        if item and not line[:1].isspace():
            last = item[0]
            row[last] = item[1]
        elif last:
            row[last] += line.strip()  # a value that the console has wrapped
    yield from read_row(row, at, page)


# --- rows that somebody copied without their heading -----------------------------------------------------------------


def _checkpoint(line: str | None) -> re.Match[str] | None:
    if not line or len(line) > 500:
        return None
    if not any(map(line.__contains__, _TYPES)):
        return None
    return _TYPE_ALONE.match(line) or _CHECKPOINT.match(line)


def _read_checkpoint(lines: Lines, page: Page) -> Iterator[Event]:
    while match := _checkpoint(lines.peek()):
        at = lines.number
        lines.take()
        row = {"VMName": "", "Name": "", "CreationTime": "", **match.groupdict(default="")}
        yield from read_row(row, at, page)


BLOCKS = (
    Block("powershell", _opens_table, _read_table),
    Block("powershell", _opens_list, _read_list),
    Block("powershell", lambda lines: _checkpoint(lines.peek()) is not None, _read_checkpoint),
)
