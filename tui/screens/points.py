"""Recovery points: of a repository on this machine; verified byte by byte, and restored to new files."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from engine.dpm.errors import RepositoryError
from engine.dpm.records import PointState
from engine.progress import Progress
from tui.plain import plain
from tui.recovery import ListedPoint, Verified, list_points, restore_point, verify_points
from tui.screens.base import Dialog, ShindanScreen
from tui.screens.working import WorkScreen
from tui.standing import Standing
from tui.widgets.field import Field
from tui.widgets.lines import Line, Lines, What
from tui.widgets.path_suggester import PathSuggester
from tui.wording import reason, size, when


class PointsScreen(ShindanScreen):
    """A repository and its recovery points."""

    PLACE = "points"
    CSS_PATH = "points.tcss"
    AUTO_FOCUS = "#folder"

    def __init__(self) -> None:
        super().__init__()
        self.folder: Path | None = None
        self.points: list[ListedPoint] = []

    def body(self) -> ComposeResult:
        """The folder, its points, and the one under the cursor in full."""
        yield Field(placeholder=self.say("points.folder"), suggester=PathSuggester(), id="folder")
        yield Static(id="why", classes="muted")
        with Horizontal():
            yield Lines(id="points")
            yield Lines(id="beside")
        self.call_after_refresh(self._show, "")

    @on(Input.Submitted, "#folder")
    def _asked(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self.open(Path(event.value.strip()).expanduser())

    def open(self, folder: Path) -> None:
        """List what is in a repository."""
        self.folder = folder
        self._list(folder)

    @work(thread=True, exclusive=True, group="points", exit_on_error=False)
    def _list(self, folder: Path) -> None:
        try:
            found, why = list_points(folder), ""
        except (RepositoryError, OSError) as error:
            found, why = [], reason(error)
        self.app.call_from_thread(self._listed, folder, found, why)

    def _listed(self, folder: Path, found: list[ListedPoint], why: str) -> None:
        if folder == self.folder:
            self.points = found
            self._show(why or ("" if found else self.say("points.none")))
            if found:
                self.query_one("#points").focus()
                self.call_after_refresh(self.resume)

    def standing(self) -> Standing:
        """The repository, and the recovery point in it."""
        return Standing(at=str(self.folder or ""), line=self.query_one("#points", Lines).highlighted or 0)

    def stand(self, standing: Standing) -> None:
        """List the repository again, and go to the recovery point."""
        if self.folder is None:
            self.query_one("#folder", Input).value = standing.at
            self.open(Path(standing.at))
        elif self.points:
            self.query_one("#points", Lines).highlighted = min(standing.line, len(self.points))

    # Showing

    def _show(self, why: str) -> None:
        told = plain(why, "$error", 600) if why or self.points else Content(self.say("points.nothing-yet"))
        self.query_one("#why", Static).update(told)
        self.query_one("#points", Lines).fill(self._rows())

    def _rows(self) -> Iterator[Line]:
        if self.points:
            yield Line(Content(self.say("points.heading")), indent=2, heading=True)
        glyphs = self.app.glyphs
        for one in self.points:
            point = one.point
            mark = glyphs.passed if point.state == PointState.GOOD else glyphs.failed
            told = f"{point.id:>5}  {when(point.time)}  {size(point.bytes_changed):>10}  {self._mode(point.mode):12}  "
            body = Content(told).append(plain(Path(one.image).name, "bold", 60))
            yield Line(body, What(one, (point.mode,), one.image), mark)

    def _mode(self, mode: str) -> str:
        return self.say(f"points.mode.{mode}")

    @on(Lines.Reached, "#points")
    def _reached(self, event: Lines.Reached) -> None:
        if isinstance(event.line.what.of, ListedPoint):
            self.query_one("#beside", Lines).fill(details(event.line.what.of, self.say))

    @on(Lines.Entered, "#points")
    def _entered(self, event: Lines.Entered) -> None:
        if isinstance(event.line.what.of, ListedPoint):
            self.app.push_screen(PointDetails(event.line.what.of))

    @property
    def here(self) -> ListedPoint | None:
        """The recovery point under the cursor."""
        line = self.query_one("#points", Lines).here
        return line.what.of if line and isinstance(line.what.of, ListedPoint) else None

    # What is done with them

    def action_again(self) -> None:
        """List them again."""
        if self.folder:
            self.open(self.folder)

    def action_verify(self) -> None:
        """Read the recovery point under the cursor against its digests."""
        if self.here:
            self._verify([self.here.point.id])

    def action_verify_all(self) -> None:
        """Read all of them."""
        if self.points:
            self._verify([])

    def _verify(self, numbers: Sequence[int]) -> None:
        if self.folder:
            title = self.say("points.verifying", points=", ".join(map(str, numbers)) or self.say("points.all"))
            self.app.push_screen(WorkScreen(title, partial(verify_points, self.folder, numbers)), self._verified)

    def _verified(self, found: Verified | None) -> None:
        self.action_again()
        if found is None:
            return
        if found.damages:
            told = "\n".join(str(damage) for damage in found.damages)
            self.notify(plain(told, width=600).plain, title=self.say("points.damaged"), severity="error", markup=False)
        else:
            self.notify(self.say("points.sound", count=len(found.states)))

    def action_restore(self) -> None:
        """Write the recovery point under the cursor to a new file, once the person has said where."""
        if self.here and self.folder:
            self.app.push_screen(RestoreScreen(self.here), partial(self._restore, self.folder, self.here))

    def _restore(self, folder: Path, one: ListedPoint, target: Path | None) -> None:
        if target is None:
            return
        do: Callable[[Progress], int] = partial(_restored, folder, one.point.id, target)
        title = self.say("points.restoring", point=one.point.id, target=str(target))
        self.app.push_screen(WorkScreen(title, do), partial(self._done, target))

    def _done(self, target: Path, written: int | None) -> None:
        if written is not None:
            told = self.say("points.restored", target=str(target), size=size(written))
            self.notify(plain(told, width=400).plain, markup=False, timeout=10)


def _restored(folder: Path, number: int, target: Path, progress: Progress) -> int:
    return restore_point(folder, number, target, progress)


def details(one: ListedPoint, say: Callable[..., str]) -> Iterator[Line]:
    """All that the catalog knows of a recovery point."""
    point = one.point
    yield Line(Content(say("points.point", point=point.id)), heading=True)
    facts = {
        "image": one.image,
        "time": when(point.time),
        "mode": f"{point.mode}: {say(f'points.means.{point.mode}')}",
        "job": point.kind,
        "changed": size(point.bytes_changed),
        "size": f"{size(point.image_size)} ({point.image_size})",
        "state": say(f"points.state.{point.state}"),
        "root": point.root.hex(),
    }
    for name, value in facts.items():
        yield Line(
            Content.assemble((f"{say(f'points.fact.{name}')}  ", "$foreground-muted"), plain(value)), What(copied=value)
        )


class PointDetails(Dialog[None]):
    """A recovery point in full, where there is no room beside the list."""

    AUTO_FOCUS = "Lines"

    def __init__(self, one: ListedPoint) -> None:
        super().__init__()
        self._one = one

    def body(self) -> ComposeResult:
        """Its facts."""
        yield Lines(details(self._one, self.say))


class RestoreScreen(Dialog[Path]):
    """Where to? Its answer is a file that is not there yet."""

    AUTO_FOCUS = "Input"

    def __init__(self, one: ListedPoint) -> None:
        super().__init__()
        self._one = one

    def body(self) -> ComposeResult:
        """What is about to happen, and the file's name."""
        image = Path(self._one.image)
        proposed = Path.cwd() / f"{image.stem or 'image'}-{self._one.point.id}{image.suffix}"
        yield Static(self.say("points.restore", point=self._one.point.id), classes="title")
        yield Static(plain(self.say("points.will", size=size(self._one.point.image_size), image=self._one.image)))
        yield Field(value=str(proposed), suggester=PathSuggester(), id="target")
        yield Static(id="why-not")
        yield Static(self.say("points.confirm"), classes="muted")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        target = Path(event.value.strip()).expanduser()
        why = self._why_not(target)
        if why:
            self.query_one("#why-not", Static).update(plain(why, "$error"))
        else:
            self.dismiss(target)

    def _why_not(self, target: Path) -> str:
        try:
            if target.exists():
                return self.say("points.exists", target=str(target))
            if not target.parent.is_dir():
                return self.say("points.no-folder", folder=str(target.parent))
        except OSError as error:
            return reason(error)
        return ""
