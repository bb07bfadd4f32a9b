"""The language of filters: what a person types, as terms; and back.

A filter is terms, all of which hold: `level:error machine:HV01 -id:8194 "disk is full" /0x8004[0-9A-F]{4}/`. A leading
`-` negates. Values of a key may be several, with commas, one of which holds. Names are found anywhere in a name, in any
case; `machine:=HV1` asks for the whole of it. Patterns are RE2, in any case, and only ever what a person typed.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, tzinfo
from difflib import get_close_matches
from enum import StrEnum
from typing import NamedTuple

import re2

from diagnostics.event import Level
from diagnostics.parsers.codes import canonical
from diagnostics.rules.conditions import Pattern, compile_pattern

_SPACE = " \t\r\n\u3000"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LEVELS: dict[str, tuple[int, ...]] = {
    "critical": (Level.CRITICAL,),
    "error": (Level.ERROR,),
    "warning": (Level.WARNING,),
    "information": (Level.INFORMATION,),
    "info": (Level.INFORMATION,),
    "verbose": (Level.VERBOSE,),
    "unknown": (Level.UNKNOWN,),
}
_LEVELS |= {f"{word}+": tuple(range(1, levels[0] + 1)) for word, levels in _LEVELS.items() if levels[0]}
_MOST_ID = 0xFFFF_FFFF


class Key(StrEnum):
    """What a term asks about."""

    COMPONENT = "component"
    MACHINE = "machine"
    ID = "id"
    PROVIDER = "provider"
    LEVEL = "level"
    CODE = "code"
    SOURCE = "source"
    SINCE = "since"
    UNTIL = "until"
    WORD = ""
    """A word, found anywhere in what an event says."""
    PATTERN = "/"


class Term(NamedTuple):
    """One condition of a filter."""

    key: Key
    value: str
    """As typed, without quotes."""
    negated: bool = False

    def __str__(self) -> str:
        """As a person would type it."""
        sign = "-" if self.negated else ""
        if self.key is Key.PATTERN:
            return f"{sign}/{self.value.replace('/', chr(92) + '/')}/"
        prefix = f"{self.key}:" if self.key else ""
        return f"{sign}{prefix}{_quoted(self.value, plain=bool(prefix))}"


Query = tuple[Term, ...]


class FilterError(ValueError):
    """A filter that cannot be understood: where (0-based, of its text) and what was expected."""

    def __init__(self, at: int, expected: str) -> None:
        super().__init__(f"at {at + 1}: {expected}")
        self.at = at
        self.expected = expected


def parse(text: str) -> Query:
    """The terms of a filter. Raises `FilterError` at the first thing that is none."""
    return tuple(_Scanner(text).terms())


def printed(query: Query) -> str:
    """The filter as text that `parse` reads back to the same terms."""
    return " ".join(map(str, query))


def levels(value: str) -> frozenset[int]:
    """The levels that `error`, `error,warning` or `warning+` (that, or worse) name. Raises `ValueError`."""
    found: set[int] = set()
    for word in _alternatives(value):
        if word.casefold() not in _LEVELS:
            raise ValueError(f"no such level: {word} (expected {', '.join(_LEVELS)})")
        found.update(_LEVELS[word.casefold()])
    return frozenset(found)


def ids(value: str) -> tuple[range, ...]:
    """The ids that `8193`, `8193,8194` or `8190-8199` name. Raises `ValueError`."""
    found = []
    for word in _alternatives(value):
        first, _, last = word.partition("-")
        if not (first.isdecimal() and (last.isdecimal() or not _)) or max(len(first), len(last)) > 10:
            raise ValueError(f"no event id: {word} (expected a number, or two as 8190-8199)")
        found.append(range(int(first), min(int(last or first), _MOST_ID) + 1))
    return tuple(found)


def codes(value: str) -> frozenset[str]:
    """The codes that `0x800423F4`, `-2147212300` or `ID 30112` name, as events carry them. Raises `ValueError`."""
    found = set()
    for word in _alternatives(value):
        code = canonical(word)
        if code is None:
            raise ValueError(f"no error code: {word} (expected for example 0x800423F4, -2147212300 or 'ID 30112')")
        found.add(code)
    return frozenset(found)


def names(value: str) -> Callable[[str], bool]:
    """Whether a name is one that `HV0`, `=HV01` or `HV01,SQL` asks for. Raises `ValueError`."""
    wanted = [word.casefold() for word in _alternatives(value)]

    def found(name: str) -> bool:
        folded = name.casefold()
        return any(folded == word[1:] if word.startswith("=") else word in folded for word in wanted)

    return found


def moment(value: str, zone: tzinfo = UTC) -> int:
    """Microseconds UTC of `2026-11-22`, `2026-11-22T01:02` or with `Z` or an offset. Raises `ValueError`."""
    try:
        time = datetime.fromisoformat(value.strip())
    except ValueError:
        raise ValueError(f"no time: {value} (expected for example 2026-11-22T01:02:03, or with Z)") from None
    aware = time if time.tzinfo else time.replace(tzinfo=zone)
    since = aware - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def pattern(value: str) -> Pattern:
    """A person's pattern, compiled; in any case. Raises `re2.error`."""
    return compile_pattern(f"(?i){value}")


