"""Event log records from their parts, the same way for whatever export they come from."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec

from diagnostics.event import Event, Level
from diagnostics.parsers import dpm_alert, driver_packet, service_record, vss_context
from diagnostics.parsers.codes import canonical, find_codes, told_apart

BINARY = "Binary"
"""The field that holds an event's binary data as hexadecimal digits: bytes, no place to look for codes."""
_NAMES_A_CODE = re.compile(r"error|hresult|ntstatus", re.IGNORECASE)
_NUMBER = re.compile(r"-?\d{1,10}|0x[0-9a-fA-F]{1,16}")


class Fields(dict[str, str]):
    """Data values in the record's order; the names that docs/events.md promises come from here."""

    __slots__ = ("_repeated", "_unnamed")

    def __init__(self) -> None:
        super().__init__()
        self._unnamed = 0
        self._repeated: dict[str, int] | None = None

    def named(self, name: str, value: str) -> None:
        """Add a value; a name that repeats gets its number, so that no value is lost."""
        if name in self:
            self._repeated = self._repeated or {}
            self._repeated[name] = number = self._repeated.get(name, 0) + 1
            name = f"{name}[{number}]"
        self[name] = value

    def unnamed(self, value: str) -> None:
        """Add a value without a name: `Data[0]`, `Data[1]`, ..."""
        self[f"Data[{self._unnamed}]"] = value
        self._unnamed += 1


def codes_of(fields: Mapping[str, str], text: str) -> tuple[str, ...]:
    """Every error code in a record's values and text; a bare number counts where its name says that it is one."""
    values = [value for name, value in fields.items() if name != BINARY and value not in text]
    found = dict.fromkeys(find_codes("\n".join([*values, text]) if values else text))
    for name, value in fields.items():
        if _NAMES_A_CODE.search(name) and _NUMBER.fullmatch(value):
            code = canonical(value)
            if code:
                found[code] = None
    return told_apart(found)


class _Export(msgspec.Struct, frozen=True):
    columns: dict[str, list[str]]
    metadata: list[str]
    proof: list[str]
    levels: dict[int, list[str]]


class Vocabulary(msgspec.Struct, frozen=True):
    """What exporters call things, from `exports.yml`."""

    columns: dict[str, tuple[str, ...]]
    """Roles, and the columns that may play them, best first."""
    metadata: frozenset[str]
    """Columns that are no data values."""
    proof: frozenset[str]
    """Roles that only events have."""
    levels: dict[str, Level]


@cache
def vocabulary() -> Vocabulary:
    """The data file, turned round for look-up."""
    export = msgspec.yaml.decode(Path(__file__).with_name("exports.yml").read_bytes(), type=_Export)
    return Vocabulary(
        {role: tuple(names) for role, names in export.columns.items()},
        frozenset(export.metadata),
        frozenset(export.proof),
        {name: Level(number) for number, names in export.levels.items() for name in names},
    )


def level_named(name: str) -> Level:
    """A level by its printed name, in any language known; or by its number."""
    name = name.strip().lower()
    if name.isascii() and name.isdigit():
        return level_numbered(int(name))
    return vocabulary().levels.get(name, Level.UNKNOWN)


def level_numbered(number: int) -> Level:
    """A level by its number; 0 (`LogAlways`) and numbers beyond 5 say nothing about severity."""
    return Level(number) if 0 <= number <= 5 else Level.UNKNOWN


def finished(event: Event) -> Event:
    """A record with everything in it that only its provider's custom explains."""
    if event.provider.upper() == "VSS":
        return vss_context.enrich(event)
    if event.provider.upper() == "DPM-EM":
        return dpm_alert.enrich(event)
    if BINARY not in event.fields:
        return event
    of_services = event.provider == "Service Control Manager"
    return service_record.enrich(event) if of_services else driver_packet.enrich(event)
