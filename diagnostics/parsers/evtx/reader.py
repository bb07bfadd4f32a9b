"""EVTX files as events: every record that is there, decoded in full only where somebody is interested."""

import struct
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

from diagnostics.event import Event, Kind
from diagnostics.evidence.document import Document, Noting, Tally
from diagnostics.parsers.codes import find_codes
from diagnostics.parsers.evtx import values
from diagnostics.parsers.evtx.binxml import MalformedError
from diagnostics.parsers.evtx.chunks import FIRST_CHUNK, SIZE, Chunk, Head, chunks, header
from diagnostics.parsers.evtx.coded import names_a_code, take_codes
from diagnostics.parsers.evtx.definitions import Definitions, Located
from diagnostics.parsers.evtx.layout import Layout, Nested, Peek, add
from diagnostics.parsers.evtx.plan import Scalar
from diagnostics.parsers.format import Interest, everything
from diagnostics.parsers.records import Fields, finished, level_numbered
from engine.sentence import Sentence, listed

_XML = 0x18
"""Where in a record its XML begins."""
_DEPTH = 3
"""Of nested XML; Windows writes the event and one piece inside."""
_PATIENCE = 100
"""How many records of a file python-evtx is asked for: it takes milliseconds for each."""
_ANSWERS = 2000
_REMARKS = 8
"""Kinds of damage that are told of a chunk."""
_LEVELS = tuple(map(level_numbered, range(256)))
_REFUSED = (MalformedError, struct.error)


