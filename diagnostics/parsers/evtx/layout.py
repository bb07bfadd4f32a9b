"""Layouts: where the values of a template lie in memory, for one array of their sizes and types.

Thousands of records share a layout, so everything that depends on it alone is found out once, and a record costs one
`struct` call and one step per field.
"""

import struct
from collections.abc import Callable, Iterator
from functools import partial
from itertools import accumulate
from typing import Any, NamedTuple, TypeGuard

from diagnostics.parsers.evtx import values
from diagnostics.parsers.evtx.binxml import Malformed, Slot
from diagnostics.parsers.evtx.searches import Search, search_in
from diagnostics.parsers.evtx.template import UNNAMED, Field, Parts, Template
from diagnostics.parsers.records import Fields
from diagnostics.parsers.timestamps import parse_timestamp

Raw = tuple[Any, ...]
"""The values of a record as `struct` gives them: numbers, and bytes for what has no fixed size."""
Read = Callable[[Raw], str]

_EVENT_ID, _TIME = 0x06, values.FILETIME  # the types that Windows writes them in
_AMPLIFICATION = 8
"""How often the values may be repeated in the fields on average: beyond it, a file wants to exhaust memory."""
_NESTED = 4
"""Nested pieces of XML in one template; Windows writes one."""


class Scalar(NamedTuple):
    """A field that is exactly one value."""

    name: str
    index: int
    read: Callable[[Any], str]
    search: Search | None


class Composite(NamedTuple):
    """A field that is a literal, an array (which counts as one field per element), or put together."""

    name: str
    read: Callable[[Raw], list[str]]
    search: Search | None


class Nested(NamedTuple):
    """XML inside a value: where it lies, counted from the first value, and its size in bytes."""

    at: int
    size: int


Step = Scalar | Composite | Nested


class Layout:
    """Where a template's values lie, and how its fields read."""

    def __init__(self, template: Template, descriptors: bytes) -> None:
        numbers = struct.unpack(f"<{len(descriptors) // 2}H", descriptors)
        self._kinds = tuple(number & 0xFF for number in numbers[1::2])
        self._starts = (0, *accumulate(numbers[::2]))
        self._forms = tuple(map(values.form, self._kinds, numbers[::2]))
        self.size = self._starts[-1]
        self.unpack: Callable[[bytes, int], Raw]
        self.unpack = struct.Struct("<" + "".join(form.code for form in self._forms)).unpack_from
        self.steps = tuple(self._steps(template.fields))
        self.plan = _plan(self.steps) if not template.message else None
        """Name, position and reading of each field where every field is one value, else None."""
        self.searches = _searches(self.plan, self.steps)
        """Name and search of those fields of the plan that may hold error codes."""
        self.message = self.reader(template.message) if template.message else None
        self.inner = self._inner()
        """The nested XML that holds all fields, as in every event of a modern provider, else None."""
        self.system = System(self, template.system) if template.system else None

    def reader(self, parts: Parts) -> Read:
        """How the text of an element or attribute is put together."""
        if len(parts) == 1 and self.has(parts[0]):
            return partial(_value, parts[0].index, self._forms[parts[0].index].text)
        if any(self.has(part) for part in parts):
            return partial(_joined, [self.reader((part,)) for part in parts])
        return partial(_literal, "".join(part for part in parts if isinstance(part, str)))

    def span(self, part: str | Slot) -> tuple[int, int]:
        """Where a value begins and ends, counted from the first value; empty for a literal or absent one."""
        return (self._starts[part.index], self._starts[part.index + 1]) if self.has(part) else (0, 0)

    def kind(self, part: str | Slot) -> int:
        """The value's type; NULL for a literal or absent one."""
        return self._kinds[part.index] if self.has(part) else values.NULL

    def has(self, part: str | Slot) -> TypeGuard[Slot]:
        """Whether this part is a value that the record has."""
        return isinstance(part, Slot) and part.index < len(self._kinds)

    def _inner(self) -> Nested | None:
        only = self.steps[0] if len(self.steps) == 1 and not self.message else None
        return only if isinstance(only, Nested) else None

    def _steps(self, fields: tuple[Field, ...]) -> Iterator[Step]:
        room = _AMPLIFICATION * self.size + 4096
        nested: set[int] = set()
        for name, parts in fields:
            inner = [part for part in parts if self.kind(part) == values.BINXML]
            for part in inner:
                start, end = self.span(part)
                if start in nested or len(nested) == _NESTED:
                    raise Malformed("a template that repeats its nested XML")
                if end > start:
                    nested.add(start)
                    yield Nested(start, end - start)
            room -= sum(end - start for start, end in map(self.span, parts))
            if room < 0:
                raise Malformed("a template that repeats its values without measure")
            if name is not None and not inner:
                yield from self._field(name, parts)

    def _field(self, name: str, parts: Parts) -> Iterator[Step]:
        if len(parts) != 1 or not self.has(parts[0]):
            if name != UNNAMED or any(isinstance(part, str) for part in parts):
                yield Composite(name, partial(_alone, self.reader(parts)), search_in(name, values.STRING))
            return
        index, kind = parts[0].index, self.kind(parts[0])
        if kind & values.ARRAY:
            element = kind & ~values.ARRAY
            yield Composite(name, partial(_elements, index, element), search_in(name, element))
        elif kind != values.NULL or name != UNNAMED:
            yield Scalar(name, index, self._forms[index].text, search_in(name, kind))


