"""Which fields of a record may hold an error code, by name and type: most never do, and need not be searched."""

import re
from collections.abc import Callable
from functools import lru_cache

from diagnostics.parsers.codes import canonical, find_codes
from diagnostics.parsers.evtx import values

Search = Callable[[str], tuple[str, ...]]
"""Finds the error codes in a field's text."""

_KINDS = (values.STRING, values.ANSI, values.INT32, values.HEX32)
"""Types that codes are printed in whatever the field is called; a GUID or a time holds none, whatever it looks like."""
_NUMBERS = (*_KINDS, *values.INTEGERS)
_NAMES_A_CODE = re.compile(
    r".*(?:error|errorcode|hresult|ntstatus)\d?|hr|(?:final|failure|translated)?status|result(?:code)?", re.IGNORECASE
)
"""Names after the manifests of Microsoft-Windows-Backup, -Hyper-V-*, -VolumeSnapshot-Driver, -Ntfs and FailoverClustering."""
_NUMBER = re.compile(r"-?[1-9]\d{0,9}|0x0*[1-9a-f][0-9a-f]{0,15}", re.IGNORECASE)

_known: values.Memo[str, tuple[str, ...]] = values.Memo(find_codes)


@lru_cache(maxsize=4096)
def search_in(name: str, kind: int) -> Search | None:
    """How to find the codes in a field of this name and type; None where it holds none."""
    if kind in _NUMBERS and _NAMES_A_CODE.fullmatch(name):
        return _number_that_is_a_code
    return _known.__getitem__ if kind in _KINDS else None


def _number_that_is_a_code(text: str) -> tuple[str, ...]:
    code = canonical(text) if _NUMBER.fullmatch(text) else None
    return (code,) if code else _known[text]
