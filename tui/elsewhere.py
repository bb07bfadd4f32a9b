"""This very program in another process, spoken with in messages, so that the screen never waits for its work.

Threads would not do: Python runs one at a time, so work on one of them holds up the screen. A process is also ended at
once, with all that it has started, whatever it is doing.
"""

import os
import pickle
import signal
import subprocess
import sys
from contextlib import suppress
from threading import Lock
from typing import IO

from tui.itself import python

_BEHIND = 5
"""By so much its priority is lower: on a busy machine the screen goes first."""


class DiedError(Exception):
    """The other process is gone, and has said no last word."""


class Elsewhere:
    """A process that runs one function of ours; messages are tuples of a kind and a value, as pickle takes them."""

    def __init__(self, work: str) -> None:
        """Start it with a function without arguments, `module:function`, which speaks through `Home`."""
        module, _, function = work.partition(":")
        # A session of its own: Ctrl-C in the terminal is for the screen, and killing the group ends its helpers, too.
        self._process = subprocess.Popen(  # noqa: S603 - this very program
            python(f"from {module} import {function}; {function}()"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self._telling = Lock()

    def tell(self, kind: str, value: object = None) -> None:
        """Send a message; to one that is gone nothing is sent."""
        if self._process.stdin is not None:
            with self._telling, suppress(OSError, ValueError):  # whoever hears from it learns that it is gone
                pickle.dump((kind, value), self._process.stdin)
                self._process.stdin.flush()

    def hear(self) -> tuple[str, object]:
        """Wait for its next message. Raises DiedError."""
        if self._process.stdout is None:
            raise RuntimeError("it was started without pipes")
        try:
            kind, value = pickle.load(self._process.stdout)  # noqa: S301 - from our own process
        except (EOFError, OSError, ValueError, pickle.UnpicklingError) as error:
            raise DiedError("the process is gone") from error
        return kind, value

    def end(self) -> None:
        """Kill it and those that it has started; whoever hears is told that it is gone."""
        if self._process.poll() is None:
            if os.name == "posix":
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()
        self._process.wait()


class Home:
    """The other end, in the process that works."""

    def __init__(self) -> None:
        self._out: IO[bytes] = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)  # whatever prints, prints into nothing
        if os.name == "posix":
            os.nice(_BEHIND)
        self._telling = Lock()

    def tell(self, kind: str, value: object = None) -> None:
        """Send a message. Raises BrokenPipeError where nobody is there any more."""
        with self._telling:
            pickle.dump((kind, value), self._out, pickle.HIGHEST_PROTOCOL)
            self._out.flush()

    def hear(self) -> tuple[str, object] | None:
        """Wait for the next message; None once the screen has gone."""
        try:
            kind, value = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own process
        except (EOFError, OSError, pickle.UnpicklingError):
            return None
        return kind, value

    def leave(self) -> None:
        """End the process: threads that wait for messages would be waited for."""
        os._exit(0)
