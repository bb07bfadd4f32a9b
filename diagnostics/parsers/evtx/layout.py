"""Where the values of a template lie, and how they read.

Thousands of records share a `Shape` (the types of their values) and hundreds a `Layout` (their sizes as well), so all
that depends on these alone is found out once. What remains for a record is one `struct` call and one step per field.
"""

import struct
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import accumulate
from operator import itemgetter
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

_AMPLIFICATION = 4096
"""Bytes of values that fields may repeat: beyond it, a file wants to exhaust memory."""
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
    """The number of a value that is XML itself."""

    index: int


Step = Scalar | Composite | Nested


class Shape:
    """A template's fields for certain types of the values."""

    def __init__(self, template: Template, outlines: tuple[tuple[int, int], ...]) -> None:
        self._kinds = tuple(kind for kind, _ in outlines)
        self._texts = tuple(values.reading(kind, size) for kind, size in outlines)
        self.repeated = tuple(_repeated(template))
        """The values that fields use again, once for each such use."""
        self.steps = tuple(step for field in template.fields for step in self._steps(field))
        self.message = self.reader(template.message) if template.message else None
        self.plan = _plan(self.steps) if not self.message else None
        """Name, value's number and reading of each field where every field is one value, else None."""
        self.searches = _searches(self.plan, self.steps)
        """Name and search of those fields of the plan that may hold error codes."""
        self.inner = self._inner()
        """The nested XML that holds all fields, as in every event of a modern provider, else None."""
        self.system = System(self, template.system) if template.system else None

    def reader(self, parts: Parts) -> Read:
        """How the text of an element or attribute is put together."""
        if len(parts) == 1 and self.has(parts[0]):
            return partial(_value, parts[0].index, self._texts[parts[0].index])
        if any(self.has(part) for part in parts):
            return partial(_joined, [self.reader((part,)) for part in parts])
        return partial(_literal, "".join(part for part in parts if isinstance(part, str)))

    def kind(self, part: str | Slot) -> int:
        """The value's type; NULL for a literal or absent one."""
        return self._kinds[part.index] if self.has(part) else values.NULL

    def has(self, part: str | Slot) -> TypeGuard[Slot]:
        """Whether this part is a value that the record has."""
        return isinstance(part, Slot) and part.index < len(self._kinds)

    def _steps(self, field: Field) -> Iterator[Step]:
        nested = [part for part in field.parts if self.kind(part) == values.BINXML]
        yield from (Nested(part.index) for part in nested if self.has(part))
        if field.name is not None and not nested:
            yield from self._field(field.name, field.parts)

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
            yield Scalar(name, index, self._texts[index], search_in(name, kind))

    def _inner(self) -> Nested | None:
        nested = [step for step in self.steps if isinstance(step, Nested)]
        if len(nested) != len({step.index for step in nested}) or len(nested) > _NESTED:
            raise Malformed("a template that repeats its nested XML")
        return nested[0] if len(self.steps) == len(nested) == 1 and not self.message else None


class System:
    """The System section of an event's shape."""

    def __init__(self, shape: Shape, parts: dict[str, Parts]) -> None:
        self.event_id = shape.reader(parts["event_id"])
        self.time = shape.reader(parts["time"])
        self.provider = shape.reader(parts["provider"])
        self.computer = shape.reader(parts["computer"])
        self.channel = shape.reader(parts["channel"])
        self.provider_name = _constant(shape, parts["provider"])
        """What the template says, empty where the record does."""
        self.computer_name = _constant(shape, parts["computer"])
        self.provider_index = _only_index(shape, parts["provider"])
        """The number of the value that is the provider's name, where it is one."""
        self.record_and_level = _numbers(shape, parts["record"], parts["level"])
        self.quick = _quick(shape, parts["event_id"], parts["time"])
        """The numbers of the values that are the event id and the time, where both are of the usual types."""


