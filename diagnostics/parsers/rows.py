"""Exports that are rows: CSV, JSON (an array, an object, several of them), and JSON lines.

What the rows mean is for `shapes` to tell.
"""

import csv
import json
import re
from collections.abc import Iterator
from itertools import islice

import msgspec

from diagnostics.event import Event
from diagnostics.evidence.document import Document, Tally
from diagnostics.parsers.cells import Origin, Row, Value, integer_of
from diagnostics.parsers.format import Format, Interest, Sample
from diagnostics.parsers.reading import chunks_of, lines_of
from diagnostics.parsers.shapes import event_from_row, knows
from diagnostics.parsers.timestamps import DayFirst, day_first_in, parse_timestamp
from engine.sentence import Sentence

Numbered = tuple[int, Row]
"""A row, and the line that it begins in."""

_AMBIGUOUS = re.compile(r"(?<!\d)\d{1,2}([/.-])\d{1,2}\1\d{4}(?!\d)")
_PROOF_WITHIN = 32  # chunks that are searched for a date that proves the order of day and month
_DELIMITERS = ",;\t"
_PREAMBLE = re.compile(r"#TYPE |\ufeff?sep=.\s*$")
"""What stands above a heading: the type that PowerShell exported, the delimiter that Excel is told."""


def events_of(rows: Iterator[Numbered], origin: Origin, interest: Interest, tally: Tally) -> Iterator[Event]:
    """The events that rows tell; rows of unknown meaning are counted."""
    for line, row in rows:
        event = event_from_row(row, line, origin)
        if event is None:
            tally.not_understood(line)
            continue
        tally.saw(event.time, event.machine)
        if event.channel:
            tally.channels.add(event.channel)
        if not event.event_id or interest(event.provider, event.event_id):
            yield event


def order_of_dates(document: Document) -> DayFirst:
    """Whether the document prints the day first; None where nothing proves it, or no date needs it."""
    chunks = islice(chunks_of(document, Tally()), _PROOF_WITHIN)
    first = next(chunks, "")
    if not _AMBIGUOUS.search(first):
        return None
    order = day_first_in([first])
    return day_first_in(chunks) if order is None else order


# CSV


def _delimiter(header: str) -> str:
    unquoted = re.sub(r'"[^"]*"', "", header)
    return max(_DELIMITERS, key=unquoted.count)


def _recognizes_csv(sample: Sample) -> bool:
    lines = sample.text.lstrip("\ufeff\r\n").splitlines()
    typed = bool(lines) and lines[0].startswith("#TYPE ")
    lines = lines[bool(lines) and _PREAMBLE.match(lines[0]) is not None :]
    if not lines or not any(delimiter in lines[0] for delimiter in _DELIMITERS):
        return False
    header, *rows = csv.reader(lines[:2], delimiter=_delimiter(lines[0]))
    quoted = re.fullmatch(r'("[^"]*"[,;\t]?)+', lines[0]) is not None
    return typed or quoted or knows(dict.fromkeys(header)) or bool(rows and _is_viewer(header, rows[0]))


def _is_viewer(header: list[str], row: list[str]) -> bool:
    """The Event Viewer's columns, in a language that nobody told us."""
    return len(header) == 5 < len(row) and integer_of(row[3]) is not None and parse_timestamp(row[1]) is not None


def _read_csv(document: Document, interest: Interest, tally: Tally) -> Iterator[Event]:
    origin = Origin(document, order_of_dates(document))
    yield from events_of(_csv_rows(document, tally), origin, interest, tally)


def _csv_rows(document: Document, tally: Tally) -> Iterator[Numbered]:
    lines = lines_of(document, tally)
    first, line = next(lines, ""), 1
    while first == "\n":  # wmic begins with a blank line
        first, line = next(lines, ""), line + 1
    if _PREAMBLE.match(first):
        first, line = next(lines, ""), line + 1
    delimiter = _delimiter(first)
    header = next(csv.reader([first], delimiter=delimiter), [])
    for start, values in _joined(_values(lines, delimiter, line, tally), len(header), delimiter):
        yield start, _row(header, values, delimiter)


