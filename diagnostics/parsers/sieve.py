"""Which lines of a text may hold what anybody looks for: most lines of most logs hold none of it.

Many lines are looked through at once, by one automaton, which takes a hundredth of the time that a look at each of them
takes. Patterns are necessary conditions, so a line that passes the sieve may still turn out to hold nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Protocol

import re2

BLANK = r"[ \t\v\f\r\x1c-\x1f\x85\p{Z}]"
"""What Python's `\\s` is within a line."""
DIGIT = r"\p{Nd}"
LABEL = rf"^(?:{BLANK}|[>*-])*[\pL\p{{Nl}}\p{{No}}][^:：\n]{{0,120}}(?:：|:(?:[^\\/\n]|$))"
"""A label and its colon, which is not that of a path."""
_ENOUGH = 32
"""So many matches tell that looking for more would cost more than it spares."""
_MEMORY = 64 << 20
"""For an automaton: its states take 2 KiB each, and there are about as many as the words have bytes."""


class _Match(Protocol):
    def start(self) -> int: ...


class _Pattern(Protocol):
    def finditer(self, text: bytes) -> Iterator[_Match]: ...


class Sieve:
    """Finds the lines that may open a block, and those that may tell something by themselves."""

    def __init__(self, opening: str, telling: str | None) -> None:
        """Two patterns in RE2's syntax, of case-folded lines: none may match a line break.

        `^` and `$` are those of a line. Without `telling`, every line may tell something.
        """
        self._opening = _whole_lines(opening)
        self._telling = None if telling is None else _whole_lines(telling)

    def opening(self, lines: Sequence[str]) -> bytearray:
        """For each line 1 where it may open a block, else 0."""
        return _marked(self._opening, lines)

    def telling(self, lines: Sequence[str]) -> bytearray:
        """For each line 1 where it may tell something, else 0."""
        return bytearray(b"\1" * len(lines)) if self._telling is None else _marked(self._telling, lines)


def any_of(words: Iterable[str]) -> str:
    """A pattern of any of these texts, in any case; what goes over several lines is in none."""
    return "|".join(re2.escape(word) for word in sorted({word.casefold() for word in words}) if "\n" not in word)


@lru_cache(maxsize=16)
def _whole_lines(pattern: str) -> _Pattern:
    """To the end of its line, so that a line is found once."""
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = _MEMORY
    compiled: _Pattern = re2.compile(rf"(?m)(?:{pattern})[^\n]*", options)
    return compiled


def _marked(pattern: _Pattern, lines: Sequence[str]) -> bytearray:
    """1 for the lines that a pattern matches; where it matches most of the first ones, for all that follow."""
    marks = bytearray(len(lines))
    data = "\n".join(lines).casefold().encode("utf-8", "replace")
    number = at = 0
    for count, match in enumerate(pattern.finditer(data)):
        number += data.count(b"\n", at, match.start())
        at = match.start()
        marks[number] = 1
        if count >= _ENOUGH and 2 * count > number:
            marks[number:] = b"\1" * (len(lines) - number)
            break
    return marks
