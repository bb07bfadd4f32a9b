"""Where the values of a template lie, and how they read.

Thousands of records share a `Shape` (the types of their values) and hundreds a `Layout` (their sizes as well), so all
that depends on these alone is found out once. What remains for a record is one `struct` call and one step per field.
"""

import struct
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import accumulate
from typing import Any, NamedTuple, TypeGuard

from diagnostics.parsers.evtx import values
from diagnostics.parsers.evtx.binxml import MalformedError, Slot
from diagnostics.parsers.evtx.coded import coded
from diagnostics.parsers.evtx.plan import Plan, Raw, Scalar
from diagnostics.parsers.evtx.template import UNNAMED, Field, Parts, Template
from diagnostics.parsers.records import Fields
from diagnostics.parsers.timestamps import parse_timestamp
from engine.sentence import Sentence

Read = Callable[[Raw], str]

_AMPLIFICATION = 4096
"""Bytes of values that fields may repeat: beyond it, a file wants to exhaust memory."""
_NESTED = 4
"""Nested pieces of XML in one template; Windows writes one."""


class Composite(NamedTuple):
    """A field that is a literal, an array (which counts as one field per element), or put together."""

    name: str
    read: Callable[[Raw], list[str]]


class Nested(NamedTuple):
    """A value that is XML itself."""

    number: int


Step = Scalar | Composite | Nested


class Shape:
    """A template's fields for certain types of the values."""

    def __init__(self, template: Template, outlines: tuple[int, ...]) -> None:
        self._kinds = tuple(outline >> 16 for outline in outlines)
        self._sized = tuple(bool(outline & 0xFFFF) for outline in outlines)
        self._texts = tuple(map(values.texts, outlines))
        self.repeated = tuple(_repeated(template))
        """The values that fields use again, once for each such use."""
        self.steps = tuple(step for field in template.fields for step in self._steps(field))
        self.message = self.reader(template.message) if template.message else None
        self.plan = _plan(self.steps) if not self.message else None
        self.inner = self._inner()
        """The number of the value that is XML and holds all fields, as in every event of a modern provider."""
        self.system = System(self, template.system) if template.system else None

    def reader(self, parts: Parts) -> Read:
        """How the text of an element or attribute is put together."""
        if len(parts) == 1 and self.has(parts[0]):
            return partial(_value, parts[0].number, self._texts[parts[0].number])
        if any(self.has(part) for part in parts):
            return partial(_joined, [self.reader((part,)) for part in parts])
        return partial(_literal, "".join(part for part in parts if isinstance(part, str)))

    def kind(self, part: str | Slot) -> int:
        """The value's type; NULL for a literal or absent one."""
        return self._kinds[part.number] if self.has(part) else values.NULL

    def has(self, part: str | Slot) -> TypeGuard[Slot]:
        """Whether this part is a value that the record has."""
        return isinstance(part, Slot) and part.number < len(self._kinds)

    def _steps(self, field: Field) -> Iterator[Step]:
        nested = [part for part in field.parts if self.kind(part) == values.BINXML]
        yield from (Nested(part.number) for part in nested if self.has(part) and self._sized[part.number])
        if field.name is not None and not nested:
            yield from self._field(field.name, field.parts)

    def _field(self, name: str, parts: Parts) -> Iterator[Step]:
        if len(parts) != 1 or not self.has(parts[0]):
            if name != UNNAMED or any(isinstance(part, str) for part in parts):
                yield Composite(name, partial(_alone, self.reader(parts)))
            return
        number, kind = parts[0].number, self.kind(parts[0])
        if kind & values.ARRAY:
            element = kind & ~values.ARRAY
            yield Composite(name, partial(_elements, number, element))
        elif kind != values.NULL or name != UNNAMED:
            yield Scalar(name, number, self._texts[number])

    def _inner(self) -> int | None:
        nested = [step.number for step in self.steps if isinstance(step, Nested)]
        if len(nested) != len(set(nested)) or len(nested) > _NESTED:
            raise MalformedError(Sentence("a template that repeats its nested XML"))
        return nested[0] if len(self.steps) == len(nested) == 1 and not self.message else None


class System:
    """The System section of an event's shape: how each text is put together, and which single value it is, if one."""

    def __init__(self, shape: Shape, parts: dict[str, Parts]) -> None:
        self._shape = shape
        self.read = {name: shape.reader(content) for name, content in parts.items()}
        self.value = {name: _only_number(shape, parts[name], values.STRING) for name in _NAMES}
        self.provider = self._constant(parts["provider"])
        """What the template says, empty where the record does."""
        self.computer = self._constant(parts["computer"])
        self.numbers = self._usual_numbers(parts)
        """The numbers of the values in `Peek` where these are of the types and in the order of Windows, else None."""

    def peek(self, raw: Raw) -> "Peek":
        """The slow way, for whatever types."""
        level, event_id, record = (to_number(self.read[name](raw)) for name in ("level", "event_id", "record"))
        time = parse_timestamp(self.read["time"](raw))
        return level, event_id, values.filetime(time.microseconds) if time else 0, record

    def _constant(self, parts: Parts) -> str:
        return "" if any(self._shape.has(part) for part in parts) else self._shape.reader(parts)(())

    def _usual_numbers(self, parts: dict[str, Parts]) -> list[int] | None:
        found = [_only_number(self._shape, parts[name], kind) for name, kind, _ in _PEEK]
        known = [number for number in found if number is not None]
        return known if len(known) == len(_PEEK) and known == sorted(known) else None


