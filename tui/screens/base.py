"""What every screen has: the line of places above, the line of keys below, help, looking things up, copy and export."""

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen, Screen

from diagnostics.verdict import Evidence
from tui.actions import LINES, bindings
from tui.housed import Housed
from tui.plain import file_name, plain
from tui.screenshot import screenshot
from tui.standing import Standing, above, bring
from tui.widgets.key_line import KeyLine
from tui.widgets.lines import Line, Lines
from tui.widgets.place_line import PlaceLine

if TYPE_CHECKING:
    from tui.case import OpenCase
    from tui.screens.export import Wish

PICTURE = "svg"
"""The ending of a file that is a picture of the screen."""
_Answer = TypeVar("_Answer")


class Readable(Housed, Screen[_Answer]):
    """Something in which words can be explained and lines copied."""

    def words_here(self) -> list[str]:
        """The codes and terms under the cursor that could be explained, the most telling first."""
        line = self._line_here()
        return list(line.what.terms) if line else []

    def text_here(self) -> str:
        """What a person means to copy: the command under the cursor, else the text of the line."""
        line = self._line_here()
        return (line.what.copied or line.body.plain) if line else ""

    def _line_here(self) -> Line | None:
        lines = self.focused
        return lines.here if isinstance(lines, Lines) else None

    def action_explain(self) -> None:
        """What the words under the cursor mean."""
        self._explain(self.words_here())

    def action_look_up(self) -> None:
        """What any word means."""
        self._explain([])

    def _explain(self, words: list[str]) -> None:
        from tui.screens.explain import ExplainScreen  # noqa: PLC0415 - imported when somebody asks

        self.app.push_screen(ExplainScreen(words))

    def action_to_timeline(self) -> None:
        """From a line of evidence to its event among all others."""
        line = self._line_here()
        if line and isinstance(line.what.of, Evidence):
            self.app.show_event(line.what.of.source, line.what.of.record)
        else:
            self.notify(self.say("app.no-event-here"))

    def action_copy(self) -> None:
        """Copy what is under the cursor."""
        self.app.copy(self.text_here())


class ShindanScreen(Readable[None]):
    """A place that a person goes to.

    A screen says in `body` what it shows, and under `PLACE` which place it is; its bindings are those of the place.
    """

    PLACE: ClassVar = ""
    PARTS: ClassVar[tuple[str, ...]] = (LINES,)
    """What it is made of that has keys of its own: LINES, PICTURE."""
    LIST: ClassVar = ""
    """The list that it mainly consists of."""

    def __init_subclass__(cls, **options: Any) -> None:  # noqa: ANN401 - Textual's own
        """Bind the keys of the place."""
        cls.BINDINGS = [*bindings(cls.PLACE)]
        super().__init_subclass__(**options)

    def compose(self) -> ComposeResult:
        """The frame, and the body in it."""
        yield PlaceLine(self.PLACE)
        yield from self.body()
        yield KeyLine()

    def body(self) -> ComposeResult:
        """What the screen shows."""
        raise NotImplementedError  # Textual's metaclass leaves no room for ABC: each screen has its own

    def on_mount(self) -> None:
        """Go where the person stood the last time."""
        self.call_after_refresh(self.resume)

    def resume(self) -> None:
        """Go where the person stood the last time, as soon as there is something to stand on."""
        standing = self.app.standings.get(self.PLACE)
        if standing and standing != Standing() and self.is_attached:
            self.stand(standing)

    def standing(self) -> Standing:
        """Where the person stands."""
        if not self.LIST:
            return Standing()
        lines = self.query_one(self.LIST, Lines)
        line = lines.highlighted or 0
        return Standing(line=line, above=above(lines, lines.row_of(line)))

    def stand(self, standing: Standing) -> None:
        """Go where a person stood."""
        lines = self.query_one(self.LIST, Lines) if self.LIST else None
        if lines and lines.shown:
            lines.highlighted = min(standing.line, len(lines.shown) - 1)
            bring(lines, lines.row_of(lines.highlighted), standing.above)

    def action_help(self) -> None:
        """What works here."""
        from tui.screens.keys import KeysScreen  # noqa: PLC0415 - imported when somebody asks

        self.app.push_screen(KeysScreen(self))

    def action_manual(self) -> None:
        """The manual's page of this screen."""
        from tui.screens.manual import ManualScreen  # noqa: PLC0415 - as above

        self.app.push_screen(ManualScreen(self.PLACE))

    def action_export(self) -> None:
        """Write the verdict, or this view, to a file."""
        from tui.screens.export import ExportScreen  # noqa: PLC0415 - as above

        self.app.push_screen(ExportScreen(), self._wished)

    def _wished(self, wish: "Wish | None") -> None:
        if wish:
            self.call_after_refresh(self._export, wish)  # when the dialog is gone from the picture

    def _export(self, wish: "Wish") -> None:
        picture = screenshot(self.app) if wish.form == PICTURE else ""
        self._write(wish, picture.encode("utf-8", "replace"))

    @work(thread=True, group="export")
    def _write(self, wish: "Wish", picture: bytes) -> None:
        """The path is told and copied; no file is ever overwritten."""
        from tui.screens.export import report, write_new  # noqa: PLC0415 - as above

        case = self.app.case
        stem = f"shindan-{file_name(case.title)}" if case else "shindan"
        stem, data = (f"{stem}-{self.PLACE}", picture) if picture or case is None else (stem, report(case, wish.form))
        try:
            path = write_new(wish.folder, stem, wish.form, data)
        except OSError as error:
            why = plain(f"{error.filename or wish.folder}: {error.strerror}").plain
            self.notify(why, title=self.say("export.failed"), severity="error", markup=False)
        else:
            self.app.call_from_thread(self.app.copy_to_clipboard, str(path))
            self.notify(plain(str(path)).plain, title=self.say("export.written"), markup=False)


class CaseScreen(ShindanScreen):
    """A place that shows the open case."""

    @property
    def case(self) -> "OpenCase":
        """The open case; such a screen exists only while there is one."""
        if self.app.case is None:
            raise RuntimeError(f"{self.PLACE} is shown without a case")
        return self.app.case


class Dialog(Readable[_Answer], ModalScreen[_Answer]):
    """Something in front of a screen; Esc closes it, with no answer."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("dialog")]

    def compose(self) -> ComposeResult:
        """A frame, and the body in it."""
        with Vertical(id="dialog"):
            yield from self.body()
            yield KeyLine()

    def body(self) -> ComposeResult:
        """What the dialog shows."""
        raise NotImplementedError  # each dialog has its own

    def action_close(self) -> None:
        """No answer."""
        self.dismiss(None)
