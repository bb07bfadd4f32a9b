"""How tests of text parsers read a piece of text."""

import tempfile
from pathlib import Path
from typing import NamedTuple

from diagnostics.event import Event, Kind
from diagnostics.evidence.document import Document, Tally
from diagnostics.parsers.format import everything
from diagnostics.parsers.text import TEXT

NOVEMBER_2022 = 1_669_000_000_000_000
"""Microseconds; when the tests' documents were last modified unless they say otherwise."""


class Reading(NamedTuple):
    """What came of a text."""

    events: list[Event]
    tally: Tally

    def of(self, kind: Kind) -> list[Event]:
        return [event for event in self.events if event.kind is kind]

    def only(self, kind: Kind) -> Event:
        (event,) = self.of(kind)
        return event


def read(text: str, name: str = "log.txt", encoding: str = "utf-8", modified: int | None = NOVEMBER_2022) -> Reading:
    """Read a text as the text format does."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log.txt")
        path.write_bytes(text.encode(encoding, "replace"))
        tally = Tally()
        document = Document(name=name, path=path, encoding=encoding, modified=modified)
        return Reading(list(TEXT.read(document, everything, tally)), tally)
