"""What Windows logs about what happens in the engine: one entry for each occurrence and result that leaves a record.

Files lie beside this module. A wrong one is refused with its name and the place in it.
"""

from collections.abc import Iterator
from dataclasses import fields as fields_of
from enum import Enum
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any, Literal, TypeVar, get_type_hints
from uuid import UUID

import msgspec
import yaml

from engine.eventlog import values
from engine.eventlog.errors import EventLogError
from engine.eventlog.record import CLASSIC, EventData, Provider, Record, UserData
from engine.hresult import HResult
from engine.hyperv import occurrences as hyperv
from engine.occurrence import Happening, Occurrence
from engine.vss import occurrences as vss

_Kind = TypeVar("_Kind")
_LEVELS = {"error": 2, "warning": 3, "information": 4}
_ALWAYS: dict[str, Any] = {"hresult": HResult, "meaning": str, "machine": str}
"""What a message may name beside the fields of its occurrence."""
HAPPENINGS: dict[str, type[Happening]] = {
    name: kind
    for module in (vss, hyperv)
    for name, kind in vars(module).items()
    if isinstance(kind, type) and issubclass(kind, Happening) and kind.__module__ == module.__name__
}


class MessageFileError(EventLogError):
    """A file of messages is wrong; the message names file, place and what was expected."""


class ProviderEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who logs the messages of a file."""

    name: str
    guid: UUID | None = None


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One message: when it is logged, and with what."""

    occurrence: str
    event_id: int
    level: Literal["error", "warning", "information"]
    data: list[str] | dict[str, str]
    """Templates of the values, with names or without."""
    text: str
    source: str
    results: tuple[str, ...] = ()
    """The results by name; any failure where there are none."""
    where: dict[str, str | int] = {}
    """Fields of the occurrence that have to have these values; then its result does not matter."""
    qualifiers: int | None = None


class MessageFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The messages of one provider in one channel."""

    channel: str
    provider: ProviderEntry
    messages: tuple[Message, ...]
    qualifiers: int | None = None
    element: str = ""
    """Of UserData; without it the values are EventData."""
    namespace: str = ""
    keywords: int = CLASSIC
    user: str = ""

    def records(self, occurrence: Occurrence) -> Iterator[Record]:
        """What this provider logs about an occurrence."""
        for message in self.messages:
            if _applies(message, occurrence):
                yield self._record(message, occurrence)

    def _record(self, message: Message, occurrence: Occurrence) -> Record:
        named = message.data.items() if isinstance(message.data, dict) else (("", value) for value in message.data)
        known = _known(occurrence)
        fields = tuple((name, values.text(_FORMATTER.vformat(value, (), known))) for name, value in named)
        return Record(
            Provider(self.provider.name, self.provider.guid),
            message.event_id,
            occurrence.time,
            self.channel,
            occurrence.machine,
            UserData(self.element, self.namespace, fields) if self.element else EventData(fields),
            level=_LEVELS[message.level],
            qualifiers=self.qualifiers if message.qualifiers is None else message.qualifiers,
            keywords=self.keywords,
            user=self.user,
        )


def _applies(message: Message, occurrence: Occurrence) -> bool:
    happening, result = occurrence.happening, occurrence.hresult
    if not isinstance(happening, HAPPENINGS[message.occurrence]):
        return False
    if message.where:
        return all(getattr(happening, name) == value for name, value in message.where.items())
    return result.name in message.results if message.results else result.failed


def _known(occurrence: Occurrence) -> dict[str, Any]:
    happening, result = occurrence.happening, occurrence.hresult
    known = {one.name: getattr(happening, one.name) for one in fields_of(happening)}  # type: ignore[arg-type]
    cause = known.get("cause", result)
    return known | {"hresult": result, "meaning": meanings().get(cause.name, ""), "machine": occurrence.machine}


class _Words(Formatter):
    """Results as Windows prints them: in hexadecimal digits (`x`), or as a signed number (`d`). No NUL in any text."""

    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ANN401 - any field of an occurrence
        if isinstance(value, HResult):
            return str(value.value - (value.value >> 31 << 32)) if format_spec == "d" else f"0x{value.value:08x}"
        return str(value.value if isinstance(value, Enum) else value).replace("\0", "")


_FORMATTER = _Words()


@cache
def message_files() -> tuple[MessageFile, ...]:
    """All that come with the engine. Raises `MessageFileError`."""
    folder = Path(__file__).parent
    return tuple(read_messages(path) for path in sorted(folder.glob("*.yml")) if path.stem != "meanings")


@cache
def meanings() -> dict[str, str]:
    """What Windows prints for results, by their names. Raises `MessageFileError`."""
    path = Path(__file__).with_name("meanings.yml")
    told = _converted(path, dict[str, str])
    for name in told:
        if name not in HResult.__members__:
            raise MessageFileError(f"{path.name}: {name}: no result of this name")
    return told


def read_messages(path: Path) -> MessageFile:
    """Read and check one file. Raises `MessageFileError`."""
    file = _converted(path, MessageFile)
    for number, message in enumerate(file.messages):
        if trouble := _trouble(message):
            raise MessageFileError(f"{path.name}: messages[{number}], event {message.event_id}: {trouble}")
    return file


def _converted(path: Path, kind: type[_Kind]) -> _Kind:
    try:
        return msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), kind)
    except (msgspec.ValidationError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise MessageFileError(f"{path.name}: {error}") from error


def _trouble(message: Message) -> str:
    """What is wrong with it beyond its form."""
    kind = HAPPENINGS.get(message.occurrence)
    if kind is None:
        return f"occurrence {message.occurrence!r} does not exist"
    if unknown := [name for name in message.results if name not in HResult.__members__]:
        return f"no result is named {unknown[0]!r}"
    hints = get_type_hints(kind)
    if unknown := [name for name in message.where if name not in hints]:
        return f"{message.occurrence} has no field {unknown[0]!r}"
    templates = message.data.values() if isinstance(message.data, dict) else message.data
    for template in templates:
        try:
            names = [name for _, name, _, _ in Formatter().parse(template) if name is not None]
        except ValueError as error:
            return f"{template!r}: {error}"
        for name in names:
            if not _exists(name, hints | _ALWAYS):
                return f"{message.occurrence} has no field {name!r}"
    return ""


def _exists(name: str, hints: dict[str, Any]) -> bool:
    """Whether a dotted name leads from field to field."""
    first, _, rest = name.partition(".")
    return first in hints and (not rest or _exists(rest, get_type_hints(hints[first])))
