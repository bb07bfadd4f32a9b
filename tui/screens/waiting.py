"""A person waits for work: how far it is, how long still; Esc stops it, and nothing else can be done meanwhile."""

from typing import ClassVar, Generic, TypeVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.notifications import SeverityLevel
from textual.widgets import ProgressBar, Static
from textual.worker import Worker, WorkerState

from tui.actions import bindings
from tui.plain import plain
from tui.screens.base import Dialog

_DRAW_EVERY = 0.1
_Result = TypeVar("_Result")


class WaitScreen(Dialog[_Result], Generic[_Result], inherit_bindings=False):
    """Its answer is what came of the work; None where it failed, or was stopped with nothing to show.

    `do` is the work, on a thread of its own: it calls `finish` or `fail` through the app. `draw` shows how far it is.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("working")]
    SAYS: ClassVar = "working"
    """The section of its messages: `title`; `stop`, what Esc does; `failed`, the title of the news that it failed."""

    @property
    def heading(self) -> str:
        """What is done."""
        return self.say(f"{self.SAYS}.title")

    def body(self) -> ComposeResult:
        """The bar, what is being done, how much of it is, and what Esc does."""
        yield Static(plain(self.heading), classes="title")
        yield ProgressBar()
        yield Static(id="doing")
        yield Static(id="amount", classes="muted")
        yield Static(self.say(f"{self.SAYS}.stop"), id="hint", classes="muted")

    def on_mount(self) -> None:
        """Begin, and look ten times a second."""
        self.set_interval(_DRAW_EVERY, self.draw)
        self._work()
        self.draw()

    @work(thread=True, exclusive=True, exit_on_error=False)
    def _work(self) -> None:
        self.do()

    def do(self) -> None:
        """Work."""
        raise NotImplementedError  # each has its own

    def draw(self) -> None:
        """Show how far it is."""
        raise NotImplementedError  # each has its own

    def action_stop(self) -> None:
        """Stop."""
        raise NotImplementedError  # each has its own

    @property
    def waited_for(self) -> bool:
        """Whether somebody still waits."""
        return self in self.app.screen_stack

    def show(self, done: int, total: int, doing: str | Content = "", amount: str = "") -> None:
        """So much of so much is done; a total of 0 is not known yet."""
        bar = self.query_one(ProgressBar)
        if bar.total != (total or None):  # another count begins, and with it another estimate of how long it takes
            bar.update(total=None)
        if total:
            bar.update(total=total, progress=min(done, total))
        for name, told in (("#doing", doing), ("#amount", amount)):
            line = self.query_one(name, Static)
            line.update(told)
            line.display = bool(told)

    def hint(self, told: str) -> None:
        """What Esc does from now on."""
        self.query_one("#hint", Static).update(told)

    def finish(self, answer: _Result | None) -> None:
        """Go, with an answer; nothing happens where the person has left before."""
        if self.waited_for:
            self.pop_until_active()
            self.dismiss(answer)

    def fail(self, why: str, severity: SeverityLevel = "error") -> None:
        """Say why there is no answer, and go."""
        title = self.say(f"{self.SAYS}.failed") if severity == "error" else ""
        self.notify(plain(why, width=600).plain, title=title, severity=severity, markup=False, timeout=10)
        self.finish(None)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A mistake of ours must not leave the person waiting."""
        if event.state is WorkerState.ERROR:
            self.fail(self.say("working.internal", kind=type(event.worker.error).__name__))
