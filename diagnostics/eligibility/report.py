"""The answers as text for a terminal."""

from collections.abc import Iterator

import click
from rich.cells import set_cell_size

from diagnostics.eligibility.answer import ConditionLine, MachineAnswer
from diagnostics.language import Sentence, in_words, say
from engine.hyperv.conditions import Outcome
from engine.pipeline import Mode

_MODES = {
    Mode.ONLINE: (Sentence("can be backed up online"), "green"),
    Mode.OFFLINE: (Sentence("will be backed up offline (if it runs, it is saved for that, and pauses)"), "red"),
    Mode.UNKNOWN: (Sentence("not known whether it can be backed up online"), "yellow"),
}
_COLOURS = {Outcome.MET: "green", Outcome.FAILED: "red", Outcome.UNKNOWN: "yellow"}


def lines_of(answer: MachineAnswer) -> Iterator[str]:
    """A headline, a line for each condition with its reasons below, and what would tell the rest."""
    answer = in_words(answer)
    words, colour = _MODES[answer.mode]
    name = answer.vm or say("a machine that no export names")
    where = say("{vm} on {host}", vm=name, host=answer.host) if answer.host else name
    yield click.style(f"{where}: {say(words)}", fg=colour, bold=True)
    for condition in answer.conditions:
        yield from _condition(condition)
    if answer.writer_says:
        mode, source = say(answer.writer_says), answer.writer_source
        yield "  " + say("The Hyper-V writer itself lists it as {mode} ({source})", mode=mode, source=source)
    if answer.collect:
        yield "  " + say("What would tell:")
    for export in answer.collect:
        letters = ", ".join(export.letters)
        what = (
            say("{export} on {machine}", export=export.title, machine=export.machine)
            if export.machine
            else export.title
        )
        yield f"    {letters}: {what}"
        yield f"       {click.style(export.command, fg='cyan')}"


def _condition(condition: ConditionLine) -> Iterator[str]:
    outcome = click.style(set_cell_size(say(condition.outcome), 7), fg=_COLOURS[condition.outcome])
    yield f"  {condition.letter}  {outcome}  {condition.condition}"
    for reason in condition.reasons:
        sources = f" ({', '.join(reason.sources)})" if reason.sources else ""
        yield f"              {reason.text}{sources}"
