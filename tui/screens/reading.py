"""A case is being read: how far, how long still, which file; Esc stops with what there is, Esc again throws it away."""

from datetime import UTC, datetime
from pathlib import Path
from threading import Event as Flag
from typing import TYPE_CHECKING, ClassVar

import msgspec
from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import ProgressBar, Static
from textual.worker import Worker, WorkerState

from diagnostics.language import say
from diagnostics.request import Options, Request, UsageError, request_of
from tui.actions import bindings
from tui.case import OpenCase
from tui.errand import ErrandFailedError
from tui.meter import Meter
from tui.plain import plain
from tui.screens.base import Dialog
from tui.session import Recent
from tui.wording import size

if TYPE_CHECKING:
    from diagnostics.diagnosis import Diagnosis

_DRAW_EVERY = 0.1


class ReadingMeter(Meter):
    """How far a reading is, and which file is being read; once it is stopped, how far it was then."""

    def __init__(self) -> None:
        super().__init__()
        self.name = ""
        self.rules = (0, 0)
        """How many rules have been read anew, of how many; nothing where they were read before."""
        self.gone = Flag()

    def preparing(self, done: int, total: int) -> None:
        self.rules = (done, total)

    def advanced(self, done_bytes: int) -> None:
        if not self.stop.is_set():  # what is counted from now on is what is left out
            super().advanced(done_bytes)

    def reading(self, name: str) -> None:
        self.name = name

    def abandoned(self) -> bool:
        return self.gone.is_set()


class ReadingScreen(Dialog[OpenCase], inherit_bindings=False):
    """Reads a case; its answer is the case, or None where there is none."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("reading")]

    def __init__(self, options: Options) -> None:
        super().__init__()
        self._options = options
        self.meter = ReadingMeter()

    def body(self) -> ComposeResult:
        """The bar, what is being done, how much of it is, and what Esc does."""
        yield Static(self.say("reading.title"), classes="title")
        yield ProgressBar(id="bar")
        yield Static(self.say("reading.beginning"), id="file")
        yield Static(id="amount", classes="muted")
        yield Static(self.say("reading.stop"), id="hint", classes="muted")

    def on_mount(self) -> None:
        """Begin, and look at the meter ten times a second."""
        try:
            request = request_of(self._options)
        except UsageError as error:
            self._fail(str(error))
            return
        self.set_interval(_DRAW_EVERY, self._draw)
        self._read(request)

    def on_unmount(self) -> None:
        """Nobody waits for it any more, whatever the reason."""
        self.meter.gone.set()

    @work(thread=True, exclusive=True, exit_on_error=False)
    def _read(self, request: Request) -> None:
        try:
            diagnosis = self.app.reader(request, self.meter)
        except ErrandFailedError as error:
            self.app.call_from_thread(self._fail, str(error))
        else:
            if diagnosis is not None:
                self.app.call_from_thread(self._finish, request, diagnosis)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A mistake of ours must not leave the person waiting."""
        if event.state is WorkerState.ERROR:
            kind = type(event.worker.error).__name__
            self._fail(self.say("reading.internal", kind=kind))

    def _draw(self) -> None:
        meter, (rules, of_rules) = self.meter, self.meter.rules
        if meter.total:
            self._advance(meter.done, meter.total)
            self.query_one("#amount", Static).update(self._amount())
        elif of_rules:
            self._advance(rules, of_rules)
        self.query_one("#file", Static).update(self._doing())

    def _advance(self, done: int, total: int) -> None:
        bar = self.query_one(ProgressBar)
        if bar.total != total:  # another count begins, and with it another estimate of how long it takes
            bar.update(total=None)
        bar.update(total=total, progress=min(done, total))

    def _doing(self) -> Content:
        meter, (rules, of_rules) = self.meter, self.meter.rules
        if meter.stop.is_set() or (meter.total and meter.done >= meter.total):
            return Content(self.say("reading.judging"))
        if meter.total:
            return plain(meter.name, width=100)
        if of_rules:
            return Content(self.say("reading.rules", done=rules, total=of_rules))
        return Content(self.say("reading.beginning"))

    def _amount(self) -> str:
        done, total = min(self.meter.done, self.meter.total), self.meter.total
        key = "reading.kept" if self.meter.stop.is_set() else "working.amount"
        return self.say(key, done=size(done), total=size(total))

    def _finish(self, request: Request, diagnosis: "Diagnosis") -> None:
        case = OpenCase(request, diagnosis, self.app.session.folder)
        if self.meter.abandoned():  # just now
            case.close()
            return
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        verdict = diagnosis.verdict
        options = _from_anywhere(self._options)
        self.app.session.opened(
            Recent(options=options, verdict=verdict.verdict, summary=say(verdict.summary), opened=now)
        )
        for problem in diagnosis.problems:
            self.notify(plain(str(problem), width=300).plain, severity="warning", markup=False)
        if case.cut_short:
            done, total = size(min(self.meter.done, self.meter.total)), size(self.meter.total)
            self.notify(self.say("reading.cut-short", done=done, total=total), severity="warning", timeout=10)
        self.dismiss(case)

    def _fail(self, why: str) -> None:
        self.notify(plain(why, width=400).plain, title=self.say("reading.failed"), severity="error", markup=False)
        self.dismiss(None)

    def action_stop(self) -> None:
        """Stop with what there is; the second time, throw it away."""
        if self.meter.stop.is_set():
            self.meter.gone.set()
            self.dismiss(None)
            return
        self.meter.stop.set()
        self.query_one("#hint", Static).update(self.say("reading.drop"))
        self._draw()


def _from_anywhere(options: Options) -> Options:
    """The options with paths that name the same wherever the person is the next time."""
    return msgspec.structs.replace(
        options,
        paths=tuple(str(Path(path).absolute()) for path in options.paths),
        rules=tuple(path.absolute() for path in options.rules),
        topology=options.topology.absolute() if options.topology else None,
    )
