"""A person's bookmarks and notes on events of a case: by record, not by row, so that they survive a new reading."""

from collections.abc import Iterator, Mapping

import msgspec

from diagnostics.answer.wording import evidence_of_record, iso
from diagnostics.ledger.ledger import Ledger
from diagnostics.ledger.rereading import GoneError, Reader
from diagnostics.sanitize import one_line
from diagnostics.verdict import Note

Place = tuple[str, int]
"""A source's name, and the record in it."""
LONGEST = 2000
"""Characters of a note."""


class NotesError(ValueError):
    """A file of notes that cannot be read; says where and what was expected."""


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    source: str
    record: int
    note: str = ""


class Notebook:
    """Notes by the record that they are about; an empty note is a bookmark."""

    def __init__(self, notes: Mapping[Place, str] | None = None) -> None:
        self._notes = dict(notes or {})

    def __contains__(self, place: object) -> bool:
        return place in self._notes

    def __iter__(self) -> Iterator[Place]:
        return iter(sorted(self._notes))

    def __len__(self) -> int:
        return len(self._notes)

    def note(self, place: Place) -> str:
        """What was written; empty where nothing was."""
        return self._notes.get(place, "")

    def toggle(self, place: Place) -> bool:
        """Set a bookmark, or take it and its note away; returns whether there is one now."""
        if place in self._notes:
            del self._notes[place]
            return False
        self._notes[place] = ""
        return True

    def write(self, place: Place, note: str) -> None:
        """Write a note, in place of one that was there; an empty one leaves a bookmark."""
        self._notes[place] = one_line(note, LONGEST)

    def to_json(self) -> bytes:
        """For the case's session."""
        return msgspec.json.encode([_Kept(*place, self._notes[place]) for place in self])

    @classmethod
    def from_json(cls, data: bytes) -> "Notebook":
        """What `to_json` gave. Raises `NotesError`."""
        try:
            kept = msgspec.json.decode(data, type=list[_Kept])
        except msgspec.MsgspecError as error:
            raise NotesError(f"notes: {error} (expected a list of source, record and note)") from error
        return cls({(one.source, one.record): one_line(one.note, LONGEST) for one in kept})

    def told(self, ledger: Ledger) -> list[Note]:
        """The notes with the events that they are about, in their order, for the report."""
        reader = Reader(ledger)
        rows = {place: ledger.find(*place) for place in self}
        ordered = sorted(rows.items(), key=lambda item: (item[1] is None, item[1] or 0, item[0]))
        return [self._told(place, row, ledger, reader) for place, row in ordered]

    def _told(self, place: Place, row: int | None, ledger: Ledger, reader: Reader) -> Note:
        source, record = place
        note = Note(
            source=one_line(source), record=record, time=None, machine="", event="", text="", note=self._notes[place]
        )
        if row is None:
            return note
        try:
            line = evidence_of_record(reader.event(row))
        except GoneError as gone:
            machine = one_line(ledger.machine(row))
            return msgspec.structs.replace(note, time=iso(ledger.time(row)), machine=machine, text=one_line(str(gone)))
        return msgspec.structs.replace(note, time=line.time, machine=line.machine, event=line.event, text=line.text)
