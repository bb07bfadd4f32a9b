"""Event logs, record by record: the same templates, numbers, times and types, with pseudonyms in the values.

A log is written anew, as EVTX: what it held beside its records (slack with old ones, above all) is not copied. A record
that the fast way does not understand is taken as python-evtx reads it, and has its values in the template then. Where a
part could not be read, the copy ends with a chunk that says so: nobody shall take it for complete.
"""

from collections.abc import Callable
from pathlib import Path

from diagnostics.evidence.document import Document
from diagnostics.parsers.evtx.binxml import MalformedError
from diagnostics.parsers.evtx.chunks import FIRST_CHUNK, SIZE, Chunk, Head, chunks, header
from diagnostics.redaction.records import REFUSED, Records
from diagnostics.redaction.rewriting import Rewriter
from engine.eventlog.errors import LogFullError, RecordTooLargeError, ValueRefusedError
from engine.eventlog.evtx import EvtxWriter
from engine.eventlog.values import Instance

_PATIENCE = 1000
"""How many records python-evtx is asked for: it takes milliseconds for each."""
_GAP = b"\r\nA redacted copy: a part of the original log could not be read, and is not in it.\r\n"


def copy_log(document: Document, target: Path, rewriter: Rewriter, advanced: Callable[[int], None]) -> int:
    """Write a log anew; returns how many records are missing in the copy, which could not be read. Raises `OSError`."""
    lost = 0
    with document.path.open("rb") as source, target.open("w+b") as file, EvtxWriter(file) as writer:
        said = header(source.read(FIRST_CHUNK))
        slots = -(-(document.path.stat().st_size - FIRST_CHUNK) // SIZE)
        damaged = bool(said.missing(slots))
        copier = _Copier(Records(rewriter), writer)
        for chunk in chunks(source, checksums=said.checksums):
            if isinstance(chunk, Chunk):
                lost += copier.copy(chunk)
                damaged = damaged or bool(chunk.remarks)
            else:
                damaged = True
            advanced(SIZE)
        if damaged or lost:
            writer.gap(_GAP)
    return lost


class _Copier:
    """Copies the chunks of one log."""

    def __init__(self, records: Records, writer: EvtxWriter) -> None:
        self._records = records
        self._writer = writer
        self._patience = _PATIENCE

    def copy(self, chunk: Chunk) -> int:
        """Copy what can be read of a chunk; returns how many records cannot."""
        lost = 0
        self._records.enter(chunk.data)
        for head in chunk.records():
            event = self._event(head)
            try:
                if event is not None:
                    self._writer.copy(head[2], head[3], event)
                    continue
            except (RecordTooLargeError, ValueRefusedError, LogFullError):
                pass
            lost += 1
        return lost

    def _event(self, head: Head) -> Instance | None:
        try:
            return self._records.event(head)
        except REFUSED:
            if not self._patience:
                return None
        self._patience -= 1
        try:
            return self._records.by_reference(head)
        except MalformedError:
            return None
