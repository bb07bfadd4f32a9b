"""Bookmarks and notes on records, kept between sessions: keyed to file and record number, never to a row."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import msgspec

from tui.keeping import keep, kept

Spot = tuple[str, int]
"""A file's name in the inventory, and the record in it."""


class _Mark(msgspec.Struct, frozen=True):
    source: str
    record: int
    note: str


class Marks:
    """The marks of one case; every change is on disk at once."""

    def __init__(self, path: Path | None = None) -> None:
        """Read what was kept; without a path nothing is kept."""
        self._path = path
        marks = kept(path, list[_Mark]) if path else None
        self._notes = {(mark.source, mark.record): mark.note for mark in marks or ()}

    def __contains__(self, spot: object) -> bool:
        return spot in self._notes

    def __iter__(self) -> Iterator[Spot]:
        return iter(sorted(self._notes))

    def __len__(self) -> int:
        return len(self._notes)

    def note(self, spot: Spot) -> str:
        """What the person wrote there; empty where there is a bookmark only, or nothing."""
        return self._notes.get(spot, "")

    def set(self, spot: Spot, note: str = "") -> None:
        """Bookmark a record, with a note or without."""
        self._notes[spot] = note
        self._save()

    def toggle(self, spot: Spot) -> bool:
        """Set a bookmark, or take it and its note away; whether it is there now."""
        if spot in self._notes:
            del self._notes[spot]
        else:
            self._notes[spot] = ""
        self._save()
        return spot in self._notes

    def _save(self) -> None:
        if self._path:
            keep(self._path, [_Mark(*spot, note) for spot, note in sorted(self._notes.items())])


def marks_of(folder: Path | None, paths: tuple[str, ...]) -> Marks:
    """The marks of the case that these paths are, in the user's state folder."""
    name = sha256("\0".join(sorted(str(Path(path).absolute()) for path in paths)).encode("utf-8", "surrogateescape"))
    return Marks(folder / "marks" / f"{name.hexdigest()[:24]}.json" if folder else None)
