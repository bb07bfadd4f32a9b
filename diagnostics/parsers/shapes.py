"""What a row of an export means, told by its columns.

`event_from_row` is the door for everybody who has rows: CSV, JSON, CLIXML, and PowerShell's tables and lists.
"""

from functools import lru_cache

from diagnostics.event import Event, Kind
from diagnostics.parsers.cells import Cells, Origin, Reader, Row, columns_of
from diagnostics.parsers.codes import find_codes
from diagnostics.parsers.shapes_events import EVENT_SHAPES
from diagnostics.parsers.shapes_hyperv import HYPERV_SHAPES
from diagnostics.parsers.shapes_jobs import JOB_SHAPES
from diagnostics.parsers.shapes_storage import STORAGE_SHAPES
from diagnostics.parsers.shapes_updates import UPDATE_SHAPES

_SHAPES = (*HYPERV_SHAPES, *STORAGE_SHAPES, *UPDATE_SHAPES, *JOB_SHAPES, *EVENT_SHAPES)
"""In order of how much their columns prove."""


def event_from_row(row: Row, record: int, origin: Origin) -> Event | None:
    """The event that a row tells; None where its meaning is unknown and it holds no error code.

    `record` is the row's line or element number. A row of unknown meaning that holds error codes is a `text` event.
    """
    cells = Cells(row, record)
    reader = shape_of(tuple(row))
    event = reader(cells, origin) if reader else None
    return event or _text(cells, origin)


def knows(row: Row) -> bool:
    """Whether a row's columns have a meaning: for telling an export from any other file of the same format."""
    return shape_of(tuple(row)) is not None


@lru_cache(maxsize=512)
def _cached_shape(keys: tuple[str, ...]) -> Reader | None:
    columns = frozenset(columns_of(keys))
    for fits, reader in _SHAPES:
        if fits(columns):
            return reader
    return None


def shape_of(keys: tuple[str, ...]) -> Reader | None:
    """The reader of rows that have these columns."""
    return _cached_shape(keys) if sum(map(len, keys)) < 10_000 else None


def _text(cells: Cells, origin: Origin) -> Event | None:
    text = "\n".join(f"{name}: {value}" for name, value in cells.items())
    codes = find_codes(text)
    if not codes:
        return None
    document = origin.document
    return Event(
        kind=Kind.TEXT, source=document.name, record=cells.record, machine=document.machine, text=text, codes=codes
    )
