"""The event under the cursor in all its parts."""

from collections.abc import Iterator

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.housed import Housed
from tui.plain import plain, plain_block
from tui.themes import Glyphs
from tui.timeline.details import Details, HitTold

_FAINT = "$foreground-muted"


class EventDetails(Housed, VerticalScroll):
    """A pane below the timeline; Tab goes into it."""

    DEFAULT_CSS = """
    EventDetails {
        height: 35%; min-height: 5; border-top: solid $primary; padding: 0 1; scrollbar-size-vertical: 1;
        & Static { height: auto; }
    }
    """

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static()

    def show_nothing(self, why: str = "") -> None:
        """There is no event, or its words are gone."""
        self.query_one(Static).update(plain(why, "$text-warning"))

    def show(self, told: Details, glyphs: Glyphs) -> None:
        """Show an event from its beginning."""
        self.query_one(Static).update(Content("\n").join(self._lines(told, glyphs)))
        self.scroll_home(animate=False)

    def _lines(self, told: Details, glyphs: Glyphs) -> Iterator[Content]:
        level = self.say(f"timeline.level.{told.level}")
        head = [plain(told.name, "bold $primary"), plain(level, "bold"), plain(told.machine)]
        yield Content("  ").join(filter(None, head))
        place = [plain(told.time or self.say("timeline.no-time-told")), plain(told.channel), plain(told.place, _FAINT)]
        yield Content("  ").join(filter(None, place))
        if told.note:
            yield Content.assemble(f"{glyphs.mark} ", plain(told.note, "bold $accent"))
        if told.meaning:
            yield plain(told.meaning, "$secondary")
        for hit in told.hits:
            yield self._hit(hit, glyphs)
        for code in told.codes:
            meaning = "  ".join(part for part in (code.symbol, code.meaning) if part)
            known = plain(meaning or self.say("timeline.unknown-code"))
            yield Content("  ").join([plain(code.code, "bold"), known])
        if told.text:
            yield plain_block(told.text)
        for name, value in told.fields:
            yield Content.assemble(plain(name, _FAINT), " = ", plain(value))

    def _hit(self, hit: HitTold, glyphs: Glyphs) -> Content:
        weight = self.say("timeline.weighs", db=f"{hit.weight_db:+.1f}") if hit.weight_db is not None else ""
        polarity = self.say(f"timeline.polarity.{hit.polarity}")
        told = [plain(hit.rule, "bold"), plain(polarity), plain(hit.instance, "$accent"), plain(weight)]
        return Content.assemble(f"{glyphs.bullet} ", Content("  ").join([*filter(None, told), plain(hit.why, _FAINT)]))
