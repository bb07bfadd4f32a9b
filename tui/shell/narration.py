"""Telling a run of the lab as it goes: a line for each step, and a bar for what is compared and sent."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Protocol

import click

from diagnostics.language import say
from diagnostics.sanitize import one_line
from engine.dpm.occurrences import Fate
from engine.lab import Outcome, Step
from tui.wording import size

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_MARKS = {Outcome.BEGAN: "·", Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.MOVED: "→", Outcome.NOTED: "!"}
_COLOURS = {Outcome.FAILED: "red", Outcome.NOTED: "yellow"}


class Bar(Protocol):
    """Shows how far the comparison of a disk is."""

    def moved(self, step: Step) -> None:
        """Blocks were compared, or sent."""
        ...


class Narrator:
    """Tells each step on stderr; `quiet` leaves out all but jobs and what went wrong."""

    def __init__(self, *, quiet: bool, stepwise: bool, bar: Bar | None) -> None:
        self._quiet = quiet
        self._stepwise = stepwise
        self._bar = bar
        self.interrupted = False

    def __call__(self, step: Step) -> None:
        """One step. Raises KeyboardInterrupt once the user has had enough."""
        if self.interrupted:
            raise KeyboardInterrupt
        if step.outcome is Outcome.MOVED and self._bar is not None:
            self._bar.moved(step)
            return
        if self._quiet and step.outcome is not Outcome.FAILED and step.actor != "site":
            return
        click.echo(line_of(step), err=True)
        if self._stepwise:
            _wait()


def line_of(step: Step) -> str:
    """A step as a line: when, in which stage, who, what."""
    stage = step.stage.value if step.stage else ""
    sent = f" ({size(step.bytes)})" if step.bytes else ""
    actor, what = one_line(step.actor, 40), one_line(say(step.what), 400)
    text = f"{step.time:%H:%M:%S}  {stage:17} {actor:12} {_MARKS[step.outcome]} {what}{sent}"
    return click.style(text, fg=_COLOURS.get(step.outcome))


def _wait() -> None:
    """Until Enter is pressed; at the end of the input there is nobody to wait for."""
    click.echo("  Enter goes on, Ctrl-C ends ", err=True, nl=False)
    if not sys.stdin.readline():
        click.echo(err=True)


@contextmanager
def shown_bar() -> Iterator[Bar | None]:
    """A bar where stderr is a terminal; without one, what is sent is told in lines."""
    if not sys.stderr.isatty():
        yield None
        return
    with ExitStack() as stack:
        yield _RichBar(stack.enter_context(_progress()))


@contextmanager
def _progress() -> "Iterator[Progress]":
    from rich.console import Console  # noqa: PLC0415 - slow to import, and only terminals need it
    from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415 - as above

    name, told = (TextColumn(f"{{task.{field}}}", markup=False) for field in ("description", "fields[told]"))
    with Progress(name, BarColumn(), told, console=Console(file=sys.stderr), transient=True) as bar:
        yield bar


class _RichBar:
    """One bar for each disk, as long as it is compared."""

    def __init__(self, bar: "Progress") -> None:
        self._bar = bar
        self._tasks: dict[str, TaskID] = {}
        self._sent: dict[str, int] = {}

    def moved(self, step: Step) -> None:
        if step.blocks is None or step.fate in (None, Fate.CHANGED):
            return
        if step.disk not in self._tasks:
            self._tasks[step.disk] = self._bar.add_task(one_line(step.disk, 30), total=None, told="")
        first, count = step.blocks
        if step.fate is Fate.SENT:
            self._sent[step.disk] = self._sent.get(step.disk, 0) + (step.bytes or 0)
        told = f"block {first + count}, {size(self._sent.get(step.disk, 0))} sent"
        self._bar.update(self._tasks[step.disk], completed=first + count, told=told)
