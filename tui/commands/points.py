"""`shindan points`."""

import json
import sys
from pathlib import Path

import click

from diagnostics.exit_codes import ExitCode
from diagnostics.sanitize import one_line
from tui.recovery import list_points
from tui.shell.outcome import ended, of_point, say
from tui.shell.repository import RepositoryFolder
from tui.wording import size, when

_HELP = """List the recovery points in REPO, oldest first.

With --json, one object a line: id, image, time (UTC), mode, bytes_changed, image_size, job, state.

\b
Exit status:
    0  listed      1  the catalog is damaged     2  wrong usage     3  REPO cannot be read
"""


@click.command(help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("repo", type=RepositoryFolder())
@click.option("--json", "as_json", is_flag=True, help="For programs: one object a line.")
def points(*, repo: Path, as_json: bool) -> None:
    """List recovery points."""
    sys.exit(ended(lambda: _list(repo, as_json=as_json)))


def _list(repo: Path, *, as_json: bool) -> ExitCode:
    found = list_points(repo)
    if not found:
        say(f"{repo} holds no recovery point yet")
    elif not as_json:
        click.echo(f"{'id':>6}  {'time':20}  {'changed':>10}  {'size':>10}  {'mode':22}  {'state':8}  image")
    for point, image in found:
        if as_json:
            click.echo(json.dumps(of_point(point, image)))
        else:
            sizes = f"{size(point.bytes_changed):>10}  {size(point.image_size):>10}"
            click.echo(
                f"{point.id:>6}  {when(point.time):20}  {sizes}  {point.mode:22}  {point.state:8}  {one_line(image)}"
            )
    return ExitCode.HEALTHY
