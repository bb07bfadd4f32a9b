"""Lab: a night that is run, paused, stepped and broken on purpose; then diagnosed, mended, and run once more."""

import math
from collections.abc import Callable, Iterator
from functools import partial

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Log, Sparkline, Static

from diagnostics.language import say
from diagnostics.report.plates import Plate, Status
from diagnostics.request import Options
from diagnostics.retry.plan import Plan
from diagnostics.sanitize import one_line
from diagnostics.verdict import Reproduction
from engine.lab import Fault, FaultError, ScenarioError
from engine.pipeline import Scope
from engine.sentence import Sentence
from tui.case import OpenCase
from tui.lab import SPEEDS, Bench, LabFailedError, State, StoppedError
from tui.lab.choices import SMALL_SITE, Choice, Setup, choices, set_up
from tui.lab.view import line_of, parts_of, site_of
from tui.plain import plain
from tui.screens.pictured import PicturedScreen
from tui.widgets.lab_told import DiskMap, JobBars
from tui.widgets.lines import Line, Lines, What
from tui.widgets.pipeline_picture import PipelinePicture

_LOOK_EVERY = 0.1
_MOST_LINES = 5000
_ON_THE_BENCH = ("run", "step", "speed", "fault", "diagnose", "mend", "stop", "view", "choose")
_NOTHING_YET = Plate("", Scope.SITE, Status.QUIET, "", (), (), Sentence(""), "site")
_FAILURES = (FaultError, LabFailedError, OSError)


