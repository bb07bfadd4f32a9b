"""A bar for work that is measured in bytes: how far, how fast, how long still. Ctrl-C stops, keeping what there is."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from diagnostics.progress import Watcher
from diagnostics.sanitize import one_line

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class _Bar(Watcher):
    def __init__(self, bar: "Progress", task: "TaskID") -> None:
        super().__init__()
        self._bar = bar
        self._task = task

    def started(self, total_bytes: int) -> None:
        self._bar.update(self._task, total=total_bytes)

    def advanced(self, read_bytes: int) -> None:
        self._bar.advance(self._task, read_bytes)


@contextmanager
def watched(stream: TextIO, title: str) -> Iterator[Watcher]:
    """A watcher for the time of the block, which draws on `stream` where that is a terminal.

    Being asked to terminate counts as Ctrl-C: writers that are held must be let go.
    """
    with _shown_on(stream, title) if stream.isatty() else _silently() as watcher:
        before = {number: signal.signal(number, watcher.interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield watcher
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def _silently() -> Iterator[Watcher]:
    yield Watcher()


@contextmanager
def _shown_on(stream: TextIO, title: str) -> Iterator[Watcher]:
    from rich.console import Console  # noqa: PLC0415 - slow to import, and only terminals need it
    from rich.progress import (  # noqa: PLC0415 - as above
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    name = TextColumn("{task.description}", markup=False)
    columns = (name, BarColumn(), DownloadColumn(binary_units=True), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=stream), transient=True) as bar:
        yield _Bar(bar, bar.add_task(one_line(title, 40), total=None))
