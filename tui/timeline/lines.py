"""One line of the timeline: what it says of the row, or the run of rows, that it stands for."""

from collections import OrderedDict
from typing import NamedTuple

from diagnostics.answer.wording import event_name, said
from diagnostics.event import Event
from diagnostics.knowledge.events import known_event
from diagnostics.language import say
from diagnostics.ledger.ledger import Ledger
from diagnostics.ledger.rereading import GoneError, Reader
from diagnostics.sanitize import one_line

_KEPT = 2000
_WIDTH = 400
_PREFIX = "Microsoft-Windows-"


class Said(NamedTuple):
    """What a row says, sanitized, on one line."""

    event: str
    """`VSS/8229`."""
    text: str
    readable: bool = True


class Words:
    """Says what rows say; remembers those that were asked for last. For one thread."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._reader = Reader(ledger)
        self._kept: OrderedDict[int, Said] = OrderedDict()

    def said(self, row: int) -> Said:
        """What a row says."""
        found = self._kept.get(row)
        if found is None:
            found = self._kept[row] = self._read(row)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found

    def event(self, row: int) -> Event:
        """The event itself. Raises `GoneError`."""
        return self._reader.event(row)

    def _read(self, row: int) -> Said:
        try:
            event = self._reader.event(row)
        except GoneError as gone:
            name = f"{self._ledger.provider(row)}/{int(self._ledger.columns.event_ids[row])}"
            return Said(one_line(name.removeprefix(_PREFIX)), one_line(str(gone)), readable=False)
        return Said(event_name(event).removeprefix(_PREFIX), one_line(summary(event), _WIDTH))


def summary(event: Event) -> str:
    """The text of an event, else its values; of a record that has neither, what such records mean."""
    known = known_event(event.provider, event.event_id) if event.event_id else None
    return said(event) or (say(known.meaning) if known else "")
