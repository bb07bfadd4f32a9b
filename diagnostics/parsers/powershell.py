"""What PowerShell prints to a console or a file: tables (`Format-Table`) and lists (`Format-List`).

    VMName Name                    SnapshotType CreationTime          Name    : SQL01
    ------ ----                    ------------ ------------          State   : Running
    SQL01  SQL01 - Backup - (...)  Recovery     5/16/2017 10:00 PM    Version : 9.0

Their rows have the same columns as exports to CSV or JSON, so `shapes` tells what they mean.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import pairwise
from types import MappingProxyType

from diagnostics.event import Event
from diagnostics.parsers.cells import Origin
from diagnostics.parsers.lines import Block, Lines, Page
from diagnostics.parsers.shapes import event_from_row, knows
from diagnostics.parsers.sieve import BLANK, DIGIT

_COMMAND = re.compile(r"(?:PS [^>\n]{0,200}> ?)?[A-Za-z]{2,20}-[A-Za-z]{2,60} ?[:>] *(?=\S)")
"""What a copied listing has before its heading: the prompt, the cmdlet that printed it."""
_GROUP = re.compile(r"[ \t]+(?P<name>[A-Za-z]\w{1,60}): (?P<value>\S.*)$")
"""What all rows of a table have in common stands above it: `Get-WinEvent` groups by provider."""
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
_BLANKS_IN_A_VALUE = 3
"""One after another: the message of a VSS event has two."""


# --- tables ----------------------------------------------------------------------------------------------------------


def _opens_table(lines: Lines, ahead: int = 0) -> bool:
    ruler = lines.peek(ahead + 1)
    if not ruler or "--" not in ruler or not _RULER.match(ruler):
        return False
    return knows(dict.fromkeys(_cut(_heading(lines.peek(ahead) or ""), _columns(ruler)), ""))


def _opens_group(lines: Lines) -> bool:
    line = lines.peek()
    if not line or not line[0].isspace() or not _GROUP.match(line) or lines.peek(1) or not lines.peek(2):
        return False
    return _opens_table(lines, 2)


def _read_group(lines: Lines, page: Page) -> Iterator[Event]:
    group = _GROUP.match(lines.take())
    lines.skip_blank()
    yield from _read_table(lines, page, {group["name"]: group["value"].strip()} if group else {})


def _heading(line: str) -> str:
    command = _COMMAND.match(line)
    return line[command.end() :] if command else line


def _columns(ruler: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"-+", ruler)]


def _read_table(lines: Lines, page: Page, common: Mapping[str, str] = MappingProxyType({})) -> Iterator[Event]:
    header, ruler = _heading(lines.take()), lines.take()
    columns = _columns(ruler)
    names = _cut(header, columns)
    while (line := lines.peek()) is not None and line.strip():
        at = lines.number
        lines.take()
        yield from read_row({**common, **_table_row(names, line, columns)}, at, page)


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
    values: dict[str, list[str]] = {}
    margin = ""
    while (line := _next_of_list(lines, margin)) is not None:
        item = _property(line)
        if item and (item[0] in values or len(values) == _MOST_PROPERTIES):
            break
        if item:
            margin = margin or " " * item[2]
            values[item[0]] = [line[item[2] :]]
        elif values:
            values[next(reversed(values))].append(line[len(margin) :] if line.startswith(margin) else line.lstrip())
        lines.take()
    width = max((len(line) for printed in values.values() for line in printed), default=0)
    yield from read_row({name: _unwrapped(printed, width) for name, printed in values.items()}, at, page)


def _next_of_list(lines: Lines, margin: str) -> str | None:
    """The next line of a list, None behind its end; a blank one belongs to it where a value goes on behind it."""
    line = lines.peek()
    if line is None or line.strip():
        return line
    further = (lines.peek(ahead) or "" for ahead in range(1, _BLANKS_IN_A_VALUE + 1))
    behind = next((held for held in further if held.strip()), "")
    return line if margin and behind.startswith(margin) else None


def _unwrapped(printed: list[str], width: int) -> str:
    """A value whose lines a console of that width has wrapped, at words or (in East Asia) anywhere.

    A line is a value's own where the next word would have had room on it. Where most lines are filled to the last
    column, they were cut anywhere.
    """
    pairs = list(pairwise(printed))
    wrapped = [line for line, following in pairs if not _has_room(line, following, width)]
    filled = sum(len(line) == width for line in wrapped)
    anywhere = filled > 2 * (len(wrapped) - filled)
    parts = [printed[0]]
    for line, following in pairs:
        if _has_room(line, following, width):
            parts.append("\n" + following)
        elif anywhere and len(line) == width:
            parts.append(following if filled > 1 or (line[-1] + following[0]).isalnum() else "\n" + following)
        else:
            parts[-1] = parts[-1].rstrip()
            parts.append(" " + following)
    return "".join(parts).strip()


def _has_room(line: str, following: str, width: int) -> bool:
    word = following.split(maxsplit=1)[:1]
    return not word or (following[0].isspace() and len(line) < width) or len(line.rstrip()) + len(word[0]) < width


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


_RULED = r"^[ \t]*-+ +-[ -]*[ \t]*$"
BLOCKS = (
    Block("powershell", _opens_group, _read_group, rf"{_RULED}|^[ \t]+[a-z][^:\n]{{1,120}}: "),
    Block("powershell", _opens_table, _read_table, _RULED),
    Block("powershell", _opens_list, _read_list, r"^[a-z][^\s:]{0,120} *:"),
    Block(
        "powershell",
        lambda lines: _checkpoint(lines.peek()) is not None,
        _read_checkpoint,
        rf"snapshottype|(?:standard|recovery|planned|missing|replica){BLANK}+{DIGIT}",
    ),
)
