"""BinXml, the binary form of XML in event logs: from bytes to a tree of elements.

Tokens: [MS-EVEN6] 2.2.12, https://learn.microsoft.com/openspecs/windows_protocols/ms-even6/
Offsets of names and templates count from the beginning of the chunk, so everything here is given the whole chunk.
"""

import struct
from typing import NamedTuple

from diagnostics.parsers.evtx import values
from engine.sentence import Sentence

_END, _OPEN, _CLOSE_START, _CLOSE_EMPTY, _CLOSE, _VALUE, _ATTRIBUTE, _CDATA = range(8)
_CHARACTER, _ENTITY = 0x08, 0x09
_SUBSTITUTION, _OPTIONAL_SUBSTITUTION = 0x0D, 0x0E
TEMPLATE, FRAGMENT = 0x0C, 0x0F
FRAGMENT_SIZE = 4
"""Of the token, the version (1.1) and the flags that a piece of BinXml may begin with."""
_MORE = 0x40
"""Flag of a token: an element has attributes, an attribute or value is followed by another."""
_SLOTS = (_SUBSTITUTION, _OPTIONAL_SUBSTITUTION)
_USUAL = (_OPEN | _MORE, _ATTRIBUTE, _VALUE, 0x01, _CLOSE_START, _CLOSE)
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_DEPTH = 64
_NAME_HEAD = 8
NAME_LENGTH_AT = 6

_FIELD_HEAD = struct.Struct("<BHIIIBIBBH").unpack_from
_FIELD_END = struct.Struct("<BBHBB").unpack_from
_FIELD_HEAD_SIZE, _FIELD_END_SIZE = 24, 6

_SLOT = struct.Struct("<HB").unpack_from
_U16 = struct.Struct("<H").unpack_from
_U32 = struct.Struct("<I").unpack_from


class MalformedError(Exception):
    """These bytes are no BinXml that this reader knows; the message says why."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
        """A `Sentence`, which the message is no more."""


class Slot(NamedTuple):
    """A place in a template where the record's value of this number goes."""

    number: int
    kind: int = 0
    """The declared type. Whoever reads goes by the one that the record states; who writes a template needs it."""
    optional: bool = False
    """Whether element or attribute vanish where the record has no value."""


class Element(NamedTuple):
    """An XML element; texts, slots and children in their order."""

    name: str
    attributes: list[tuple[str, list["str | Slot"]]]
    content: list["str | Slot | Element"]


def name_at(chunk: bytes, offset: int) -> bytes:
    """The characters of the name at an offset: behind a link to another name, a hash and the length."""
    (length,) = _U16(chunk, offset + NAME_LENGTH_AT)
    raw = chunk[offset + _NAME_HEAD : offset + _NAME_HEAD + 2 * length]
    if len(raw) < 2 * length:
        raise MalformedError(
            Sentence("a name of {length} characters at 0x{offset:x}, outside the chunk", length=length, offset=offset)
        )
    return raw


