"""`shindan backup`."""

import json
import sys
from functools import partial
from pathlib import Path

import click

from diagnostics.exit_codes import ExitCode
from diagnostics.sanitize import one_line
from engine.dpm import Repository
from engine.dpm.errors import numbered
from engine.sync.backup import BackedUp, Wishes, back_up
from engine.sync.instant import check_image
from engine.transport.names import SCHEME
from tui.shell.hooks import CommandWriters
from tui.shell.outcome import ended, of_point, say
from tui.shell.progress import watched
from tui.wording import size

_HELP = """Make a recovery point of disk images in the repository REPO: a folder, or a server, shindan://HOST[:PORT].

Only blocks that differ from the newest recovery point take space. Raw, VHD, VHDX and qcow2 images are handled as the
files that they are. A repository is made where there is none yet.

A recovery point shows one instant. On a file system that can clone files (XFS, btrfs) the image is cloned, with
writers held by --freeze-command for that moment only. Elsewhere writers are held during the whole reading; without
commands, the backup fails when the image changes while it is read.

With --track (XFS, btrfs) the clone stays beside the image, as .IMAGE.backed-up, until the next backup with --track,
which compares only what the two clones do not share. It takes the space of what is overwritten meanwhile. Without
it everything is compared.

At a server this machine has to be enrolled (`shindan agent enrol`). There an image goes by the name that --images
gives it, or by its file's name and a digest of its path. A connection that breaks, or an image that is in use or
changes, is tried once more after --retry-after.

Ctrl-C stops it; what was transferred is kept, and the next run goes on from there.

\b
Exit status:
    0  done                                1  it failed: there is no new recovery point
    2  wrong usage                         3  an image or the repository cannot be read
    5  internal error                    130  interrupted
"""


@click.command(help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("images", nargs=-1, required=True, metavar="IMAGE...", type=click.Path(path_type=Path))
@click.option("--to", "repo", required=True, metavar="REPO", help="The repository.")
@click.option("--freeze-command", metavar="COMMAND", help="Holds whoever writes the images; run without a shell.")
@click.option("--thaw-command", metavar="COMMAND", help="Lets them go on; run however the backup ends.")
@click.option("--allow-torn", is_flag=True, help="Keep a copy of an image that changed meanwhile, marked as torn.")
@click.option("--track", is_flag=True, help="Keep a clone beside the image, and compare what was written since only.")
@click.option("--trust-digests", is_flag=True, help="Rely on stored digests instead of reading the replica too.")
@click.option("--check", is_flag=True, help="Consistency check: compare everything, repair what is damaged.")
@click.option(
    "--block-size", type=click.Choice(["32", "64", "128", "256", "512", "1024"]), default="64", show_default=True,
    help="KiB, for images that are new here.",
)  # fmt: skip
@click.option(
    "--images", "named", metavar="FILE", type=click.Path(path_type=Path), help="At a server: names of images."
)
@click.option("--state", metavar="DIR", type=click.Path(path_type=Path), help="At a server: this machine's identity.")
@click.option(
    "--retry-after", type=click.FloatRange(min=0), default=60, show_default=True, metavar="SECONDS",
    help="At a server: when to try again.",
)  # fmt: skip
@click.option(
    "--timeout", type=click.FloatRange(min=1), default=30, show_default=True, metavar="SECONDS",
    help="At a server: without a sign of life from its machine, the connection counts as broken.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print each recovery point as an object on a line.")
def backup(  # noqa: PLR0913 - one parameter an option
    *,
    images: tuple[Path, ...],
    repo: str,
    freeze_command: str | None,
    thaw_command: str | None,
    allow_torn: bool,
    track: bool,
    trust_digests: bool,
    check: bool,
    block_size: str,
    named: Path | None,
    state: Path | None,
    retry_after: float,
    timeout: float,
    as_json: bool,
) -> None:
    """Make a recovery point of disk images."""
    if (freeze_command is None) != (thaw_command is None):
        raise click.UsageError("--freeze-command and --thaw-command go together")
    try:
        writers = CommandWriters(freeze_command, thaw_command) if freeze_command and thaw_command else None
    except ValueError as error:
        raise click.UsageError(f"a command cannot be split into words: {error}") from error
    wishes = Wishes(int(block_size) << 10, trust_digests, check, allow_torn, track)
    if repo.startswith(SCHEME):
        from tui.shell.remote import Server  # noqa: PLC0415 - most backups are local

        back_up_one = Server(repo, state, named, retry_after, timeout, wishes).back_up
    else:
        back_up_one = partial(_back_up, Path(repo), wishes)
    worst = ExitCode.HEALTHY
    for image in images:
        worst = max(worst, ended(partial(back_up_one, image, writers, as_json=as_json)))
        if worst == ExitCode.INTERRUPTED:
            break
    sys.exit(worst)


def _back_up(repo: Path, wishes: Wishes, image: Path, writers: CommandWriters | None, *, as_json: bool) -> ExitCode:
    check_image(image)  # a repository is not made for what is none
    with Repository.create(repo) as repository, watched(sys.stderr, f"backup {image.name}") as watcher:
        done = back_up(repository, image, watcher, wishes, writers)
    _tell(done, as_json=as_json)
    return ExitCode.HEALTHY


def _tell(done: BackedUp, *, as_json: bool) -> None:
    point = done.point
    if done.resumed_blocks:
        say(f"{size(done.resumed_blocks * done.block_size)} were there from an attempt that was broken off")
    if done.repaired_blocks:
        say(f"{done.repaired_blocks} damaged blocks of the replica were repaired from the image; run verify")
    if done.damaged_points:
        say(f"{numbered(done.damaged_points)} cannot be restored whole: the image holds other data by now")
    if as_json:
        click.echo(json.dumps(of_point(point, done.image)))
    else:
        changed = f"{size(point.bytes_changed)} of {size(point.image_size)} changed"
        click.echo(f"recovery point {point.id} of {one_line(done.image)}: {changed}, {point.mode}")
