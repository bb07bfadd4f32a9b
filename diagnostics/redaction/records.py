"""One record of an event log, taken apart to its template and its values, with pseudonyms in both."""

import struct
from collections.abc import Iterator
from typing import NamedTuple, cast
from uuid import UUID

from diagnostics.parsers.evtx import values
from diagnostics.parsers.evtx.binxml import FRAGMENT, FRAGMENT_SIZE, TEMPLATE, Cursor, Element, MalformedError, Slot
from diagnostics.parsers.evtx.chunks import Head
from diagnostics.redaction.rewriting import Rewriter
from engine.eventlog import values as written
from engine.eventlog.values import Instance, Template, Type, Value
from engine.sentence import Sentence

REFUSED = (MalformedError, struct.error, IndexError, ValueError)
"""What is raised for a record that is none."""
_XML = 0x18
"""Where in a record its XML begins."""
_DEPTH = 4
_MOST_VALUES = 1024
_INSTANCE = struct.Struct("<B5xII").unpack_from  # token, unknown, template id; definition, count
_INSTANCE_SIZE, _DEFINITION_SIZE = 10, 24
_SIZE_OF_XML = struct.Struct("<20xI").unpack_from
_U32 = struct.Struct("<I").unpack_from
_DESCRIPTORS = struct.Struct("<HBB").iter_unpack
_BINARY, _GUID, _SID = Type.BINARY, Type.GUID, Type.SID
_TEXTS = {Type.STRING: "utf-16-le", Type.ANSI: "cp1252"}
_REMEMBERED = 100_000
_THEIRS = "Provider"
"""The element whose names and GUIDs are everybody's."""


class _Form(NamedTuple):
    """A template, and which of its values belong to the provider."""

    template: Template
    theirs: frozenset[int]


