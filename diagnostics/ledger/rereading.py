"""The event behind a row, read again from where its words are."""

from pathlib import Path

import msgspec

from diagnostics.event import Event
from diagnostics.evidence.document import Document
from diagnostics.ledger.ledger import Ledger
from diagnostics.parsers.evtx.reader import Rereader


class GoneError(Exception):
    """The words of a row can no longer be read; says why."""


class Reader:
    """Reads events of a ledger. Every thread has its own: it keeps the last piece of each file at hand."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._files: dict[int, Rereader] = {}

    def event(self, row: int) -> Event:
        """The event of a row, its machine and time as the case has them.

        Raises:
            GoneError: the file was moved, or is another one by now, or the record's values are damaged.
        """
        ledger = self._ledger
        number, place = int(ledger.columns.sources[row]), int(ledger.columns.positions[row])
        source = ledger.sources[number]
        try:
            event = self._file(number).event(place) if source.rereadable else ledger.pages.get(place)
        except OSError as error:
            raise GoneError(f"{source.name} can no longer be read: {error.strerror}") from error
        if event is None or event.event_id != ledger.columns.event_ids[row]:
            raise GoneError(f"{source.name}: the record is damaged, or the file has changed since")
        machine, time = ledger.machine(row), ledger.time(row)
        return msgspec.structs.replace(event, source=source.name, machine=machine, time=time, local_time=False)

    def _file(self, number: int) -> Rereader:
        if number not in self._files:
            source = self._ledger.sources[number]
            self._files[number] = Rereader(Document(name=source.name, path=Path(source.path)))
        return self._files[number]
