"""`shindan verify`."""

import json
import sys
from pathlib import Path

import click

from diagnostics.exit_codes import ExitCode
from diagnostics.sanitize import one_line
from tui.recovery import list_points, verify_points
from tui.shell.outcome import ended, of_point, say
from tui.shell.progress import watched
from tui.shell.repository import RepositoryFolder

_HELP = """Read the recovery points POINT... (none given: all) in REPO and compare every byte with its digest.

What is damaged is named, with the recovery points that it concerns, and they are marked. A replica whose newest
recovery point is damaged is repaired from the image by the next backup.

With --json, one object a line: each damage with the points that it concerns, then the recovery points as `shindan
points --json` shows them.

\b
Exit status:
    0  every byte checked out    1  damage was found, or it failed
    2  wrong usage               3  REPO cannot be read               130  interrupted
"""


@click.command(help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("repo", type=RepositoryFolder())
@click.argument("numbers", nargs=-1, type=int, metavar="[POINT]...")
@click.option("--json", "as_json", is_flag=True, help="For programs: one object a line.")
def verify(*, repo: Path, numbers: tuple[int, ...], as_json: bool) -> None:
    """Check recovery points byte by byte."""
    sys.exit(ended(lambda: _verify(repo, numbers, as_json=as_json)))


def _verify(repo: Path, numbers: tuple[int, ...], *, as_json: bool) -> ExitCode:
    with watched(sys.stderr, "verify") as watcher:
        damages, states = verify_points(repo, numbers, watcher)
    if not states:
        say(f"{repo} holds no recovery point: nothing was checked")
        return ExitCode.UNREADABLE
    if as_json:
        for damage in damages:
            click.echo(json.dumps({"damage": damage.what, "points": damage.points}))
        for point, image in list_points(repo):
            if point.id in states:
                click.echo(json.dumps(of_point(point, image)))
    else:
        for damage in damages:
            click.echo(f"damaged: {one_line(str(damage), 600)}")
        for number, state in states.items():
            click.echo(f"recovery point {number}: {state}")
    return ExitCode.FAULT if damages else ExitCode.HEALTHY
