"""What a parser is given (`Document`), where it reports (`Tally`), and the inventory line that comes of it."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec

from diagnostics.event import Event
from engine.sentence import Sentence


class Damage(msgspec.Struct, frozen=True):
    """A part of a source that could not be read, and why."""

    where: str
    why: str


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One file to be parsed, as bytes on disk."""

    name: str
    """How the inventory and every message call it, e.g. `bundle.zip/HV01/System.evtx`."""
    path: Path
    encoding: str | None = None
    """A Python codec name for text, None for binary formats."""
    machine: str = ""
    """The machine that the file's name or folder suggests, empty where they do not."""
    modified: int | None = None
    """Modification time in microseconds UTC: the year of logs that print none."""


_MOST_DAMAGE = 1000  # named parts of one document; garbage of any size must not fill the memory


_WATCHED_EVERY = 1000


def _unknown_position() -> int:
    return 0


def _nobody_watches() -> None:
    pass


class Noting(Protocol):
    """Who notes every event of a document, wanted or not; `position` is where its words can be read again."""

    def add(self, event: Event, position: int) -> None:
        """An event that was decoded."""

    def glance(
        self, time: int | None, machine: str, provider: str, event_id: int, level: int, record: int, position: int
    ) -> None:
        """A record that was not."""


class Tally:
    """Counts what a parser meets in one document, wanted or not, so that nothing is silently skipped."""

    def __init__(self) -> None:
        self.records = 0
        self.first: int | None = None
        self.last: int | None = None
        self.machines: Counter[str] = Counter()
        self.channels: set[str] = set()
        self.damage: list[Damage] = []
        self.remarks: list[str] = []
        """What is unusual about the document, though nothing of it is lost."""
        self._unnamed_damage = 1
        self.lines_not_understood = 0
        self.first_line_not_understood: int | None = None
        self.position: Callable[[], int] = _unknown_position
        """How many bytes have been read, as the reader's file tells."""
        self.watch: Callable[[], None] = _nobody_watches
        """Called every thousand records or lines; may raise to end the reading."""
        self._unwatched = 0
        self.register: Noting | None = None
        """Set where somebody wants every record; for readers of formats that register their records themselves."""

    def saw(self, time: int | None, machine: str = "", records: int = 1) -> None:
        """Count records; `time` (microseconds) widens the covered span."""
        self.records += records
        self._went_on(records)
        if machine:
            self.machines[machine] += records
        if time is not None:
            self.first = time if self.first is None else min(self.first, time)
            self.last = time if self.last is None else max(self.last, time)

    def damaged(self, where: str, why: str) -> None:
        """Name a part that could not be read; beyond a thousand, parts are only counted."""
        if len(self.damage) < _MOST_DAMAGE:
            self.damage.append(Damage(where, why))
        else:
            self._unnamed_damage += 1
            more = Sentence("{count} more parts could not be read", count=self._unnamed_damage)
            self.damage[-1] = Damage(Sentence("further on"), more)

    def _went_on(self, records: int) -> None:
        self._unwatched += records
        if self._unwatched >= _WATCHED_EVERY:
            self._unwatched = 0
            self.watch()

    def not_understood(self, line: int) -> None:
        """Count a line that no format claimed and that holds nothing recognizable."""
        self._went_on(1)
        self.lines_not_understood += 1
        if self.first_line_not_understood is None:
            self.first_line_not_understood = line
