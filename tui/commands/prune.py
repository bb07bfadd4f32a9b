"""`shindan prune`."""

import json
import sys
from pathlib import Path

import click

from diagnostics.exit_codes import ExitCode
from diagnostics.sanitize import one_line
from engine.dpm import Repository
from engine.dpm import prune as drop
from engine.dpm.prune import Pruned
from tui.shell.outcome import ended
from tui.shell.repository import RepositoryFolder
from tui.wording import size

_HELP = """Drop all but the newest recovery points of each image in REPO, and give back their space.

The last recovery point of an image that is known to be good is never dropped. With --json, one object an image: image,
dropped, kept (numbers of recovery points), bytes_given_back.

\b
Exit status:
    0  done                      1  it failed, or somebody reads or writes REPO
    2  wrong usage               3  REPO cannot be read
"""


@click.command(help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("repo", type=RepositoryFolder())
@click.option("--keep", required=True, type=click.IntRange(min=1), metavar="N", help="How many of each image to keep.")
@click.option("--json", "as_json", is_flag=True, help="For programs: one object a line.")
def prune(*, repo: Path, keep: int, as_json: bool) -> None:
    """Drop old recovery points."""
    sys.exit(ended(lambda: _prune(repo, keep, as_json=as_json)))


def _prune(repo: Path, keep: int, *, as_json: bool) -> ExitCode:
    with Repository.open(repo) as repository:
        for pruned in drop(repository, keep):
            click.echo(json.dumps(_object(pruned)) if as_json else _line(pruned))
    return ExitCode.HEALTHY


def _object(pruned: Pruned) -> dict[str, object]:
    return {
        "image": pruned.replica.image,
        "dropped": pruned.dropped,
        "kept": pruned.kept,
        "bytes_given_back": pruned.freed_bytes,
    }


def _line(pruned: Pruned) -> str:
    told = f"{len(pruned.dropped)} dropped, {len(pruned.kept)} kept, {size(pruned.freed_bytes)} given back"
    return f"{one_line(pruned.replica.image)}: {told}"
