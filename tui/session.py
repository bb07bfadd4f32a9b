"""What is remembered from one session to the next: looks, language, recent cases and where the person was in them."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from diagnostics.request import Options
from diagnostics.verdict import VerdictWord
from tui.keeping import keep, kept
from tui.standing import Standing

_MOST_RECENT = 20


class Recent(msgspec.Struct, frozen=True, kw_only=True):
    """A case that was opened."""

    options: Options
    verdict: VerdictWord
    summary: str
    opened: str
    """When, in UTC, ISO 8601."""
    place: str = "verdict"
    """The screen on which the person left it."""
    standings: dict[str, Standing] = {}
    """Where the person stood on each screen."""


class Remembered(msgspec.Struct, kw_only=True):
    """The file `session.json`. An empty text means: as the environment says."""

    theme: str = ""
    language: str = ""
    ascii_only: bool = False
    recent: list[Recent] = []


class Session:
    """The user's session; every change is on disk at once."""

    def __init__(self, folder: Path | None) -> None:
        """Remember what is in the folder; nothing is kept where there is none."""
        self.folder = folder
        self._path = folder / "session.json" if folder else None
        self._remembered = (kept(self._path, Remembered) if self._path else None) or Remembered()

    @property
    def theme(self) -> str:
        return self._remembered.theme

    @property
    def language(self) -> str:
        return self._remembered.language

    @property
    def ascii_only(self) -> bool:
        return self._remembered.ascii_only

    @property
    def recent(self) -> tuple[Recent, ...]:
        """The last cases, the newest first."""
        return tuple(self._remembered.recent)

    def looks(self, *, theme: str, language: str, ascii_only: bool) -> None:
        """Remember how the screens look."""
        before = (self.theme, self.language, self.ascii_only)
        if before != (theme, language, ascii_only):
            self._remembered.theme, self._remembered.language = theme, language
            self._remembered.ascii_only = ascii_only
            self._save()

    def opened(self, case: Recent) -> None:
        """Remember a case as the newest, once, with where the person stood in it the last time."""
        case = msgspec.structs.replace(case, standings=self.standings(case.options.paths))
        others = [known for known in self._remembered.recent if known.options != case.options]
        self._remembered.recent = [case, *others][:_MOST_RECENT]
        self._save()

    def standings(self, paths: tuple[str, ...]) -> dict[str, Standing]:
        """Where the person stood on the screens of a case, by its absolute paths."""
        return next((dict(known.standings) for known in self.recent if known.options.paths == paths), {})

    def left_at(self, place: str, standings: Mapping[str, Standing]) -> None:
        """Remember the screen of the newest case on which the person is, or was last, and where on each."""
        if self.recent:
            place = place or self.recent[0].place
            left = msgspec.structs.replace(self.recent[0], place=place, standings=dict(standings))
            if left != self.recent[0]:
                self._remembered.recent[0] = left
                self._save()

    def _save(self) -> None:
        if self._path:
            keep(self._path, self._remembered)
