"""Columns stay where they were: a name in a table takes the room that it had, blanks and all."""

import re
import unicodedata
from collections.abc import Iterator

_RULER = re.compile(r"^[ \t]*-{2,}(?: +-{2,})+[ \t]*\r?$", re.MULTILINE)
_BLANK_LINE = re.compile(r"\n[ \t]*\r?\n|\Z")


def stretches(text: str) -> Iterator[tuple[str, bool]]:
    """The text in pieces, and whether each is a table: what stands below a ruler, up to an empty line."""
    at = 0
    if "--" in text:
        for ruler in _RULER.finditer(text):
            if ruler.end() < at:
                continue
            yield text[at : ruler.end()], False
            end = _BLANK_LINE.search(text, ruler.end())
            at = end.start() if end else len(text)
            yield text[ruler.end() : at], True
    yield text[at:], False


def fitted(before: str, now: str, blanks: str) -> str:
    """The blanks behind a name, as many more as what stands for it is shorter, at least one."""
    rest = blanks.lstrip(" ")
    return " " * max(1, len(blanks) - len(rest) + _width(before) - _width(now)) + rest


def _width(text: str) -> int:
    """In columns of a terminal: East Asian characters take two."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