def _pattern(value: str) -> None:
    try:
        pattern(value)
    except (re2.error, UnicodeEncodeError) as error:
        raise ValueError(f"no pattern of RE2: {error}") from None


def _word(value: str) -> None:
    if not value:
        raise ValueError("a word or a phrase is missing here")


_CHECKS: dict[Key, Callable[[str], object]] = {
    Key.LEVEL: levels,
    Key.ID: ids,
    Key.CODE: codes,
    Key.SINCE: moment,
    Key.UNTIL: moment,
    Key.PATTERN: _pattern,
    Key.WORD: _word,
}
KEYS = {str(key): key for key in Key if key not in (Key.WORD, Key.PATTERN)}


def _alternatives(value: str) -> list[str]:
    words = [word.strip() for word in value.split(",")]
    if not all(word.removeprefix("=") for word in words):
        raise ValueError("a value is missing here")
    return words


def _quoted(value: str, *, plain: bool) -> str:
    """A value as it must be typed to be read back; without a key it must not look like another term."""
    special = any(char in _SPACE or char in '"\\' for char in value)
    looks = not plain and (value[:1] in ("-", "/") or ":" in value)
    if value and not special and not looks:
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class _Scanner:
    """Reads terms from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def terms(self) -> Iterator[Term]:
        while self._skip_space():
            yield self._term()

    def _term(self) -> Term:
        negated = self._takes("-")
        key = self._key()
        at = self._at
        value = self._value(key)
        try:
            _CHECKS.get(key, names)(value)
        except ValueError as error:
            raise FilterError(at, str(error)) from None
        if self._at < len(self._text) and self._text[self._at] not in _SPACE:
            raise FilterError(self._at, "expected a space before the next term")
        return Term(key, value, negated)

    def _key(self) -> Key:
        if self._takes("/"):
            return Key.PATTERN
        word, colon, _ = self._text[self._at :].partition(":")
        if not colon or not word.isalpha():
            return Key.WORD
        key = KEYS.get(word.casefold())
        if key is None:
            if similar := get_close_matches(word.casefold(), KEYS, n=1, cutoff=0.7):
                raise FilterError(self._at, f"no such key: {word} (did you mean {similar[0]}? else in quotes)")
            return Key.WORD
        self._at += len(word) + 1
        return key

    def _value(self, key: Key) -> str:
        if key is Key.PATTERN:
            return self._until("/", "expected / at the end of the pattern", keep_escapes=True)
        if self._takes('"'):
            return self._until('"', 'expected " at the end of the phrase')
        start = self._at
        while self._at < len(self._text) and self._text[self._at] not in _SPACE:
            self._at += 1
        return self._text[start : self._at]

    def _until(self, end: str, expected: str, *, keep_escapes: bool = False) -> str:
        """Up to an unescaped `end`; in patterns all escapes but that of `/` are the pattern's."""
        start, value = self._at, ""
        while self._at < len(self._text):
            char = self._text[self._at]
            self._at += 1
            if char == end:
                return value
            if char == "\\" and self._at < len(self._text):
                escaped = self._text[self._at]
                self._at += 1
                value += char + escaped if keep_escapes and escaped != end else escaped
            else:
                value += char
        raise FilterError(start - 1, expected)

    def _takes(self, char: str) -> bool:
        found = self._text.startswith(char, self._at)
        self._at += found
        return found

    def _skip_space(self) -> bool:
        while self._at < len(self._text) and self._text[self._at] in _SPACE:
            self._at += 1
        return self._at < len(self._text)
