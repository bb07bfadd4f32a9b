"""Records that the fast reader refuses, decoded by python-evtx: slow, and the reference.

python-evtx trusts its input, so what would make it loop (lists of names or templates that bite their own tails) is
looked for first, and the caller limits how often it is asked.
"""

import struct
from collections.abc import Iterator
from xml.etree.ElementTree import Element as XmlElement
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from Evtx.BinaryParser import BinaryParserException
from Evtx.Evtx import ChunkHeader, Record

from diagnostics.parsers.evtx.binxml import Element, MalformedError, Slot
from diagnostics.parsers.evtx.definitions import literal_layout
from diagnostics.parsers.evtx.layout import Layout

_LISTS = range(0x80, 0x200, 4)
"""Where a chunk keeps the heads of its lists of names (64) and templates (32)."""
_FAILURES = (
    BinaryParserException, struct.error, LookupError, ValueError, TypeError, AttributeError, RuntimeError, OSError,
)  # fmt: skip
"""What python-evtx is known to raise on damaged records: it checks little itself."""


def reference_layout(chunk: bytes, at: int) -> Layout:
    """A record's content as a layout without values. Raises `MalformedError` where python-evtx gives up as well."""
    if any(_is_endless(chunk, offset) for offset in _LISTS):
        raise MalformedError("lists of names that never end")
    try:
        text = Record(chunk, at, ChunkHeader(chunk, 0)).xml()
        root = fromstring(text)
    except (*_FAILURES, DefusedXmlException, ParseError) as error:
        raise MalformedError(f"python-evtx: {type(error).__name__}") from error
    return literal_layout(_tree(root))


def _is_endless(chunk: bytes, head: int) -> bool:
    seen: set[int] = set()
    for offset in _walk(chunk, head):
        if offset in seen:
            return True
        seen.add(offset)
    return False


def _walk(chunk: bytes, at: int) -> Iterator[int]:
    while at + 4 <= len(chunk) and (at := int.from_bytes(chunk[at : at + 4], "little")):
        yield at


def _tree(element: XmlElement) -> Element:
    content: list[str | Slot | Element] = [element.text] if element.text and not len(element) else []
    content += map(_tree, element)
    attributes: list[tuple[str, list[str | Slot]]] = [(name, [value]) for name, value in element.attrib.items()]
    return Element(element.tag.rpartition("}")[2], attributes, content)
