"""The typed values of BinXml, as the text that Windows prints for them in an event's XML.

Types: [MS-EVEN6] 2.2.12 and libevtx, *Windows XML Event Log (EVTX)*,
https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc
"""

import struct
from collections.abc import Callable, Sized
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from diagnostics.parsers.evtx.coded import coded

NULL, STRING, UINT8, UINT16, INT32, UINT64 = 0x00, 0x01, 0x04, 0x06, 0x07, 0x0A
FILETIME, HEX32, BINXML, ARRAY = 0x11, 0x14, 0x21, 0x80
ANSI = 0x02
INTEGERS = range(0x03, 0x0B)
_SIZE, _SID = 0x10, 0x13

_EPOCH_TICKS = 116_444_736_000_000_000  # 1601-01-01 to 1970-01-01 in units of 100 ns
_YEAR_10000 = 253_402_300_800_000_000
Key = TypeVar("Key", bound=int | float | Sized)
Value = TypeVar("Value")


class Memo(dict[Key, Value], Generic[Key, Value]):
    """Answers of a pure function, remembered; a full memory forgets everything, so that it stays small.

    `room` is in entries, where each 64 units of a key's length (bytes, characters) count as one more.
    """

    def __init__(self, compute: Callable[[Key], Value], room: int = 40_000) -> None:
        super().__init__()
        self._compute = compute
        self._room = self._left = room

    def __missing__(self, key: Key) -> Value:
        value = self._compute(key)
        self._left -= 1 if isinstance(key, int | float) else 1 + len(key) // 64
        if self._left < 0:
            self.clear()
            self._left = self._room
        self[key] = value
        return value


def microseconds(ticks: int) -> int | None:
    """A FILETIME as microseconds since 1970 UTC; None where it is no time between 1970 and 9999."""
    time = (ticks - _EPOCH_TICKS) // 10
    return time if 0 <= time < _YEAR_10000 else None


def filetime(time: int) -> int:
    """Microseconds since 1970 as a FILETIME."""
    return time * 10 + _EPOCH_TICKS


def _utf16(raw: bytes) -> str:
    return raw.decode("utf-16-le", "replace").rstrip("\0")


def _ansi(raw: bytes) -> str:
    return raw.decode("cp1252", "replace").rstrip("\0")


def _guid(raw: bytes) -> str:
    return f"{{{UUID(bytes_le=raw)}}}"


def _sid(raw: bytes) -> str:
    if len(raw) < 8 or len(raw) != 8 + 4 * raw[1]:
        return raw.hex()
    parts = (raw[0], int.from_bytes(raw[2:8], "big"), *struct.unpack_from(f"<{raw[1]}I", raw, 8))
    return "S-" + "-".join(map(str, parts))


