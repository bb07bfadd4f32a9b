"""Tables on a terminal, aligned by what characters are wide there: Japanese ones take two columns."""

import shutil
import sys
from collections.abc import Sequence

import click

from diagnostics.sanitize import one_line

_GAP = "  "


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under a header; a terminal cuts the last column, a pipe gets all of it."""
    from rich.cells import cell_len, set_cell_size  # noqa: PLC0415 - `--help` must not wait for it

    cells = [header, *([one_line(cell) for cell in row] for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    for row in cells:
        whole = _GAP.join(set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()
        click.echo(set_cell_size(whole, room - 1) + "…" if room and cell_len(whole) > room else whole)
