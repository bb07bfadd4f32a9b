"""BinXml, the binary form of XML in event logs: from bytes to a tree of elements.

Tokens: [MS-EVEN6] 2.2.12, https://learn.microsoft.com/openspecs/windows_protocols/ms-even6/
Offsets of names and templates count from the beginning of the chunk, so everything here is given the whole chunk.
"""

import struct
from typing import NamedTuple

from diagnostics.parsers.evtx import values

_END, _OPEN, _CLOSE_START, _CLOSE_EMPTY, _CLOSE, _VALUE, _ATTRIBUTE, _CDATA = range(8)
_CHARACTER, _ENTITY = 0x08, 0x09
_SUBSTITUTION, _OPTIONAL_SUBSTITUTION = 0x0D, 0x0E
TEMPLATE, FRAGMENT = 0x0C, 0x0F
FRAGMENT_SIZE = 4
"""Of the token, the version (1.1) and the flags that a piece of BinXml may begin with."""
_MORE = 0x40
"""Flag of a token: an element has attributes, an attribute or value is followed by another."""
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_DEPTH = 64

_U16 = struct.Struct("<H").unpack_from
_U32 = struct.Struct("<I").unpack_from


class Malformed(Exception):
    """These bytes are no BinXml that this reader knows; the message says why."""


class Slot(NamedTuple):
    """A place in a template where the record's value number `index` goes."""

    index: int
    optional: bool
    """Without a value the element around it is left out."""


class Element(NamedTuple):
    """An XML element; texts, slots and children in their order."""

    name: str
    attributes: list[tuple[str, list["str | Slot"]]]
    content: list["str | Slot | Element"]


class Name(NamedTuple):
    """An element's or attribute's name as it was found: its place in the chunk, its length and characters."""

    at: int
    raw: bytes


class Cursor:
    """Reads one fragment of BinXml.

    `dependencies` is true inside template definitions, whose elements carry the number of the value they depend on.
    """

    def __init__(self, chunk: bytes, at: int, end: int, *, dependencies: bool) -> None:
        self.names: list[Name] = []
        """Every name that was looked up: the fragment means the same where these are the same."""
        self._chunk = chunk
        self._at = at
        self._end = min(end, len(chunk))
        self._dependencies = dependencies

    def fragment(self) -> Element:
        """The root element."""
        if self._peek() == FRAGMENT:
            self._take(FRAGMENT_SIZE)
        if self._peek() & ~_MORE != _OPEN:
            raise Malformed(f"token 0x{self._peek():02x} where an element should begin")
        return self._element(_DEPTH)

    def _peek(self) -> int:
        if self._at >= self._end:
            raise Malformed("the XML ends in the middle")
        return self._chunk[self._at]

    def _take(self, size: int) -> bytes:
        start = self._at
        self._at += size
        if self._at > self._end:
            raise Malformed("the XML ends in the middle")
        return self._chunk[start : self._at]

    def _u16(self) -> int:
        return int.from_bytes(self._take(2), "little")

    def _u32(self) -> int:
        return int.from_bytes(self._take(4), "little")

    def _name(self) -> str:
        offset = self._u32()
        if offset + 8 > len(self._chunk):
            raise Malformed(f"a name at 0x{offset:x}, outside the chunk")
        (length,) = _U16(self._chunk, offset + 6)
        end = offset + 8 + 2 * length
        if end > len(self._chunk):
            raise Malformed(f"a name of {length} characters at 0x{offset:x}, outside the chunk")
        if offset == self._at:
            self._take(end + 2 - offset)
        self.names.append(Name(offset + 6, self._chunk[offset + 6 : end]))
        return self._chunk[offset + 8 : end].decode("utf-16-le", "replace")

    def _element(self, depth: int) -> Element:
        if not depth:
            raise Malformed(f"elements nested more than {_DEPTH} deep")
        token = self._take(1)[0]
        self._take(6 if self._dependencies else 4)
        element = Element(self._name(), [], [])
        if token & _MORE:
            self._take(4)
            while self._peek() & ~_MORE == _ATTRIBUTE:
                self._take(1)
                element.attributes.append((self._name(), self._attribute_value()))
        closing = self._take(1)[0]
        if closing == _CLOSE_START:
            self._content(element.content, depth - 1)
        elif closing != _CLOSE_EMPTY:
            raise Malformed(f"token 0x{closing:02x} in the start of an element")
        return element

    def _attribute_value(self) -> list[str | Slot]:
        parts: list[str | Slot] = []
        while (self._peek() & ~_MORE) not in (_ATTRIBUTE, _CLOSE_START, _CLOSE_EMPTY):
            parts.append(self._text())
        return parts

    def _content(self, content: list[str | Slot | Element], depth: int) -> None:
        while (token := self._peek() & ~_MORE) != _CLOSE:
            content.append(self._element(depth) if token == _OPEN else self._text())
        self._take(1)

    def _text(self) -> str | Slot:
        token = self._take(1)[0] & ~_MORE
        if token in (_SUBSTITUTION, _OPTIONAL_SUBSTITUTION):
            index = self._u16()
            self._take(1)  # the declared type; the record states the real one
            return Slot(index, token == _OPTIONAL_SUBSTITUTION)
        if token == _VALUE:
            return self._literal(self._take(1)[0])
        if token == _CDATA:
            return values.text(values.STRING, self._take(2 * self._u16()))
        if token == _CHARACTER:
            return self._take(2).decode("utf-16-le", "replace")  # a lone surrogate is no character
        if token == _ENTITY:
            return _ENTITIES.get(self._name(), "")
        raise Malformed(f"unknown token 0x{token:02x}")

    def _literal(self, kind: int) -> str:
        if kind == values.STRING:
            return values.text(kind, self._take(2 * self._u16()))
        if (size := values.fixed_size(kind)) is None:
            raise Malformed(f"a literal of type 0x{kind:02x}")
        return values.text(kind, self._take(size))
