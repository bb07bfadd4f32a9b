"""What a command tells its user beside its data: one line on standard error, that begins with the program.

Errors whose message was made as a `Sentence` are told in the user's language; all others in English.
"""

import click

from diagnostics.language import language_of, say, speak
from diagnostics.sanitize import one_line
from engine.sentence import Sentence

LANGUAGE = "shindan.language"
"""In the context of a command: the language that it was told to speak."""


def complain(problem: str | Exception) -> None:
    """Say it as `shindan: ...`, or `diagnose: ...` where that is what was called."""
    context = click.get_current_context(silent=True)
    program = context.find_root().info_name if context else None
    click.echo(f"{program or 'diagnose'}: {one_line(worded(problem))}", err=True)


def worded(problem: str | Exception) -> str:
    """A problem in the user's language, as far as it can be said in it."""
    said = problem.args[0] if isinstance(problem, Exception) and problem.args else problem
    return say(said) if isinstance(said, Sentence) else str(problem)


def show(error: click.ClickException) -> None:
    """What click says of a wrong command line, with those words of it that are ours in the user's language."""
    context = getattr(error, "ctx", None)
    if context is None or LANGUAGE not in context.meta:
        speak(language_of())  # a wrong option is told before `--lang` is looked at
    if context is not None:
        click.echo(context.get_usage(), err=True)
        click.echo(say("Try '{command} --help' for help.", command=context.command_path) + "\n", err=True)
    message = error.message if isinstance(error.message, Sentence) else error.format_message()
    click.echo(say("Error: {message}", message=say(message)), err=True)
