"""Event XML: the Event Viewer's "save as", `wevtutil qe /f:XML` (which prints no root element), and single events.

The text is cut at `<Event ...> ... </Event>` and each piece is read alone, so a damaged event costs only itself, a
wrong encoding declaration does not matter, and memory stays flat. No piece has a document type declaration: where one
is found it is refused, so that no entity can be declared (https://docs.python.org/3/library/xml.html#xml-vulnerabilities).
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from diagnostics.event import Event, Kind
from diagnostics.evidence.document import Document, Tally
from diagnostics.parsers.event_element import EventElement, MalformedError
from diagnostics.parsers.format import Format, Interest, Sample
from diagnostics.parsers.reading import chunks_of
from diagnostics.parsers.records import codes_of, finished, level_numbered
from diagnostics.parsers.timestamps import parse_timestamp
from engine.sentence import Sentence

_LONGEST = 4 * 1024 * 1024  # characters; an event's XML is at most a few times the 64 KiB of its record
_LONGEST_BETWEEN = 4096  # characters between events; patterns for a prolog and for comments must not meet more
_START = re.compile(r"<Event(?=[\s>])")
_END = "</Event>"
_EXPECTED = re.compile(r"<\?[^>]*\?>|</?Events\b[^<>]*>|<!--.*?-->|[\s\ufeff]+", re.DOTALL)
"""What may stand outside of events."""
_DECLARATION = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


_IMPOSSIBLE = bytes({*range(32)} - {*b"\t\n\r"})
_REPLACED = str.maketrans(dict.fromkeys((*_IMPOSSIBLE, 0xFFFE, 0xFFFF), "\ufffd"))


class _Piece(NamedTuple):
    """The XML of one event, and where it stands."""

    xml: str
    number: int
    line: int

    @property
    def where(self) -> str:
        return f"event {self.number}, line {self.line}"


class _Cutter:
    """Cuts a stream of text into the XML of single events, and names what is not part of any."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._rest = ""
        self._number = 0
        self._line = 1

    def feed(self, chunk: str) -> Iterator[_Piece]:
        """Take more text, give the events that are complete."""
        searched = max(0, len(self._rest) - len(_END))
        text, done = self._rest + chunk, 0
        while (found := text.find(_END, max(done, searched))) >= 0:
            end = found + len(_END)
            yield from self._cut(text[done:end])
            done = end
        self._rest = text[done:]
        if len(self._rest) > _LONGEST:
            self._drop(Sentence("no event ends within {most} characters", most=_LONGEST))

    def close(self) -> None:
        """Name what is left at the end of the text."""
        start = _START.search(self._rest)
        if start:
            self._outside(self._rest[: start.start()])
            self._rest = self._rest[start.start() :]
            self._drop(Sentence("the file ends in the middle of the event"))
        else:
            self._outside(self._rest)

    def _cut(self, text: str) -> Iterator[_Piece]:
        """The event that ends the text, behind whatever stands before it."""
        starts = [match.start() for match in _START.finditer(text)]
        self._outside(text[: starts[0]] if starts else text.removesuffix(_END))
        for start, following in pairwise(starts):
            self._rest = text[start:following]
            self._drop(Sentence("the event has no end before the next one begins"))
        if starts:
            xml = text[starts[-1] :]
            self._number += 1
            yield _Piece(xml, self._number, self._line)
            self._line += xml.count("\n")

    def _drop(self, why: str) -> None:
        """Give up the event that the rest begins."""
        self._number += 1
        self._tally.damaged(Sentence("event {number}, line {line}", number=self._number, line=self._line), why)
        self._line += self._rest.count("\n")
        self._rest = ""

    def _outside(self, text: str) -> None:
        """Text outside of events: expected, or named."""
        if text and not text.isspace():
            line = self._line + text.count("\n", 0, len(text) - len(text.lstrip()))
            strange = len(_EXPECTED.sub("", text)) if len(text) <= _LONGEST_BETWEEN else len(text)
            if _DECLARATION.search(text):
                self._tally.damaged(
                    Sentence("line {line}", line=self._line),
                    Sentence("a document type declaration: refused, no event export has one"),
                )
            elif strange:
                told = Sentence("{count} characters outside of any event", count=strange)
                self._tally.damaged(Sentence("line {line}", line=line), told)
        self._line += text.count("\n")


def _recognizes(sample: Sample) -> bool:
    start = _START.search(sample.text)
    return start is not None and "<Objs" not in sample.text[: start.start()] and "<System" in sample.text


def _read(document: Document, interest: Interest, tally: Tally) -> Iterator[Event]:
    for piece in _pieces(document, tally):
        try:
            event = _event(piece, document, interest, tally)
        except MalformedError as error:
            tally.damaged(piece.where, error.why)
        else:
            if event is not None:
                yield event


def _pieces(document: Document, tally: Tally) -> Iterator[_Piece]:
    cutter = _Cutter(tally)
    for chunk in chunks_of(document, tally):
        yield from cutter.feed(_holdable(chunk))
    cutter.close()


def _holdable(text: str) -> str:
    """The text without characters that XML cannot hold; Windows prints them where an event's data has them."""
    encoded = text.encode(errors="replace")
    return text.translate(_REPLACED) if len(encoded.translate(None, _IMPOSSIBLE)) != len(encoded) else text


def _event(piece: _Piece, document: Document, interest: Interest, tally: Tally) -> Event | None:
    element = EventElement(piece.xml)
    head = element.head
    moment = parse_timestamp(head.time)
    time, local = moment or (None, False)
    machine = head.computer or document.machine
    tally.saw(time, machine)
    tally.channels.add(head.channel)
    if not interest(head.provider, head.event_id):
        return None
    fields, text = element.body()
    return finished(
        Event(
            kind=Kind.RECORD,
            source=document.name,
            record=head.record or piece.line,
            time=time,
            local_time=local,
            machine=machine,
            provider=head.provider,
            event_id=head.event_id,
            level=level_numbered(head.level),
            channel=head.channel,
            fields=fields,
            text=text,
            codes=codes_of(fields, text),
        )
    )


EVENT_XML = Format("event-xml", _recognizes, _read)
