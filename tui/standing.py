"""Where a person stands on a screen: the cursor, what is in sight, what was asked for. Remembered with the case."""

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from textual.scroll_view import ScrollView


class Standing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Each screen uses what it has; what is no longer there is passed over."""

    line: int = 0
    """Of a list, the one under the cursor."""
    above: int = 0
    """So many lines above the cursor are in sight; below 0 where the cursor itself is above what is in sight."""
    at: str = ""
    """A component instance, a source, a repository: what stands under the cursor, by name."""
    record: int = 0
    """Of a source, the record under the cursor."""
    asked: str = ""
    """A filter, as it is typed."""
    zone: str = ""
    switched: tuple[str, ...] = ()
    """What is not as it is at first."""
    opened: tuple[str, ...] = ()
    """Plates that are unfolded."""
    job: str = ""
    stage: int | None = None


def above(view: "ScrollView", line: int) -> int:
    """How many lines above one are in sight; below 0 where it is above what is in sight."""
    return line - round(view.scroll_y)


def bring(view: "ScrollView", line: int, lines_above: int) -> None:
    """Put a line where it was in sight."""
    view.scroll_to(y=max(0, line - lines_above), animate=False, immediate=True)
