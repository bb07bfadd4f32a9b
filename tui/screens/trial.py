"""The verdict on trial: its suspects are brought about in the lab, and what that logs is compared with the case."""

from collections.abc import Iterator

from textual.app import ComposeResult
from textual.widgets import Static

from diagnostics.language import in_words, say
from diagnostics.report.phrases import compared, lab_run, line_compared
from diagnostics.reproduce import Bounds
from diagnostics.verdict import Reproduction
from tui.case import OpenCase
from tui.errand import ErrandFailedError
from tui.lab.trial import try_elsewhere
from tui.meter import ErrandMeter
from tui.plain import plain
from tui.screens.base import Dialog
from tui.screens.waiting import WaitScreen
from tui.widgets.lines import Line, Lines, What


class TrialScreen(WaitScreen[Reproduction]):
    """Runs the suspects of a case; its answer is what the lab says of them, as far as it came."""

    SAYS = "trial"

    def __init__(self, case: OpenCase, bounds: Bounds | None = None) -> None:
        super().__init__()
        self._case = case
        self._bounds = bounds or Bounds()
        self.meter = ErrandMeter()

    def on_unmount(self) -> None:
        """Nobody waits for it any more, whatever the reason: its process is ended."""
        self.meter.gone.set()

    def do(self) -> None:
        """Run them."""
        try:
            told = try_elsewhere(self._case.diagnosis, self._case.request.rules, self._bounds, self.meter)
        except ErrandFailedError as error:
            self.app.call_from_thread(self.fail, str(error))
        else:
            self.app.call_from_thread(self.finish, told)

    def draw(self) -> None:
        """How many have been run, and the cause that is being run; before that, how many rules have been read."""
        meter, (rules, of_rules) = self.meter, self.meter.rules
        if meter.total:
            runs = self.say("trial.runs", done=meter.done, total=meter.total)
            self.show(meter.done, meter.total, plain(say(meter.name), width=100), runs)
        else:
            self.show(rules, of_rules, self.say("reading.beginning"))

    def action_stop(self) -> None:
        """Conclude from what has been run, at once: the run that is under way is given up."""
        told = self.meter.answer if isinstance(self.meter.answer, Reproduction) else None
        if told is None:
            self.notify(self.say("trial.nothing-run"), severity="warning")
        self.finish(told)


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
