"""What readers of text blocks work on: lines with a little foresight, and the page that they are on."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from diagnostics.event import Event, Kind, Level
from diagnostics.evidence.document import Document, Tally
from diagnostics.parsers.codes import find_codes
from diagnostics.parsers.format import Interest, ReadsLines
from diagnostics.parsers.sieve import Sieve
from diagnostics.parsers.timestamps import DayFirst, Timestamp, parse_timestamp

LONGEST_LINE = 65_536
"""Characters; a line much longer is read in pieces, so that memory stays flat whatever the file holds."""
_CHUNK = 65_536
_FORESIGHT = 2
"""So many lines behind the next one a block's hint may stand: the ruler below a table's heading."""
_QUOTED = re.compile(r"\A(?:> ?)+")
_JUNK = "\0\ufeff\u200e\u200f"
_WITHOUT_JUNK = str.maketrans("", "", _JUNK)


class Readable(Protocol):
    """Text that comes in pieces; an empty one is the end."""

    def read(self, size: int, /) -> str: ...


class Lines:
    """A document's lines, taken one by one, the next few in sight."""

    __slots__ = ("_at", "_lines", "_opens", "_rest", "_sieve", "_stream", "_tells", "number")

    def __init__(self, stream: Readable, sieve: Sieve | None = None) -> None:
        self._stream = stream
        self._sieve = sieve
        self._lines: list[str] = []
        self._opens: bytearray | None = None
        """What the sieve says of each; None before it is asked."""
        self._tells: bytearray | None = None
        self._at = 0
        self._rest: str | None = ""
        """The beginning of the line that the last chunk cut, None behind the last chunk."""
        self.number = 1
        """Of the line that comes next, from 1."""

    def peek(self, ahead: int = 0) -> str | None:
        """The line that comes next, or one behind it, without its line break; None behind the last one."""
        at = self._at + ahead
        if at < len(self._lines):
            return self._lines[at]
        while self._rest is not None:
            self._fill()
            if ahead < len(self._lines):
                return self._lines[ahead]
        return None

    def take(self) -> str:
        """The next line; empty behind the last one."""
        line = self.peek()
        if line is None:
            return ""
        self._at += 1
        self.number += 1
        return line

    def may_open(self) -> bool:
        """Whether the next line may open a block: it or one of the two behind it holds what some block looks for."""
        if self._sieve is None:
            return True
        self.peek(_FORESIGHT)
        if self._opens is None:
            self._opens = self._sieve.opening(self._lines)
        return self._opens.find(1, self._at, self._at + _FORESIGHT + 1) >= 0

    def may_tell(self) -> bool:
        """Whether the next line may tell something, though it opens no block."""
        if self._sieve is None or self.peek() is None:
            return True
        if self._tells is None:
            self._tells = self._sieve.telling(self._lines)
        return self._tells[self._at] == 1

    def _fill(self) -> None:
        """Read a chunk; what has been taken is forgotten."""
        chunk = self._stream.read(_CHUNK)
        text = (self._rest or "") + _clean(chunk)
        del self._lines[: self._at]
        self._opens = self._tells = None
        self._at = 0
        lines = text.split("\n")
        self._rest = lines.pop() if chunk else None
        if self._rest is not None and len(self._rest) > LONGEST_LINE:
            lines.append(self._rest)
            self._rest = ""
        if self._rest is None and lines and not lines[-1]:
            lines.pop()  # the last line ended properly
        lines = _unquoted(lines) if "\n>" in text or text.startswith(">") else lines
        self._lines += lines

    def skip_blank(self) -> None:
        """Go to the next line that holds something."""
        while (line := self.peek()) is not None and not line.strip():
            self.take()


def _clean(chunk: str) -> str:
    """Without the invisible characters that exports leave in texts; most have none, and are only searched."""
    return chunk.translate(_WITHOUT_JUNK) if any(map(chunk.__contains__, _JUNK)) else chunk


def _unquoted(lines: list[str]) -> list[str]:
    """Without the marks that a mail puts before what it answers to; no export begins a line so."""
    return [_QUOTED.sub("", line, count=1) if line.startswith(">") else line for line in lines]


class Page:
    """The document that a block stands in: what its events have in common."""

    __slots__ = ("_interruption", "blocks", "day_first", "document", "interest", "reader", "tally")

    def __init__(
        self, document: Document, interest: Interest, tally: Tally, blocks: "tuple[Block, ...]", day_first: DayFirst
    ) -> None:
        self.document = document
        self.interest = interest
        self.reader = interest if isinstance(interest, ReadsLines) else None
        """Who else may understand a line, None where nobody is asked."""
        self.tally = tally
        self.blocks = blocks
        self.day_first = day_first
        self._interruption: tuple[int, Block | None] = (0, None)
        """The last line that began something else, and what: it is asked again at once."""

    def moment(self, text: str) -> Timestamp | None:
        """A printed moment, its day and month in the document's order."""
        return parse_timestamp(text, self.day_first)

    def opened(self, lines: Lines) -> "Block | None":
        """The block that the next line opens, if it opens one."""
        line, block = self._interruption
        if line == lines.number and block:
            return block
        if not lines.may_open():
            return None
        for block in self.blocks:
            if block.opens(lines):
                return block
        return None

    def interrupted(self, lines: Lines) -> bool:
        """Whether the next line surely begins something else, even in the middle of a message."""
        if not lines.may_open():
            return False
        for block in self.blocks:
            if block.interrupts and block.opens(lines):
                self._interruption = (lines.number, block)
                return True
        return False

    def event(  # noqa: PLR0913 - an event's own fields
        self,
        kind: Kind,
        line: int,
        text: str,
        *,
        moment: Timestamp | None = None,
        machine: str = "",
        provider: str = "",
        event_id: int = 0,
        level: Level = Level.UNKNOWN,
        channel: str = "",
        fields: dict[str, str] | None = None,
        codes: tuple[str, ...] | None = None,
    ) -> Event:
        """An event of this document; codes are found in the text where none are given, empty fields are left out."""
        return Event(
            kind=kind,
            source=self.document.name,
            record=line,
            time=moment.microseconds if moment else None,
            local_time=bool(moment and moment.local),
            machine=machine or self.document.machine,
            provider=provider,
            event_id=event_id,
            level=level,
            channel=channel,
            fields={name: value for name, value in (fields or {}).items() if value},
            text=text,
            codes=find_codes(text) if codes is None else codes,
        )


class Block(NamedTuple):
    """A text format: how a block of it begins, and how it is read."""

    kind: str
    """The inventory's word for a file of it."""
    opens: Callable[[Lines], bool]
    """Looks at the next line and at most a few behind it; asked at every line, so it must be cheap."""
    read: Callable[[Lines, Page], Iterator[Event]]
    """Takes the block, at least one line."""
    hint: str | Callable[[], str]
    """A pattern for the sieve that the block's first line, or one of the two behind it, surely matches; or what makes
    it, where it takes a data file."""
    interrupts: bool = True
    """Whether its beginning is so clear that it ends a free message of another block."""
