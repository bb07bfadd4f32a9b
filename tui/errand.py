"""An errand: one piece of work done elsewhere, whose progress is watched, and which may be stopped or abandoned.

The thread that asks only forwards: progress comes in, the wish to stop goes out. Once stopped, the other process
answers with what it has by then; once abandoned, it is killed. Work that can tell at any time what its answer is so far
need not be stopped: whoever watches takes the last that was told, and abandons it.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event as Flag
from threading import Thread
from typing import Protocol, TypeVar

from tui.elsewhere import DiedError, Elsewhere, Home

_LOOK_EVERY = 0.05
"""Seconds between two looks at whether anybody still wants it."""
_TELL_EVERY = 0.1


class ErrandFailedError(Exception):
    """There is no answer; the message says why."""


class Watching(Protocol):
    """Who watches an errand. Called from the thread that asked for it."""

    def preparing(self, done: int, total: int) -> None:
        """Before the work begins, so many of so many rules have been read."""

    def started(self, total_bytes: int) -> None:
        """All is known that is to be done: so many bytes, or pieces."""

    def reading(self, name: str) -> None:
        """A document, or a piece, is begun."""

    def advanced(self, read_bytes: int) -> None:
        """So much more is done."""

    def so_far(self, answer: object) -> None:
        """What the answer would be if it ended now; only of work that can say."""

    def cancelled(self) -> bool:
        """Whether it shall end with what it has."""

    def abandoned(self) -> bool:
        """Whether nobody wants the answer any more."""


def send(work: str, order: object, watching: Watching) -> object:
    """Have an order carried out by a function `module:function` that calls `carry_out`; None once abandoned.

    Raises:
        ErrandFailedError: it came to nothing, or the process died.
    """
    process, over = Elsewhere(work), Flag()
    keeper = Thread(target=_keep_watch, args=(process, watching, over), daemon=True)
    keeper.start()
    try:
        process.tell("order", order)
        return _listen(process, watching)
    except DiedError as error:
        if watching.abandoned():
            return None
        raise ErrandFailedError("the process that worked on it has died (out of memory?)") from error
    finally:
        over.set()
        process.end()
        keeper.join()


def _listen(process: Elsewhere, watching: Watching) -> object:
    while True:
        match process.hear():
            case "done", answer:
                return answer
            case "failed", why:
                raise ErrandFailedError(why)
            case "preparing", (int(done), int(total)):
                watching.preparing(done, total)
            case kind, value:
                getattr(watching, kind)(value)


def _keep_watch(process: Elsewhere, watching: Watching, over: Flag) -> None:
    """Pass on the wish to stop, once; end the process when nobody wants its answer."""
    told = False
    while not over.wait(_LOOK_EVERY):
        if watching.abandoned():
            process.end()
            return
        if watching.cancelled() and not told:
            told = True
            process.tell("stop")


_Order = TypeVar("_Order")


def carry_out(do: Callable[[_Order, "Teller"], object], expected: Callable[[Exception], str | None]) -> None:
    """What the other process does: an order comes in, what is worth telling goes out, the answer last.

    `expected` says what is wrong, for those exceptions that are no mistake of ours.
    """
    home, stopped = Home(), Flag()
    heard = home.hear()
    if heard is not None:
        Thread(target=_wait_for_the_end, args=(home, stopped), daemon=True).start()
        with suppress(BrokenPipeError):  # nobody is there any more
            home.tell(*_answer(do, heard[1], Teller(home, stopped), expected))
    home.leave()


def _wait_for_the_end(home: Home, stopped: Flag) -> None:
    home.hear()  # to stop, or that the screen is gone: nothing else is ever said
    stopped.set()


def _answer(
    do: Callable[[_Order, "Teller"], object],
    order: object,
    teller: "Teller",
    expected: Callable[[Exception], str | None],
) -> tuple[str, object]:
    try:
        return "done", do(order, teller)  # type: ignore[arg-type]  # it is what `send` was given
    except Exception as error:  # noqa: BLE001 - the edge of a process: its death would tell even less
        told = expected(error)
        return "failed", told or f"internal error: {type(error).__name__} ({error}); please report it"


class Teller:
    """Tells the other side how far it is; no more often than a person can read."""

    def __init__(self, home: Home, stopped: Flag) -> None:
        self._home = home
        self._stopped = stopped
        self._told = 0.0
        self._untold = 0

    def preparing(self, done: int, total: int) -> None:
        if self._is_time():
            self._home.tell("preparing", (done, total))

    def started(self, total_bytes: int) -> None:
        self._home.tell("started", total_bytes)

    def reading(self, name: str) -> None:
        self._home.tell("reading", name)

    def advanced(self, read_bytes: int) -> None:
        self._untold += read_bytes
        if self._is_time():
            self._home.tell("advanced", self._untold)
            self._untold = 0

    def so_far(self, answer: object) -> None:
        self._home.tell("so_far", answer)

    def cancelled(self) -> bool:
        return self._stopped.is_set()

    def _is_time(self) -> bool:
        now = time.monotonic()
        if now - self._told < _TELL_EVERY:
            return False
        self._told = now
        return True
