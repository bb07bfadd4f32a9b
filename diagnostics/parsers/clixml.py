"""PowerShell's XML: `Export-Clixml` (`<Objs>`, [MS-PSRP] 2.2.5) and `ConvertTo-Xml` (`<Objects>`).

The text is cut at its outermost objects and each is parsed alone: a damaged object costs only itself, memory stays
flat, and no document type declaration ever reaches the parser.
"""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError, XMLParser

from diagnostics.event import Event
from diagnostics.evidence.document import Document, Tally
from diagnostics.parsers.cells import Origin, Row, Value
from diagnostics.parsers.format import Format, Interest, Sample
from diagnostics.parsers.reading import chunks_of
from diagnostics.parsers.rows import Numbered, events_of
from engine.sentence import Sentence

_LONGEST = 32 * 1024 * 1024  # characters of one object
_MOST_TAGS = 500_000  # of one object
_DEEPEST = 24  # PowerShell serializes to depth 2 unless told otherwise
_ROOT = re.compile(r"<(?:Objs|Objects)(?=[\s>])")
_TAG = re.compile(r"<(?:Obj|Object)(?=[\s>])[^<>]*>|</(?:Obj|Object)>")
_DECLARATION = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_TYPE_NAME = re.compile(r"[A-Za-z]\w*(?:\.\w+)+(?:\[\])?")
_LISTS = frozenset({"LST", "IE", "QUE", "STK"})
_IMPOSSIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def _recognizes(sample: Sample) -> bool:
    return _ROOT.search(sample.text, 0, 4096) is not None


def _read(document: Document, interest: Interest, tally: Tally) -> Iterator[Event]:
    yield from events_of(_rows(document, tally), Origin(document), interest, tally)


def _rows(document: Document, tally: Tally) -> Iterator[Numbered]:
    for line, xml in _objects(document, tally):
        value = _parsed(line, xml, tally)
        for row in value if isinstance(value, list) else [value]:
            if isinstance(row, dict):
                yield line, row


def _objects(document: Document, tally: Tally) -> Iterator[tuple[int, str]]:
    """The XML of each outermost object, and the line that it begins in."""
    cutter = _Cutter(tally)
    for chunk in chunks_of(document, tally):
        yield from cutter.feed(chunk)
    cutter.close()


class _Cutter:
    """Cuts a stream of text into its outermost objects; no part of it is searched for tags twice."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._text = ""
        self._line = 1
        self._searched = 0
        self._start = 0
        self._depth = 0

    def feed(self, chunk: str) -> Iterator[tuple[int, str]]:
        """Take more text, give the objects that are complete."""
        text, done = self._text + chunk, 0
        for match in _TAG.finditer(text, self._searched):
            self._searched = match.end()
            if not match[0].startswith("</"):
                if not match[0].endswith("/>"):
                    self._start = self._start if self._depth else match.start()
                    self._depth += 1
            elif self._depth:
                self._depth -= 1
                if self._depth == 0:
                    self._pass(text[done : self._start])
                    yield self._line, text[self._start : match.end()]
                    done = match.end()
                    self._line += text.count("\n", self._start, done)
        self._text = text[done:]
        self._searched -= done
        self._start -= done
        if len(self._text) > _LONGEST:
            self._drop(Sentence("no object ends within {most} characters", most=_LONGEST))

    def close(self) -> None:
        """Name what is left at the end of the text."""
        if self._depth:
            self._drop(Sentence("the file ends in the middle of an object"))
        else:
            self._pass(self._text)

    def _pass(self, text: str) -> None:
        _outside(text, self._line, self._tally)
        self._line += text.count("\n")

    def _drop(self, why: str) -> None:
        """Give up what has been read of an object."""
        self._pass(self._text[: self._start] if self._depth else "")
        self._tally.damaged(Sentence("line {line}", line=self._line), why)
        self._line += self._text.count("\n", max(0, self._start))
        self._text, self._searched, self._start, self._depth = "", 0, 0, 0


def _outside(text: str, line: int, tally: Tally) -> None:
    if _DECLARATION.search(text):
        tally.damaged(
            Sentence("line {line}", line=line), Sentence("a document type declaration: refused, PowerShell writes none")
        )


def _parsed(line: int, xml: str, tally: Tally) -> Value:
    reason = ""
    if _DECLARATION.search(xml):
        reason = Sentence("a document type declaration inside an object: refused")
    elif xml.count("<") > _MOST_TAGS:
        reason = Sentence("more than {most} tags in one object: refused", most=_MOST_TAGS)
    else:
        parser = XMLParser()  # noqa: S314 - the text declares no entities
        try:
            parser.feed(_IMPOSSIBLE.sub("\ufffd", xml))
            return _value(parser.close(), _DEEPEST)
        except ParseError as error:
            reason = Sentence("not well-formed: {error}", error=str(error))
    tally.damaged(Sentence("line {line}", line=line), reason)
    return None


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _value(element: Element, depth: int) -> Value:
    """What an element holds: text, a list, or an object's properties by name."""
    if not len(element):
        return None if _local(element) == "Nil" else _unescaped(element.text or "")
    if depth == 0:
        return ""
    if _local(element) in {"Object", "Property"}:
        return _converted(element, depth)
    return _serialized(element, depth)


def _serialized(element: Element, depth: int) -> Value:
    """An `<Obj>`: a list, a dictionary, an enumeration (its name), or properties."""
    shown = ""
    properties: dict[str, Value] = {}
    for part in element:
        name = _local(part)
        if name in _LISTS:
            return [_value(item, depth - 1) for item in part]
        if name == "ToString":
            shown = _unescaped(part.text or "")
        elif name in {"Props", "MS"}:
            properties.update(_named(part, depth))
        elif name == "DCT":
            properties.update(_entries(part, depth))
    if shown and not _TYPE_NAME.fullmatch(shown):
        return {"ToString": shown, **properties} if properties else shown
    return properties or shown


def _named(parent: Element, depth: int) -> Row:
    return {_unescaped(part.get("N", "")): _value(part, depth - 1) for part in parent}


def _entries(dictionary: Element, depth: int) -> Row:
    entries: dict[str, Value] = {}
    for entry in dictionary:
        held = {part.get("N", ""): part for part in entry}
        if "Key" in held and "Value" in held:
            entries[str(_value(held["Key"], depth - 1))] = _value(held["Value"], depth - 1)
    return entries


def _converted(element: Element, depth: int) -> Value:
    """An `<Object>` or `<Property>` of ConvertTo-Xml: properties with names are columns, without names a list."""
    if all(part.get("Name") is None for part in element):
        return [_value(part, depth - 1) for part in element]
    return {part.get("Name", ""): _value(part, depth - 1) for part in element}


def _unescaped(text: str) -> str:
    """`_x000D_` is how PowerShell writes what XML cannot hold."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


CLIXML = Format("clixml", _recognizes, _read)
