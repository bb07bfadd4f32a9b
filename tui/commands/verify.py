"""`shindan verify`."""

import sys
from pathlib import Path

import click

from diagnostics.exit_codes import ExitCode
from diagnostics.sanitize import one_line
from tui.recovery import verify_points
from tui.shell.outcome import ended, say
from tui.shell.progress import watched
from tui.shell.repository import RepositoryFolder

_HELP = """Read the recovery points POINT... (none given: all) in REPO and compare every byte with its digest.

What is damaged is named, with the recovery points that it concerns, and they are marked. A replica whose newest
recovery point is damaged is repaired from the image by the next backup.

\b
Exit status:
    0  every byte checked out    1  damage was found, or it failed
    2  wrong usage               3  REPO cannot be read               130  interrupted
"""


@click.command(help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("repo", type=RepositoryFolder())
@click.argument("numbers", nargs=-1, type=int, metavar="[POINT]...")
def verify(*, repo: Path, numbers: tuple[int, ...]) -> None:
    """Check recovery points byte by byte."""
    sys.exit(ended(lambda: _verify(repo, numbers)))


def _verify(repo: Path, numbers: tuple[int, ...]) -> ExitCode:
    with watched(sys.stderr, "verify") as watcher:
        damages, states = verify_points(repo, numbers, watcher)
    if not states:
        say(f"{repo} holds no recovery point: nothing was checked")
        return ExitCode.UNREADABLE
    for damage in damages:
        click.echo(f"damaged: {one_line(str(damage), 600)}")
    for point, state in states.items():
        click.echo(f"recovery point {point}: {state}")
    return ExitCode.FAULT if damages else ExitCode.HEALTHY
