"""What DiskPart prints for `list disk` and `list volume`, in any language of Windows.

      Disk ###  Status         Size     Free     Dyn  Gpt          Volume ###  Ltr  Label        Fs     Type        Size     Status     Info
      --------  -------------  -------  -------  ---  ---          ----------  ---  -----------  -----  ----------  -------  ---------  --------
      Disk 0    Online          127 GB  1024 KB        *           Volume 1     C   System       NTFS   Partition    126 GB  Healthy    Boot

Headings are localized (Japanese ones take two lines), and wide characters break the columns; what never changes is the
ruler's number of columns, the shape of the sizes, and that the last two columns of disks hold only asterisks.
"""  # noqa: E501 - as printed

import re
from collections.abc import Iterator

from diagnostics.event import Event, Kind
from diagnostics.parsers.lines import Block, Lines, Page
from diagnostics.parsers.shapes_storage import volume_fields
from diagnostics.parsers.vssadmin import bytes_of

_RULER = re.compile(r"\s*-{3,20}(?: {2}-{3,20})+\s*$")
_WIDTHS_OF_MARKS = ["---", "---"]
_SIZE = r"\d[\d.,]* (?:[KMGTP] )?[^\W\d_]{1,7}"
_DISK = re.compile(
    rf"[ *]*[^\d*]{{0,24}}(?P<number>\d{{1,4}}) {{2,}}(?P<status>\S.*?) {{2,}}(?P<size>{_SIZE}) +(?P<free>{_SIZE})"
    r"(?P<marks>[ *]*)$"
)
_VOLUME = r"[ *]*[^\d*]{0,24}(?P<number>\d{1,4}) {2,}(?:(?P<letter>[A-Z]) {2,})?(?P<label>.*?)\s*"
_BEHIND = rf" +(?P<type>\S.*?) +(?P<size>{_SIZE})(?: |$)"
_FORMATTED = re.compile(rf"{_VOLUME}\b(?P<fs>NTFS|FAT32|FAT|exFAT|ReFS|RAW|CSVFS|CDFS|UDF){_BEHIND}")
_UNFORMATTED = re.compile(rf"{_VOLUME}(?P<fs>){_BEHIND}")
_START = re.compile(r"Microsoft DiskPart|DISKPART>", re.IGNORECASE)
_COMPUTER = re.compile(r"[^:：\d]{4,40}[:：] ?(?P<name>[A-Za-z0-9][\w.-]{0,62})\s*$")
_DYNAMIC_WITHIN = 6
"""So far behind the free space the asterisk of a dynamic disk stands at most; that of GPT stands further right."""
_LONGEST = 400  # characters; rows have about 80, and patterns with several open ends must not meet more
_OPTICAL = frozenset({"CDFS", "UDF"})


def _columns(line: str | None) -> int:
    """How many columns a ruler has; 0 where the line is none of DiskPart's two."""
    if not line or "---  ---" not in line or not _RULER.match(line):
        return 0
    widths = line.split()
    is_disk = len(widths) == 6 and widths[-2:] == _WIDTHS_OF_MARKS
    is_volume = len(widths) == 8 and widths[1] == "---"
    return len(widths) if is_disk or is_volume else 0


def _ruler_ahead(lines: Lines) -> int:
    """How many lines of a heading stand before a ruler: at most two; -1 where there is no ruler."""
    for ahead in range(3):
        line = lines.peek(ahead)
        if _columns(line):
            return ahead
        if not line or not line.strip():
            break
    return -1


def _opens(lines: Lines) -> bool:
    line = lines.peek() or ""
    return bool(_START.match(line.lstrip())) or _ruler_ahead(lines) >= 0


def _read(lines: Lines, page: Page) -> Iterator[Event]:
    machine = ""
    banner = False
    while (line := lines.peek()) is not None:
        if (heading := _ruler_ahead(lines)) >= 0:
            for _ in range(heading):
                lines.take()
            yield from _table(_columns(lines.take()), lines, page, machine)
        elif _START.match(line.lstrip()):
            banner = line.lstrip().startswith("Microsoft")
            lines.take()
        elif banner and (computer := _COMPUTER.match(line)):
            machine = computer["name"]
            lines.take()
            banner = False
        elif not line.strip() or (banner and "(C)" in line):
            lines.take()
        else:
            break


def _table(columns: int, lines: Lines, page: Page, machine: str) -> Iterator[Event]:
    row = _disk if columns == 6 else _volume
    while (line := lines.peek()) is not None and line.strip():
        at = lines.number
        event = row(line, at, page, machine) if len(line) <= _LONGEST else None
        if event is None and page.opened(lines):
            break
        lines.take()
        if event:
            yield event
        else:
            page.tally.not_understood(at)


def _disk(line: str, at: int, page: Page, machine: str) -> Event | None:
    match = _DISK.match(line)
    if match is None:
        return None
    marks = match["marks"]
    fields = {
        "Disk": match["number"],
        "Status": match["status"],
        "SizeBytes": bytes_of(match["size"]),
        "Dynamic": "true" if "*" in marks[:_DYNAMIC_WITHIN] else "false",
        "PartitionStyle": "GPT" if "*" in marks[_DYNAMIC_WITHIN:] else "",
    }
    return page.event(Kind.DISK, at, line.strip(), machine=machine, provider="diskpart", fields=fields, codes=())


def _volume(line: str, at: int, page: Page, machine: str) -> Event | None:
    match = _FORMATTED.match(line) or _UNFORMATTED.match(line)
    if match is None:
        return None
    size, file_system = bytes_of(match["size"]), match["fs"]
    optical = "ROM" in match["type"] or file_system in _OPTICAL
    fields = volume_fields(
        access=match["letter"] or "",
        identity="",
        label=match["label"],
        file_system=file_system,
        size=size,
        free="",
        drive_type="cd-rom" if optical else "" if size != "0" else "removable",
    )
    fields["Volume"] = fields["Volume"] or f"volume {match['number']}"
    return page.event(Kind.VOLUME, at, line.strip(), machine=machine, provider="diskpart", fields=fields, codes=())


BLOCK = Block("diskpart", _opens, _read, "microsoft diskpart|diskpart>|---  ---")
