"""Rows as exports hold them, and convenient access to their cells."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from diagnostics.event import Event
from diagnostics.evidence.document import Document
from diagnostics.parsers.timestamps import DayFirst, Timestamp, parse_timestamp

Value = object
"""What a cell holds: text, a number, a truth value, None, or a list or dict of values."""
Row = Mapping[str, Value]

_WIDEST = 300  # columns; no export has more, and wider headers must not fill the cache
_LEAVES = 2000  # of one cell; an object dump can be deep, an event's properties are not many
_APOSTROPHE = str.maketrans("\u2019", "'")


class Origin:
    """Where rows come from: the same for a whole document."""

    __slots__ = ("day_first", "document")

    def __init__(self, document: Document, day_first: DayFirst = None) -> None:
        self.document = document
        self.day_first = day_first


class Cells:
    """A row whose columns are asked for in any case, by the first of several names that holds something."""

    __slots__ = ("_columns", "record", "row")

    def __init__(self, row: Row, record: int) -> None:
        self.row = row
        self._columns = columns_of(tuple(row))
        self.record = record

    def get(self, *names: str) -> Value:
        """The first value that is there; None where there is none."""
        for name in names:
            column = self._columns.get(name)
            if column is not None:
                value = self.row[column]
                if value is not None and value != "":
                    return value
        return None

    def text(self, *names: str) -> str:
        """The first value that is there, as text."""
        return text_of(self.get(*names))

    def items(self) -> Iterator[tuple[str, str]]:
        """Every cell that holds something, as text."""
        for name, value in self.row.items():
            text = text_of(value)
            if text:
                yield name, text


Reader = Callable[[Cells, Origin], Event | None]
"""Reads a row of one shape; None where the cells contradict what the columns promised."""


def normalized(column: str) -> str:
    """A column's name for comparison: case, surrounding blanks and the kind of apostrophe do not matter."""
    return column.strip("\ufeff \t\"'").lower().translate(_APOSTROPHE)


def columns_of(keys: tuple[str, ...]) -> Mapping[str, str]:
    """The columns by their normalized names."""
    return _cached_columns(keys) if len(keys) <= _WIDEST else _columns(keys)


def _columns(keys: tuple[str, ...]) -> Mapping[str, str]:
    return {normalized(key): key for key in reversed(keys)}


_cached_columns = lru_cache(maxsize=512)(_columns)


def text_of(value: Value) -> str:
    """A value as text: lists joined by line breaks, objects by the name or value they show first."""
    if isinstance(value, str):
        return value.strip()
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple, dict)):
        return "\n".join(leaf for leaf in leaves_of(value) if leaf)
    return str(value)


def leaves_of(value: Value) -> Iterator[str]:
    """The values inside lists and objects, in order, as text; an object that wraps a value gives only that."""
    waiting = [value]
    for _ in range(_LEAVES):
        if not waiting:
            return
        current = waiting.pop()
        if isinstance(current, dict):
            wrapped = unwrapped(current)
            waiting.extend([wrapped] if wrapped is not current else reversed(list(current.values())))
        elif isinstance(current, (list, tuple)):
            waiting.extend(reversed(current))
        else:
            yield text_of(current)


_WRAPPERS = ("value", "Value", "#text", "ToString", "DisplayName", "Name")


def unwrapped(value: Value) -> Value:
    """What an object stands for: PowerShell and XML converters wrap plain values into objects."""
    if isinstance(value, dict):
        for key in _WRAPPERS:
            if key in value:
                return value[key]
    return value


def integer_of(value: Value) -> int | None:
    """A whole number, however it is written."""
    if isinstance(value, str):
        return _integer_in(value)
    value = unwrapped(value)
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return _integer_in(value) if isinstance(value, str) else None


def _integer_in(text: str) -> int | None:
    text = text.strip()
    if not text or len(text) > 20 or text[-1] not in "0123456789abcdefABCDEF":
        return None
    try:
        return int(text, 16 if text[:2].lower() == "0x" else 10)
    except ValueError:
        return None


def moment_of(value: Value, origin: Origin) -> Timestamp | None:
    """A moment, however it is written."""
    text = text_of(unwrapped(value))
    return parse_timestamp(text, origin.day_first) if text else None
