"""The filter's terms as chips, how many events they leave, and how times are shown; a click takes a term away."""

from textual.content import Content
from textual.style import Style
from textual.widgets import Static

from tui.housed import Housed
from tui.plain import plain
from tui.timeline.model import Timeline

_FAINT = "$foreground-muted"


class ChipLine(Housed, Static):
    """One line above the timeline."""

    DEFAULT_CSS = "ChipLine { height: 1; text-wrap: nowrap; text-overflow: ellipsis; background: $surface; }"

    def __init__(self, timeline: Timeline) -> None:
        super().__init__()
        self._timeline = timeline
        self._done: float | None = None

    def on_mount(self) -> None:
        """Write the line."""
        self.reload()

    def working(self, done: float | None) -> None:
        """A search is so far (0 to 1); None where none is under way."""
        self._done = done
        self.reload()

    def reload(self) -> None:
        """Write the line anew."""
        timeline = self._timeline
        parts = [self._chip(number, str(term)) for number, term in enumerate(timeline.query)]
        if not timeline.query:
            parts.append(Content.styled(f" {self.say('timeline.no-filter')}", _FAINT))
        parts += [Content.styled(f"  {told}", _FAINT) for told in self._told()]
        self.update(Content("").join(parts))

    def _chip(self, number: int, term: str) -> Content:
        look = "reverse" if self._timeline.filtering else "strike dim"
        drop = Style.from_meta({"@click": f"screen.drop_term({number})"})
        return Content.assemble(" ", plain(f" {term} ", look, 60).stylize(drop))

    def _told(self) -> list[str]:
        timeline = self._timeline
        told = [self.say("timeline.shown", shown=f"{timeline.shown:,}", all=f"{len(timeline.ledger):,}")]
        if timeline.query and not timeline.filtering:
            told.append(self.say("timeline.filter-is-off"))
        elif timeline.query and not timeline.hiding:
            told.append(self.say("timeline.dimmed"))
        if timeline.searched < 1:
            told.append(self.say("timeline.stopped", percent=round(timeline.searched * 100)))
        if not timeline.folding:
            told.append(self.say("timeline.unfolded"))
        if self._done is not None:
            told.append(self.say("timeline.searching", percent=round(self._done * 100)))
        return told
