"""EVTX files as events: every record that is there, decoded in full only where somebody is interested."""

import struct
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from diagnostics.event import Event, Kind
from diagnostics.evidence.document import Document, Tally
from diagnostics.parsers.codes import find_codes
from diagnostics.parsers.evtx import values
from diagnostics.parsers.evtx.binxml import Malformed
from diagnostics.parsers.evtx.chunks import FIRST_CHUNK, Chunk, Head, chunks, header
from diagnostics.parsers.evtx.definitions import Definitions, Located
from diagnostics.parsers.evtx.fallback import reference_layout
from diagnostics.parsers.evtx.layout import Nested, Raw, Scalar, add, number
from diagnostics.parsers.evtx.searches import Search
from diagnostics.parsers.format import Interest
from diagnostics.parsers.records import Fields, finished, level_numbered

_XML = 0x18
"""Where in a record its XML begins."""
_DEPTH = 3
"""Of nested XML; Windows writes the event and one piece inside."""
_PATIENCE = 100
"""How many records of a file python-evtx is asked for: it takes milliseconds for each."""
_ANSWERS = 50_000
_REFUSED = (Malformed, struct.error, ValueError, OverflowError)


def read(document: Document, interest: Interest, tally: Tally) -> Iterator[Event]:
    """Read a file chunk by chunk. Records that nobody is interested in are counted, and not decoded.

    `interest` is taken to answer the same question always the same: it is asked once for each provider and event id.
    """
    with document.path.open("rb") as file:
        said = header(file.read(FIRST_CHUNK))
        reader = _Reader(document, interest, tally)
        present = 0
        for chunk in chunks(file, checksums=said.checksums):
            if isinstance(chunk, Chunk):
                present += 1
                yield from reader.events(chunk)
            else:
                tally.damaged(chunk, "no chunk: its signature is missing")
    if remark := said.remark(present):
        tally.damaged("header", remark)


class _Content(NamedTuple):
    """What the data sections of a record hold."""

    fields: dict[str, str]
    codes: tuple[str, ...]
    message: str


class _Reader:
    """Reads the chunks of one file."""

    def __init__(self, document: Document, interest: Interest, tally: Tally) -> None:
        self._source = document.name
        self._machine = document.machine
        self._interest = interest
        self._tally = tally
        self._definitions = Definitions()
        self._answers: dict[tuple[str | bytes, int], bool] = {}
        self._patience = _PATIENCE
        self._chunk = b""
        self._machines: Counter[str] = Counter()

    def events(self, chunk: Chunk) -> list[Event]:
        """The chunk's events of interest; the tally learns of all of its records."""
        self._chunk = chunk.data
        self._definitions.enter(chunk.data)
        self._machines.clear()
        found: list[Event] = []
        times: list[int] = []
        for head in chunk.records():
            times.append(head.written)
            try:
                event = self._event(head, self._definitions.locate(head.at + _XML, head.end))
            except _REFUSED as refusal:
                event = self._by_reference(head, refusal, chunk.remarks)
            if event:
                found.append(event)
        self._report(chunk, times)
        return found

    def _report(self, chunk: Chunk, times: list[int]) -> None:
        self._tally.saw(None, records=len(times) - self._machines.total())
        for machine, count in self._machines.items():
            self._tally.saw(None, machine, count)
        for ticks in (min(times), max(times)) if times else ():
            self._tally.saw(values.microseconds(ticks), records=0)
        for reason, count in chunk.remarks.items():
            self._tally.damaged(chunk.where, reason if count == 1 else f"{reason} ({count})")

    def _by_reference(self, head: Head, refusal: Exception, remarks: Counter[str]) -> Event | None:
        reason = str(refusal)
        if self._patience:
            self._patience -= 1
            try:
                return self._event(head, Located(reference_layout(self._chunk, head.at), head.end))
            except _REFUSED as error:
                reason = f"{reason}; {error}"
        remarks[f"record unreadable: {reason}"] += 1
        return None

    def _event(self, head: Head, located: Located) -> Event | None:
        layout, at = located
        system = layout.system
        if system is None:
            raise Malformed("an event without a System section")
        event_id, ticks = system.peek(self._chunk, at)
        start, end = system.provider_at
        provider = system.provider_name or self._chunk[at + start : at + end]
        answer = self._answers.get((provider, event_id))
        if answer is None:
            answer = self._ask(provider, event_id, located)
        if not answer:
            self._machines[system.computer_name or system.computer(layout.unpack(self._chunk, at))] += 1
            return None
        raw = layout.unpack(self._chunk, at)
        content = self._content(located, raw)
        machine = system.computer(raw)
        self._machines[machine] += 1
        return finished(
            Event(
                kind=Kind.RECORD,
                source=self._source,
                record=number(system.record(raw)) or head.record,
                time=values.microseconds(ticks or head.written),
                machine=machine or self._machine,
                provider=system.provider(raw),
                event_id=event_id,
                level=level_numbered(number(system.level(raw))),
                channel=system.channel(raw),
                fields=content.fields,
                text=content.message,
                codes=content.codes,
            )
        )

    def _ask(self, provider: str | bytes, event_id: int, located: Located) -> bool:
        layout, at = located
        if len(self._answers) >= _ANSWERS:
            self._answers.clear()
        name = layout.system.provider(layout.unpack(self._chunk, at)) if layout.system else ""
        answer = self._answers[provider, event_id] = self._interest(name, event_id)
        return answer

    def _content(self, located: Located, raw: Raw) -> _Content:
        """All fields. In nearly every record they are one piece of nested XML, each of them one value: the short way."""
        layout, at = located
        if layout.inner:
            layout, at = self._nested(layout.inner, at)
            raw = layout.unpack(self._chunk, at)
        if layout.plan is None:
            return self._gathered(Located(layout, at))
        fields = {name: read(raw[index]) for name, index, read in layout.plan}
        codes: tuple[str, ...] = ()
        for name, search in layout.searches:
            codes += search(fields[name])
        return _Content(fields, tuple(dict.fromkeys(codes)), "")

    def _nested(self, step: Nested, at: int) -> Located:
        return self._definitions.locate(at + step.at, at + step.at + step.size)

    def _gathered(self, located: Located) -> _Content:
        """All fields, the long way: several sections, arrays, repeated names, a rendered message."""
        fields, codes, message = Fields(), dict[str, None](), ""
        for name, text, search in self._values(located, _DEPTH):
            if name is None:
                message += text
                continue
            add(fields, name, text)
            codes.update(dict.fromkeys(search(text) if search else ()))
        codes.update(dict.fromkeys(find_codes(message)))
        return _Content(dict(fields), tuple(codes), message)

    def _values(self, located: Located, depth: int) -> Iterator[tuple[str | None, str, Search | None]]:
        """Name (None for the rendered message), text and search of every value."""
        if not depth:
            raise Malformed(f"XML nested more than {_DEPTH} deep")
        layout, at = located
        raw = layout.unpack(self._chunk, at)
        for step in layout.steps:
            if isinstance(step, Scalar):
                yield step.name, step.read(raw[step.index]), step.search
            elif isinstance(step, Nested):
                yield from self._values(self._nested(step, at), depth - 1)
            else:
                for text in step.read(raw):
                    yield step.name, text, step.search
        if layout.message:
            yield None, layout.message(raw), None
