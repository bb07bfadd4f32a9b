"""The open case: what was asked, what was found, and what the person has marked in it. Screens read it."""

from collections.abc import Mapping
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from diagnostics.diagnosis import Diagnosis
from diagnostics.event import Event
from diagnostics.inspection.notes import Notebook, NotesError, Place
from diagnostics.ledger.ledger import Ledger
from diagnostics.request import Request
from diagnostics.sanitize import one_line
from diagnostics.understanding import Case
from diagnostics.verdict import Verdict
from tui.keeping import keep_bytes

if TYPE_CHECKING:
    from diagnostics.ledger.hits import Hits
    from diagnostics.ledger.ledger import Rows
    from tui.timeline.model import Timeline


class OpenCase:
    """A case on the screen."""

    def __init__(self, request: Request, diagnosis: Diagnosis, state: Path | None = None) -> None:
        """A case; the person's notes on it are kept in the folder `state`, if there is one."""
        self.request = request
        self.diagnosis = diagnosis
        self._kept = state / "notes" / f"{_fingerprint(request.paths)}.json" if state else None
        self.notes = _read_notes(self._kept)
        """The person's bookmarks and notes, by record; `save_notes` makes them outlive the session."""

    @property
    def verdict(self) -> Verdict:
        """What every report says."""
        return self.diagnosis.verdict

    @property
    def case(self) -> Case:
        """What the verdict rests on: reading, topology, jobs, sightings, graph."""
        return self.diagnosis.case

    @property
    def events(self) -> list[Event]:
        """All events that were kept, in true order, times in UTC; their text is hostile."""
        return self.case.reading.events

    @property
    def ledger(self) -> Ledger | None:
        """Every event of the case, those too that no rule asks for; None where the reading kept none."""
        return self.case.reading.ledger

    @cached_property
    def hits(self) -> "Hits":
        """Which rules read which event, and on which plate. Takes a moment in a large case: call it from a worker."""
        from diagnostics.ledger.hits import Hits  # noqa: PLC0415 - the timeline's alone

        return Hits(self.case.sightings, self.verdict)

    @cached_property
    def rows_by_component(self) -> "Mapping[str, Rows]":
        """Rows of the ledger by the component instance that rules read in them; likewise."""
        return self.hits.rows(self.ledger) if self.ledger else {}

    @cached_property
    def timeline(self) -> "Timeline | None":
        """Every event in order, with the person's filter, zone and place; None where there is none."""
        from tui.timeline.model import timeline_of  # noqa: PLC0415 - as above

        return timeline_of(self.ledger, self.request.since, self.request.until) if self.ledger else None

    def save_notes(self) -> None:
        """Put the notes on disk; call it after every change."""
        if self._kept:
            keep_bytes(self._kept, self.notes.to_json())

    def reported(self) -> Verdict:
        """The verdict with the person's notes in it, as reports show it. Reads events again: call it from a worker."""
        notes = self.notes.told(self.ledger) if self.ledger else []
        return msgspec.structs.replace(self.verdict, notes=notes)

    def close(self) -> None:
        """Let go of what lies on disk for this case."""
        if self.ledger:
            self.ledger.close()

    @property
    def cut_short(self) -> bool:
        """Whether the person ended the reading; the verdict rests on what had been read."""
        return self.case.reading.cancelled

    @cached_property
    def title(self) -> str:
        """A short name: the folder or file that was opened."""
        first = self.request.paths[0]
        path = Path(first)
        name = path.parent.name if path.name == "logs" else path.name or first
        more = len(self.request.paths) - 1
        return one_line(f"{name} +{more}" if more else name, 40)

    def find(self, source: str, record: int) -> Event | None:
        """The event at a place of a file, as evidence names it; None where it is no event that was kept."""
        return self._at.get((source, record))

    @cached_property
    def _at(self) -> Mapping[Place, Event]:
        return {(one_line(event.source), event.record): event for event in reversed(self.events)}


def _fingerprint(paths: tuple[str, ...]) -> str:
    told = "\0".join(sorted(str(Path(path).absolute()) for path in paths))
    return sha256(told.encode("utf-8", "surrogateescape")).hexdigest()[:24]


def _read_notes(path: Path | None) -> Notebook:
    """What was kept; nothing where that cannot be read any more."""
    try:
        return Notebook.from_json(path.read_bytes()) if path else Notebook()
    except (OSError, NotesError):
        return Notebook()
