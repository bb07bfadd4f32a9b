"""Completes a path while it is typed."""

import asyncio
import os
from pathlib import Path

from textual.suggester import Suggester

from tui.widgets.field import typed as as_typed

_MOST = 5000
"""Entries of a folder that are looked at."""


class PathSuggester(Suggester):
    """Suggests the first entry, in order of names, that goes on as what was typed does."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The path that the typed one may become; folders end with a separator."""
        return await asyncio.to_thread(_completed, value)


def _completed(typed: str) -> str | None:
    head, tail = os.path.split(typed)
    if not tail:
        return None
    try:
        with os.scandir(Path(head or ".").expanduser()) as entries:
            near = sorted(
                (entry.name, entry.is_dir()) for _, entry in zip(range(_MOST), entries, strict=False)
                if entry.name.startswith(tail)
            )  # fmt: skip
    except (OSError, ValueError):
        return None
    if not near or as_typed(near[0][0]) != near[0][0]:  # what cannot be typed is opened from the tree of folders
        return None
    name, is_folder = near[0]
    whole = f"{typed[: len(typed) - len(tail)]}{name}"
    return f"{whole}{os.sep}" if is_folder else whole
