"""Values of every type with what readers have to make of them, drawn by hypothesis."""

from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from hypothesis import strategies as st

from engine.eventlog import values
from engine.eventlog.values import Type, Value

ALPHABET = st.sampled_from("aZ09 <&>\"'%\\\t\n\r日本語ソ表能ÄÖÜßé𠮷😀Å\u3000\u200e\ufffd") | st.characters(
    exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"
)
STRINGS = st.text(ALPHABET, max_size=40)
NAMES = st.text("abcXYZ_0", min_size=1, max_size=8).map("n{}".format)
MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(2500, 1, 1), timezones=st.just(UTC))


class Sample(NamedTuple):
    value: Value
    means: Any
    understand: Callable[[str], Any]
    """From a reader's text to what it means, leaving out how a reader prefers to print it."""


def _number(kind: Type, low: int, high: int) -> st.SearchStrategy[Sample]:
    return st.integers(low, high).map(lambda n: Sample(values.number(kind, n), n, lambda text: int(text, 0)))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace(" ", "T"))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _filetime(moment: datetime) -> Sample:
    """python-evtx computes in floating point and may miss by some microseconds."""

    def understand(text: str) -> datetime:
        read = _moment(text)
        return moment if abs(read - moment) < timedelta(microseconds=10) else read

    return Sample(values.filetime(moment), moment, understand)


def _whole_second(moment: datetime) -> Sample:
    """python-evtx takes the milliseconds of a SYSTEMTIME for microseconds."""
    moment = moment.replace(microsecond=0)
    return Sample(values.systemtime(moment), moment, _moment)


def _bytes(text: str) -> set[bytes]:
    """Hexadecimal digits or, of python-evtx, Base64."""
    readings = set()
    for decode in (bytes.fromhex, b64decode):
        try:
            readings.add(decode(text))
        except ValueError:
            continue
    return readings


class _OneOf:
    """Equal to a set of readings that it is among."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __eq__(self, other: object) -> bool:
        return isinstance(other, set) and self._data in other

    def __hash__(self) -> int:
        return hash(self._data)

    def __repr__(self) -> str:
        return repr(self._data)


def _sid(parts: list[int]) -> Sample:
    text = "S-1-5-" + "-".join(map(str, parts))
    return Sample(values.sid(text), text, str)


def lines(text: str) -> str:
    """As XML parsers hand on line ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _real(kind: Type, width: int) -> st.SearchStrategy[Sample]:
    numbers = st.floats(-1e6, 1e6, width=width, allow_subnormal=False)  # type: ignore[arg-type]
    return numbers.map(lambda n: Sample(values.number(kind, n), n, lambda text: _near(float(text), n)))


def _near(read: float, meant: float) -> float:
    return meant if abs(read - meant) <= 1e-6 * max(1.0, abs(meant)) else read


SAMPLES: st.SearchStrategy[Sample] = st.one_of(
    STRINGS.map(lambda text: Sample(values.text(text), lines(text), lines)),
    st.text(st.characters(codec="ascii", exclude_categories=["Cc"])).map(lambda t: Sample(values.ansi(t), t, str)),
    _number(Type.INT8, -(2**7), 2**7 - 1),
    _number(Type.UINT8, 0, 2**8 - 1),
    _number(Type.INT16, -(2**15), 2**15 - 1),
    _number(Type.UINT16, 0, 2**16 - 1),
    _number(Type.INT32, -(2**31), 2**31 - 1),
    _number(Type.UINT32, 0, 2**32 - 1),
    _number(Type.INT64, -(2**63), 2**63 - 1),
    _number(Type.UINT64, 0, 2**64 - 1),
    _number(Type.HEX32, 0, 2**32 - 1),
    _number(Type.HEX64, 0, 2**64 - 1),
    _real(Type.REAL32, 32),
    _real(Type.REAL64, 64),
    st.booleans().map(lambda truth: Sample(values.boolean(truth), truth, lambda text: text.lower() == "true")),
    st.binary(min_size=1, max_size=40).map(lambda data: Sample(values.binary(data), _OneOf(data), _bytes)),
    st.uuids().map(lambda one: Sample(values.guid(one), one, UUID)),
    MOMENTS.map(_filetime),
    MOMENTS.map(_whole_second),
    st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=6).map(_sid),
)