_NAMES = ("provider", "computer", "channel")
Peek = tuple[int, int, int, int]
"""Level, event id, time (a FILETIME, 0 where there is none) and record number (0 likewise)."""
_PEEK = (
    ("level", values.UINT8, "B"),
    ("event_id", values.UINT16, "H"),
    ("time", values.FILETIME, "Q"),
    ("record", values.UINT64, "Q"),
)


class Layout:
    """A shape with the sizes of its values. `at` is the place of the first value in the chunk, everywhere."""

    provider_name = computer_name = ""
    """What the template says, empty where the record does."""
    _provider = _computer = _channel = (0, 0)

    def __init__(self, shape: Shape, descriptors: tuple[int, ...]) -> None:
        sizes = [descriptor & 0xFFFF for descriptor in descriptors]
        if shape.repeated and sum(sizes[number] for number in shape.repeated if number < len(sizes)) > _AMPLIFICATION:
            raise MalformedError(Sentence("a template that repeats its values without measure"))
        self.shape = shape
        self.starts = (0, *accumulate(sizes))
        """Where each value begins, counted from the first; at the end, where the last one ends."""
        self.size = self.starts[-1]
        self.unpack: Callable[[bytes, int], Raw]
        self.unpack = struct.Struct("<" + "".join(map(values.code, descriptors))).unpack_from
        self.inner = None if shape.inner is None else self.span(shape.inner)
        """Where the nested XML lies that holds all fields."""
        self.peek: Callable[[bytes, int], Any] = self._slow_peek
        """A `Peek` by chunk and `at`, at the least possible cost."""
        if shape.system:
            self._place(shape.system)

    def span(self, number: int) -> tuple[int, int | None]:
        """Where a value begins and ends, counted from the first; the last one ends where the record does: None."""
        last = number == len(self.starts) - 2
        return self.starts[number], None if last else self.starts[number + 1]

    def provider(self, chunk: bytes, at: int) -> str:
        """The provider's name."""
        start, end = self._provider
        return values.name(chunk[at + start : at + end]) if end else self._read("provider", chunk, at)

    def computer(self, chunk: bytes, at: int) -> str:
        """The machine's name."""
        start, end = self._computer
        return values.name(chunk[at + start : at + end]) if end else self._read("computer", chunk, at)

    def channel(self, chunk: bytes, at: int) -> str:
        """The log's name."""
        start, end = self._channel
        return values.name(chunk[at + start : at + end]) if end else self._read("channel", chunk, at)

    def _place(self, system: System) -> None:
        """Find where the values of the System section lie."""
        self.provider_name = system.provider
        self.computer_name = system.computer
        self._provider, self._computer, self._channel = (self._span(system.value[name]) for name in _NAMES)
        if system.numbers:
            self.peek = self._quick_peek(system.numbers)

    def _span(self, number: int | None) -> tuple[int, int]:
        return (0, 0) if number is None else (self.starts[number], self.starts[number + 1])

    def _read(self, name: str, chunk: bytes, at: int) -> str:
        return str(self._system.read[name](self.unpack(chunk, at)))

    @property
    def _system(self) -> System:
        if self.shape.system is None:
            raise MalformedError(Sentence("an event without a System section"))
        return self.shape.system

    def _quick_peek(self, numbers: list[int]) -> Callable[[bytes, int], Any]:
        code, at = "<", 0
        for number, (_, _, one) in zip(numbers, _PEEK, strict=True):
            code += f"{self.starts[number] - at}x{one}"
            at = self.starts[number + 1]
        return struct.Struct(code).unpack_from

    def _slow_peek(self, chunk: bytes, at: int) -> Peek:
        return self._system.peek(self.unpack(chunk, at))


def to_number(text: str) -> int:
    """A number of the System section; 0 where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def add(fields: Fields, name: str, text: str) -> None:
    """Add a value under its name, or under the next number."""
    if name == UNNAMED:
        fields.unnamed(text)
    else:
        fields.named(name, text)


def _only_number(shape: Shape, parts: Parts, kind: int) -> int | None:
    return parts[0].number if len(parts) == 1 and shape.has(parts[0]) and shape.kind(parts[0]) == kind else None


def _repeated(template: Template) -> Iterator[int]:
    uses = Counter(part.number for field in template.fields for part in field.parts if isinstance(part, Slot))
    for slot, count in uses.items():
        yield from [slot] * (count - 1)


def _plan(steps: tuple[Step, ...]) -> Plan | None:
    scalars = [step for step in steps if isinstance(step, Scalar)]
    fields = Fields()
    for step in scalars:
        add(fields, step.name, "")
    complete = len(fields) == len(scalars) == len(steps)
    return Plan(fields, scalars) if complete else None


def _literal(text: str, raw: Raw) -> str:  # noqa: ARG001 - the shape of a Read
    return text


def _value(slot: int, texts: values.Texts, raw: Raw) -> str:
    return texts[raw[slot]]


def _joined(readers: list[Read], raw: Raw) -> str:
    return "".join(read(raw) for read in readers)


def _alone(read: Read, raw: Raw) -> list[str]:
    return [coded(read(raw))]


def _elements(slot: int, kind: int, raw: Raw) -> list[str]:
    return values.items(kind, raw[slot])
