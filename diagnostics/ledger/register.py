"""What is noted of each event of one document while it is read: numbers, and names by their numbers.

Standard library only: a register travels from the process that reads a file to the one that binds the ledger.
"""

from array import array
from collections.abc import Hashable
from typing import Generic, TypeVar
from zlib import crc32

from diagnostics.event import Event, Kind
from diagnostics.evidence.folding import likeness

NO_TIME = -(1 << 63)
KINDS = tuple(Kind)
_KIND_NUMBERS = {kind: number for number, kind in enumerate(KINDS)}
_RECORD = _KIND_NUMBERS[Kind.RECORD]
_MOST_ID = 0xFFFF_FFFF
_MOST_RECORD = 0xFFFF_FFFF_FFFF_FFFF
Name = TypeVar("Name", bound=Hashable)
Codes = tuple[str, ...]


class Names(dict[Name, int], Generic[Name]):
    """Numbers for names, in the order in which they were met."""

    def __missing__(self, name: Name) -> int:
        self[name] = number = len(self)
        return number


class Register:
    """The rows of one document, column by column."""

    def __init__(self) -> None:
        self.times = array("q")
        """Microseconds as printed, `NO_TIME` where none is."""
        self.records = array("Q")
        self.positions = array("Q")
        """Where its words are: a place in an event log, or in the pages of texts."""
        self.event_ids = array("I")
        self.levels = array("B")
        self.kinds = array("B")
        self.machines = array("I")
        self.providers = array("I")
        self.codes = array("I")
        self.likenesses = array("I")
        """Equal for events that say the same; 0 for those that nobody has decoded."""
        self.local = False
        """Whether times are a wall clock's."""
        self.machine_names: Names[str] = Names()
        self.provider_names: Names[str] = Names()
        self.code_lists: Names[Codes | None] = Names({None: 0})
        """Error codes; None for events that nobody has decoded."""

    def __len__(self) -> int:
        return len(self.times)

    def glance(
        self, time: int | None, machine: str, provider: str, event_id: int, level: int, record: int, position: int
    ) -> None:
        """Note a record of an event log that was not decoded."""
        self._note(time, machine, provider, event_id, level, record, position)
        self.kinds.append(_RECORD)
        self.codes.append(0)
        self.likenesses.append(0)

    def add(self, event: Event, position: int) -> None:
        """Note an event."""
        self._note(event.time, event.machine, event.provider, event.event_id, event.level, event.record, position)
        self.local |= event.local_time
        self.kinds.append(_KIND_NUMBERS[event.kind])
        self.codes.append(self.code_lists[event.codes])
        self.likenesses.append(crc32(repr(likeness(event)).encode("utf-8", "replace")) | 1)

    def _note(
        self, time: int | None, machine: str, provider: str, event_id: int, level: int, record: int, position: int
    ) -> None:
        self.times.append(NO_TIME if time is None else time)
        self.machines.append(self.machine_names[machine])
        self.providers.append(self.provider_names[provider])
        self.event_ids.append(min(max(event_id, 0), _MOST_ID))
        self.levels.append(level)
        self.records.append(min(max(record, 0), _MOST_RECORD))
        self.positions.append(position)
