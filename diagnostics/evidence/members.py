"""Which members of an archive are refused for their name or kind, and the reason that the inventory prints.

No member's name is ever used as a path (members are stored under numbers), so this is the second wall: it keeps
documents out that only a forger would write, and tells the reader of the inventory so.
"""

import re
import unicodedata
from typing import NamedTuple

from engine.sentence import Sentence

_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)")
"""Device names, with or without extension: https://learn.microsoft.com/windows/win32/fileio/naming-a-file"""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Limits(NamedTuple):
    """How much an archive may ask of us. Beyond any of these the rest of the archive is refused."""

    nesting: int = 2
    """How many archives may stand round an archive."""
    ratio: int = 200
    """Unpacked bytes per packed byte ..."""
    ratio_floor: int = 32 << 20
    """... which is not asked of the first bytes of a member: an unused event log is mostly zeros."""
    members: int = 100_000
    """In all archives of a reading together."""
    total: int = 4 << 30
    """Unpacked bytes, in all archives of a reading together."""
    folders: int = 32
    """How deep a member may lie in folders."""


DEFAULT_LIMITS = Limits()


def refusal(name: str, limits: Limits = DEFAULT_LIMITS) -> str | None:
    """Why a member of this name is refused, None if it is welcome. Backslashes separate folders as slashes do."""
    path = name.replace("\\", "/")
    if _CONTROL.search(path):
        return Sentence("control character in its name")
    if path.startswith("//"):
        return Sentence("network (UNC) path")
    if path.startswith("/"):
        return Sentence("absolute path")
    if re.match(r"[A-Za-z]:", path):
        return Sentence("path with a drive letter")
    if ":" in path:
        return Sentence("alternate data stream")
    return _refusal_of_parts(path.rstrip("/").split("/"), limits)


def _refusal_of_parts(parts: list[str], limits: Limits) -> str | None:
    if ".." in parts:
        return Sentence("path that leads out of the archive")
    if len(parts) > limits.folders:
        return Sentence("more than {most} folders deep", most=limits.folders)
    for part in parts:
        if _RESERVED.match(part):
            return Sentence("name of a device")
        if part in {"", "."}:
            continue
        if part[-1] in ". ":
            return Sentence("name that ends in a dot or a blank")
    return None if any(part not in {"", "."} for part in parts) else Sentence("no name")


def identity(name: str) -> str:
    """Two members with the same identity are one file on Windows or macOS, so the second is refused."""
    parts = (part for part in name.replace("\\", "/").split("/") if part not in {"", "."})
    return unicodedata.normalize("NFC", "/".join(parts)).casefold()