class System:
    """The System section under one layout."""

    def __init__(self, layout: Layout, parts: dict[str, Parts]) -> None:
        self._layout = layout
        self._event_id = layout.reader(parts["event_id"])
        self._time = layout.reader(parts["time"])
        self.provider = layout.reader(parts["provider"])
        self.computer = layout.reader(parts["computer"])
        self.channel = layout.reader(parts["channel"])
        self.record = layout.reader(parts["record"])
        self.level = layout.reader(parts["level"])
        self.provider_at = _only_span(layout, parts["provider"])
        """Where the provider's name begins and ends, counted from the first value; empty where the template says it."""
        self.provider_name = self._constant(parts["provider"])
        """What the template says, empty where the record does."""
        self.computer_name = self._constant(parts["computer"])
        self.peek: Callable[[bytes, int], Any] = self._peeker(parts["event_id"], parts["time"])
        """Event id and time (a FILETIME) by chunk and position of the first value, at the least possible cost."""

    def _peeker(self, event_id: Parts, time: Parts) -> Callable[[bytes, int], Any]:
        if [self._layout.kind(part) for part in (*event_id, *time)] == [_EVENT_ID, _TIME]:
            (at, end), (time_at, _) = self._layout.span(event_id[0]), self._layout.span(time[0])
            if end <= time_at:
                return struct.Struct(f"<{at}xH{time_at - end}xQ").unpack_from
        return self._read

    def _constant(self, parts: Parts) -> str:
        return "" if any(self._layout.has(part) for part in parts) else self._layout.reader(parts)(())

    def _read(self, chunk: bytes, at: int) -> tuple[int, int]:
        raw = self._layout.unpack(chunk, at)
        return number(self._event_id(raw)), _ticks(self._time(raw))


def number(text: str) -> int:
    """A number of the System section; 0 where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def _ticks(text: str) -> int:
    time = parse_timestamp(text)
    return values.filetime(time.microseconds) if time else 0


def _only_span(layout: Layout, parts: Parts) -> tuple[int, int]:
    return layout.span(parts[0]) if len(parts) == 1 else (0, 0)


def _plan(steps: tuple[Step, ...]) -> tuple[tuple[str, int, Callable[[Any], str]], ...] | None:
    scalars = [step for step in steps if isinstance(step, Scalar)]
    fields = Fields()
    for step in scalars:
        add(fields, step.name, "")
    if len(scalars) < len(steps) or len(fields) < len(scalars):
        return None
    return tuple((name, step.index, step.read) for name, step in zip(fields, scalars, strict=True))


def _searches(plan: tuple[tuple[str, int, object], ...] | None, steps: tuple[Step, ...]) -> tuple[tuple[str, Search], ...]:
    named = zip(plan or (), steps, strict=False)
    return tuple((name, step.search) for (name, _, _), step in named if not isinstance(step, Nested) and step.search)


def add(fields: Fields, name: str, text: str) -> None:
    """Add a value under its name, or under the next number."""
    if name == UNNAMED:
        fields.unnamed(text)
    else:
        fields.named(name, text)


def _literal(text: str, raw: Raw) -> str:  # noqa: ARG001 - the shape of a Read
    return text


def _value(index: int, read: Callable[[Any], str], raw: Raw) -> str:
    return read(raw[index])


def _joined(readers: list[Read], raw: Raw) -> str:
    return "".join(read(raw) for read in readers)


def _alone(read: Read, raw: Raw) -> list[str]:
    return [read(raw)]


def _elements(index: int, kind: int, raw: Raw) -> list[str]:
    return values.items(kind, raw[index])
