"""How all fields of a record are read at once."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from diagnostics.parsers.evtx import values
from diagnostics.parsers.evtx.coded import Coded, names_a_code, take_codes

Raw = tuple[Any, ...]
"""The values of a record as `struct` gives them: numbers, and bytes for what has no fixed size."""


class Scalar(NamedTuple):
    """A field that is exactly one value."""

    name: str
    number: int
    texts: values.Texts


class Plan:
    """All fields of a shape in which each field is exactly one value."""

    def __init__(self, names: Iterable[str], scalars: list[Scalar]) -> None:
        self._columns = [(name, scalar.texts, scalar.number) for name, scalar in zip(names, scalars, strict=True)]
        self._blank = dict.fromkeys((name for name, _, _ in self._columns), "")
        self._codes = frozenset(filter(names_a_code, self._blank))

    def content(self, raw: Raw) -> tuple[dict[str, str], tuple[str, ...]]:
        """Fields of a record, and the error codes in them."""
        fields = self._blank.copy()  # has room for all of them
        for name, texts, number in self._columns:
            fields[name] = texts[raw[number]]
        if self._codes or Coded in set(map(type, fields.values())):
            return fields, take_codes(fields, self._codes)
        return fields, ()
