"""Records that the fast reader refuses, decoded by python-evtx: slow, and the reference.

python-evtx trusts its input, so what would make it loop (lists of names or templates that bite their own tails) is
looked for first, and the caller limits how often it is asked. It prints pointers as decimals and bytes of fields other
than Binary in base64: so they stay.
"""

import logging
import re
import struct
from base64 import b64decode
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
from engine.sentence import Sentence

logging.getLogger("Evtx").addHandler(logging.NullHandler())  # what it warns of, the damage of the record says

_ITEM = re.compile("<string>(.*?)</string>", re.DOTALL)
_LISTS = range(0x80, 0x200, 4)
"""Where a chunk keeps the heads of its lists of names (64) and templates (32)."""
_FAILURES = (
    BinaryParserException, struct.error, LookupError, ValueError, TypeError, AttributeError, RuntimeError, OSError,
)  # fmt: skip
"""What python-evtx is known to raise on damaged records: it checks little itself."""


def reference_layout(chunk: bytes, at: int) -> Layout:
    """A record's content as a layout without values. Raises as `reference_tree` does."""
    return literal_layout(reference_tree(chunk, at))


def reference_tree(chunk: bytes, at: int) -> Element:
    """A record's content, values and all. Raises `MalformedError` where python-evtx gives up as well."""
    if any(_is_endless(chunk, offset) for offset in _LISTS):
        raise MalformedError(Sentence("lists of names that never end"))
    try:
        text = Record(chunk, at, ChunkHeader(chunk, 0)).xml()
        root = fromstring(text)
    except (*_FAILURES, DefusedXmlException, ParseError) as error:
        raise MalformedError(Sentence("python-evtx: {kind}", kind=type(error).__name__)) from error
    return _tree(root)


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
    name = element.tag.rpartition("}")[2]
    attributes: list[tuple[str, list[str | Slot]]] = [(key, [value]) for key, value in element.attrib.items()]
    content: list[str | Slot | Element] = []
    for child in element:
        content += _as_windows_prints(_tree(child))
    if element.text and not len(element):
        content.append(element.text)
    return Element(name, attributes, content)


def _as_windows_prints(element: Element) -> Iterator[Element]:
    """python-evtx prints the items of an array inside one element, and bytes in base64."""
    text = "".join(part for part in element.content if isinstance(part, str))
    if text.startswith("<string>"):
        for item in _ITEM.findall(text):
            yield element._replace(content=[item])
    elif element.name == "Binary":
        yield element._replace(content=[b64decode(text).hex()])
    else:
        yield element