class Cursor:
    """Reads one fragment of BinXml.

    `dependencies` is true inside template definitions, whose elements carry the number of the value they depend on.
    What lies behind `end` may be looked at, but not reached: each token is checked to begin before it.
    """

    def __init__(self, chunk: bytes, at: int, end: int, *, dependencies: bool) -> None:
        self.references: list[int] = []
        """Where the fragment refers to names, by their offsets in the chunk."""
        self.links: list[int] = []
        """Where a name inside the fragment says where another name is: this does not change its meaning."""
        self._chunk = chunk
        self._at = at
        self._end = min(end, len(chunk))
        self._dependencies = dependencies
        self._before_name = 7 if dependencies else 5
        self._known: dict[int, tuple[str, int]] = {}

    def fragment(self) -> Element:
        """The root element. Raises `MalformedError` or `struct.error`."""
        if self._token() == FRAGMENT:
            self._at += FRAGMENT_SIZE
        token = self._token()
        if token != _OPEN:
            raise MalformedError(Sentence("token 0x{token:02x} where an element should begin", token=token))
        return self._element(_DEPTH)

    def _token(self) -> int:
        """The next token, without the flag that others follow."""
        if self._at >= self._end:
            raise MalformedError(Sentence("the XML ends in the middle"))
        return self._chunk[self._at] & ~_MORE

    def _name(self) -> str:
        """The name that the next four bytes refer to; its first user has it right behind them."""
        (offset,) = _U32(self._chunk, self._at)
        self.references.append(self._at)
        self._at += 4
        text, end = self._known.get(offset) or self._look_up(offset)
        if offset == self._at:
            self.links.append(offset)
            self._at = end
        return text

    def _look_up(self, offset: int) -> tuple[str, int]:
        raw = name_at(self._chunk, offset)
        found = raw.decode("utf-16-le", "replace"), offset + _NAME_HEAD + len(raw) + 2
        self._known[offset] = found
        return found

    def _element(self, depth: int) -> Element:
        if not depth:
            raise MalformedError(Sentence("elements nested more than {most} deep", most=_DEPTH))
        has_attributes = self._chunk[self._at] & _MORE
        self._at += self._before_name
        element = Element(self._name(), [], [])
        if has_attributes:
            self._at += 4
            while self._token() == _ATTRIBUTE:
                self._at += 1
                element.attributes.append((self._name(), self._attribute_value()))
        closing = self._token()
        self._at += 1
        if closing == _CLOSE_START:
            self._content(element.content, depth - 1)
        elif closing != _CLOSE_EMPTY:
            raise MalformedError(Sentence("token 0x{closing:02x} in the start of an element", closing=closing))
        return element

    def _attribute_value(self) -> list[str | Slot]:
        parts: list[str | Slot] = []
        while (token := self._token()) not in (_ATTRIBUTE, _CLOSE_START, _CLOSE_EMPTY):
            parts.append(self._text(token))
        return parts

    def _content(self, content: list[str | Slot | Element], depth: int) -> None:
        while (token := self._token()) != _CLOSE:
            if token == _OPEN:
                content.append(self._usual_field() or self._element(depth))
            else:
                content.append(self._text(token))
        self._at += 1

    def _usual_field(self) -> Element | None:
        """`<Data Name="...">value</Data>` with known names: most of a template, and worth a short way."""
        at = self._at
        if not self._dependencies or at + _FIELD_HEAD_SIZE > self._end:
            return None
        open_, _, _, name, _, attribute, attribute_name, value, kind, length = _FIELD_HEAD(self._chunk, at)
        text_at = at + _FIELD_HEAD_SIZE
        end_at = text_at + 2 * length
        if name not in self._known or attribute_name not in self._known or end_at + _FIELD_END_SIZE > self._end:
            return None
        closed, slot, index, declared, close = _FIELD_END(self._chunk, end_at)
        if (open_, attribute, value, kind, closed, close) != _USUAL or slot not in _SLOTS:
            return None
        self.references += at + 7, at + 16
        self._at = end_at + _FIELD_END_SIZE
        text = self._chunk[text_at:end_at].decode("utf-16-le", "replace")
        place = Slot(index, declared, slot == _OPTIONAL_SUBSTITUTION)
        return Element(self._known[name][0], [(self._known[attribute_name][0], [text])], [place])

    def _text(self, token: int) -> str | Slot:
        self._at += 1
        if token in _SLOTS:
            index, declared = _SLOT(self._chunk, self._at)
            self._at += 3
            return Slot(index, declared, token == _OPTIONAL_SUBSTITUTION)
        if token == _VALUE:
            self._at += 1
            return self._literal(self._chunk[self._at - 1])
        if token == _CDATA:
            return self._literal(values.STRING)
        if token == _CHARACTER:
            return self._take(2).decode("utf-16-le", "replace")  # a lone surrogate is no character
        if token == _ENTITY:
            return _ENTITIES.get(self._name(), "")
        raise MalformedError(Sentence("unknown token 0x{token:02x}", token=token))

    def _literal(self, kind: int) -> str:
        if kind == values.STRING:
            (length,) = _U16(self._chunk, self._at)
            self._at += 2
            return self._take(2 * length).decode("utf-16-le", "replace")
        if (size := values.fixed_size(kind)) is None:
            raise MalformedError(Sentence("a literal of type 0x{kind:02x}", kind=kind))
        return values.text(kind, self._take(size))

    def _take(self, size: int) -> bytes:
        start = self._at
        self._at += size
        if self._at > self._end:
            raise MalformedError(Sentence("the XML ends in the middle"))
        return self._chunk[start : self._at]
