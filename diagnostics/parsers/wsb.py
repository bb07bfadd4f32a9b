r"""Windows Server Backup's own logs, `Backup_Error-31-03-2012_02-00-05.log` and `Backup-*.log`.

    Error in backup of F:\$Extend\$RmMetadata\$TxfLog\ during write: Error [0x80070005] Access is denied.
    C:\windows\ のバックアップで列挙中にエラーが発生しました: エラー [0x8007007b] ファイル名、...

Read by what every language has in common: a path, a colon, a word and the code in square brackets. The time of all
lines is the one in the file's name (day-month-year, local).
"""

import re
from collections.abc import Iterator

from diagnostics.event import Event, Kind, Level
from diagnostics.parsers.lines import Block, Lines, Page
from diagnostics.parsers.timestamps import Timestamp, parse_timestamp

_LINE = re.compile(r"(?P<place>.{3,1200}?)[ \u00a0]?[:：]\s*[^\W\d_]{2,20} ?\[0x[0-9A-Fa-f]{8}\](?P<reason>.*)")
_PATH = re.compile(r"(?:[A-Za-z]:|\\\\)\\?[^:：*?\"<>|]*")
_NAMED = re.compile(r"(\d\d)-(\d\d)-(\d{4})_(\d\d)-(\d\d)-(\d\d)")
_ACTIVITIES = (
    ("enumerate", re.compile(r"enumerat|列挙|aufzähl|auflist|énumér|enumera|枚举|列舉|열거|перечисл", re.IGNORECASE)),
    ("write", re.compile(r"writ|書き?込|schreib|écri|escri|scrit|写入|寫入|쓰기|запис", re.IGNORECASE)),
    ("read", re.compile(r"read|読み?取|les(?:en|e)|lectur|lettur|leitura|读取|讀取|읽기|чтен", re.IGNORECASE)),
)
_AROUND_PATH = re.compile(
    r"(?P<path>.+?)(?: のバックアップ| (?:during|while|bei|während|pendant|lors|durante|al|no) | [时時중]).*",
    re.IGNORECASE,
)


def _opens(lines: Lines) -> bool:
    line = lines.peek() or ""
    return "[0x" in line and _place(line) is not None


def _place(line: str) -> re.Match[str] | None:
    match = _LINE.match(line)
    return match if match and _PATH.search(match["place"]) and ".cpp(" not in match["place"] else None


def _read(lines: Lines, page: Page) -> Iterator[Event]:
    moment = _time_in(page.document.name)
    while match := _place(lines.peek() or ""):
        at = lines.number
        text = lines.take().strip()
        yield page.event(
            Kind.WSB_LOG,
            at,
            text,
            moment=moment,
            provider="Windows Server Backup",
            level=Level.ERROR,
            fields={"Path": _path(match["place"]), "Activity": _activity(match["place"])},
        )


def _path(place: str) -> str:
    """From the drive to where the sentence goes on."""
    path = _PATH.search(place)
    rest = place[path.start() :] if path else ""
    around = _AROUND_PATH.match(rest)
    return (around["path"] if around else rest).strip()


def _activity(place: str) -> str:
    path = _path(place)
    sentence = place.replace(path, " ")
    return next((name for name, words in _ACTIVITIES if words.search(sentence)), "")


def _time_in(name: str) -> Timestamp | None:
    match = _NAMED.search(name)
    if match is None:
        return None
    day, month, year, hour, minute, second = match.groups()
    return parse_timestamp(f"{year}-{month}-{day} {hour}:{minute}:{second}")


BLOCK = Block("wsb-log", _opens, _read, r"\[0x[0-9a-f]{8}\]")
