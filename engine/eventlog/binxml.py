"""BinXml, the binary form of XML in event logs: from a tree and its values to bytes.

Tokens: [MS-EVEN6] 2.2.12. Names and templates are written where a chunk uses them first, and are referred to from then
on by their offset in it. The chunk's tables lead to the latest of each hash, each to the one before (libevtx).
"""

import struct
from typing import Protocol

from engine.eventlog.errors import RecordTooLargeError, ValueRefusedError
from engine.eventlog.values import Element, Instance, Slot, Template, Type

_END, _OPEN, _CLOSE_START, _CLOSE_EMPTY, _CLOSE, _VALUE, _ATTRIBUTE = range(7)
_TEMPLATE, _SUBSTITUTION, _OPTIONAL_SUBSTITUTION = 0x0C, 0x0D, 0x0E
_MORE = 0x40
"""Flag of a token: an element has attributes, an attribute is followed by another."""
_FRAGMENT = b"\x0f\x01\x01\x00"
"""Begins a piece of BinXml: token, version 1.1, flags."""
_NO_DEPENDENCY = 0xFFFF
LARGEST_VALUE = 0xFFFF
"""Bytes: the descriptor of a value has 16 bits for its size."""
NAME_LISTS, TEMPLATE_LISTS = 64, 32

_U16, _U32 = struct.Struct("<H"), struct.Struct("<I")
_INSTANCE = struct.Struct("<BBII").pack
_DESCRIPTOR = struct.Struct("<HBB").pack_into


class Tables(Protocol):
    """What the chunk knows already."""

    def name_at(self, name: str) -> int | None: ...
    def template_at(self, guid: bytes) -> int | None: ...
    def name_list(self, number: int) -> int:
        """The offset of the list's head, 0 for an empty list."""
        ...

    def template_list(self, number: int) -> int: ...


class Draft:
    """A piece of BinXml that may come to stand at an offset of a chunk, and what it adds to the chunk's tables.

    Nothing of the chunk changes: a draft that turns out too large is dropped.
    """

    def __init__(self, tables: Tables, base: int) -> None:
        self.data = bytearray()
        self.names: dict[str, int] = {}
        self.templates: dict[bytes, int] = {}
        self.name_lists: dict[int, int] = {}
        self.template_lists: dict[int, int] = {}
        self._tables = tables
        self._base = base

    def instance(self, instance: Instance) -> None:
        """A fragment with one template instance. Raises `RecordTooLargeError`."""
        data = self.data
        data += _FRAGMENT
        self._reference(instance.template)
        data += _U32.pack(len(instance.values))
        descriptors = len(data)
        data += bytes(4 * len(instance.values))
        for number, value in enumerate(instance.values):
            start = len(data)
            if isinstance(value, Instance):
                self.instance(value)
                kind = Type.BINXML
            else:
                kind, raw = value
                data += raw
            size = len(data) - start
            if size > LARGEST_VALUE:
                raise RecordTooLargeError(f"a value of {size:,} bytes; the format allows {LARGEST_VALUE:,}")
            _DESCRIPTOR(data, descriptors + 4 * number, size, kind, 0)
        data.append(_END)

    def _reference(self, template: Template) -> None:
        at = self._tables.template_at(template.guid) or self.templates.get(template.guid)
        here = self._base + len(self.data) + 10
        self.data += _INSTANCE(_TEMPLATE, 1, _U32.unpack_from(template.guid)[0], at or here)
        if not at:
            self.templates[template.guid] = here
            self._define(template, here)

    def _define(self, template: Template, here: int) -> None:
        """The definition. Which list it goes to is Windows' own secret; readers look through all of them."""
        number = template.guid[0] % TEMPLATE_LISTS
        self.data += _U32.pack(self.template_lists.get(number) or self._tables.template_list(number))
        self.template_lists[number] = here
        self.data += template.guid
        at = self._size()
        self.data += _FRAGMENT
        self._element(template.root)
        self.data.append(_END)
        self._sized(at)

    def _element(self, element: Element) -> None:
        data = self.data
        data.append(_OPEN | _MORE if element.attributes else _OPEN)
        data += _U16.pack(_dependency(element))
        at = self._size()
        self._name(element.name)
        if element.attributes:
            self._attributes(element.attributes)
        if element.content:
            data.append(_CLOSE_START)
            for part in element.content:
                if isinstance(part, Element):
                    self._element(part)
                else:
                    self._text(part)
            data.append(_CLOSE)
        else:
            data.append(_CLOSE_EMPTY)
        self._sized(at)

    def _attributes(self, attributes: tuple[tuple[str, str | Slot], ...]) -> None:
        at = self._size()
        for number, (name, part) in enumerate(attributes, 1):
            self.data.append(_ATTRIBUTE | _MORE if number < len(attributes) else _ATTRIBUTE)
            self._name(name)
            self._text(part)
        self._sized(at)

    def _text(self, part: str | Slot) -> None:
        if isinstance(part, Slot):
            token = _OPTIONAL_SUBSTITUTION if part.optional else _SUBSTITUTION
            self.data += struct.pack("<BHB", token, part.number, part.type)
        else:
            self.data += bytes((_VALUE, Type.STRING)) + _counted(part)

    def _name(self, name: str) -> None:
        at = self._tables.name_at(name) or self.names.get(name)
        here = self._base + len(self.data) + 4
        self.data += _U32.pack(at or here)
        if at:
            return
        counted = _counted(name)
        hashed = _hash(counted[2:])
        number = hashed % NAME_LISTS
        following = self.name_lists.get(number) or self._tables.name_list(number)
        self.data += struct.pack("<IH", following, hashed) + counted + b"\0\0"
        self.names[name] = self.name_lists[number] = here

    def _size(self) -> int:
        """Leave room for the size of what follows."""
        self.data += bytes(4)
        return len(self.data)

    def _sized(self, start: int) -> None:
        _U32.pack_into(self.data, start - 4, len(self.data) - start)


def _dependency(element: Element) -> int:
    """The value without which the element vanishes."""
    match element:
        case Element(_, (), (Slot(number, _, True),)):
            return number
        case _:
            return _NO_DEPENDENCY


def _counted(string: str) -> bytes:
    raw = string.encode("utf-16-le")
    if len(raw) > 2 * 0xFFFF:
        raise ValueRefusedError(f"{len(raw) // 2:,} characters of a template's text; the format allows 65,535")
    return _U16.pack(len(raw) // 2) + raw


def _hash(raw: bytes) -> int:
    """Of a name in UTF-16, as in the files of Windows."""
    hashed = 0
    for (character,) in _U16.iter_unpack(raw):
        hashed = hashed * 65599 + character & 0xFFFFFFFF
    return hashed & 0xFFFF