class Layout:
    """A shape with the sizes of its values."""

    def __init__(self, shape: Shape, kinds: tuple[int, ...], sizes: tuple[int, ...]) -> None:
        if shape.repeated and sum(sizes[index] for index in shape.repeated if index < len(sizes)) > _AMPLIFICATION:
            raise Malformed("a template that repeats its values without measure")
        self.shape = shape
        self.starts = (0, *accumulate(sizes))
        """Where each value begins, counted from the first; at the end, where the last one ends."""
        self.size = self.starts[-1]
        codes = "".join(map(values.code, kinds, sizes))
        self.unpack: Callable[[bytes, int], Raw] = struct.Struct("<" + codes).unpack_from
        self.provider_name = shape.system.provider_name if shape.system else ""
        self.computer_name = shape.system.computer_name if shape.system else ""
        self.peek: Callable[[bytes, int], Any] = self._peeker()
        """Event id and time (a FILETIME) by chunk and position of the first value, at the least possible cost."""
        self._provider_at = self._span(shape.system.provider_index if shape.system else None)

    def provider(self, chunk: bytes, at: int) -> str:
        """The provider's name, given the position of the first value."""
        start, end = self._provider_at
        return values.name(chunk[at + start : at + end]) if end else self._system.provider(self.unpack(chunk, at))

    def computer(self, chunk: bytes, at: int) -> str:
        """The machine's name, given the position of the first value."""
        return self._system.computer(self.unpack(chunk, at))

    @property
    def _system(self) -> System:
        if self.shape.system is None:
            raise Malformed("an event without a System section")
        return self.shape.system

    def _span(self, index: int | None) -> tuple[int, int]:
        return (0, 0) if index is None else (self.starts[index], self.starts[index + 1])

    def _peeker(self) -> Callable[[bytes, int], Any]:
        system = self.shape.system
        if not system or not system.quick:
            return self._slow_peek
        event_id, time = system.quick
        gap = self.starts[time] - self.starts[event_id + 1]
        return struct.Struct(f"<{self.starts[event_id]}xH{gap}xQ").unpack_from

    def _slow_peek(self, chunk: bytes, at: int) -> tuple[int, int]:
        system, raw = self._system, self.unpack(chunk, at)
        time = parse_timestamp(system.time(raw))
        return number(system.event_id(raw)), values.filetime(time.microseconds) if time else 0


def number(text: str) -> int:
    """A number of the System section; 0 where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def add(fields: Fields, name: str, text: str) -> None:
    """Add a value under its name, or under the next number."""
    if name == UNNAMED:
        fields.unnamed(text)
    else:
        fields.named(name, text)


def _quick(shape: Shape, event_id: Parts, time: Parts) -> tuple[int, int] | None:
    indexes = _only_index(shape, event_id), _only_index(shape, time)
    kinds = [shape.kind(part) for part in (*event_id, *time)]
    if kinds != [values.UINT16, values.FILETIME] or None in indexes or indexes != tuple(sorted(indexes)):
        return None
    return indexes


def _numbers(shape: Shape, record: Parts, level: Parts) -> Callable[[Raw], tuple[int, int]]:
    indexes = _only_index(shape, record), _only_index(shape, level)
    if None not in indexes and all(shape.kind(part) in values.INTEGERS for part in (*record, *level)):
        return itemgetter(*indexes)
    readers = shape.reader(record), shape.reader(level)
    return lambda raw: (number(readers[0](raw)), number(readers[1](raw)))


def _only_index(shape: Shape, parts: Parts) -> int | None:
    return parts[0].index if len(parts) == 1 and shape.has(parts[0]) else None


def _constant(shape: Shape, parts: Parts) -> str:
    return "" if any(shape.has(part) for part in parts) else shape.reader(parts)(())


def _repeated(template: Template) -> Iterator[int]:
    uses = Counter(part.index for field in template.fields for part in field.parts if isinstance(part, Slot))
    for index, count in uses.items():
        yield from [index] * (count - 1)


def _plan(steps: tuple[Step, ...]) -> tuple[tuple[str, int, Callable[[Any], str]], ...] | None:
    scalars = [step for step in steps if isinstance(step, Scalar)]
    fields = Fields()
    for step in scalars:
        add(fields, step.name, "")
    if len(scalars) < len(steps) or len(fields) < len(scalars):
        return None
    return tuple((name, step.index, step.read) for name, step in zip(fields, scalars, strict=True))


def _searches(
    plan: tuple[tuple[str, int, object], ...] | None, steps: tuple[Step, ...]
) -> tuple[tuple[str, Search], ...]:
    named = zip(plan or (), steps, strict=False)
    return tuple((name, step.search) for (name, _, _), step in named if isinstance(step, Scalar) and step.search)


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
