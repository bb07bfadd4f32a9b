"""`shindan redact`: a copy of logs that can be shown to strangers."""

import os
import sys
from pathlib import Path

import click
import msgspec

from diagnostics.cli import speaking
from diagnostics.commands.table import print_table
from diagnostics.evidence.intake import UnreadableInput
from diagnostics.exit_codes import ExitCode
from diagnostics.language import say
from diagnostics.progress import watched
from diagnostics.redaction.copying import CancelledError, Redaction, Wish, redact
from diagnostics.redaction.output import is_zip
from diagnostics.redaction.summary import review as reviewed
from diagnostics.redaction.summary import rows
from diagnostics.samples import with_samples
from diagnostics.sanitize import one_line

SCHEMA = "shindan.redaction-map/1"
_SHORTEST_KEY = 16
_SHORT = 2
"""Letters of names that any other word may hold."""
_STANDARD_INPUT = "-"


@click.command(
    "redact",
    help="""Make a copy of exported logs that can be shown to strangers: names and addresses are pseudonyms, the same
    in every file, and `diagnose` says the same of the copy.

    PATH is what `diagnose` reads. Machines, domains, users, SIDs, IP and hardware addresses, mail addresses, shares,
    volumes, names of disk files, GUIDs, serial numbers, keys and thumbprints are replaced, in texts, event logs, and
    the names of files and folders (docs/redact.md). What cannot be read is not copied. Free text may hold names that
    nothing tells: look through the copy before you send it; --review lists what may be one.

    \b
    Exit status:
        0  redacted
        2  wrong usage
        3  an input could not be read, or nothing was
        4  redacted, but some input was damaged or not understood, and is not in the copy
        5  internal error           130  interrupted: there is no copy""",
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="OUT",
    help="A folder that does not exist yet, or a .zip file.",
)
@click.option("--dry-run", is_flag=True, help="Only tell what would be replaced.")
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A file with a secret: the same key gives the same pseudonyms, whatever else is in the logs.",
)
@click.option(
    "--map",
    "map_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Keep, as JSON, what each pseudonym stands for. Private.",
)
@click.option("--keep", multiple=True, metavar="NAME", help="A name that stays.")
@click.option("--also", multiple=True, metavar="NAME", help="A name that must go, wherever it stands.")
@click.option("--review", is_flag=True, help="List words left in the copy that look like names.")
@speaking
def redact_command(
    *,
    paths: tuple[str, ...],
    output: Path | None,
    dry_run: bool,
    key: Path | None,
    map_file: Path | None,
    keep: tuple[str, ...],
    also: tuple[str, ...],
    review: bool,
) -> None:
    """Redact, and tell what was done."""
    given = with_samples(paths)
    target = None if dry_run else _checked(output, given, map_file)
    wish = Wish(paths=given, output=target, key=_key(key) if key else b"", keep=keep, also=also)
    try:
        with watched(sys.stderr, say("redacting")) as watcher:
            done = redact(wish, watcher)
    except UnreadableInput as error:
        _stop(str(error), ExitCode.UNREADABLE)
    except (CancelledError, KeyboardInterrupt):
        _stop("interrupted: there is no copy", ExitCode.INTERRUPTED)
    except OSError as error:
        _stop(f"{error.filename or output}: {error.strerror}", ExitCode.UNREADABLE)
    if map_file:
        _keep_map(done, map_file)
    _tell(done, output if target else None)
    if review:
        _review(done)
    if not done.files:
        sys.exit(ExitCode.UNREADABLE)
    sys.exit(ExitCode.PARTLY_READ if done.left_out else ExitCode.HEALTHY)


def _checked(output: Path | None, paths: tuple[str, ...], map_file: Path | None) -> Path:
    """Where the copy goes: a new place, outside of what is read."""
    if output is None:
        raise click.UsageError("Name the copy with -o OUT: a folder that does not exist yet, or a .zip file.")
    place = output.resolve()
    if os.path.lexists(output) and (is_zip(output) or not output.is_dir() or any(output.iterdir())):
        raise click.UsageError(f"-o {output}: it exists; a copy goes to a new place")
    if not place.parent.is_dir():
        raise click.UsageError(f"-o {output}: the folder {output.parent} does not exist")
    for path in paths:
        source = Path(path).resolve()
        if path != _STANDARD_INPUT and (place == source or source in place.parents or place in source.parents):
            raise click.UsageError(f"-o {output}: it and {path} lie within one another")
    if map_file and place in map_file.resolve().parents:
        raise click.UsageError(f"--map {map_file}: it tells all the names, and must not lie in the copy")
    return place


def _key(path: Path) -> bytes:
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        raise click.UsageError(f"--key {path}: {error.strerror}") from error
    if len(key) < _SHORTEST_KEY:
        raise click.UsageError(
            f"--key {path}: expected a file with at least {_SHORTEST_KEY} bytes that nobody can guess"
        )
    return key


def _keep_map(done: Redaction, path: Path) -> None:
    """Write what stands for what, readable by its owner alone."""
    entries = [{"kind": name.kind, "name": name.name, "pseudonym": name.stands} for name in done.names]
    for kind in sorted(done.shapes):
        told = done.shapes[kind]
        entries += [{"kind": kind, "name": name, "pseudonym": told[name]} for name in sorted(told)]
    document = msgspec.json.format(msgspec.json.encode({"schema": SCHEMA, "entries": entries}))
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(document + b"\n")
    except OSError as error:
        _stop(f"--map {path}: {error.strerror}", ExitCode.UNREADABLE)
    _say(say("{file} tells what every pseudonym stands for: keep it, and never send it", file=one_line(str(path))))


def _tell(done: Redaction, output: Path | None) -> None:
    """The summary on standard output, what is to be heeded on standard error."""
    if table := rows(done):
        print_table((say("what"), say("different"), say("places"), say("for example")), table)
        click.echo()
    if output and done.files:
        click.echo(say("{count} files in {place}", count=done.files, place=one_line(str(output))))
    else:
        click.echo(say("{count} files would be copied", count=done.files))
    if output and (told := sorted(name.name for name in done.names if _is_in(name.name, output.name))):
        _say(say("the name of the copy itself tells a name: {names}", names=", ".join(map(one_line, told))))
    for one in done.left_out:
        _say(say("not in the copy: {file}: {why}", file=one_line(one.path), why=say(one.why)))
    if done.common:
        names = ", ".join(map(one_line, done.common))
        _say(
            say(
                "words of logs as well, replaced only where they stand alone (see --also): {names}",
                names=names,
            )
        )
    _say(say("free text may hold names that nothing tells: look through the copy before you send it (--review helps)"))


def _is_in(name: str, place: str) -> bool:
    return len(name) > _SHORT and name.lower() in place.lower()


def _review(done: Redaction) -> None:
    click.echo()
    click.echo(say("Words left that look like names; --also NAME replaces one:"))
    for word in reviewed(done):
        click.echo(f"  {one_line(word)}")


def _say(message: str) -> None:
    click.echo(f"redact: {message}", err=True)


def _stop(message: str, code: ExitCode) -> None:
    _say(one_line(message))
    sys.exit(code)
