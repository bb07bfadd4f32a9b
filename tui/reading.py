"""A case is read in a process of its own, so that the screen never waits, and quitting ends the reading at once.

The thread that asks only forwards: progress comes up the pipe, the wish to stop goes down. Once stopped, the process
judges what it has read by then; once abandoned, it is killed, with all that it started. What it leaves on disk for the
ledger of events lies in a folder of ours, which goes when the ledger is closed.
"""

import os
import pickle
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event as Flag
from threading import Thread
from typing import IO, Protocol

from diagnostics.diagnosis import Diagnosis, diagnose
from diagnostics.evidence.clock import UnknownZoneError
from diagnostics.evidence.intake import UnreadableInput
from diagnostics.request import Request
from tui.itself import python

_LOOK_EVERY = 0.05
"""Seconds between two looks at whether anybody still wants it."""
_TELL_EVERY = 0.1


class ReadingFailedError(Exception):
    """Nothing could be read; the message says what and why."""


class Watching(Protocol):
    """Who watches a reading. Called from the thread that asked for it."""

    def started(self, total_bytes: int) -> None:
        """All documents are known; so much is to be read."""

    def reading(self, name: str) -> None:
        """A document is begun."""

    def advanced(self, read_bytes: int) -> None:
        """So much more has been read."""

    def cancelled(self) -> bool:
        """Whether the reading shall end with what it has."""

    def abandoned(self) -> bool:
        """Whether nobody wants the answer any more."""


Reader = Callable[[Request, Watching], Diagnosis | None]
"""Reads a case; None once abandoned. Raises ReadingFailedError."""


def read_elsewhere(request: Request, watching: Watching) -> Diagnosis | None:
    """Read a case in another process.

    Raises:
        ReadingFailedError: nothing could be read, or the process died.
    """
    # A session of its own: Ctrl-C in the terminal is for the screen, and killing the group ends the reader's helpers.
    process = subprocess.Popen(  # noqa: S603 - this very program
        python("from tui.reading import work; work()"),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    scratch = tempfile.TemporaryDirectory(prefix="shindan-", ignore_cleanup_errors=True)
    over = Flag()
    keeper = Thread(target=_keep_watch, args=(process, watching, over), daemon=True)
    keeper.start()
    diagnosis = None
    try:
        diagnosis = _listen(process, (request, scratch.name), watching)
    finally:
        over.set()
        _end(process)
        keeper.join()
        if diagnosis is None or diagnosis.case.reading.ledger is None:
            scratch.cleanup()
        else:
            diagnosis.case.reading.ledger.owned_with(scratch.cleanup)
    return diagnosis


def _listen(process: "subprocess.Popen[bytes]", order: tuple[Request, str], watching: Watching) -> Diagnosis | None:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the reader was started without pipes")
    try:
        pickle.dump(order, process.stdin)
        process.stdin.flush()
        while True:
            kind, value = pickle.load(process.stdout)  # noqa: S301 - from our own process
            match kind:
                case "done":
                    return value if isinstance(value, Diagnosis) else None
                case "failed":
                    raise ReadingFailedError(value)
                case _:
                    getattr(watching, kind)(value)
    except (EOFError, OSError, pickle.UnpicklingError) as error:
        if watching.abandoned():
            return None
        raise ReadingFailedError("the process that read the logs has died (out of memory?)") from error


def _keep_watch(process: "subprocess.Popen[bytes]", watching: Watching, over: Flag) -> None:
    """Pass on the wish to stop, once; end the process when nobody wants its answer."""
    told = False
    while not over.wait(_LOOK_EVERY):
        if watching.abandoned():
            _end(process)
            return
        if watching.cancelled() and not told and process.stdin:
            told = True
            with suppress(OSError):
                process.stdin.close()  # which is all that the reader listens for


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Kill a reader and those that it has started."""
    if process.poll() is None:
        if os.name == "posix":
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        process.kill()
    process.wait()


def work() -> None:
    """What the other process does: a request comes in, what is worth telling goes out, the answer last."""
    told = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints, prints into nothing
    stopped = Flag()
    request, tempfile.tempdir = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own process
    Thread(target=_wait_for_the_end, args=(stopped,), daemon=True).start()
    answer = _answer(request, _Teller(told, stopped))
    with suppress(BrokenPipeError):  # nobody is there any more
        pickle.dump(answer, told, pickle.HIGHEST_PROTOCOL)
        told.flush()
    os._exit(0)  # nothing is left to do, and the thread that waits for the end would be waited for


def _wait_for_the_end(stopped: Flag) -> None:
    os.read(0, 1)
    stopped.set()


def _answer(request: Request, teller: "_Teller") -> tuple[str, object]:
    try:
        return "done", diagnose(request, teller, ledger=True)
    except (UnreadableInput, UnknownZoneError) as error:
        return "failed", str(error)
    except BrokenPipeError:
        return "failed", "nobody listens"
    except OSError as error:
        return "failed", f"{error.filename or 'the logs'}: {error.strerror}"
    except MemoryError:
        return "failed", "the logs are too large for this machine's memory"
    except Exception as error:  # noqa: BLE001 - the edge of a process: its death would tell even less
        return "failed", f"internal error: {type(error).__name__} ({error}); please report it"


class _Teller:
    """Tells the other side how far it is; no more often than a person can read."""

    def __init__(self, pipe: IO[bytes], stopped: Flag) -> None:
        self._pipe = pipe
        self._stopped = stopped
        self._told = 0.0
        self._untold = 0

    def started(self, total_bytes: int) -> None:
        self._send("started", total_bytes)

    def reading(self, name: str) -> None:
        self._send("reading", name)

    def advanced(self, read_bytes: int) -> None:
        self._untold += read_bytes
        now = time.monotonic()
        if now - self._told >= _TELL_EVERY:
            self._told = now
            self._send("advanced", self._untold)
            self._untold = 0

    def cancelled(self) -> bool:
        return self._stopped.is_set()

    def _send(self, kind: str, value: object) -> None:
        pickle.dump((kind, value), self._pipe)
        self._pipe.flush()
