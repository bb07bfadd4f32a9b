"""Ctrl-C while there is nothing to lose yet, or nothing any more: one line, and the program ends at once.

A KeyboardInterrupt that strikes while modules are imported, or while the interpreter cleans up, ends in a traceback or
is swallowed. So it is raised only while a command does its work. This module imports next to nothing, since it must be
in force before anything else is.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from diagnostics.exit_codes import ExitCode

_Handler = Callable[[int, FrameType | None], object]


class _Leave:
    """Ends the process without unwinding, which could be interrupted again."""

    def __init__(self, program: str) -> None:
        self._line = f"{program}: interrupted\n".encode()

    def __call__(self, _signal: int, _frame: FrameType | None) -> None:
        try:
            os.write(2, self._line)
        finally:
            os._exit(ExitCode.INTERRUPTED)


_leave: _Leave | None = None


def leave_when_interrupted(program: str) -> None:
    """From now on, Ctrl-C ends the process with a line that names the program."""
    global _leave  # noqa: PLW0603 - what a signal does is the process's own
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else whoever started us wants it ignored
        _leave = _Leave(program)
        signal.signal(signal.SIGINT, _leave)


@contextmanager
def raising() -> Iterator[None]:
    """For the time of a command's work: Ctrl-C raises KeyboardInterrupt, so that it can put things in order."""
    with _in_place_of(_leave, signal.default_int_handler):
        yield


@contextmanager
def importing() -> Iterator[None]:
    """For the time of an import within such work: Ctrl-C ends the process again."""
    with _in_place_of(signal.default_int_handler, _leave):
        yield


@contextmanager
def _in_place_of(handler: _Handler | None, other: _Handler | None) -> Iterator[None]:
    if handler is None or other is None or signal.getsignal(signal.SIGINT) is not handler:
        yield
        return
    signal.signal(signal.SIGINT, other)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
