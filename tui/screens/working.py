"""Work on a repository, on a thread; it is measured in bytes."""

from collections.abc import Callable
from typing import Generic, TypeVar

from engine.dpm.errors import Cancelled, RepositoryError
from engine.progress import Progress
from tui.meter import Meter
from tui.screens.waiting import WaitScreen
from tui.wording import reason, size

_PATIENCE = 0.2
"""Seconds within which work that is stopped ends, unless a disk does not answer: then it ends by itself, unwatched."""
_Result = TypeVar("_Result")


class WorkScreen(WaitScreen[_Result], Generic[_Result]):
    """Does some work; its answer is what that returns."""

    def __init__(self, title: str, do: Callable[[Progress], _Result]) -> None:
        super().__init__()
        self._title = title
        self._do = do
        self.meter = Meter()

    @property
    def heading(self) -> str:
        """What is done, to which recovery points."""
        return self._title

    def on_unmount(self) -> None:
        """Nobody waits for it any more, whatever the reason."""
        self.meter.stop.set()

    def do(self) -> None:
        """Do it."""
        app = self.app  # which a screen that has been left does not know any more
        try:
            result = self._do(self.meter)
        except Cancelled:
            app.call_from_thread(lambda: self.fail(self.say("working.stopped"), "warning"))
        except (RepositoryError, OSError) as error:
            app.call_from_thread(self.fail, reason(error))
        else:
            app.call_from_thread(self._succeed, result)

    def _succeed(self, result: _Result) -> None:
        if not self.waited_for:
            self.notify(self.say("working.done-after-all"), timeout=10)
        self.finish(result)

    def draw(self) -> None:
        """The bytes."""
        done, total = self.meter.done, self.meter.total
        amount = self.say("working.amount", done=size(done), total=size(total)) if total else ""
        self.show(done, total, amount=amount)

    def action_stop(self) -> None:
        """Stop; whatever the work does then, nobody waits for it any longer."""
        self.meter.stop.set()
        self.hint(self.say("working.stopping"))
        self.set_timer(_PATIENCE, lambda: self.finish(None))
