"""Work that is measured in bytes: how far, how fast, how long still; Esc stops it."""

from collections.abc import Callable
from typing import ClassVar, Generic, TypeVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import ProgressBar, Static

from engine.dpm.errors import Cancelled, RepositoryError
from engine.progress import Progress
from tui.actions import bindings
from tui.meter import Meter
from tui.plain import plain
from tui.screens.base import Dialog
from tui.wording import reason, size

_DRAW_EVERY = 0.1
_Result = TypeVar("_Result")


class WorkScreen(Dialog[_Result], Generic[_Result]):
    """Does some work on a repository; its answer is what that returns, or None where it failed or was stopped."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("working")]

    def __init__(self, title: str, do: Callable[[Progress], _Result]) -> None:
        super().__init__()
        self._title = title
        self._do = do
        self.meter = Meter()

    def body(self) -> ComposeResult:
        """The bar, and what Esc does."""
        yield Static(plain(self._title), classes="title")
        yield ProgressBar(id="bar")
        yield Static(id="amount")
        yield Static(self.say("working.stop"), id="hint", classes="muted")

    def on_mount(self) -> None:
        """Begin, and look at the meter ten times a second."""
        self.set_interval(_DRAW_EVERY, self._draw)
        self._work()

    def on_unmount(self) -> None:
        """Nobody waits for it any more, whatever the reason."""
        self.meter.stop.set()

    @work(thread=True, exclusive=True, exit_on_error=False)
    def _work(self) -> None:
        try:
            result = self._do(self.meter)
        except Cancelled:
            self.app.call_from_thread(self._end, self.say("working.stopped"), "warning")
        except (RepositoryError, OSError) as error:
            self.app.call_from_thread(self._end, reason(error), "error")
        else:
            self.app.call_from_thread(self.dismiss, result)

    def _end(self, why: str, severity: str) -> None:
        title = self.say("working.failed") if severity == "error" else ""
        self.notify(plain(why, width=600).plain, title=title, severity=severity, markup=False, timeout=10)  # type: ignore[arg-type]
        self.dismiss(None)

    def _draw(self) -> None:
        meter = self.meter
        if meter.total:
            self.query_one(ProgressBar).update(total=meter.total, progress=min(meter.done, meter.total))
            told = self.say("working.amount", done=size(meter.done), total=size(meter.total))
            self.query_one("#amount", Static).update(told)

    def action_stop(self) -> None:
        """Stop; what the work does then is its own business."""
        self.meter.stop.set()
        self.query_one("#hint", Static).update(self.say("working.stopping"))
