"""The verdict on trial: its suspects are brought about in the lab, and what that logs is compared with the case."""

from collections.abc import Iterator
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import ProgressBar, Static

from diagnostics.language import in_words
from diagnostics.report.phrases import compared, lab_run, line_compared
from diagnostics.reproduce import Bounds
from diagnostics.verdict import Reproduction
from tui.actions import bindings
from tui.case import OpenCase
from tui.errand import ErrandFailedError
from tui.lab.trial import try_elsewhere
from tui.plain import plain
from tui.screens.base import Dialog
from tui.screens.reading import ReadingMeter
from tui.widgets.lines import Line, Lines, What

_DRAW_EVERY = 0.1


class TrialScreen(Dialog[Reproduction]):
    """Runs the suspects of a case; its answer is what the lab says of them, as far as it came."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("working")]

    def __init__(self, case: OpenCase, bounds: Bounds | None = None) -> None:
        super().__init__()
        self._case = case
        self._bounds = bounds or Bounds()
        self.meter = ReadingMeter()

    def body(self) -> ComposeResult:
        """The bar, the cause that is being run, and what Esc does."""
        yield Static(self.say("trial.title"), classes="title")
        yield ProgressBar(id="bar", show_eta=False)
        yield Static(id="cause")
        yield Static(self.say("trial.stop"), id="hint", classes="muted")

    def on_mount(self) -> None:
        """Begin."""
        self.set_interval(_DRAW_EVERY, self._draw)
        self._try()

    def on_unmount(self) -> None:
        """Nobody waits for it any more, whatever the reason."""
        self.meter.gone.set()

    @work(thread=True, exclusive=True, exit_on_error=False)
    def _try(self) -> None:
        try:
            told = try_elsewhere(self._case.diagnosis, self._case.request.rules, self._bounds, self.meter)
        except ErrandFailedError as error:
            self.app.call_from_thread(self._fail, str(error))
        else:
            if told is not None:
                self.app.call_from_thread(self.dismiss, told)

    def _fail(self, why: str) -> None:
        self.notify(plain(why, width=400).plain, title=self.say("lab.failed"), severity="error", markup=False)
        self.dismiss(None)

    def _draw(self) -> None:
        if self.meter.total:
            self.query_one(ProgressBar).update(total=self.meter.total, progress=self.meter.done)
            self.query_one("#cause", Static).update(plain(self.meter.name, width=100))

    def action_stop(self) -> None:
        """Conclude from what was run by then."""
        self.meter.stop.set()
        self.query_one("#hint", Static).update(self.say("working.stopping"))


class ConclusionScreen(Dialog[None]):
    """What the lab says of a verdict."""

    AUTO_FOCUS = "Lines"

    def __init__(self, told: Reproduction) -> None:
        super().__init__()
        self.told = in_words(told)

    def body(self) -> ComposeResult:
        """The sentence, each run, and what the first has in common with the case."""
        yield Static(plain(self.told.summary, width=400), classes="title")
        yield Lines(self._lines())

    def _lines(self) -> Iterator[Line]:
        glyphs = self.app.glyphs
        for number, run in enumerate(self.told.runs):
            yield Line(
                plain(lab_run(run), "bold" if not number else "", 400), What(run, (run.cause,)), glyphs.bullet, 1
            )
            for heading, lines in compared(run) if not number else ():
                told = "; ".join(map(line_compared, lines))
                yield Line(plain(f"{heading}: {told}", "$foreground-muted", 1000), indent=3)
        for note in self.told.lab:
            yield Line(plain(note, width=400), indent=1)
