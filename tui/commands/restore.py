"""`shindan restore`."""

import os
import sys
from pathlib import Path

import click

from diagnostics.exit_codes import ExitCode
from engine.dpm import restore_range
from tui.recovery import Span, opened, restore_point
from tui.shell.outcome import ended, say
from tui.shell.progress import watched
from tui.shell.repository import RepositoryFolder
from tui.wording import size

_HELP = """Restore the recovery point POINT in REPO to a new file.

Every block is compared with its digest on its way, and again in the file that was written, before that gets its name.
Until then, and after a restore that was killed, it lies beside FILE as FILE.PROCESS.partial. Holes stay holes. With
--to - the bytes go to standard output.

\b
Exit status:
    0  every byte checked out    1  it failed: there is no new file
    2  wrong usage               3  REPO cannot be read               130  interrupted
"""


class _Range(click.ParamType[tuple[int, int]]):
    """Two byte offsets."""

    name = "A:B"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        start, colon, end = value.partition(":")
        if not (colon and start.isdecimal() and end.isdecimal() and int(start) < int(end)):
            self.fail(f"{value!r} is not two byte offsets A:B with A before B", param, ctx)
        return int(start), int(end)


@click.command(help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("repo", type=RepositoryFolder())
@click.argument("number", type=int, metavar="POINT")
@click.option(
    "--to",
    "target",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, allow_dash=True),
    help="The new file; - is standard output.",
)
@click.option("--range", "span", type=_Range(), help="Only the bytes from offset A to before offset B.")
def restore(*, repo: Path, number: int, target: Path, span: Span | None) -> None:
    """Restore a recovery point."""
    sys.exit(ended(lambda: _restore(repo, number, target, span)))


def _restore(repo: Path, number: int, target: Path, span: Span | None) -> ExitCode:
    with watched(sys.stderr, f"restore {number}") as watcher:
        if os.fspath(target) == "-":
            with opened(repo, number, span) as (point, (start, end)):
                restore_range(point, start, end, sys.stdout.buffer.write, watcher)
                sys.stdout.buffer.flush()
            return ExitCode.HEALTHY
        written = restore_point(repo, number, target, watcher, span)
    say(f"{target}: {size(written)} restored and checked")
    return ExitCode.HEALTHY
