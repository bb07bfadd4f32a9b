"""One `<Event>` element: read by patterns where Windows printed it, by an XML parser where anything is unusual.

Windows prints an event always in the same order and with the same few elements; patterns for these are several times as
fast as a parser and, by a property test, give the same. Where nobody asks for the body, only the head is checked.
"""

import re
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError, XMLParser

from diagnostics.parsers.records import BINARY, Fields
from engine.sentence import Sentence

_MOST_TAGS = 20_000  # of one event; bounds its depth, too
_DECLARATION = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)

_HEAD = re.compile(
    r"""<Event(?:\s[^<>]*)?>\s*<System>\s*
    <Provider\s(?:[^<>]*?\s)?Name=(?:'(?P<provider>[^'<&]+)'|"(?P<provider2>[^"<&]+)")[^<>]*/>\s*
    <EventID[^<>]*>(?P<id>\d{1,9})</EventID>\s*
    (?:<Version>\d*</Version>\s*)?(?:<Level>(?P<level>\d{1,3})</Level>\s*)?(?:<Task>\d*</Task>\s*)?
    (?:<Opcode>\d*</Opcode>\s*)?(?:<Keywords>[^<&]*</Keywords>\s*)?
    <TimeCreated\sSystemTime=(?:'(?P<time>[^'<&]*)'|"(?P<time2>[^"<&]*)")\s*/>\s*
    <EventRecordID>(?P<record>\d{1,18})</EventRecordID>\s*
    (?:<Correlation[^<>]*/>\s*)?(?:<Execution[^<>]*/>\s*)?
    <Channel>(?P<channel>[^<&]*)</Channel>\s*<Computer>(?P<computer>[^<&]*)</Computer>\s*
    (?:<Security[^<>]*/>\s*)?</System>\s*""",
    re.VERBOSE,
)
_DATUM = re.compile(
    r"<Data(?: Name=(?:'([^'<&]*)'|\"([^\"<&]*)\"))?(?:\s*/>|>([^<]*)</Data>)\s*|<Binary(?:\s*/>|>([^<&]*)</Binary>)\s*"
)
_MESSAGE = re.compile(r"<Message>([^<]*)</Message>")
_REFERENCE = re.compile(
    r"&(?:(amp|lt|gt|quot|apos)"
    r"|#x0{0,4}([9aAdD]|(?![dD][89a-fA-F]..;|[fF]{3}[eEfF];)[2-9a-fA-F][0-9a-fA-F]{1,3})"
    r"|#(9|10|13|3[2-9]|[4-9]\d|[1-9]\d\d\d?));"
)
"""The references that occur; a parser decides about all others."""
_REFERENCES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_IMPOSSIBLE = re.compile(r"&#(?:x0*(?:[0-8bcefBCEF]|1[0-9a-fA-F])|0*(?:[0-8]|1[124-9]|2\d|3[01]));")
"""Characters that XML 1.0 cannot hold; Windows prints them nevertheless where an event's data has them."""


