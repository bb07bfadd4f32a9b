"""CSV that people write, read safely: rows by column, with their lines, and problems instead of exceptions."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.datafiles.documents import MAX_BYTES, Problem

Row = tuple[int, dict[str, str]]
"""A line number and its cells by column."""


def read_rows(path: Path, columns: Sequence[str], problems: list[Problem]) -> Iterator[Row]:
    """The rows below the header, empty ones left out; what is wrong is added to `problems`, named by the file alone."""
    if not path.is_file():
        return
    rows = csv.reader(path.read_text("utf-8-sig", errors="replace")[:MAX_BYTES].splitlines(), strict=True)
    try:
        for row in rows:
            if rows.line_num == 1 or not row:
                continue
            if len(row) == len(columns):
                yield rows.line_num, dict(zip(columns, row, strict=True))
            else:
                problems.append(Problem(path.name, rows.line_num, f"{len(row)} columns", ", ".join(columns)))
    except csv.Error as error:
        problems.append(Problem(path.name, rows.line_num, f"not CSV: {error}"))
