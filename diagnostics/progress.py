"""A progress bar with an estimate on standard error, for people; nothing where nobody looks."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.text import Text

from diagnostics.reading import Progress as Watcher
from diagnostics.sanitize import one_line

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class _Bar:
    """Shows how far the reading is."""

    def __init__(self, bar: "Progress", task: "TaskID") -> None:
        self._bar = bar
        self._task = task

    def started(self, total_bytes: int) -> None:
        self._bar.update(self._task, total=total_bytes)

    def reading(self, name: str) -> None:
        self._bar.update(self._task, file=Text(one_line(name, 36)))

    def advanced(self, read_bytes: int) -> None:
        self._bar.advance(self._task, read_bytes)

    def cancelled(self) -> bool:
        return False


@contextmanager
def shown_on(stream: TextIO) -> Iterator[Watcher | None]:
    """A watcher that draws on `stream` while the block runs; None where that is no terminal."""
    if not stream.isatty():
        yield None
        return
    from rich.progress import (  # noqa: PLC0415 - slow to import, and only terminals need it
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    file = TextColumn("{task.fields[file]}", markup=False)
    columns = (TextColumn("reading"), BarColumn(), DownloadColumn(), TimeRemainingColumn(), file)
    with Progress(*columns, console=Console(file=stream), transient=True) as bar:
        yield _Bar(bar, bar.add_task("read", total=None, file=""))
