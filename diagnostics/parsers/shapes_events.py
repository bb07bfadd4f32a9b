"""Rows that are event log records: from PowerShell, the Event Viewer, winlogbeat, NXLog, evtx_dump and their like."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TypeVar

from diagnostics.event import Event, Kind, Level
from diagnostics.parsers.cells import (
    Cells,
    Origin,
    Reader,
    Row,
    Value,
    columns_of,
    integer_of,
    moment_of,
    normalized,
    text_of,
    unwrapped,
)
from diagnostics.parsers.records import (
    BINARY,
    Fields,
    codes_of,
    finished,
    level_named,
    level_numbered,
    vocabulary,
)

T = TypeVar("T")

_NUMBERED = re.compile(r"param\d+", re.IGNORECASE)
_TYPE_NAME = re.compile(r"(?:System|Microsoft)\.[\w.]+(?:\[\])?")  # what PowerShell prints for a list or an object
_ENTRY_TYPES = {1: Level.ERROR, 2: Level.WARNING, 4: Level.INFORMATION, 8: Level.INFORMATION, 16: Level.INFORMATION}
"""System.Diagnostics.EventLogEntryType: Get-EventLog numbers severity in its own way."""

Roles = Mapping[str, tuple[str, ...]]
"""Roles, and the row's columns that play them, best first."""


def _has(*names: str) -> Callable[[frozenset[str]], bool]:
    return lambda columns: any(name in columns for name in names)


def _is_flat(columns: frozenset[str]) -> bool:
    known = vocabulary()
    played = {role for role, names in known.columns.items() if not columns.isdisjoint(names)}
    return "event_id" in played and len(played & known.proof) >= (1 if "time" in played else 2)


def _is_viewer(columns: frozenset[str]) -> bool:
    """Five columns with names of an unknown language, and the message in a sixth without one."""
    return "" in columns and len(columns) == 6


def _flat(cells: Cells, origin: Origin) -> Event | None:
    roles = _roles_of(tuple(cells.row))
    event_id = _first(cells.row, roles, "event_id", integer_of)
    if event_id is None:
        return None
    fields = _values_of(cells.row, roles)
    return _record(cells, origin, roles, event_id & 0xFFFF, fields)


def _record(cells: Cells, origin: Origin, roles: Roles, event_id: int, fields: Fields) -> Event:
    row = cells.row
    moment = _first(row, roles, "time", lambda value: moment_of(value, origin))
    text = _first(row, roles, "message", text_of) or ""
    record = _first(row, roles, "record", integer_of)
    return finished(
        Event(
            kind=Kind.RECORD,
            source=origin.document.name,
            record=cells.record if record is None else record,
            time=moment.microseconds if moment else None,
            local_time=moment.local if moment else False,
            machine=_once(_first(row, roles, "machine", text_of) or origin.document.machine),
            provider=_once(_first(row, roles, "provider", text_of) or ""),
            event_id=event_id,
            level=_level_of(row, roles),
            channel=_once(_first(row, roles, "channel", text_of) or ""),
            fields=fields,
            text=_once(text),
            codes=codes_of(fields, text),
        )
    )


@lru_cache(maxsize=4096)
def _once(text: str) -> str:
    """The same text, in memory once: logs say the same over and over, and a million events are kept."""
    return text


def _first(row: Row, roles: Roles, role: str, read: Callable[[Value], T | None]) -> T | None:
    for column in roles.get(role, ()):
        found = read(row[column])
        if found is not None and found != "":
            return found
    return None


def _roles_of(keys: tuple[str, ...]) -> Roles:
    return _cached_roles(keys) if len(keys) <= 300 else _roles(keys)


def _roles(keys: tuple[str, ...]) -> Roles:
    columns = columns_of(keys)
    return {
        role: tuple(columns[name] for name in names if name in columns) for role, names in vocabulary().columns.items()
    }


_cached_roles = lru_cache(maxsize=512)(_roles)


def _level_of(row: Row, roles: Roles) -> Level:
    for column in (*roles.get("level", ()), *roles.get("level_name", ())):
        number = integer_of(row[column])
        if number is None:
            level = level_named(text_of(row[column]))
        elif normalized(column) == "entrytype":
            level = _ENTRY_TYPES.get(number, Level.UNKNOWN)
        else:
            level = level_numbered(number)
        if level is not Level.UNKNOWN:
            return level
    return Level.UNKNOWN


def _values_of(row: Row, roles: Roles) -> Fields:
    fields = Fields()
    for column in roles.get("properties", ()):
        _add_data(fields, row[column], shipped=normalized(column) != "properties")
    for column in roles.get("user_data", ()):
        _add_leaves(fields, row[column])
    for column in _data_columns(tuple(row)):
        value = row[column]
        if value is not None and value != "" and not isinstance(value, (list, tuple, dict)):
            fields.named(column, text_of(value))
    return fields


@lru_cache(maxsize=512)
def _data_columns(keys: tuple[str, ...]) -> tuple[str, ...]:
    """The columns beside the roles and the metadata: forwarders put data values there."""
    known = vocabulary()
    taken = known.metadata.union(*known.columns.values())
    return tuple(key for key in keys if normalized(key) not in taken and "." not in key)


