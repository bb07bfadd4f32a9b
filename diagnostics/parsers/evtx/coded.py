"""Texts that hold error codes: found once, when a value is first decoded, and carried along by the text itself.

Most values hold none, and most occur again and again, so an event need not be searched: it is enough to look whether
one of its texts is `Coded`.
"""

import re
from functools import lru_cache

from diagnostics.parsers.codes import canonical, find_codes, told_apart

_NAMES_A_CODE = re.compile(
    r".*(?:error|errorcode|hresult|ntstatus)\d?|hr|(?:final|failure|translated)?status|result(?:code)?", re.IGNORECASE
)
"""After the manifests of Microsoft-Windows-Backup, -Hyper-V-*, -VolumeSnapshot-Driver, -Ntfs, -FailoverClustering."""
_NUMBER = re.compile(r"-?[1-9]\d{0,9}|0x0*[1-9a-f][0-9a-f]{0,15}", re.IGNORECASE)


class Coded(str):
    """A text in which codes were found. It never leaves this package: events hold the plain text."""

    __slots__ = ("codes",)
    codes: tuple[str, ...]


def coded(text: str) -> str:
    """The text; as `Coded` where it holds error codes."""
    codes = find_codes(text)
    if not codes:
        return text
    found = Coded(text)
    found.codes = codes
    return found


@lru_cache(maxsize=4096)
def names_a_code(name: str) -> bool:
    """Whether a number in a field of this name is an error code, whatever it looks like."""
    return bool(_NAMES_A_CODE.fullmatch(name))


def take_codes(fields: dict[str, str], numbers: frozenset[str]) -> tuple[str, ...]:
    """The codes of a record, in its order. `numbers` are the fields named after codes. Makes all texts plain."""
    codes = dict[str, None]()
    for name, text in fields.items():
        if name in numbers and _NUMBER.fullmatch(text) and (code := canonical(text)):
            codes[code] = None
        elif isinstance(text, Coded):
            codes.update(dict.fromkeys(text.codes))
        if isinstance(text, Coded):
            fields[name] = str(text)
    return told_apart(codes) if codes else ()
