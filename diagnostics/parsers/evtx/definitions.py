"""Template definitions and their layouts, compiled when first met and kept for the whole file."""

import struct
from functools import partial

from diagnostics.parsers.evtx import chunks, values
from diagnostics.parsers.evtx.binxml import FRAGMENT, FRAGMENT_SIZE, TEMPLATE, Cursor, Element, Malformed, Name
from diagnostics.parsers.evtx.layout import Layout, Shape
from diagnostics.parsers.evtx.template import Template, compile_template

_INSTANCE = struct.Struct("<BBIII").unpack_from  # token, unknown, template id, definition, count
_INSTANCE_SIZE = 10
_DEFINITION_SIZE = 24  # next definition, GUID, size of the XML
_U32 = struct.Struct("<I").unpack_from

_DEFINITIONS = 1000
_VARIANTS = 8
_VALUES = 1024
"""More than any provider has."""
_XML_OF_ANY_SIZE = bytes((0, 0, values.BINXML, 0))
_LAYOUTS, _SHAPES = 1000, 50
"""Remembered for each template."""
_WEIGHT = 500_000
"""Values in all remembered layouts of a file: some 50 MB."""
_WORK = 4 * chunks.SIZE
"""Bytes of definitions per chunk: they cannot overlap in a file that Windows wrote."""


class Definition:
    """A compiled template, and how to recognize it in another chunk."""

    def __init__(self, template: Template, size: int, names: tuple[Name, ...]) -> None:
        self.layouts: values.Memo[bytes, Layout] = values.Memo(self._layout, _LAYOUTS)
        """By the number of values and, for each, its size and type; those of XML at the end may be left out."""
        self._template = template
        self._shapes: values.Memo[tuple[tuple[int, int], ...], Shape] = values.Memo(partial(Shape, template), _SHAPES)
        self.size = size
        """Of the whole definition in bytes, where it lies inside the record that uses it first."""
        self.weight = 0
        """Values of all layouts that were made for it, a measure of its memory."""
        self._names = names

    def means_the_same_in(self, chunk: bytes) -> bool:
        """Whether the names that the same bytes refer to are the same there."""
        return all(chunk.startswith(name.raw, name.at) for name in self._names)

    def _layout(self, key: bytes) -> Layout:
        (count,) = _U32(key)
        self.weight += count
        descriptors = key[4:] if len(key) == 4 + 4 * count else key[4:] + _XML_OF_ANY_SIZE
        numbers = struct.unpack(f"<{2 * count}H", descriptors)
        sizes, kinds = numbers[::2], tuple(number & 0xFF for number in numbers[1::2])
        return Layout(self._shapes[tuple(map(values.outline, kinds, sizes))], kinds, sizes)


Located = tuple[Layout, int]
"""The values of one template instance: how they lie, and where in the chunk they begin."""


class Definitions:
    """Finds the layout of any piece of BinXml in the chunks of one file."""

    def __init__(self) -> None:
        self._chunk = b""
        self._here: dict[int, Definition] = {}
        self._known: dict[bytes, list[Definition]] = {}
        self._work = 0

    def enter(self, chunk: bytes) -> None:
        """Offsets mean another chunk from now on."""
        self._chunk = chunk
        self._here = {}
        self._work = _WORK
        known = [definition for definitions in self._known.values() for definition in definitions]
        if len(known) > _DEFINITIONS or sum(definition.weight for definition in known) > _WEIGHT:
            self._known.clear()

    def locate(self, at: int, end: int) -> Located:
        """The values of the fragment at a position of the chunk. Raises `Malformed` or `struct.error`."""
        chunk = self._chunk
        if chunk[at] == FRAGMENT:  # nested XML may go without
            at += FRAGMENT_SIZE
        token, _, _, offset, count = _INSTANCE(chunk, at)
        if token != TEMPLATE:
            return self._literal(at, end), end
        definition = self._here.get(offset) or self._define(offset)
        at += _INSTANCE_SIZE
        if offset == at:
            at += definition.size
            (count,) = _U32(chunk, at)
        values_at = at + 4 + 4 * count
        if values_at > end or count > _VALUES:
            raise Malformed(f"{count} values")
        # nested XML at the end ends where the record does, so its size makes no difference
        stop = values_at - 4 if chunk[values_at - 2] == values.BINXML and count else values_at
        layout = definition.layouts[chunk[at:stop]]
        if values_at + layout.size > end:
            raise Malformed("values that are larger than the record")
        return layout, values_at

    def _literal(self, at: int, end: int) -> Layout:
        """XML without a template. Windows leaves out the dependency numbers there, other writers may not."""
        try:
            root = Cursor(self._chunk, at, end, dependencies=False).fragment()
        except Malformed:
            root = Cursor(self._chunk, at, end, dependencies=True).fragment()
        return literal_layout(root)

    def _define(self, offset: int) -> Definition:
        start = offset + _DEFINITION_SIZE
        if start > len(self._chunk):
            raise Malformed(f"a template at 0x{offset:x}, outside the chunk")
        (size,) = _U32(self._chunk, start - 4)
        content = self._chunk[start : start + size]
        self._work -= len(content)
        if len(content) < size or self._work < 0:
            raise Malformed(f"a template of {size} bytes that has no room" if self._work >= 0 else "templates that overlap")
        known = self._known.setdefault(content, [])
        definition = next((one for one in known if one.means_the_same_in(self._chunk)), None)
        if definition is None:
            definition = self._compile(start, size)
            known[_VARIANTS:] = []
            known.insert(0, definition)
        self._here[offset] = definition
        return definition

    def _compile(self, start: int, size: int) -> Definition:
        cursor = Cursor(self._chunk, start, start + size, dependencies=True)
        template = compile_template(cursor.fragment())
        elsewhere = tuple(name for name in cursor.names if not start <= name.at < start + size)
        return Definition(template, _DEFINITION_SIZE + size, elsewhere)


def literal_layout(root: Element) -> Layout:
    """Of XML that has no values."""
    return Layout(Shape(compile_template(root), ()), (), ())
