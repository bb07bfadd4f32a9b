"""Where lines of text may end, on anything whose columns are cells: wide characters take two.

Japanese is written without spaces: a line may end after every character, but none begins with a full stop, a closing
bracket, a small kana or the sign for a long vowel, and none ends with an opening bracket (JIS X 4051, kinsoku).
Words of narrow characters stay whole. The library that knows all of Unicode's rules (uniseg) needs 10 ms for a
sentence: too long for a screen of them.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

_OPENING = "（「『【［｛〈《〔“‘(["  # noqa: RUF001 - these very characters are meant
_NEVER_FIRST = "、。，．・：；！？）」』】］｝〉》〕”’ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ々…％"  # noqa: RUF001 - as above
_WIDE = "\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff01-\uff60\uffe0-\uffe6"
_UNIT = re.compile(
    rf"[{re.escape(_OPENING)}]*(?:[{_WIDE}][)\],.:;!?%]*|[^\s{_WIDE}{_NEVER_FIRST}]+|)[{_NEVER_FIRST}]*[)\]]*\s*"
)
"""What stays together: opening brackets, a wide character or a word, what may not begin a line, the spaces after."""
_HAS_WIDE = re.compile(f"[{_WIDE}]").search


def has_wide(text: str) -> bool:
    """Whether a text is, in part, of characters between which lines may end without a space."""
    return _HAS_WIDE(text) is not None


def breaks(text: str, cells: int) -> list[int]:
    """Where in one line of text the next ones begin, so that each takes at most so many cells; spaces at ends aside."""
    found: list[int] = []
    taken = 0
    for unit in _UNIT.finditer(text):
        needed = cell_len(unit.group().rstrip())
        if taken and taken + needed > cells:
            found.append(unit.start())
            taken = 0
        if needed > cells:
            folded = _folded(unit.group(), cells)
            found += [unit.start() + place for place in folded]
            taken = cell_len(unit.group()[folded[-1] if folded else 0 :])
        else:
            taken += cell_len(unit.group())
    return found


def _folded(word: str, cells: int) -> list[int]:
    """Where a word that is longer than a line has to be cut."""
    found: list[int] = []
    taken = 0
    for place, character in enumerate(word.rstrip()):
        width = cell_len(character)
        if taken and taken + width > cells:
            found.append(place)
            taken = 0
        taken += width
    return found


def broken(text: str, cells: int) -> list[str]:
    """Text as lines of at most so many cells."""
    places = [0, *breaks(text, cells), len(text)]
    return [text[first:after].rstrip() for first, after in pairwise(places)]


def cut(text: str, cells: int) -> str:
    """The beginning that fits into so many cells."""
    if cell_len(text) <= cells:
        return text
    shortened = text[:cells]
    while cell_len(shortened) > cells - 1:
        shortened = shortened[:-1]
    return f"{shortened}…"


def wrapped(text: Text, console: Console, cells: int) -> Iterator[Text]:
    """Styled text in lines of at most so many cells."""
    for line in text.split("\n", allow_blank=True):
        if has_wide(line.plain):
            yield from line.divide(breaks(line.plain, cells))
        else:
            yield from line.wrap(console, cells, overflow="fold")