def _values(lines: Iterator[str], delimiter: str, line: int, tally: Tally) -> Iterator[tuple[int, list[str]]]:
    """The cells of each row, and the line that it begins in."""
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        start = line + reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            tally.damaged(Sentence("line {line}", line=start), Sentence("not CSV: {error}", error=str(error)))
        else:
            if values:
                yield start, values


def _joined(rows: Iterator[tuple[int, list[str]]], width: int, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Rows, with the lines of a text that the Event Viewer's tab-separated export does not quote put back together."""
    if delimiter != "\t":
        yield from rows
        return
    pending: tuple[int, list[str]] | None = None
    further: list[str] = []
    for start, values in rows:
        if pending and len(values) < width:
            further.append(delimiter.join(values))
            continue
        if pending:
            yield _with_lines(pending, further)
        pending, further = (start, values), []
    if pending:
        yield _with_lines(pending, further)


def _with_lines(row: tuple[int, list[str]], further: list[str]) -> tuple[int, list[str]]:
    start, values = row
    return start, [*values[:-1], "\n".join((values[-1], *further))]


def _row(header: list[str], values: list[str], delimiter: str) -> Row:
    """Cells by column; what is beyond the last column has no name, and is one text."""
    row = dict(zip(header, values, strict=False))
    if len(values) > len(header):
        row[""] = delimiter.join(values[len(header) :])
    return row


# JSON

_JSON = re.compile(r'\ufeff?\s*(?:\[\s*(?:\{\s*"|\[|\])|\{\s*["}])')
_ENVELOPE = re.compile(r'\s*\{(?:\s*"[^"]{1,60}"\s*:\s*(?:"[^"]{0,400}"|\d+)\s*,){0,5}\s*"\w{1,30}"\s*:\s*\[\s*(?=\{)')
"""`{"@odata.context": "...", "value": [`: an object that only wraps the list of rows."""
_GAP = re.compile(
    r'(?:[\s,\[\]}\ufeff]|"@?[\w.]{1,30}"\s*:\s*(?:"[^"\\]{0,400}"|-?\d{1,20}|null|true|false)\s*(?=[,}]))*'
)
"""What may stand between values: the punctuation of lists, and the rest of an envelope (`], "Count": 2}`)."""
_NEXT = re.compile(r"(?:[}\]]\s{0,64},?|\n)\s{0,64}(?=\{)")
_LONGEST_VALUE = 64 * 1024 * 1024  # characters
_TAIL = 16  # characters; an error so close to the end of the text is likely one of text that is still to come
_DEEPEST = 4  # lists and envelopes around a row


def _recognizes_json(sample: Sample) -> bool:
    return _JSON.match(sample.text) is not None


def _read_json(document: Document, interest: Interest, tally: Tally) -> Iterator[Event]:
    origin = Origin(document, order_of_dates(document))
    yield from events_of(_json_rows(document, tally), origin, interest, tally)


def _json_rows(document: Document, tally: Tally) -> Iterator[Numbered]:
    for line, value in _Values(document, tally).read():
        yield from ((line, row) for row in _rows_in(value))


def _rows_in(value: Value, depth: int = 0) -> Iterator[Row]:
    """The rows that a value is, or wraps."""
    if isinstance(value, list) and depth < _DEEPEST:
        for item in value:
            yield from _rows_in(item, depth + 1)
    elif isinstance(value, dict):
        wrapped = [] if depth >= _DEEPEST or knows(value) else _wrapped(value)
        if wrapped:
            for held in wrapped:
                yield from _rows_in(held, depth + 1)
        else:
            yield value


def _wrapped(value: dict[str, Value]) -> list[Value]:
    """The cells of an object of unknown meaning that may hold rows."""
    source = value.get("_source")  # Elasticsearch's search results
    return [source] if isinstance(source, dict) else [held for held in value.values() if _wraps(held)]


def _wraps(value: Value) -> bool:
    items = value if isinstance(value, list) else value.get("hits", []) if isinstance(value, dict) else []
    return isinstance(items, list) and bool(items) and isinstance(items[0], dict)


class _Values:
    """Reads JSON values one after another from a text of any length, whether they stand in a list or not."""

    def __init__(self, document: Document, tally: Tally) -> None:
        self._chunks = chunks_of(document, tally)
        self._tally = tally
        self._text = ""
        self._at = 0
        self._line = 1
        self._decode = json.JSONDecoder(strict=False).raw_decode

    def read(self) -> Iterator[tuple[int, Value]]:
        """Every value, and the line that it begins in."""
        self._more()
        if envelope := _ENVELOPE.match(self._text):
            self._advance(envelope.end())
        while self._skip_gap():
            line = self._line
            try:
                value, end = self._decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                cut = self._is_cut(error)
                if not cut or not self._more():
                    told = Sentence("the text ends in the middle of a value" if cut else "not JSON")
                    self._skip_damage(error, told)
            else:
                self._advance(end)
                yield line, value

    def _more(self) -> bool:
        """Append as much text again as there is, so that a long value is not decoded too often."""
        wanted = max(1, (len(self._text) - self._at) // (1024 * 1024))
        chunks = list(islice(self._chunks, wanted))
        self._text, self._at = self._text[self._at :] + "".join(chunks), 0
        return bool(chunks)

    def _advance(self, end: int) -> None:
        self._line += self._text.count("\n", self._at, end)
        self._at = end

    def _skip_gap(self) -> bool:
        """Go to the next value; False at the end of the text."""
        while True:
            gap = _GAP.match(self._text, self._at)
            self._advance(gap.end() if gap else self._at)
            if self._at < len(self._text):
                return True
            if not self._more():
                return False

    def _is_cut(self, error: Exception) -> bool:
        """Whether the error may come of text that is still to be read."""
        if len(self._text) - self._at > _LONGEST_VALUE or not isinstance(error, json.JSONDecodeError):
            return False
        return error.pos >= len(self._text) - _TAIL or error.msg.startswith("Unterminated string")

    def _skip_damage(self, error: Exception, why: str) -> None:
        """Name what is no JSON, and go on at the next object."""
        failed = error.pos if isinstance(error, json.JSONDecodeError) else self._at
        line = self._line + self._text.count("\n", self._at, failed)
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        told = Sentence("{why}: {reason}", why=why, reason=reason)
        self._tally.damaged(Sentence("line {line}", line=line), told)
        following = _NEXT.search(self._text, self._at + 1)
        self._advance(following.end() if following else len(self._text))


# JSON lines


def _recognizes_ndjson(sample: Sample) -> bool:
    """The first line is an object, and further lines begin like one; damaged ones may be among them."""
    first, *others = [line for line in sample.text.lstrip("\ufeff").splitlines() if line.strip()][:100] or [""]
    return _is_object(first) and (not others or any(line.startswith("{") for line in others))


def _is_object(line: str) -> bool:
    try:
        return isinstance(msgspec.json.decode(line), dict)
    except (msgspec.DecodeError, RecursionError):
        return False


def _read_ndjson(document: Document, interest: Interest, tally: Tally) -> Iterator[Event]:
    origin = Origin(document, order_of_dates(document))
    yield from events_of(_ndjson_rows(document, tally), origin, interest, tally)


def _ndjson_rows(document: Document, tally: Tally) -> Iterator[Numbered]:
    decode = msgspec.json.Decoder().decode
    for number, line in enumerate(lines_of(document, tally), 1):
        if line.isspace():
            continue
        try:
            value = decode(line)
        except (msgspec.DecodeError, RecursionError) as error:
            told = Sentence("{why}: {reason}", why=Sentence("not JSON"), reason=str(error))
            tally.damaged(Sentence("line {line}", line=number), told)
        else:
            yield from ((number, row) for row in _rows_in(value))


CSV = Format("csv", _recognizes_csv, _read_csv)
JSON = Format("json", _recognizes_json, _read_json)
NDJSON = Format("ndjson", _recognizes_ndjson, _read_ndjson)
