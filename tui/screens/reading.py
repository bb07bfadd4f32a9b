"""A case is being read: how far, how long still, which file; Esc stops with what there is, Esc again throws it away."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from textual.content import Content

from diagnostics.language import say
from diagnostics.request import Options, Request, UsageError, request_of
from tui.case import OpenCase
from tui.errand import ErrandFailedError
from tui.meter import ErrandMeter
from tui.plain import plain
from tui.screens.waiting import WaitScreen
from tui.session import Recent
from tui.wording import size

if TYPE_CHECKING:
    from diagnostics.diagnosis import Diagnosis


class ReadingScreen(WaitScreen[OpenCase]):
    """Reads a case; its answer is the case, or None where there is none."""

    SAYS = "reading"

    def __init__(self, options: Options) -> None:
        super().__init__()
        self._options = options
        self.meter = ErrandMeter()

    def on_unmount(self) -> None:
        """Nobody waits for it any more, whatever the reason."""
        self.meter.gone.set()

    def do(self) -> None:
        """Read it."""
        try:
            request = request_of(self._options)
            diagnosis = self.app.reader(request, self.meter)
        except (UsageError, ErrandFailedError) as error:
            self.app.call_from_thread(self.fail, str(error))
        else:
            if diagnosis is not None:
                self.app.call_from_thread(self._read, request, diagnosis)

    def draw(self) -> None:
        """How much has been read, of what; before that, how many rules."""
        meter, (rules, of_rules) = self.meter, self.meter.rules
        if meter.total:
            self.show(meter.done, meter.total, self._doing(), self._amount())
        else:
            self.show(rules, of_rules, self._doing())

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

    def _read(self, request: Request, diagnosis: "Diagnosis") -> None:
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
        self.finish(case)

    def action_stop(self) -> None:
        """Stop with what there is; where there is nothing yet, or the second time, throw it away."""
        if self.meter.stop.is_set() or not self.meter.done:
            self.finish(None)
            return
        self.meter.stop.set()
        self.hint(self.say("reading.drop"))
        self.draw()


def _from_anywhere(options: Options) -> Options:
    """The options with paths that name the same wherever the person is the next time."""
    return msgspec.structs.replace(
        options,
        paths=tuple(str(Path(path).absolute()) for path in options.paths),
        rules=tuple(path.absolute() for path in options.rules),
        topology=options.topology.absolute() if options.topology else None,
    )
