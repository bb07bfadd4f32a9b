"""Watching a reading: Ctrl-C ends it with what it has, and a terminal shows a bar with an estimate."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.text import Text

from diagnostics.sanitize import one_line

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Watcher:
    """Watches silently; the first Ctrl-C cancels, the second ends the program."""

    def __init__(self) -> None:
        self.interrupted = False

    def started(self, total_bytes: int) -> None:
        """All documents are known; so much is to be read."""

    def reading(self, name: str) -> None:
        """A document is begun."""

    def advanced(self, read_bytes: int) -> None:
        """So much more has been read."""

    def cancelled(self) -> bool:
        """Whether the user has had enough."""
        return self.interrupted

    def interrupt(self, _signal: int, _frame: FrameType | None) -> None:
        """Take Ctrl-C as the wish to see what there is."""
        if self.interrupted:
            raise KeyboardInterrupt
        self.interrupted = True


class _Bar(Watcher):
    """Shows how far the reading is, and then that what was read is being judged."""

    def __init__(self, bar: "Progress", task: "TaskID") -> None:
        super().__init__()
        self._bar = bar
        self._task = task
        self._left: int | None = None
        """Bytes; None before they are known."""

    def started(self, total_bytes: int) -> None:
        self._left = total_bytes
        self._bar.update(self._task, total=total_bytes)

    def reading(self, name: str) -> None:
        self._bar.update(self._task, file=Text(one_line(name, 36)))

    def advanced(self, read_bytes: int) -> None:
        self._bar.advance(self._task, read_bytes)
        if self._left is not None:
            self._left -= read_bytes
            if self._left <= 0:
                self._bar.update(self._task, doing="read; now judging", file="")


@contextmanager
def watched(stream: TextIO, doing: str = "reading") -> Iterator[Watcher]:
    """A watcher for the time of the block, which draws on `stream` where that is a terminal."""
    with _shown_on(stream, doing) if stream.isatty() else _silently() as watcher:
        before = signal.signal(signal.SIGINT, watcher.interrupt)
        try:
            yield watcher
        finally:
            signal.signal(signal.SIGINT, before)


@contextmanager
def _silently() -> Iterator[Watcher]:
    yield Watcher()


@contextmanager
def _shown_on(stream: TextIO, doing: str) -> Iterator[Watcher]:
    from rich.progress import (  # noqa: PLC0415 - slow to import, and only terminals need it
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    file = TextColumn("{task.fields[file]}", markup=False)
    columns = (
        TextColumn("{task.fields[doing]}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        file,
    )
    with Progress(*columns, console=Console(file=stream), transient=True) as bar:
        yield _Bar(bar, bar.add_task("read", total=None, doing=doing, file=""))