class Records:
    """Reads the records of one log, chunk by chunk."""

    def __init__(self, rewriter: Rewriter) -> None:
        self._rewriter = rewriter
        self._chunk = b""
        self._forms: dict[int, tuple[_Form, int]] = {}
        """By the definition's offset, with its size."""
        self._values: dict[tuple[int, bytes], bytes] = {}

    def enter(self, chunk: bytes) -> None:
        """Offsets mean another chunk from now on."""
        self._chunk = chunk
        self._forms = {}

    def event(self, head: Head) -> Instance:
        """The record with pseudonyms. Raises one of `REFUSED`."""
        return self._instance(head[0] + _XML, head[1], _DEPTH)

    def by_reference(self, head: Head) -> Instance:
        """The same as python-evtx reads it, without values. Raises `MalformedError`."""
        from diagnostics.parsers.evtx.fallback import reference_tree  # noqa: PLC0415 - its import is slow, its use rare

        return Instance(self._form(reference_tree(self._chunk, head[0])).template, ())

    def _instance(self, at: int, end: int, depth: int) -> Instance:
        chunk = self._chunk
        if not depth:
            raise MalformedError(Sentence("XML nested more than {most} deep", most=_DEPTH))
        if chunk[at] == FRAGMENT:
            at += FRAGMENT_SIZE
        token, offset, count = _INSTANCE(chunk, at)
        if token != TEMPLATE:
            return Instance(self._form(self._literal(at, end)).template, ())
        form, size = self._forms.get(offset) or self._define(offset)
        at += _INSTANCE_SIZE
        if offset == at:
            at += size
            (count,) = _U32(chunk, at)
        at, descriptors = at + 4 + 4 * count, chunk[at + 4 : at + 4 + 4 * count]
        if at > end or count > _MOST_VALUES:
            raise MalformedError(Sentence("{count} values", count=count))
        return Instance(form.template, tuple(self._values_of(form, descriptors, at, end, depth)))

    def _values_of(self, form: _Form, descriptors: bytes, at: int, end: int, depth: int) -> Iterator[Value | Instance]:
        last = len(descriptors) // 4 - 1
        for number, (size, kind, _) in enumerate(_DESCRIPTORS(descriptors)):
            stop = end if number == last and kind == values.BINXML else at + size
            if at + size > end:
                raise MalformedError(Sentence("values that are larger than the record"))
            if kind == values.BINXML and size:
                yield self._instance(at, stop, depth - 1)
            else:
                raw = self._chunk[at : at + size]
                # a `Type` is a number; of arrays, it has only that of strings
                yield Value(cast("Type", kind), raw if number in form.theirs else self._value(kind, raw))
            at += size

    def _value(self, kind: int, raw: bytes) -> bytes:
        key = kind, raw
        if (made := self._values.get(key)) is None:
            if len(self._values) > _REMEMBERED:
                self._values.clear()
            made = self._values[key] = self._rewritten(kind, raw)
        return made

    def _rewritten(self, kind: int, raw: bytes) -> bytes:
        text = self._rewriter.text
        if codec := _TEXTS.get(cast("Type", kind)):
            return self._text(raw, codec)
        if kind & values.ARRAY and kind ^ values.ARRAY in _TEXTS:
            codec = _TEXTS[cast("Type", kind ^ values.ARRAY)]
            strings = raw.decode(codec, "replace").split("\0")
            return "\0".join(map(text, strings)).encode(codec, "replace")
        if kind == _SID and len(raw) >= 8:
            return written.sid(text(values.text(kind, raw))).raw
        if kind & ~values.ARRAY == _GUID and len(raw) % 16 == 0:
            return b"".join(self._guid(raw[at : at + 16]) for at in range(0, len(raw), 16))
        return self._rewriter.binary(raw) if kind == _BINARY else raw

    def _text(self, raw: bytes, codec: str) -> bytes:
        before = raw.decode(codec, "replace")
        made = self._rewriter.text(before)
        return raw if made == before and "\ufffd" not in before else made.encode(codec, "replace")

    def _guid(self, raw: bytes) -> bytes:
        return UUID(self._rewriter.text(str(UUID(bytes_le=raw)))).bytes_le

    def _define(self, offset: int) -> tuple[_Form, int]:
        start = offset + _DEFINITION_SIZE
        (size,) = _SIZE_OF_XML(self._chunk, offset)
        if start + size > len(self._chunk):
            raise MalformedError(Sentence("the XML ends in the middle"))
        form = self._form(Cursor(self._chunk, start, start + size, dependencies=True).fragment())
        self._forms[offset] = found = form, _DEFINITION_SIZE + size
        return found

    def _literal(self, at: int, end: int) -> Element:
        try:
            return Cursor(self._chunk, at, end, dependencies=False).fragment()
        except MalformedError:
            return Cursor(self._chunk, at, end, dependencies=True).fragment()

    def _form(self, root: Element) -> _Form:
        theirs: set[int] = set()
        return _Form(Template(self._element(root, theirs)), frozenset(theirs))

    def _element(self, element: Element, theirs: set[int]) -> written.Element:
        """The element as it is written, with pseudonyms in its literal text; notes the provider's values."""
        is_theirs = element.name == _THEIRS
        attributes = tuple((name, self._one(parts, is_theirs, theirs)) for name, parts in element.attributes)
        content = tuple(
            self._element(part, theirs) if isinstance(part, Element) else self._part(part, is_theirs, theirs)
            for part in element.content
        )
        return written.Element(element.name, attributes, content)

    def _one(self, parts: list[str | Slot], is_theirs: bool, theirs: set[int]) -> str | written.Slot:  # noqa: FBT001
        if len(parts) == 1:
            return self._part(parts[0], is_theirs, theirs)
        if any(isinstance(part, Slot) for part in parts):
            raise MalformedError(Sentence("an attribute that is put together"))
        return self._part("".join(part for part in parts if isinstance(part, str)), is_theirs, theirs)

    def _part(self, part: str | Slot, is_theirs: bool, theirs: set[int]) -> str | written.Slot:  # noqa: FBT001
        if isinstance(part, Slot):
            if is_theirs:
                theirs.add(part.number)
            return written.Slot(part.number, cast("Type", part.kind), part.optional)
        return part if is_theirs else self._rewriter.text(part)
