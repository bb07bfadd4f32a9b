"""What `DISM /Online /Get-Packages` prints, as a list or a table, in any language of Windows.

    Package Identity : Package_for_KB2894856~31bf3856ad364e35~amd64~~6.3.1.0
    State : Installed

Labels and states are localized, the names of packages are not. Of a product with cumulative updates, the package
`Package_for_RollupFix` tells the build.
"""

import re
from collections.abc import Iterator

from diagnostics.event import Event
from diagnostics.parsers.lines import Block, Lines, Page
from diagnostics.parsers.shapes_updates import package_fields

_NAME = r"(?P<package>[A-Za-z][\w.-]{3,200}~[0-9a-fA-F]{16}~[^~\s]{0,20}~[^~\s]{0,20}~[\d.]{3,40})"
_LISTED = re.compile(rf"[^:：|]{{3,60}}[:：]\s*{_NAME}\s*$")
_STATE = re.compile(r"[^:：|]{2,60}[:：]\s*(?P<state>\S.*?)\s*$")
_TABLED = re.compile(rf"\s*{_NAME}\s*\|\s*(?P<state>[^|]{{2,60}}?)\s*\|")
_LONGEST = 500  # characters


def _opens(lines: Lines) -> bool:
    line = lines.peek() or ""
    return line.count("~") >= 4 and len(line) <= _LONGEST and bool(_LISTED.match(line) or _TABLED.match(line))


def _read(lines: Lines, page: Page) -> Iterator[Event]:
    at, line = lines.number, lines.take()
    tabled = _TABLED.match(line)
    found = tabled or _LISTED.match(line)
    behind = None if tabled else _STATE.match((lines.peek() or "")[:_LONGEST])
    state = tabled["state"] if tabled else behind["state"] if behind else ""
    while not tabled and (rest := lines.peek()) and rest.strip() and not _opens(lines):
        lines.take()  # the release type and the time of installation
        if lines.number - at > 6:
            break
    told = package_fields(found["package"], state) if found else None
    if told:
        yield page.event(told[0], at, line.strip(), fields=told[1], codes=())


BLOCK = Block("dism", _opens, _read, "~[0-9a-f]{16}~")
