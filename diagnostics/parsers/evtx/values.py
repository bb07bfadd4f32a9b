"""The typed values of BinXml, as the text that Windows prints for them in an event's XML.

Types: [MS-EVEN6] 2.2.12 and libevtx, *Windows XML Event Log (EVTX)*,
https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc
"""

import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

NULL, STRING, INT32, FILETIME, HEX32, BINXML, ARRAY = 0x00, 0x01, 0x07, 0x11, 0x14, 0x21, 0x80
ANSI = 0x02
INTEGERS = range(0x03, 0x0B)
_SIZE, _SID = 0x10, 0x13

_EPOCH_TICKS = 116_444_736_000_000_000  # 1601-01-01 to 1970-01-01 in units of 100 ns
_YEAR_10000 = 253_402_300_800_000_000
LONG = 256
"""Values of more bytes than this hardly repeat and are not worth remembering."""

Key = TypeVar("Key")
Value = TypeVar("Value")


class Memo(dict[Key, Value], Generic[Key, Value]):
    """Answers of a pure function, remembered; a full memory forgets everything, so that it stays small."""

    def __init__(self, compute: Callable[[Key], Value], limit: int = 20_000) -> None:
        super().__init__()
        self._compute = compute
        self._limit = limit

    def __missing__(self, key: Key) -> Value:
        value = self._compute(key)
        if len(self) >= self._limit:
            self.clear()
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


_utf16_of: Memo[bytes, str] = Memo(_utf16)
_guid_of: Memo[bytes, str] = Memo(_guid)
_sid_of: Memo[bytes, str] = Memo(_sid)
_hex_of: Memo[int, str] = Memo(hex)


class Form(NamedTuple):
    """How a value lies in memory, and how it reads."""

    code: str
    """A `struct` code for exactly one object."""
    text: Callable[[Any], str]


_FIXED: dict[tuple[int, int], Form] = {
    (0x03, 1): Form("b", str),
    (0x04, 1): Form("B", str),
    (0x05, 2): Form("h", str),
    (0x06, 2): Form("H", str),
    (INT32, 4): Form("i", str),
    (0x08, 4): Form("I", str),
    (0x09, 8): Form("q", str),
    (0x0A, 8): Form("Q", str),
    (0x0B, 4): Form("f", "{:.9g}".format),
    (0x0C, 8): Form("d", repr),
    (0x0D, 4): Form("i", _boolean),
    (0x0D, 1): Form("B", _boolean),
    (0x0F, 16): Form("16s", _guid_of.__getitem__),
    (_SIZE, 8): Form("Q", _hex_of.__getitem__),
    (_SIZE, 4): Form("I", _hex_of.__getitem__),
    (FILETIME, 8): Form("Q", _filetime),
    (0x12, 16): Form("16s", _systemtime),
    (HEX32, 4): Form("I", _hex_of.__getitem__),
    (0x15, 8): Form("Q", _hex_of.__getitem__),
}
_SIZES = {kind: size for kind, size in reversed(_FIXED)}
"""For arrays and literals, of the types that have one; the usual size where there are two."""


def form(kind: int, size: int) -> Form:
    """How a value of this type and size in bytes is read; what is of neither known type nor right size reads as hex."""
    if fixed := _FIXED.get((kind, size)):
        return fixed
    if kind == BINXML:
        return Form(f"{size}x0s", bytes.hex)  # read where it lies, since it refers to its place in the chunk
    if kind == STRING or not size:
        return Form(f"{size}s", _utf16_of.__getitem__ if size <= LONG else _utf16)
    return Form(f"{size}s", {ANSI: _ansi, _SID: _sid_of.__getitem__}.get(kind, bytes.hex))


def text(kind: int, raw: bytes) -> str:
    """A single value as text."""
    code, read = form(kind, len(raw))
    return read(*struct.unpack(f"<{code}", raw))


def items(kind: int, raw: bytes) -> list[str]:
    """The elements of an array value; `kind` is the element's type. A kind of no fixed size is one hex text."""
    if kind in (STRING, ANSI):
        whole = raw.decode("utf-16-le" if kind == STRING else "cp1252", "replace")
        return whole.removesuffix("\0").split("\0") if whole else []
    size = _SIZES.get(kind, len(raw))
    return [text(kind, raw[at : at + size]) for at in range(0, len(raw), size)] if size else []


def fixed_size(kind: int) -> int | None:
    """The size in bytes of a value that states none, None where the type has no fixed one."""
    return _SIZES.get(kind)
