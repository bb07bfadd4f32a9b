"""Template definitions and their layouts, compiled when first met and kept for all files.

A provider's templates are the same in every log of every machine, so the next file finds them compiled.
"""

import struct
from collections.abc import Iterator
from functools import partial
from itertools import compress, pairwise
from operator import sub
from typing import Any

from diagnostics.parsers.evtx import chunks, values
from diagnostics.parsers.evtx.binxml import (
    FRAGMENT,
    FRAGMENT_SIZE,
    NAME_LENGTH_AT,
    TEMPLATE,
    Cursor,
    Element,
    MalformedError,
    name_at,
)
from diagnostics.parsers.evtx.layout import Layout, Shape
from diagnostics.parsers.evtx.template import compile_template
from engine.sentence import Sentence

_INSTANCE = struct.Struct("<B5xII").unpack_from  # token, unknown, template id; definition, count
_INSTANCE_SIZE = 10
_DEFINITION = struct.Struct("<4x16sI").unpack_from  # next definition, GUID, size of the XML
_DEFINITION_SIZE = 24
_U32 = struct.Struct("<I").unpack_from

_DEFINITIONS = 1000
_VARIANTS = 8
_VALUES = 1024
"""More than any provider has."""
_XML_OF_ANY_SIZE = values.BINXML << 16 | 1
_LAYOUTS, _SHAPES = 1000, 50
"""Remembered for each template."""
_WEIGHT = 500_000
"""Values in all remembered layouts: some 50 MB."""
_WORK = 4 * chunks.SIZE
"""Bytes of definitions per chunk: they cannot overlap in a file that Windows wrote."""


class Definition:
    """A compiled template, and how to recognize it in another chunk.

    The same definition differs from chunk to chunk in its references to names: their offsets.
    """

    def __init__(self, chunk: bytes, start: int, size: int, known: "_Known") -> None:
        cursor = Cursor(chunk, start, start + size, dependencies=True)
        template = compile_template(cursor.fragment())
        self.layouts: values.Memo[bytes, Layout] = values.Memo(self._layout, _LAYOUTS)
        """By the number of values and, for each, its size and type; those of XML at the end may be left out."""
        self._known = known
        self._shapes: values.Memo[tuple[int, ...], Shape] = values.Memo(partial(Shape, template), _SHAPES)
        places = [at - start for at in sorted(cursor.references + cursor.links)]
        self._split = struct.Struct("<" + "".join(_pieces(places, size))).unpack_from
        references = {at - start for at in cursor.references}
        self._refers = tuple(flag for at in places for flag in (False, at in references))
        """Which of the parts that `_split` gives refer to names."""
        parts = self._split(chunk, start)
        self._pieces = parts[::2]
        self._behind = [at - start + 4 for at in sorted(cursor.references)]
        self._in_place = self._names_in_place(parts, start)
        self._names = [_counted_name(chunk, offset) for offset in compress(parts, self._refers)]

    def is_at(self, chunk: bytes, start: int) -> bool:
        """Whether the definition there is this one."""
        parts = self._split(chunk, start)
        if parts[::2] != self._pieces or self._names_in_place(parts, start) != self._in_place:
            return False
        names = set(zip(compress(parts, self._refers), self._names, strict=True))
        return all(chunk.startswith(name, offset + NAME_LENGTH_AT) for offset, name in names)

    def _names_in_place(self, parts: tuple[Any, ...], start: int) -> list[bool]:
        """Of each reference, whether the name lies right behind it: what follows is read accordingly."""
        return [place == start for place in map(sub, compress(parts, self._refers), self._behind)]

    def _layout(self, key: bytes) -> Layout:
        (count,) = _U32(key)
        self._known.weight += count
        descriptors = struct.unpack_from(f"<{len(key) // 4 - 1}I", key, 4)
        descriptors += (_XML_OF_ANY_SIZE,) * (count - len(descriptors))
        return Layout(self._shapes[tuple(map(values.outline, descriptors))], descriptors)