class LabScreen(PicturedScreen):
    """Where nights are run."""

    PLACE = "lab"
    CSS_PATH = "lab.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._busy = False
        """Whether a night was under way at the last look."""

    @property
    def bench(self) -> Bench | None:
        """What is on the bench; it outlives the screen, as when the language changes."""
        return self.app.bench

    def body(self) -> ComposeResult:
        """What can be run; and, once something is chosen, what is told of it, and its picture."""
        yield Static(id="lab-head")
        yield Lines(self._choices(), id="choices")
        with Horizontal(id="bench"):
            with Vertical(id="told"):
                with VerticalScroll(id="jobs"):
                    yield JobBars()
                yield DiskMap(id="disk")
                yield Sparkline([], id="wire")
                yield Log(max_lines=_MOST_LINES, id="log")
            yield PipelinePicture(_NOTHING_YET, id="picture")
        self.call_after_refresh(self._show)

    def on_mount(self) -> None:
        """Look at the lab ten times a second, whatever its speed."""
        self.set_interval(_LOOK_EVERY, self._look)

    # Choosing

    def _choices(self) -> Iterator[Line]:
        yield Line(Content(self.say("lab.choose")), heading=True)
        for choice in choices(case=self.app.case is not None):
            name = plain(choice.name or self.say("lab.like-case"), "bold")
            title = say(choice.title) or (self.say("lab.small-site") if choice.name == SMALL_SITE else "")
            body = name.append("\n").append(plain(title, "$foreground-muted")) if title else name
            yield Line(body, What(choice), self.app.glyphs.bullet, 1)

    @on(Lines.Entered, "#choices")
    def _chosen(self, event: Lines.Entered) -> None:
        if isinstance(event.line.what.of, Choice):
            self.choose(event.line.what.of)

    def choose(self, choice: Choice) -> None:
        """Put something on the bench."""
        try:
            setup = set_up(choice, self.app.case.case if self.app.case else None)
        except ScenarioError as error:
            self._complain(str(error))
        else:
            self._put(setup)

    def _put(self, setup: Setup) -> None:
        self._clear()
        self.app.bench = Bench(setup.scenario, setup.faults)
        self.query_one(Log).clear().write_lines([one_line(note) for note in setup.notes])
        self._show()
        self.picture.focus()

    def _clear(self) -> None:
        if self.bench:
            self.bench.pace.stop()
            self._close(self.bench)
        self.app.bench, self._busy = None, False

    @work(thread=True, group="closing")
    def _close(self, bench: Bench) -> None:
        bench.close()

    def action_choose(self) -> None:
        """Something else on the bench."""
        self._clear()
        self.query_one("#choices", Lines).fill(self._choices())
        self._show()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Before something is on the bench nothing can be done with it."""
        nothing = action in _ON_THE_BENCH and self.bench is None
        return (
            False
            if nothing or (action == "try_verdict" and not self.app.case)
            else super().check_action(action, parameters)
        )

    # Running

    def action_run(self) -> None:
        """Run; pause what runs; go on with what is paused; begin anew what has ended."""
        bench = self.bench
        if bench and bench.busy:
            (bench.pace.go_on if bench.pace.paused else bench.pace.pause)()
        elif bench and bench.state is State.READY:
            self._start(bench, bench.run)
        elif bench:
            self._put(Setup(bench.scenario, bench.given))
            self.action_run()
        self._tell_state()

    def action_step(self) -> None:
        """One step; a night that has not begun begins with it."""
        bench = self.bench
        if bench and bench.state is State.READY:
            bench.pace.pause()
            self._start(bench, bench.run)
        elif bench and bench.busy:
            bench.pace.step()
        self._tell_state()

    def action_speed(self, by: int) -> None:
        """Faster or slower."""
        if self.bench:
            at = SPEEDS.index(self.bench.pace.speed) + by
            self.bench.pace.at(SPEEDS[min(max(at, 0), len(SPEEDS) - 1)])
            self._tell_state()

    def action_stop(self) -> None:
        """End the night; what was seen of it stays on the screen."""
        if self.bench and self.bench.busy:
            self.bench.pace.stop()
            self._tell_state()

    def _start(self, bench: Bench, night: Callable[[], object]) -> None:
        bench.state, self._busy = State.BUILDING, True
        self._run(night)

    @work(thread=True, group="lab", exit_on_error=False)
    def _run(self, night: Callable[[], object]) -> None:
        try:
            night()
        except StoppedError:
            pass
        except _FAILURES as error:
            self.app.call_from_thread(self._complain, str(error))

    def _ended(self, bench: Bench) -> None:
        bench.seen.end(bench.failed)
        self._show()
        if bench.state is State.DONE:
            self.query_one(Log).write_line(self.say("lab.ended", failed=len(bench.failed)))
        if bench.state is State.DONE and bench.retried and self.is_current:
            from tui.screens.retry import CompareScreen  # noqa: PLC0415 - imported when there is something to compare

            self.app.push_screen(CompareScreen(bench.retried))

    # What goes wrong, and what is done about it

    def action_fault(self) -> None:
        """Choose something that goes wrong from the next step on."""
        if self.bench:
            from tui.screens.fault import FaultScreen  # noqa: PLC0415 - imported when somebody asks

            self.app.push_screen(FaultScreen(self.bench.scenario.machines()), self._inject)

    def _inject(self, fault: Fault | None) -> None:
        if fault and self.bench:
            try:
                self.bench.inject(fault)
            except _FAILURES as error:
                self._complain(str(error))
            else:
                self.query_one(Log).write_line(one_line(self.say("lab.injected", fault=str(fault))))
                self._show()

    def action_diagnose(self) -> None:
        """Read what the machines logged, as a case."""
        if self.bench and self.bench.night and not self.bench.busy:
            self._write_logs(self.bench)
        else:
            self.notify(self.say("lab.nothing-ran"), severity="warning")

    @work(thread=True, group="lab", exit_on_error=False)
    def _write_logs(self, bench: Bench) -> None:
        try:
            folder = bench.write_logs()
        except _FAILURES as error:
            self.app.call_from_thread(self._complain, str(error))
        else:
            self.app.call_from_thread(self._diagnose, str(folder))

    def _diagnose(self, folder: str) -> None:
        from tui.screens.reading import ReadingScreen  # noqa: PLC0415 - as above

        self.app.push_screen(ReadingScreen(Options(paths=(folder,))), self._read)

    def _read(self, case: OpenCase | None) -> None:
        if case:
            self.call_later(self.app.show_case, case)

    def action_mend(self) -> None:
        """Choose a remedy, and run the jobs that failed once more."""
        if self.bench and self.bench.state is State.DONE and self.bench.failed:
            from tui.screens.retry import RemedyScreen  # noqa: PLC0415 - as above

            self.app.push_screen(RemedyScreen(self.bench), self._retry)
        else:
            self.notify(self.say("lab.nothing-failed"), severity="warning")

    def _retry(self, planned: Plan | None) -> None:
        bench = self.bench
        if planned and bench and bench.state is State.DONE:
            self._start(bench, lambda: bench.run_again(planned))

    def action_try_verdict(self) -> None:
        """Bring about each of the verdict's suspects, and tell which of them logs what the case logged."""
        if self.app.case is None:
            self.notify(self.say("app.no-case"), severity="warning")
        else:
            from tui.screens.trial import TrialScreen  # noqa: PLC0415 - as above

            self.app.push_screen(TrialScreen(self.app.case), partial(self._tried, self.app.case))

    def _tried(self, case: OpenCase, told: Reproduction | None) -> None:
        from tui.screens.trial import ConclusionScreen  # noqa: PLC0415 - as above

        if told and case is self.app.case:
            case.verdict.reproduced = told
            self.app.forget_screens(["verdict"])
            self.app.push_screen(ConclusionScreen(told))

    # Showing

    def _look(self) -> None:
        """Take what has happened since the last look: at once, however much it is."""
        bench = self.bench
        steps = bench.take() if bench else []
        if bench and steps:
            self.query_one(Log).write_lines([line_of(step) for step in steps[-_MOST_LINES:]])
            self._show_told(bench)
        if bench and self._busy and not bench.busy and not steps:
            self._ended(bench)
        if bench:
            while bench.refused:
                self._complain(bench.refused.popleft())
            self._busy = bench.busy or bool(steps and self._busy)
            self._tell_state()

    def _show(self) -> None:
        """Everything, as it is now."""
        bench = self.bench
        self.query_one("#choices").display = bench is None
        self.query_one("#bench").display = bench is not None
        if bench:
            self._busy = bench.busy
            self._show_told(bench)
        else:
            self.query_one("#choices").focus()
        self.refresh_bindings()
        self._tell_state()

    def _show_told(self, bench: Bench) -> None:
        seen, picture = bench.seen, self.picture
        self.query_one(JobBars).show(seen.jobs.values())
        self.query_one(DiskMap).show(seen.disk, seen.disks.get(seen.disk))
        self.query_one(Sparkline).data = list(seen.rates)
        picture.show(site_of(bench.scenario, seen.jobs.values(), bench.faults))
        picture.lit = parts_of(bench.scenario, seen.current) if bench.busy else frozenset()

    def _tell_state(self) -> None:
        bench = self.bench
        if bench is None:
            self.query_one("#lab-head", Static).update(Content(self.say("lab.title")))
            return
        paused = bench.state is State.RUNNING and bench.pace.paused
        state = "stopping" if bench.busy and bench.pace.stopped else "paused" if paused else bench.state.value
        speed = bench.pace.speed
        told = [
            self.say(f"lab.state.{state}"),
            self.say("lab.fastest") if math.isinf(speed) else self.say("lab.speed", speed=f"{speed:.0f}"),
            self.say("lab.steps", count=bench.seen.steps),
            f"{bench.seen.now:%Y-%m-%d %H:%M:%S}Z" if bench.seen.now else "",
            ", ".join(map(str, bench.faults)),
        ]
        title = plain(say(bench.scenario.title), "bold", 70)
        head = Content.assemble(title, "\n", plain("; ".join(filter(None, told))))
        self.query_one("#lab-head", Static).update(head, layout=False)

    def _complain(self, why: str) -> None:
        self.notify(plain(why, width=600).plain, title=self.say("lab.failed"), severity="error", markup=False)

    # The picture

    def action_view(self) -> None:
        """Where there is room for one only: the picture, or what is told."""
        self.toggle_class("-picture")

    def action_enter(self) -> None:
        """Unfold or fold."""
        self.picture.fold()
