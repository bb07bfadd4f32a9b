"""Open: recent cases, sample jobs, a path with completion, a tree of folders."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import DirectoryTree, Input, Static

from diagnostics.language import say
from diagnostics.request import Options
from diagnostics.samples import Sample, sample_jobs
from tui.actions import PLACES
from tui.plain import plain
from tui.screens.base import ShindanScreen
from tui.session import Recent
from tui.widgets.field import Field
from tui.widgets.folder_tree import FolderTree
from tui.widgets.lines import Line, Lines, What
from tui.widgets.path_suggester import PathSuggester

if TYPE_CHECKING:
    from tui.case import OpenCase


class OpenScreen(ShindanScreen):
    """Where cases are opened."""

    PLACE = "open"
    CSS_PATH = "open.tcss"
    AUTO_FOCUS = "#known"

    def body(self) -> ComposeResult:
        """The path above, what is known left, folders right."""
        yield Static(self.say("open.title"), classes="title")
        yield Field(placeholder=self.say("open.path"), suggester=PathSuggester(), id="path")
        with Horizontal():
            yield Lines(self._known(), id="known")
            with Vertical(id="folders"):
                yield Static(self.say("open.folders"), classes="title")
                yield FolderTree(Path.cwd())

    def on_mount(self) -> None:
        """Open at once what was named on the command line."""
        asked, self.app.to_open = self.app.to_open, None
        if asked:
            self.open(asked)

    def _known(self) -> Iterator[Line]:
        recent, samples = self.app.session.recent, sample_jobs()
        if recent:
            yield Line(plain(self.say("open.recent")), heading=True)
        for case in recent:
            sign = getattr(self.app.glyphs, case.verdict, self.app.glyphs.unknown)
            yield Line(self._recent(case), What(case), sign, 1)
        if samples:
            yield Line(plain(self.say("open.samples")), heading=True)
        for sample in samples:
            name, title = plain(sample.name, "bold"), plain(say(sample.title), "$foreground-muted")
            yield Line(Content("\n").join([name, title]), What(sample), self.app.glyphs.bullet, 1)

    def _recent(self, case: Recent) -> Content:
        name = plain(", ".join(case.options.paths), "bold", 120)
        word = self.say(f"verdict.word.{case.verdict}")
        return Content("\n").join([name, plain(f"{word}: {case.summary}", "$foreground-muted", 160)])

    @on(Lines.Entered, "#known")
    def _open_known(self, event: Lines.Entered) -> None:
        match event.line.what.of:
            case Recent() as recent:
                known = {place.name for place in PLACES}  # another version may have had others
                self.open(recent.options, recent.place if recent.place in known else "verdict")
            case Sample() as sample:
                self.open(Options(paths=(str(sample.logs),)))

    @on(Input.Submitted, "#path")
    def _open_typed(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self.open(Options(paths=(str(Path(event.value.strip()).expanduser()),)))

    @on(DirectoryTree.FileSelected)
    def _open_file(self, event: DirectoryTree.FileSelected) -> None:
        self.open(Options(paths=(str(event.path),)))

    def action_open_folder(self) -> None:
        """Open the folder under the cursor of the tree, with all that is in it."""
        node = self.query_one(FolderTree).cursor_node
        if node and node.data:
            path = node.data.path
            self.open(Options(paths=(str(path if path.is_dir() else path.parent),)))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - Textual's
        """A folder is opened where folders are shown; there is nothing to explain or to export yet."""
        if action in ("explain", "export"):
            return False
        return action != "open_folder" or isinstance(self.focused, FolderTree)

    def open(self, options: Options, place: str = "verdict") -> None:
        """Read a case, and show it where the person left it."""
        from tui.screens.reading import ReadingScreen  # noqa: PLC0415 - what reads logs is slow to import

        def show(case: "OpenCase | None") -> None:
            if case:
                self.app.call_later(self.app.show_case, case, place)

        self.app.push_screen(ReadingScreen(options), show)
