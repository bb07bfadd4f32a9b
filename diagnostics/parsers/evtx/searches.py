"""Which fields of a record may hold an error code, by name and type: most never do, and need not be searched."""

import re
from functools import lru_cache

from diagnostics.parsers.codes import canonical, find_codes
from diagnostics.parsers.evtx import values

Search = values.Memo[str, tuple[str, ...]]
"""The error codes in a field's text."""

_KINDS = (values.STRING, values.ANSI, values.INT32, values.HEX32)
"""Types that codes are printed in whatever the field is called; a GUID or a time holds none, whatever it looks like."""
_NUMBERS = (*_KINDS, *values.INTEGERS)
_NAMES_A_CODE = re.compile(
    r".*(?:error|errorcode|hresult|ntstatus)\d?|hr|(?:final|failure|translated)?status|result(?:code)?", re.IGNORECASE
)
"""After the manifests of Microsoft-Windows-Backup, -Hyper-V-*, -VolumeSnapshot-Driver, -Ntfs, -FailoverClustering."""
_NUMBER = re.compile(r"-?[1-9]\d{0,9}|0x0*[1-9a-f][0-9a-f]{0,15}", re.IGNORECASE)

_codes_in: Search = values.Memo(find_codes)


def _code_of_number(text: str) -> tuple[str, ...]:
    code = canonical(text) if _NUMBER.fullmatch(text) else None
    return (code,) if code else _codes_in[text]


_codes_of_number: Search = values.Memo(_code_of_number)


@lru_cache(maxsize=4096)
def search_in(name: str, kind: int) -> Search | None:
    """How to find the codes in a field of this name and type; None where it holds none."""
    if kind in _NUMBERS and _NAMES_A_CODE.fullmatch(name):
        return _codes_of_number
    return _codes_in if kind in _KINDS else None