def read(document: Document, interest: Interest, tally: Tally) -> Iterator[Event]:
    """Read a file chunk by chunk. Records that nobody is interested in are counted, and not decoded.

    `interest` is taken to answer the same question always the same: it is asked once for each provider and event id.
    """
    with document.path.open("rb") as file:
        tally.position = file.tell
        said = header(file.read(FIRST_CHUNK))
        reader = _Reader(document, interest, tally)
        present = 0
        for chunk in chunks(file, checksums=said.checksums):
            if isinstance(chunk, Chunk):
                present += 1
                yield from reader.events(chunk)
            else:
                tally.damaged(chunk, Sentence("no chunk: its signature is missing"))
        if lost := said.missing(-(-(file.tell() - FIRST_CHUNK) // SIZE)):
            tally.damaged(Sentence("header"), lost)
    if remark := said.remark(present):
        tally.remarks.append(remark)


_Content = tuple[dict[str, str], tuple[str, ...], str]
"""What the data sections of a record hold: fields, the error codes in them, and the rendered message."""


def _why(refusal: Exception) -> str:
    if isinstance(refusal, MalformedError):
        return refusal.why
    return Sentence("it refers to a place outside the chunk")


class Rereader:
    """Reads single records of a file once more, by their places in it."""

    def __init__(self, document: Document) -> None:
        self._path = document.path
        self._reader = _Reader(document, everything, Tally())
        self._chunk: Chunk | None = None

    def event(self, position: int) -> Event | None:
        """The record that begins there; None where there is none any more. Raises `OSError`."""
        number, at = divmod(position - FIRST_CHUNK, SIZE)
        if self._chunk is None or self._chunk.number != number:
            with self._path.open("rb") as file:
                file.seek(FIRST_CHUNK + number * SIZE)
                self._chunk = Chunk(number, file.read(SIZE), checksums=False)
        return self._reader.reread(self._chunk, at)


class _Reader:
    """Reads the chunks of one file."""

    def __init__(self, document: Document, interest: Interest, tally: Tally) -> None:
        self._source = document.name
        self._machine = document.machine
        self._tally = tally
        self._register = tally.register
        self._definitions = Definitions()
        self._wanted: values.Memo[tuple[str, int], bool] = values.Memo(lambda asked: interest(*asked), _ANSWERS)
        self._patience = _PATIENCE
        self._chunk = b""
        self._offset = 0

    def events(self, chunk: Chunk) -> list[Event]:
        """The chunk's events of interest; the tally learns of all of its records."""
        data = self._enter(chunk)
        locate, wanted = self._definitions.locate, self._wanted
        events: list[Event] = []
        times: list[int] = []
        machines: list[str] = []
        sound: Located | None = None
        for head in chunk.records():
            at, end, _, written = head
            times.append(written)
            try:
                located = layout, values_at = locate(at + _XML, end)
                peek = layout.peek(data, values_at)
                provider = layout.provider_name or layout.provider(data, values_at)
                machine = layout.computer_name or layout.computer(data, values_at)
                if wanted[provider, peek[1]]:
                    events.append(self._event(head, located, peek, provider, machine))
                elif self._register is not None:
                    self._glance(self._register, head, peek, provider, machine)
                machines.append(machine)
                sound = located
            except _REFUSED as refusal:
                events += self._by_reference(head, refusal, chunk.remarks)
        if sound:
            with suppress(*_REFUSED):  # the records of a chunk are of one log; a record need not name it
                self._tally.channels.add(sound[0].channel(data, sound[1]))
        self._report(chunk, times, Counter(machines))
        return events

    def reread(self, chunk: Chunk, at: int) -> Event | None:
        """The record that begins at a place of a chunk; None where there is none that can be read."""
        data = self._chunk if chunk.data is self._chunk else self._enter(chunk)
        head = chunk.record(at)
        if head is None:
            return None
        try:
            located = layout, values_at = self._definitions.locate(at + _XML, head[1])
            peek = layout.peek(data, values_at)
            provider = layout.provider_name or layout.provider(data, values_at)
            machine = layout.computer_name or layout.computer(data, values_at)
            return self._event(head, located, peek, provider, machine)
        except _REFUSED as refusal:
            return next(iter(self._by_reference(head, refusal, chunk.remarks)), None)

    def _enter(self, chunk: Chunk) -> bytes:
        self._chunk, self._offset = chunk.data, chunk.offset
        self._definitions.enter(chunk.data)
        return chunk.data

    def _glance(self, register: Noting, head: Head, peek: Peek, provider: str, machine: str) -> None:
        at, _, number, written = head
        level, event_id, ticks, record = peek
        register.glance(
            values.microseconds(ticks or written), machine or self._machine, provider, event_id, _LEVELS[level & 0xFF],
            record or number, self._offset + at,
        )  # fmt: skip

    def _report(self, chunk: Chunk, times: list[int], machines: Counter[str]) -> None:
        self._tally.saw(None, records=len(times) - machines.total())
        for machine, count in machines.items():
            self._tally.saw(None, machine, count)
        for ticks in (min(times), max(times)) if times else ():
            self._tally.saw(values.microseconds(ticks), records=0)
        remarks = list(chunk.remarks.items())
        for reason, count in remarks[:_REMARKS]:
            told = reason if count == 1 else Sentence("{why} ({count})", why=reason, count=count)
            self._tally.damaged(chunk.where, told)
        if others := sum(count for _, count in remarks[_REMARKS:]):
            self._tally.damaged(chunk.where, Sentence("{count} more of other kinds", count=others))

    def _by_reference(self, head: Head, refusal: Exception, remarks: Counter[str]) -> list[Event]:
        """The record as python-evtx reads it; none where it cannot either, or nobody is interested."""
        from diagnostics.parsers.evtx.fallback import reference_layout  # noqa: PLC0415 - its import is slow, its use rare

        reason = _why(refusal)
        if self._patience:
            self._patience -= 1
            try:
                return self._decoded_by_reference(head, reference_layout(self._chunk, head[0]))
            except _REFUSED as error:
                reason = listed((reason, _why(error)))
        remarks[Sentence("record unreadable: {why}", why=reason)] += 1
        return []

    def _decoded_by_reference(self, head: Head, layout: Layout) -> list[Event]:
        _, end, _, _ = head
        provider, peek = layout.provider_name, layout.peek(self._chunk, end)
        machine = layout.computer_name
        if self._wanted[provider, peek[1]]:
            return [self._event(head, (layout, end), peek, provider, machine)]
        if self._register is not None:
            self._glance(self._register, head, peek, provider, machine)
        return []

    def _event(self, head: Head, located: Located, peek: Peek, provider: str, machine: str) -> Event:
        layout, at = located
        start, end, number, written = head
        level, event_id, ticks, record = peek
        fields, codes, message = self._content(located, end)
        event = Event(
            kind=Kind.RECORD,
            source=self._source,
            record=record or number,
            time=values.microseconds(ticks or written),
            machine=machine or self._machine,
            provider=provider,
            event_id=event_id,
            level=_LEVELS[level & 0xFF],
            channel=layout.channel(self._chunk, at),
            fields=fields,
            text=message,
            codes=codes,
        )
        event = finished(event)
        if self._register is not None:
            self._register.add(event, self._offset + start)
        return event

    def _content(self, located: Located, end: int) -> _Content:
        """All fields. In nearly every record they are in one piece of nested XML, each one value: the short way."""
        layout, at = located
        if layout.inner:
            start, stop = layout.inner
            end = at + stop if stop else end
            located = layout, at = self._definitions.locate(at + start, end)
        plan = layout.shape.plan
        if plan is None:
            return self._gathered(located, end)
        fields, codes = plan.content(layout.unpack(self._chunk, at))
        return fields, codes, ""

    def _gathered(self, located: Located, end: int) -> _Content:
        """All fields, the long way: several sections, arrays, repeated names, a rendered message."""
        fields, message = Fields(), ""
        for name, text in self._values(located, end, _DEPTH):
            if name is None:
                message += text
            else:
                add(fields, name, text)
        codes = take_codes(fields, frozenset(filter(names_a_code, fields)))
        return dict(fields), tuple(dict.fromkeys((*codes, *find_codes(message)))), message

    def _values(self, located: Located, end: int, depth: int) -> Iterator[tuple[str | None, str]]:
        """Name (None for the rendered message) and text of every value."""
        if not depth:
            raise MalformedError(Sentence("XML nested more than {most} deep", most=_DEPTH))
        layout, at = located
        raw = layout.unpack(self._chunk, at)
        for step in layout.shape.steps:
            if isinstance(step, Scalar):
                yield step.name, step.texts[raw[step.number]]
            elif isinstance(step, Nested):
                start, stop = layout.span(step.number)
                inner_end = at + stop if stop else end
                yield from self._values(self._definitions.locate(at + start, inner_end), inner_end, depth - 1)
            else:
                yield from ((step.name, text) for text in step.read(raw))
        if layout.shape.message:
            yield None, layout.shape.message(raw)