class MalformedError(ValueError):
    """The text is no event, or one that is refused; the message says why."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
        """A `Sentence`, which the message is no more."""


class Head(NamedTuple):
    """The System element."""

    provider: str
    event_id: int
    level: int
    time: str
    """As printed."""
    record: int
    channel: str
    computer: str


class Body(NamedTuple):
    """What an event says beside its System element."""

    fields: Fields
    message: str
    """As rendered, empty where the export holds no messages."""


class EventElement:
    """An event: its head, and its body on demand, which is dearer."""

    __slots__ = ("_body", "_end_of_head", "_xml", "head")

    def __init__(self, xml: str) -> None:
        """Read the head.

        Raises:
            MalformedError: it is not well-formed, has no System element, or declares a document type.
        """
        match = _HEAD.match(xml)
        self._xml = xml
        if match:
            self.head, self._body, self._end_of_head = _printed_head(match), None, match.end()
        else:
            self.head, self._body = _parsed(xml)

    def body(self) -> Body:
        """Read the rest.

        Raises:
            MalformedError: it is not well-formed, or declares a document type.
        """
        return self._body or _printed_body(self._xml, self._end_of_head) or _parsed(self._xml)[1]


def _printed_head(match: re.Match[str]) -> Head:
    provider, provider2, event_id, level, time, time2, record, channel, computer = match.groups()
    return Head(
        provider or provider2, int(event_id), int(level or 0), time or time2 or "", int(record), channel, computer
    )


def _printed_body(xml: str, position: int) -> Body | None:
    """A body as Windows prints it; None where it is in any way unusual."""
    if "&" in xml and xml.count("&", position) != len(_REFERENCE.findall(xml, position)):
        return None
    fields = Fields()
    if xml.startswith("<EventData>", position):
        position += len("<EventData>")
        position = _printed_data(fields, xml, position)
        if not xml.startswith("</EventData>", position):
            return None
        position += len("</EventData>")
    message, position = _printed_message(xml, position)
    return Body(fields, message) if xml.startswith("</Event>", position) else None


def _printed_data(fields: Fields, xml: str, position: int) -> int:
    """Add the data values from there on; gives where they end."""
    while match := _DATUM.match(xml, position):
        single, double, value, binary = match.groups()
        if binary is not None:
            fields.named(BINARY, binary)
        elif single or double:
            fields.named(single or double, _unescaped(value or ""))
        else:
            fields.unnamed(_unescaped(value or ""))
        position = match.end()
    return position


def _printed_message(xml: str, position: int) -> tuple[str, int]:
    """The rendered message, and where the rendering ends; an unusual one ends where it begins."""
    if not xml.startswith("<RenderingInfo ", position):
        return "", position
    message = _MESSAGE.search(xml, position)
    end = xml.find("</RenderingInfo>", position)
    if message is None or end < message.end() or xml.count("<Message", position) != 1 or "<!" in xml:
        return "", position
    return _unescaped(message[1]).strip(), end + len("</RenderingInfo>")


def _unescaped(text: str) -> str:
    return _REFERENCE.sub(_character, text) if "&" in text else text


def _character(match: re.Match[str]) -> str:
    name, hexadecimal, decimal = match.groups()
    return _REFERENCES[name] if name else chr(int(hexadecimal, 16) if hexadecimal else int(decimal))


def _parsed(xml: str) -> tuple[Head, Body]:
    """Any event, by a parser."""
    if _DECLARATION.search(xml):
        raise MalformedError(Sentence("a document type declaration inside the event: refused"))
    if xml.count("<") > _MOST_TAGS:
        raise MalformedError(Sentence("more than {most} tags in one event: refused", most=_MOST_TAGS))
    parser = XMLParser()  # noqa: S314 - the text declares no entities
    try:
        parser.feed(_IMPOSSIBLE.sub("\ufffd", xml))
        element: Element = parser.close()
    except ParseError as error:
        raise MalformedError(Sentence("not well-formed: {error}", error=str(error))) from error
    parts = {_local(part.tag): part for part in element}
    if "System" not in parts:
        raise MalformedError(Sentence("the event has no System element"))
    return _head(parts["System"]), Body(_fields(parts), _message(parts))


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _head(system: Element) -> Head:
    values: dict[str, str] = {}
    for part in system:
        name = _local(part.tag)
        if name in {"Provider", "TimeCreated"}:
            values.update(part.items())
        else:
            values[name] = (part.text or "").strip()
    return Head(
        values.get("Name") or values.get("EventSourceName", ""),
        _number(values.get("EventID", "")),
        _number(values.get("Level", "")),
        values.get("SystemTime", ""),
        _number(values.get("EventRecordID", "")),
        values.get("Channel", ""),
        values.get("Computer", ""),
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _message(parts: dict[str, Element]) -> str:
    rendering = parts.get("RenderingInfo")
    if rendering is None:
        return ""
    return next((part.text or "" for part in rendering if _local(part.tag) == "Message"), "").strip()


def _fields(parts: dict[str, Element]) -> Fields:
    fields = Fields()
    for name, part in parts.items():
        if name == "EventData":
            _add_data(fields, part)
        elif name in {"UserData", "ProcessingErrorData"}:
            _add_leaves(fields, part)
    return fields


def _add_data(fields: Fields, data: Element) -> None:
    for part in data:
        name = part.get("Name")
        value = "".join(part.itertext()) if len(part) else part.text or ""
        if name:
            fields.named(name, value)
        elif (element := _local(part.tag)) == "Data":
            fields.unnamed(value)
        else:
            fields.named(element, value)


def _add_leaves(fields: Fields, data: Element) -> None:
    for part in data.iter():
        if not len(part) and part is not data:
            fields.named(_local(part.tag), (part.text or "").strip())
