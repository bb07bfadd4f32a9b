"""Small JSON files in the user's state folder. What cannot be kept or read is not missed: nothing depends on it."""

import os
from pathlib import Path
from typing import TypeVar

import msgspec
from platformdirs import user_state_path

_Kept = TypeVar("_Kept")
_MAX_BYTES = 4 << 20


def state_folder() -> Path | None:
    """Where the user's system keeps what a program remembers; None for a user without a home."""
    folder = user_state_path("shindan", appauthor=False)
    return folder if folder.is_absolute() else None


def kept(path: Path, declared: type[_Kept]) -> _Kept | None:
    """What a file holds; None where there is none, or it is damaged or of another shape."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(_MAX_BYTES)
        return msgspec.json.decode(raw, type=declared, dec_hook=_from_json)
    except (OSError, msgspec.MsgspecError, NotImplementedError, UnicodeDecodeError):  # a session lost is no harm
        return None


def keep(path: Path, value: object) -> bool:
    """Write a value whole or not at all; whether it was written."""
    return keep_bytes(path, msgspec.json.format(msgspec.json.encode(value, enc_hook=str)))


def keep_bytes(path: Path, data: bytes) -> bool:
    """Write a file whole or not at all; whether it was written."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(data)
        fresh.replace(path)
    except OSError:
        return False
    return True


def _from_json(declared: type, value: object) -> object:
    """Paths are kept as text; nothing else is that JSON does not know."""
    if not issubclass(declared, Path) or not isinstance(value, str):
        raise NotImplementedError(declared.__name__)  # as msgspec asks of a hook
    return declared(value)
