"""Sizes, moments and reasons as commands and screens say them."""

from datetime import UTC, datetime

from diagnostics.language import say
from engine.dpm.errors import RepositoryError, explained


def reason(error: RepositoryError | OSError) -> str:
    """What went wrong, in the language that is spoken; names in it are hostile."""
    return say(explained(error))


def when(nanoseconds: int) -> str:
    """A time in UTC, to the second, in ISO 8601."""
    return datetime.fromtimestamp(nanoseconds // 10**9, UTC).isoformat().replace("+00:00", "Z")


def size(count: int) -> str:
    """Bytes for people."""
    if count < 1024:
        return say("{count} bytes", count=count)
    amount, units = count / 1024, ["KiB", "MiB", "GiB", "TiB"]
    while amount >= 1024 and len(units) > 1:
        amount, units = amount / 1024, units[1:]
    return f"{amount:.1f} {units[0]}"