def _add_data(fields: Fields, values: Value, *, shipped: bool) -> None:
    """Add an event's data values: named in a mapping, unnamed in a list, or a lone text.

    Forwarders (`shipped`) number what has no name `param1`, `param2`, ..., so such values are added as unnamed, too.
    """
    if isinstance(values, dict):
        for name, value in values.items():
            fields.named(name, text_of(value))
            if shipped and _NUMBERED.fullmatch(name):
                fields.unnamed(text_of(value))
    elif isinstance(values, (list, tuple)):
        for value in values:
            _add_datum(fields, value)
    elif isinstance(values, str) and values:
        _add_datum(fields, values)


def _add_datum(fields: Fields, value: Value) -> None:
    """Add one `Data` element, of whichever XML-to-JSON custom."""
    name = _attribute(value, "Name") if isinstance(value, dict) and "#text" in value else ""
    text = text_of(unwrapped(value))
    if name:
        fields.named(name, text)
    elif not _TYPE_NAME.fullmatch(text):
        fields.unnamed(text)


def _add_leaves(fields: Fields, value: Value) -> None:
    """Add what `UserData` holds by the innermost element's name; elements' attributes are namespaces, not data."""
    waiting: list[tuple[str, Value]] = [("UserData", value)]
    while waiting:
        name, current = waiting.pop()
        if isinstance(current, dict) and "#text" not in current:
            waiting.extend((key, current[key]) for key in reversed(list(current)) if not _is_attribute(key))
        elif isinstance(current, (list, tuple)):
            waiting.extend((name, item) for item in reversed(current))
        elif current is not None:
            fields.named(name, text_of(current))


def _is_attribute(key: str) -> bool:
    return key.startswith(("#", "@")) or key.endswith("_attributes") or key == "xmlns"


def _attribute(node: Value, name: str) -> str:
    """An XML attribute, as evtx_dump (`#attributes`), xmltodict (`@Name`) or others keep it."""
    if not isinstance(node, dict):
        return ""
    attributes = node.get("#attributes")
    kept = attributes if isinstance(attributes, dict) else node
    return text_of(kept.get(name, kept.get(f"@{name}")))


def _flattened(row: Row) -> Iterator[tuple[str, Value]]:
    """Columns of the Elastic Common Schema: `winlog.event_id` whether it is nested or has a dot in its name."""
    for name, value in row.items():
        if isinstance(value, dict) and name in {"winlog", "event", "host", "log"}:
            yield from ((f"{name}.{inner}", cell) for inner, cell in value.items())
        else:
            yield name, value


def _elastic(cells: Cells, origin: Origin) -> Event | None:
    return _flat(Cells(dict(_flattened(cells.row)), cells.record), origin)


def _converted(cells: Cells, origin: Origin) -> Event | None:
    """`Event: {System: ..., EventData: ...}`: the XML of an event, converted to JSON."""
    event = cells.get("event")
    event = event if isinstance(event, dict) else cells.row
    system = event.get("System")
    if not isinstance(system, dict):
        return None
    event_id = integer_of(system.get("EventID"))
    rendering = event.get("RenderingInfo")
    row = {
        "providername": _system_attribute(system, "Provider", "Name"),
        "timecreated": _system_attribute(system, "TimeCreated", "SystemTime"),
        "level": system.get("Level"),
        "recordid": system.get("EventRecordID"),
        "channel": system.get("Channel"),
        "computer": system.get("Computer"),
        "message": rendering.get("Message") if isinstance(rendering, dict) else cells.text("message"),
    }
    if event_id is None:
        return None
    fields = Fields()
    _add_event_data(fields, event.get("EventData"))
    _add_leaves(fields, event.get("UserData"))
    return _record(Cells(row, cells.record), origin, _roles_of(tuple(row)), event_id & 0xFFFF, fields)


def _system_attribute(system: Row, element: str, name: str) -> str:
    beside = system.get(f"{element}_attributes")
    return text_of(beside.get(name)) if isinstance(beside, dict) else _attribute(system.get(element), name)


def _add_event_data(fields: Fields, data: Value) -> None:
    if not isinstance(data, dict):
        _add_data(fields, data, shipped=False)
        return
    for name, value in data.items():
        if name == "Data":
            _add_unnamed(fields, value)
        elif name == BINARY or not _is_attribute(name):
            fields.named(name, text_of(value))


def _add_unnamed(fields: Fields, value: Value) -> None:
    if isinstance(value, dict) and isinstance(value.get("#text"), (list, tuple)):
        value = value["#text"]
    for item in value if isinstance(value, (list, tuple)) else [value]:
        _add_datum(fields, item)


def _viewer(cells: Cells, origin: Origin) -> Event | None:
    """The Event Viewer's columns in their fixed order: level, time, source, id, task, message."""
    values = [text_of(value) for value in cells.row.values()]
    event_id = integer_of(values[3])
    if event_id is None or moment_of(values[1], origin) is None:
        return None
    row = dict(zip(("level", "timecreated", "source", "id", "task category", "message"), values, strict=True))
    return _flat(Cells(row, cells.record), origin)


EVENT_SHAPES: tuple[tuple[Callable[[frozenset[str]], bool], Reader], ...] = (
    (_has("winlog", "winlog.event_id"), _elastic),
    (_has("event", "system"), _converted),
    (_is_flat, _flat),
    (_is_viewer, _viewer),
)
