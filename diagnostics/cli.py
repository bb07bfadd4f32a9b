"""`diagnose`: its options. What it does is in `diagnostics.command`, imported when it runs: `--help` is quick."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from diagnostics.complaints import LANGUAGE, show
from diagnostics.exit_codes import FAIL_ON, ExitCode
from diagnostics.interruption import importing, raising
from diagnostics.language import LANGUAGES, language_of, say, speak
from diagnostics.sanitize import one_line
from diagnostics.streams import take_anything

HELP = """Read exported logs; say which component of the backup failed, in which stage, why, and what to do.

PATH is a file, a folder, a zip or tar archive, - for standard input (pasted text too), or the name of a bundled sample.
Understood are event logs (EVTX, XML, CSV, JSON, CLIXML, copied text), DPM traces and job reports, vssadmin and
diskshadow output, Windows Server Backup logs, Hyper-V PowerShell output and the job errors of other backup products.

\b
Exit status:
    0  healthy                    1  a fault was found
    2  wrong usage                3  an input could not be read, or nothing was,
                                     or the output could not be written
    4  no fault found, but some input was damaged or not understood
    5  internal error           130  interrupted
"""


_Command = TypeVar("_Command", bound=Callable[..., None])


def speaking(command: _Command) -> _Command:
    """`--lang` of every command that says something to a person; what programs read stays English."""

    def speak_it(context: click.Context, _option: click.Parameter, language: str | None) -> None:
        context.meta[LANGUAGE] = language or language_of()
        speak(context.meta[LANGUAGE])

    option = click.option(
        "--lang",
        type=click.Choice(LANGUAGES),
        callback=speak_it,
        expose_value=False,
        help="Language of what is told (else from LC_ALL, LC_MESSAGES, LANG); JSON stays English.",
    )
    return option(command)


def about_logs(command: _Command) -> _Command:
    """The argument and the options of every command that diagnoses logs; `Options` names them."""
    decorators = (
        click.argument("paths", nargs=-1, metavar="PATH..."),
        click.option(
            "--format",
            "form",
            type=click.Choice(["text", "json", "html", "markdown"]),
            default="text",
            show_default=True,
            help="How to print the verdict.",
        ),
        click.option(
            "-o",
            "--output",
            type=click.Path(path_type=Path),
            help="Write to this file instead of standard output.",
        ),
        click.option(
            "--rules", multiple=True, type=click.Path(path_type=Path), help="A folder with rules of your own."
        ),
        click.option(
            "--topology",
            type=click.Path(path_type=Path),
            help="A YAML file that corrects what the logs tell: roles, hosts, jobs.",
        ),
        click.option(
            "--role",
            "roles",
            multiple=True,
            metavar="NAME=ROLE",
            help="ROLE: dpm-server, host, guest or dc. NAME: a machine that logs name, or the host if none does.",
        ),
        click.option("--tz", "zones", multiple=True, metavar="ZONE|FILE=ZONE", help="Time zone of wall-clock times."),
        click.option(
            "--since", metavar="TIME", help="Leave out what is earlier: ISO 8601, in UTC unless it says otherwise."
        ),
        click.option("--until", metavar="TIME", help="Leave out what is later."),
        click.option("--vm", default="", help="Only the jobs of this virtual machine."),
        click.option(
            "--fail-on",
            type=click.Choice(list(FAIL_ON)),
            default="any",
            show_default=True,
            help="Which verdicts exit with 1.",
        ),
        speaking,
        click.option("--plain", is_flag=True, help="Linear text without colours."),
        click.option(
            "--explain", is_flag=True, help="Show every line of evidence, the whole ranking and the arithmetic."
        ),
    )
    for decorate in reversed(decorators):
        command = decorate(command)
    return command


@click.command(help=HELP, context_settings={"help_option_names": ["-h", "--help"]})
@about_logs
@click.option("--schema", is_flag=True, help="Print the JSON schema of a verdict, and stop.")
@click.version_option(package_name="shindan", prog_name="diagnose")
def diagnose(**options: Any) -> None:  # noqa: ANN401 - click's way of passing options; `Options` names them
    """Diagnose exported logs."""
    with importing():
        from diagnostics.command import run  # noqa: PLC0415 - `--help` must not wait for it
        from diagnostics.request import Options  # noqa: PLC0415 - as above

    sys.exit(run(Options(**options)))


def guarded(command: click.Command, name: str) -> None:
    """Run a command so that no traceback reaches a user: the outermost edge of the program."""
    take_anything()
    try:
        with raising():
            code = command.main(prog_name=name, standalone_mode=False)
        sys.exit(code)
    except click.ClickException as error:
        show(error)
        sys.exit(error.exit_code if isinstance(error.exit_code, ExitCode) else ExitCode.USAGE)
    except (KeyboardInterrupt, click.Abort):
        click.echo(f"{name}: {say('interrupted')}", err=True)
        sys.exit(ExitCode.INTERRUPTED)
    except OSError as error:
        click.echo(f"{name}: {one_line(str(error.filename or 'output'))}: {error.strerror or error}", err=True)
        sys.exit(ExitCode.UNREADABLE)
    except Exception as error:
        if os.environ.get("SHINDAN_TRACEBACK"):
            raise
        kind = type(error).__name__
        click.echo(
            f"{name}: internal error: {kind} (set SHINDAN_TRACEBACK=1 to see where, and please report it)", err=True
        )
        sys.exit(ExitCode.INTERNAL)


def main() -> None:
    """The `diagnose` command."""
    guarded(diagnose, "diagnose")
