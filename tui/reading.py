"""A case is read in a process of its own, so that the screen never waits, and quitting ends the reading at once.

Once stopped, the process judges what it has read by then. What it leaves on disk for the ledger of events lies in a
folder of ours, which goes when the ledger is closed.
"""

import tempfile
from collections.abc import Callable

from diagnostics.diagnosis import Diagnosis, diagnose, load_knowledge
from diagnostics.evidence.clock import UnknownZoneError
from diagnostics.evidence.intake import UnreadableInput
from diagnostics.request import Request, UsageError
from tui.errand import Teller, Watching, carry_out, send

Reader = Callable[[Request, Watching], Diagnosis | None]
"""Reads a case; None once abandoned. Raises ErrandFailedError."""


def read_elsewhere(request: Request, watching: Watching) -> Diagnosis | None:
    """Read a case in another process.

    Raises:
        ErrandFailedError: nothing could be read, or the process died.
    """
    scratch = tempfile.TemporaryDirectory(prefix="shindan-", ignore_cleanup_errors=True)
    diagnosis = None
    try:
        answer = send("tui.reading:work", (request, scratch.name), watching)
        diagnosis = answer if isinstance(answer, Diagnosis) else None
    finally:
        if diagnosis is None or diagnosis.case.reading.ledger is None:
            scratch.cleanup()
        else:
            diagnosis.case.reading.ledger.owned_with(scratch.cleanup)
    return diagnosis


def work() -> None:
    """What the other process does."""
    carry_out(_read, _expected)


def _read(order: tuple[Request, str], teller: Teller) -> Diagnosis:
    request, tempfile.tempdir = order
    knowledge = load_knowledge(request.rules, teller.preparing)
    return diagnose(request, teller, knowledge, ledger=True)


def _expected(error: Exception) -> str | None:
    match error:
        case UnreadableInput() | UnknownZoneError() | UsageError():
            return str(error)
        case BrokenPipeError():
            return "nobody listens"
        case OSError():
            return f"{error.filename or 'the logs'}: {error.strerror}"
        case MemoryError():
            return "the logs are too large for this machine's memory"
    return None
