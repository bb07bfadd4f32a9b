"""`shindan rebuild`."""

import sys
import time
from pathlib import Path

import click

from diagnostics.exit_codes import ExitCode
from engine.dpm import Repository
from engine.dpm import rebuild as rebuild_catalog
from engine.dpm.errors import DamagedError, NotARepositoryError, numbered
from engine.files import SYSTEM
from tui.shell.outcome import ended, say
from tui.shell.repository import RepositoryFolder

_HELP = """Make the catalog of REPO anew, where it is lost or damaged, from the maps of its recovery points.

The old catalog is kept under another name. Afterwards run verify: which recovery points were known to be damaged is
forgotten.

\b
Exit status:
    0  done, or nothing to do     1  it failed, or the maps of some recovery points are lost too
    2  wrong usage                3  REPO cannot be read
"""


@click.command(help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("repo", type=RepositoryFolder())
def rebuild(*, repo: Path) -> None:
    """Make a catalog anew."""
    sys.exit(ended(lambda: _rebuild(repo)))


def _rebuild(repo: Path) -> ExitCode:
    if _is_sound(repo):
        say("the catalog is sound; nothing was done")
        return ExitCode.HEALTHY
    done = rebuild_catalog(repo, SYSTEM, time.time_ns)
    for lost in done.lost:
        say(f"lost: {lost}")
    click.echo(f"the catalog has {numbered(done.points)} again; run verify")
    return ExitCode.FAULT if done.lost else ExitCode.HEALTHY


def _is_sound(repo: Path) -> bool:
    try:
        with Repository.open(repo) as repository, repository.naming_points():
            repository.catalog.check()
    except (DamagedError, NotARepositoryError):
        return False
    return True
