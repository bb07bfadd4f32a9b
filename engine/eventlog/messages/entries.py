"""What all files of messages have in common: which occurrence an entry is about, and how its templates are filled."""

from collections.abc import Iterable
from dataclasses import fields as fields_of
from enum import Enum
from functools import cache
from operator import attrgetter
from pathlib import Path
from string import Formatter
from typing import Any, TypeVar, get_type_hints

import msgspec
import yaml

from engine import windows
from engine.dpm import occurrences as dpm
from engine.eventlog.errors import EventLogError
from engine.hresult import HResult
from engine.hyperv import applications
from engine.hyperv import occurrences as hyperv
from engine.occurrence import Happening, Occurrence
from engine.vss import occurrences as vss

FOLDER = Path(__file__).parent
FAILED = "failed"
"""In place of a result: any failure."""
_Kind = TypeVar("_Kind")
_ALWAYS: dict[str, Any] = {"hresult": HResult, "meaning": str, "machine": str, "told": str}
"""What a template may name beside the fields of its occurrence."""
HAPPENINGS: dict[str, type[Happening]] = {
    name: kind
    for module in (windows, hyperv, applications, vss, dpm)
    for name, kind in vars(module).items()
    if isinstance(kind, type) and issubclass(kind, Happening) and kind.__module__ == module.__name__
}


class MessageFileError(EventLogError):
    """A file of messages is wrong; the message names file, place and what was expected."""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which occurrences something is logged about, and where this is known from."""

    occurrence: str
    source: str
    results: tuple[str, ...] = ()
    """Names, or `failed` for any failure. Without any result will do for an entry with `where`, else a failure."""
    where: dict[str, str | int | bool] = {}
    """Fields of the occurrence that have to have these values."""

    def concerns(self, kind: type[Happening]) -> bool:
        """Whether it may be about happenings of this kind."""
        return issubclass(kind, HAPPENINGS[self.occurrence])

    def applies(self, occurrence: Occurrence) -> bool:
        """Whether this occurrence leaves this entry in a log."""
        happening, result = occurrence.happening, occurrence.hresult
        if not self.concerns(type(happening)):
            return False
        if any(attrgetter(name)(happening) != value for name, value in self.where.items()):
            return False
        if FAILED in self.results or not (self.results or self.where):
            return result.failed
        return result.name in self.results if self.results else True

    def trouble(self, templates: Iterable[str]) -> str:
        """What is wrong with it and its templates beyond their form; empty where nothing is."""
        kind = HAPPENINGS.get(self.occurrence)
        if kind is None:
            return f"occurrence {self.occurrence!r} does not exist"
        if unknown := [name for name in self.results if name not in {*HResult.__members__, FAILED}]:
            return f"no result is named {unknown[0]!r}"
        hints = get_type_hints(kind)
        for template in templates:
            try:
                names = [name for _, name, _, _ in Formatter().parse(template) if name is not None]
            except ValueError as error:
                return f"{template!r}: {error}"
            if unknown := [name for name in names if not _exists(name, hints | _ALWAYS)]:
                return f"{self.occurrence} has no field {unknown[0]!r}"
        unknown = [name for name in self.where if not _exists(name, hints)]
        return f"{self.occurrence} has no field {unknown[0]!r}" if unknown else ""


def _exists(name: str, hints: dict[str, Any]) -> bool:
    """Whether a dotted name leads from field to field."""
    first, _, rest = name.partition(".")
    return first in hints and (not rest or _exists(rest, get_type_hints(hints[first])))


class _Words(Formatter):
    """Results as Windows prints them, and no NUL in any text.

    In hexadecimal digits (`x`), as a signed number (`d`), or as the number of Windows' own errors (`w`), the low half.
    """

    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ANN401 - any field of an occurrence
        if isinstance(value, HResult) and format_spec == "w":
            return str(value.value & 0xFFFF)
        if isinstance(value, int) and format_spec == "x" and not isinstance(value, HResult):
            return f"0x{value:x}"
        if isinstance(value, HResult):
            return str(value.value - (value.value >> 31 << 32)) if format_spec == "d" else f"0x{value.value:08x}"
        if isinstance(value, tuple):
            return ", ".join(map(str, value))
        return str(value.value if isinstance(value, Enum) else value).replace("\0", "")


_FORMATTER = _Words()


def filled(template: str, occurrence: Occurrence) -> str:
    """A template with what it names."""
    happening, result = occurrence.happening, occurrence.hresult
    known = {one.name: getattr(happening, one.name) for one in fields_of(happening)}  # type: ignore[arg-type]
    cause = known.get("cause", result)
    meaning = meanings().get(cause.name, "")
    told = f" Details: {meaning} ({result})" if meaning else ""  # as DPM does, which has nothing to say of some
    known |= {"hresult": result, "meaning": meaning, "machine": occurrence.machine, "told": told}
    return _FORMATTER.vformat(template, (), known)


@cache
def meanings() -> dict[str, str]:
    """What Windows prints for results, by their names. Raises `MessageFileError`."""
    path = FOLDER / "meanings.yml"
    told = converted(path, dict[str, str])
    for name in told:
        if name not in HResult.__members__:
            raise MessageFileError(f"{path.name}: {name}: no result of this name")
    return told


def converted(path: Path, kind: type[_Kind]) -> _Kind:
    """A file in its form. Raises `MessageFileError`."""
    try:
        return msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), kind)
    except (msgspec.ValidationError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise MessageFileError(f"{path.name}: {error}") from error
