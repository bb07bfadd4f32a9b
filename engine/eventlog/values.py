"""The typed values of event records, and the XML trees that they fill.

Types: [MS-EVEN6] 2.2.12, https://learn.microsoft.com/openspecs/windows_protocols/ms-even6/ and libevtx, *Windows XML
Event Log (EVTX)*, https://github.com/libyal/libevtx/blob/main/documentation/
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from hashlib import blake2b
from typing import NamedTuple, Union
from uuid import UUID

from engine.eventlog.errors import ValueRefusedError

_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


class Type(IntEnum):
    """How the bytes of a value are meant."""

    NULL = 0x00
    STRING = 0x01
    ANSI = 0x02
    INT8 = 0x03
    UINT8 = 0x04
    INT16 = 0x05
    UINT16 = 0x06
    INT32 = 0x07
    UINT32 = 0x08
    INT64 = 0x09
    UINT64 = 0x0A
    REAL32 = 0x0B
    REAL64 = 0x0C
    BOOLEAN = 0x0D
    BINARY = 0x0E
    GUID = 0x0F
    FILETIME = 0x11
    SYSTEMTIME = 0x12
    SID = 0x13
    HEX32 = 0x14
    HEX64 = 0x15
    BINXML = 0x21
    STRINGS = 0x81


_NUMBERS = {
    Type.INT8: "<b",
    Type.UINT8: "<B",
    Type.INT16: "<h",
    Type.UINT16: "<H",
    Type.INT32: "<i",
    Type.UINT32: "<I",
    Type.INT64: "<q",
    Type.UINT64: "<Q",
    Type.REAL32: "<f",
    Type.REAL64: "<d",
    Type.HEX32: "<I",
    Type.HEX64: "<Q",
}


class Value(NamedTuple):
    """A value as it lies in a record."""

    type: Type
    raw: bytes


NULL = Value(Type.NULL, b"")
"""No value: an optional slot that holds it leaves no trace in the XML."""


def text(string: str) -> Value:
    """A UnicodeString. Raises `ValueRefusedError` for NUL, which ends one, and for half of a surrogate pair."""
    return Value(Type.STRING, _utf16(string))


def ansi(string: str) -> Value:
    """An AnsiString, in the code page of western Europe, which readers assume. Raises `ValueRefusedError`."""
    try:
        return Value(Type.ANSI, string.encode("cp1252"))
    except UnicodeEncodeError as error:
        raise ValueRefusedError(f"{string[error.start]!r} is not in code page 1252") from error


def texts(strings: Iterable[str]) -> Value:
    """An array of UnicodeStrings. Raises `ValueRefusedError` as `text` does."""
    return Value(Type.STRINGS, b"".join(_utf16(string) + b"\0\0" for string in strings))


def number(kind: Type, amount: float) -> Value:
    """An integer, hexadecimal or floating-point number. Raises `ValueRefusedError` where it is out of range."""
    try:
        return Value(kind, struct.pack(_NUMBERS[kind], amount))
    except (struct.error, OverflowError) as error:
        raise ValueRefusedError(f"{amount} is no {kind.name}: {error}") from error


def boolean(truth: bool) -> Value:  # noqa: FBT001 - it is the value
    return Value(Type.BOOLEAN, struct.pack("<I", truth))


def binary(data: bytes) -> Value:
    return Value(Type.BINARY, data)


def guid(identifier: UUID) -> Value:
    return Value(Type.GUID, identifier.bytes_le)


def filetime(moment: datetime) -> Value:
    """Units of 100 ns since 1601. Raises `ValueRefusedError` for earlier times."""
    if moment < _EPOCH:
        raise ValueRefusedError(f"{moment} is before 1601")
    return Value(Type.FILETIME, struct.pack("<Q", ticks(moment)))


def ticks(moment: datetime) -> int:
    """A time with its zone as a FILETIME, without rounding."""
    return (moment - _EPOCH) // timedelta(microseconds=1) * 10


def systemtime(moment: datetime) -> Value:
    """A SYSTEMTIME in UTC: fields of the calendar down to milliseconds, Sunday being day 0."""
    utc = moment.astimezone(UTC)
    day = utc.isoweekday() % 7
    parts = utc.year, utc.month, day, utc.day, utc.hour, utc.minute, utc.second, utc.microsecond // 1000
    return Value(Type.SYSTEMTIME, struct.pack("<8H", *parts))


def sid(string: str) -> Value:
    """A security identifier such as S-1-5-18 ([MS-DTYP] 2.4.2). Raises `ValueRefusedError` where it is none."""
    if not string.startswith("S-"):
        raise ValueRefusedError(f"{string!r} is no SID: it does not begin with S-")
    try:
        revision, authority, *parts = string.removeprefix("S-").split("-")
        head = bytes((int(revision), len(parts))) + int(authority).to_bytes(6, "big")
        return Value(Type.SID, head + struct.pack(f"<{len(parts)}I", *map(int, parts)))
    except (ValueError, OverflowError, struct.error) as error:
        raise ValueRefusedError(f"{string!r} is no SID: {error}") from error


def _utf16(string: str) -> bytes:
    if "\0" in string:
        raise ValueRefusedError("a NUL character, which ends a string")
    try:
        return string.encode("utf-16-le")
    except UnicodeEncodeError as error:
        raise ValueRefusedError(f"half of a surrogate pair at character {error.start}") from error


class Slot(NamedTuple):
    """Where a value of the record goes."""

    number: int
    type: Type
    optional: bool = False
    """Whether element or attribute vanish where the value is NULL."""


class Element(NamedTuple):
    """An XML element of a template: literal text, slots and elements in their order."""

    name: str
    attributes: tuple[tuple[str, str | Slot], ...] = ()
    content: tuple[Union[str, Slot, "Element"], ...] = ()


@dataclass(frozen=True, eq=False)
class Template:
    """An XML tree with slots; a chunk keeps one definition of it, and records refer to that."""

    root: Element
    guid: bytes = field(init=False)
    """16 bytes that are the same for the same tree. Windows draws them from the provider's resources."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "guid", blake2b(repr(self.root).encode("utf-16-le"), digest_size=16).digest())


class Instance(NamedTuple):
    """A template with its values: a whole event, or XML that is itself a value."""

    template: Template
    values: tuple[Union[Value, "Instance"], ...]
