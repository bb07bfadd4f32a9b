"""The open case: what was asked, what was found, and what the person has marked in it. Screens read it."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from diagnostics.diagnosis import Diagnosis
from diagnostics.event import Event
from diagnostics.request import Request
from diagnostics.sanitize import one_line
from diagnostics.understanding import Case
from diagnostics.verdict import Verdict
from tui.marks import Marks, Spot


class OpenCase:
    """A case on the screen."""

    def __init__(self, request: Request, diagnosis: Diagnosis, marks: Marks) -> None:
        self.request = request
        self.diagnosis = diagnosis
        self.marks = marks
        """The person's bookmarks and notes, by source and record; they outlive the session."""

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
    def _at(self) -> Mapping[Spot, Event]:
        return {(one_line(event.source), event.record): event for event in reversed(self.events)}
