"""`x`: the verdict as HTML, Markdown or JSON, or a picture of the screen, in a file whose path is told and copied."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from diagnostics.report.machine import to_json
from diagnostics.report.markdown import to_markdown
from diagnostics.report.page import to_html
from tui.case import OpenCase
from tui.plain import plain
from tui.screens.base import PICTURE, Dialog
from tui.widgets.field import Field
from tui.widgets.lines import Line, Lines, What

_REPORTS: Mapping[str, Callable[[OpenCase], bytes]] = {
    "html": lambda case: to_html(case.reported(), case.case.graph),
    "md": lambda case: to_markdown(case.reported(), case.case.graph),
    "json": lambda case: to_json(case.reported()),
}
"""Ending of the file -> the report."""


class Wish(NamedTuple):
    """What to write, and where."""

    form: str
    folder: Path


class ExportScreen(Dialog[Wish]):
    """What to write, and into which folder."""

    AUTO_FOCUS = "Lines"

    def body(self) -> ComposeResult:
        """The folder, and what can be written."""
        yield Static(self.say("export.title"), classes="title")
        yield Field(str(Path.cwd()), compact=True, id="folder")
        yield Lines(self._forms())

    def _forms(self) -> Iterator[Line]:
        forms = (*(_REPORTS if self.app.case else ()), PICTURE)
        yield from (Line(plain(self.say(f"export.{form}")), What(form), self.app.glyphs.bullet) for form in forms)

    @on(Lines.Entered)
    def _chosen(self, event: Lines.Entered) -> None:
        folder = Path(self.query_one("#folder", Input).value).expanduser()
        self.dismiss(Wish(str(event.line.what.of), folder))


def report(case: OpenCase, form: str) -> bytes:
    """The verdict on a case, with the person's notes, in one of the forms."""
    return _REPORTS[form](case)


def write_new(folder: Path, stem: str, ending: str, data: bytes) -> Path:
    """Write a file that was not there before, and say which.

    Raises:
        OSError: it cannot be written.
    """
    day = datetime.now(UTC).strftime("%Y%m%d")
    for number in count(1):
        path = folder / f"{stem}-{day}{f'-{number}' if number > 1 else ''}.{ending}"
        try:
            with path.open("xb") as stream:
                stream.write(data)
        except FileExistsError:
            continue
        return path.absolute()
    raise AssertionError("unreachable: count() has no end")
