"""`shindan retry`."""

import sys
from pathlib import Path

import click
import msgspec

from diagnostics.cli import speaking
from diagnostics.complaints import worded
from diagnostics.diagnosis import load_knowledge
from diagnostics.evidence.intake import UnreadableInput
from diagnostics.exit_codes import ExitCode
from diagnostics.progress import watched
from diagnostics.retry import (
    Cancelled,
    NothingToRetryError,
    Retried,
    UnknownRemedyError,
    Wish,
    lines_of,
    open_job,
    retry,
)
from diagnostics.samples import near, sample_named
from engine.lab import ScenarioError
from tui.shell.outcome import say

_HELP = """Try a remedy on a failed job, in the lab: apply it, run the job again from where it was, verify the result.

DIR is the name of a sample, or a folder: with a `scenario.yml` and its `logs` (what `shindan replay --keep` left), or
with exported logs of real machines, for which a lab like them is built in which the suspected cause is present. Nothing
is done to any real machine: the plan prints the commands that would be.

Without --remedy, the first remedy of the suspected cause is tried; of an open verdict that is the first suspect's, and
the last line says that the lab cannot show that it was the cause. What was transferred before the failure is not sent
again.

\b
Exit status:
    0  every machine has a recovery point, and every byte of it checked out
    1  a job still fails, or what it left is damaged
    2  wrong usage              3  DIR cannot be read, or no job failed in it
    5  internal error         130  interrupted
"""


@click.command("retry", help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--remedy", default="", metavar="NAME", help="Try this one (`shindan rules explain CAUSE` names them).")
@click.option("--offline", is_flag=True, help="Switch the machine to offline backup (saved state).")
@speaking
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def retry_command(*, folder: Path, remedy: str, offline: bool, as_json: bool) -> None:
    """Try a remedy on a failed job."""
    if remedy and offline:
        raise click.UsageError("--remedy and --offline: one of the two (--offline is a remedy too)")
    try:
        told = _tried(sample.folder if (sample := sample_named(str(folder))) else folder, Wish(remedy, offline))
    except UnknownRemedyError as error:
        raise click.UsageError(str(error)) from error
    except (NothingToRetryError, UnreadableInput, ScenarioError) as error:
        for line in worded(error).splitlines():
            say(line)
        if meant := near(str(folder)):
            say(meant)
        sys.exit(ExitCode.UNREADABLE)
    except Cancelled:
        say("interrupted: nothing was changed")
        sys.exit(ExitCode.INTERRUPTED)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(told, enc_hook=str)))
    else:
        click.echo("\n".join(lines_of(told)))
    sys.exit(ExitCode.HEALTHY if told.recovered else ExitCode.FAULT)


def _tried(folder: Path, wish: Wish) -> Retried:
    knowledge = load_knowledge()
    with watched(sys.stderr) as watcher:
        job = open_job(folder, knowledge, watcher)
    if watcher.interrupted:
        raise Cancelled
    with watched(sys.stderr, "in the lab") as watcher:
        return retry(job, knowledge.catalog, wish, watcher)
