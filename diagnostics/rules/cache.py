"""What reading a folder of rules came to the last time, so that unchanged files need not be read again.

A cache is only ever a shortcut. One that cannot be read or written (a read-only home), is damaged, or was made from
other files or by other code is not used, and nobody is told: the rules are then read from their files.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import msgspec
import re2
from platformdirs import user_cache_path

from diagnostics.rules.conditions import AllOf, AnyOf, Node, Not, Regex, compile_pattern
from diagnostics.rules.rule import Pack, Rule, sits_on

_MAX_BYTES = 64 << 20
_MAX_NESTING = 100
_READERS = Path(__file__).parents[2]
"""Where the code lies whose change may change what a file means; its version alone would mislead its developers."""
_CODE = ("diagnostics/rules", "engine/datafiles", "diagnostics", "engine")

_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER = msgspec.json.Decoder(Pack)


def cache_folder() -> Path | None:
    """Where the user's system keeps caches; None for a user without a home."""
    folder = user_cache_path("shindan", appauthor=False)
    return folder if folder.is_absolute() else None


def remembered(place: Path, files: Iterable[Path], folder: Path, read: Callable[[], Pack]) -> Pack:
    """What `read` makes of the files of a place; from the cache in `folder` where they are the same as last time."""
    known = sha256(os.fsencode(place.absolute())).hexdigest()[:16]
    path = folder / f"{known}-{_fingerprint(files)}.json"
    kept = _load(path)
    if kept is not None:
        return kept
    pack = read()
    _keep(path, pack, f"{known}-*")
    return pack


def _fingerprint(files: Iterable[Path]) -> str:
    """Of the files, of the code that reads them, and of the library that it reads them with."""
    code = (path for room in _CODE for path in sorted((_READERS / room).glob("*.py")))
    told = [version("shindan"), version("pysigma"), *_states(code), *_states(files)]
    return sha256("\0".join(told).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _states(files: Iterable[Path]) -> Iterator[str]:
    for file in files:
        try:
            state = file.stat()
        except OSError as error:  # reading it will tell; here it only has to differ from a file that can be read
            yield f"{file} {error.errno}"
        else:
            yield f"{file} {state.st_size} {state.st_mtime_ns}"


def _load(path: Path) -> Pack | None:
    try:
        with path.open("rb") as stream:
            raw = stream.read(_MAX_BYTES)
        pack = _DECODER.decode(raw)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return pack if all(map(_is_sound, pack.rules)) else None


def _is_sound(rule: Rule) -> bool:
    """What types do not say, and matching relies on."""
    return sits_on(rule.component, rule.plate) and _can_be_asked(rule.condition, _MAX_NESTING)


def _can_be_asked(node: Node, depth: int) -> bool:
    match node:
        case AllOf(parts) | AnyOf(parts):
            return depth > 0 and all(_can_be_asked(part, depth - 1) for part in parts)
        case Not(part):
            return depth > 0 and _can_be_asked(part, depth - 1)
        case Regex(_, pattern):
            return _is_pattern(pattern)
    return True


def _is_pattern(pattern: str) -> bool:
    try:
        compile_pattern(pattern)
    except re2.error:
        return False
    return True


def _keep(path: Path, pack: Pack, earlier: str) -> None:
    """Write, and remove what was kept for the same place `earlier`; another process may be doing the same."""
    fresh = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(_ENCODER.encode(pack))
        fresh.replace(path)
        for old in path.parent.glob(earlier):
            if old != path:
                old.unlink(missing_ok=True)
    except (OSError, UnicodeEncodeError):  # a read-only home or a full disk; a file name that is no text
        return
