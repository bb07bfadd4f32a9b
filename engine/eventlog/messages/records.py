"""Messages of Windows' event logs: `windows/*.yml`, a file for each provider."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal
from uuid import UUID

import msgspec

from engine.eventlog import values
from engine.eventlog.messages.entries import FOLDER, Entry, MessageFileError, converted, filled
from engine.eventlog.record import CLASSIC, EventData, Provider, Record, UserData
from engine.occurrence import Occurrence
from engine.pipeline import Scope

_LEVELS = {"critical": 1, "error": 2, "warning": 3, "information": 4}


class ProviderEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who logs the messages of a file."""

    name: str
    guid: UUID | None = None
    source: str = ""
    """Under which a provider with a manifest tells events of the old kind."""


class Message(Entry, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One message: when it is logged, and with what."""

    event_id: int
    level: Literal["critical", "error", "warning", "information"]
    data: list[str] | dict[str, str]
    """Templates of the values, with names or without."""
    text: str
    qualifiers: int | None = None
    binary: str = ""
    """Template of what is appended as bytes, in UTF-16."""


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
    scopes: tuple[Scope, ...] = tuple(Scope)
    """The machines that have this channel."""

    def records(self, occurrence: Occurrence) -> Iterator[Record]:
        """What this provider logs about an occurrence."""
        if occurrence.scope in self.scopes:
            for message in self.messages:
                if message.applies(occurrence):
                    yield self._record(message, occurrence)

    def _record(self, message: Message, occurrence: Occurrence) -> Record:
        named = message.data.items() if isinstance(message.data, dict) else (("", value) for value in message.data)
        fields = tuple((name, values.text(filled(template, occurrence))) for name, template in named)
        binary = filled(message.binary, occurrence).encode("utf-16-le")
        return Record(
            Provider(self.provider.name, self.provider.guid, self.provider.source),
            message.event_id,
            occurrence.time,
            self.channel,
            occurrence.machine,
            UserData(self.element, self.namespace, fields) if self.element else EventData(fields, binary),
            level=_LEVELS[message.level],
            qualifiers=self.qualifiers if message.qualifiers is None else message.qualifiers,
            keywords=self.keywords,
            user=self.user,
        )


@cache
def message_files() -> tuple[MessageFile, ...]:
    """All that come with the engine. Raises `MessageFileError`."""
    return tuple(read_messages(path) for path in sorted((FOLDER / "windows").glob("*.yml")))


def read_messages(path: Path) -> MessageFile:
    """Read and check one file. Raises `MessageFileError`."""
    file = converted(path, MessageFile)
    for number, message in enumerate(file.messages):
        templates = message.data.values() if isinstance(message.data, dict) else message.data
        if trouble := message.trouble([*templates, message.binary]):
            raise MessageFileError(f"{path.name}: messages[{number}], event {message.event_id}: {trouble}")
    return file