def _filetime(ticks: int) -> str:
    time = microseconds(ticks)
    if time is None:
        return str(ticks)
    moment = datetime.fromtimestamp(0, UTC) + timedelta(seconds=time // 1_000_000)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{(ticks - _EPOCH_TICKS) % 10_000_000:07}Z"


def _systemtime(raw: bytes) -> str:
    year, month, _, day, hour, minute, second, millisecond = struct.unpack("<8H", raw)
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z"


def _boolean(number: int) -> str:
    return "true" if number else "false"


Texts = Memo[Any, str]
"""Texts of values as `struct` gives them; `Coded` where error codes are printed in values of their type.

A GUID, a time or an address holds none, whatever it looks like.
"""
_coded: Texts = Memo(coded)

_name_of, _bytes_of = Texts(_utf16), Texts(bytes.hex)
_utf16_of, _ansi_of = Texts(lambda raw: coded(_utf16(raw))), Texts(lambda raw: coded(_ansi(raw)))
_guid_of, _sid_of = Texts(_guid), Texts(_sid)
_signed_of, _hex32_of = Texts(lambda value: coded(str(value))), Texts(lambda value: coded(hex(value)))
_int_of, _hex_of, _bool_of, _filetime_of = Texts(str), Texts(hex), Texts(_boolean), Texts(_filetime)
_float_of, _double_of, _systemtime_of = Texts("{:.9g}".format), Texts(repr), Texts(_systemtime)

name = _name_of.__getitem__
"""A provider's or machine's name."""


class _Form(NamedTuple):
    """How a value of fixed size lies in memory, and how it reads."""

    code: str
    texts: Texts


_FIXED: dict[tuple[int, int], _Form] = {
    (0x03, 1): _Form("b", _int_of),
    (UINT8, 1): _Form("B", _int_of),
    (0x05, 2): _Form("h", _int_of),
    (UINT16, 2): _Form("H", _int_of),
    (INT32, 4): _Form("i", _signed_of),
    (0x08, 4): _Form("I", _int_of),
    (0x09, 8): _Form("q", _int_of),
    (UINT64, 8): _Form("Q", _int_of),
    (0x0B, 4): _Form("f", _float_of),
    (0x0C, 8): _Form("d", _double_of),
    (0x0D, 4): _Form("i", _bool_of),
    (0x0D, 1): _Form("B", _bool_of),
    (0x0F, 16): _Form("16s", _guid_of),
    (_SIZE, 8): _Form("Q", _hex_of),
    (_SIZE, 4): _Form("I", _hex_of),
    (FILETIME, 8): _Form("Q", _filetime_of),
    (0x12, 16): _Form("16s", _systemtime_of),
    (HEX32, 4): _Form("I", _hex32_of),
    (0x15, 8): _Form("Q", _hex_of),
}
_SIZES = dict(reversed(_FIXED))
"""For arrays and literals, of the types that have one; the usual size where there are two."""
_VARIABLE: dict[int, Texts] = {NULL: _utf16_of, STRING: _utf16_of, ANSI: _ansi_of, _SID: _sid_of}
"""Of types that have no fixed size; all others read as hexadecimal digits."""


def _code(descriptor: int) -> str:
    kind, size = descriptor >> 16 & 0xFF, descriptor & 0xFFFF
    if kind == BINXML:  # is read where it lies, since it refers to its place in the chunk
        return f"{size}x0s"
    return _FIXED[kind, size].code if (kind, size) in _FIXED else f"{size}s"


def _outline(descriptor: int) -> int:
    kind, size = descriptor >> 16 & 0xFF, descriptor & 0xFFFF
    return kind << 16 | (size if kind in _SIZES else min(size, 1))


code = Memo(_code).__getitem__
"""The `struct` code, for exactly one object, of a value's descriptor: two bytes of size, one of type, one unused."""
outline = Memo(_outline).__getitem__
"""A descriptor that is equal for all values that read the same way: where sizes vary, 1 for any but none."""


def texts(descriptor: int) -> Texts:
    """How what `code` unpacks reads; a value of the wrong size, or of an unknown type, reads as hexadecimal digits."""
    kind, size = descriptor >> 16, descriptor & 0xFFFF
    if fixed := _FIXED.get((kind, size)):
        return fixed.texts
    return _VARIABLE.get(kind, _bytes_of) if size else _utf16_of


def text(kind: int, raw: bytes) -> str:
    """A single value as text."""
    descriptor = kind << 16 | len(raw)
    (value,) = struct.unpack("<" + _code(descriptor), raw)
    return texts(descriptor)[value]


def items(kind: int, raw: bytes) -> list[str]:
    """The elements of an array value; `kind` is the element's type. A kind of no fixed size is one hex text."""
    if kind in (STRING, ANSI):
        whole = raw.decode("utf-16-le" if kind == STRING else "cp1252", "replace")
        return [_coded[item] for item in whole.removesuffix("\0").split("\0")] if whole else []
    size = _SIZES.get(kind, len(raw))
    return [text(kind, raw[at : at + size]) for at in range(0, len(raw), size)] if size else []


def fixed_size(kind: int) -> int | None:
    """The size in bytes of a value that states none, None where the type has no fixed one."""
    return _SIZES.get(kind)