class _Known:
    """The definitions that were met. Their number and weight are limited: a full memory forgets everything."""

    def __init__(self) -> None:
        self.weight = 0
        """Values of all layouts that were made for them, a measure of their memory."""
        self._count = 0
        self._alike: dict[tuple[bytes, int], list[Definition]] = {}
        """By GUID and size of the XML: what these say is only where to look."""

    def find(self, chunk: bytes, start: int, guid: bytes, size: int) -> Definition:
        """The definition whose XML begins there. Raises `MalformedError` or `struct.error`."""
        alike = self._alike.get((guid, size), [])
        definition = next((one for one in alike if one.is_at(chunk, start)), None)
        if definition is None:
            definition = Definition(chunk, start, size, self)
            self._alike[guid, size] = [definition, *alike[:_VARIANTS]]
            self._count += 1
        return definition

    def make_room(self) -> None:
        """To be called now and then."""
        if self._count > _DEFINITIONS or self.weight > _WEIGHT:
            self._alike = {}
            self._count = self.weight = 0


_KNOWN = _Known()

Located = tuple[Layout, int]
"""The values of one template instance: how they lie, and where in the chunk they begin."""


class Definitions:
    """Finds the layout of any piece of BinXml in the chunks of one file."""

    def __init__(self) -> None:
        self._chunk = b""
        self._here: dict[int, tuple[values.Memo[bytes, Layout], int]] = {}
        """Layouts by the definition's offset, with its size where it lies in the record that uses it first."""
        self._work = 0

    def enter(self, chunk: bytes) -> None:
        """Offsets mean another chunk from now on."""
        self._chunk = chunk
        self._here = {}
        self._work = _WORK
        _KNOWN.make_room()

    def locate(self, at: int, end: int) -> Located:
        """The values of the fragment at a position of the chunk. Raises `MalformedError` or `struct.error`."""
        chunk = self._chunk
        if chunk[at] == FRAGMENT:  # nested XML may go without
            at += FRAGMENT_SIZE
        token, offset, count = _INSTANCE(chunk, at)
        if token != TEMPLATE:
            return self._literal(at, end), end
        layouts, size = self._here.get(offset) or self._define(offset)
        at += _INSTANCE_SIZE
        if offset == at:
            at += size
            (count,) = _U32(chunk, at)
        values_at = at + 4 + 4 * count
        if values_at > end or count > _VALUES:
            raise MalformedError(Sentence("{count} values", count=count))
        # nested XML at the end ends where the record does, so its size makes no difference
        ends_in_xml = chunk[values_at - 2] == values.BINXML and count and (chunk[values_at - 4] or chunk[values_at - 3])
        layout = layouts[chunk[at : values_at - 4 if ends_in_xml else values_at]]
        if values_at + layout.size > end:
            raise MalformedError(Sentence("values that are larger than the record"))
        return layout, values_at

    def _literal(self, at: int, end: int) -> Layout:
        """XML without a template. Windows leaves out the dependency numbers there, other writers may not."""
        try:
            root = Cursor(self._chunk, at, end, dependencies=False).fragment()
        except MalformedError:
            root = Cursor(self._chunk, at, end, dependencies=True).fragment()
        return literal_layout(root)

    def _define(self, offset: int) -> tuple[values.Memo[bytes, Layout], int]:
        start = offset + _DEFINITION_SIZE
        guid, size = _DEFINITION(self._chunk, offset)
        self._work -= size
        if start + size > len(self._chunk) or self._work < 0:
            raise MalformedError(
                Sentence(
                    "a template of {size} bytes at 0x{offset:x}, for which there is no room", size=size, offset=offset
                )
            )
        definition = _KNOWN.find(self._chunk, start, guid, size)
        self._here[offset] = found = definition.layouts, _DEFINITION_SIZE + size
        return found


def _pieces(places: list[int], size: int) -> Iterator[str]:
    """The `struct` codes of a definition: bytes and numbers of four bytes in turn, the numbers at these places."""
    for at, end in pairwise([-4, *places]):
        yield f"{end - at - 4}sI"
    yield f"{max(0, size - places[-1] - 4)}s"


def _counted_name(chunk: bytes, offset: int) -> bytes:
    """The name at an offset, its length first."""
    name = name_at(chunk, offset)
    return struct.pack("<H", len(name) // 2) + name


def literal_layout(root: Element) -> Layout:
    """Of XML that has no values."""
    return Layout(Shape(compile_template(root), ()), ())
