"""The answers as text for a terminal."""

from collections.abc import Iterator

import click

from diagnostics.eligibility.answer import ConditionLine, MachineAnswer
from engine.hyperv.conditions import Outcome
from engine.pipeline import Mode

_MODES = {
    Mode.ONLINE: ("can be backed up online", "green"),
    Mode.OFFLINE: ("will be backed up offline (if it runs, it is saved for that, and pauses)", "red"),
    Mode.UNKNOWN: ("not known whether it can be backed up online", "yellow"),
}
_COLOURS = {Outcome.MET: "green", Outcome.FAILED: "red", Outcome.UNKNOWN: "yellow"}


def lines_of(answer: MachineAnswer) -> Iterator[str]:
    """A headline, a line for each condition with its reasons below, and what would tell the rest."""
    words, colour = _MODES[answer.mode]
    name = answer.vm or "a machine that no export names"
    on = f" on {answer.host}" if answer.host else ""
    yield click.style(f"{name}{on}: {words}", fg=colour, bold=True)
    for condition in answer.conditions:
        yield from _condition(condition)
    if answer.writer_says:
        yield f"  The Hyper-V writer itself lists it as {answer.writer_says} ({answer.writer_source})"
    if answer.collect:
        yield "  What would tell:"
    for export in answer.collect:
        where = f" on {export.machine}" if export.machine else ""
        yield f"    {', '.join(export.letters)}: {export.title}{where}"
        yield f"       {click.style(export.command, fg='cyan')}"


def _condition(condition: ConditionLine) -> Iterator[str]:
    outcome = click.style(f"{condition.outcome:7}", fg=_COLOURS[condition.outcome])
    yield f"  {condition.letter}  {outcome}  {condition.condition}"
    for reason in condition.reasons:
        sources = f" ({', '.join(reason.sources)})" if reason.sources else ""
        yield f"              {reason.text}{sources}"
