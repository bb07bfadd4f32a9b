"""`shindan image`."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import click

from diagnostics.exit_codes import ExitCode
from diagnostics.sanitize import one_line
from engine.image import Described, FoundVolume, ImageError, Inspection, describe, inspect
from tui.shell.outcome import say
from tui.wording import size

_HELP = """Show what disk images are: raw, VHD, VHDX, AVHD, AVHDX, qcow2.

Format, sizes, parents, whether one was closed, how it is divided, and the size and free space of NTFS volumes. Parents
are looked for beside their children and among the FILEs. Nothing is written, and a machine may have them open.

With --json, one object a line.

\b
Exit status:
    0  all were read      2  wrong usage      3  none could be read      4  some could not, or not all of them
"""


class _Shown(NamedTuple):
    described: Described
    inspection: Inspection | None
    """None where it is only described."""
    problem: str


@click.command(help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="For programs: one object a line.")
def image(*, files: tuple[Path, ...], as_json: bool) -> None:
    """Show what disk images are."""
    shown, problems = [], 0
    for path in files:
        try:
            found = _look(path, files)
        except ImageError as error:
            problem = str(error)
        except OSError as error:
            problem = f"{path}: {error.strerror}"
        else:
            problem = found.problem
            shown.append(found)
            click.echo(json.dumps(_record(found)) if as_json else "\n".join(_lines(found)))
        if problem:
            say(problem)
            problems += 1
    if not shown:
        sys.exit(ExitCode.UNREADABLE)
    sys.exit(ExitCode.PARTLY_READ if problems else ExitCode.HEALTHY)


def _look(path: Path, others: Sequence[Path]) -> _Shown:
    """Everything that can be told of an image, as far as it goes."""
    described = describe(path)
    try:
        inspection = inspect(path, [other for other in others if other != path])
    except ImageError as error:
        return _Shown(described, None, str(error))
    return _Shown(described, inspection, "; ".join(one.problem for one in inspection.volumes if one.problem))


# --- for people -------------------------------------------------------------------------------------------------------


def _lines(shown: _Shown) -> Iterator[str]:
    described, inspection, _ = shown
    kept = f", blocks of {size(described.block_size)}" if described.block_size else ""
    sizes = f"{size(described.size)} (file: {size(described.file_size)}{kept}, sectors of {described.sector} bytes)"
    yield f"{one_line(str(described.path))}: {described.format}, {described.kind}, {sizes}"
    if described.log_dirty:
        yield "    not closed, or in use: its log is taken into account"
    for parent in inspection.chain[1:] if inspection else ():
        yield f"    parent: {one_line(str(parent))}"
    if inspection is None and described.parent_names:
        yield f"    its parent was once at {one_line(described.parent_names[0])}"
    if inspection:
        yield f"    {_SCHEMES[inspection.scheme]}, {_DYNAMIC[inspection.dynamic]}"
    for volume in inspection.volumes if inspection else ():
        yield f"    {_volume(volume)}"


_DYNAMIC = {True: "dynamic disk (Logical Disk Manager)", False: "basic disk", None: "nothing known is on it"}
_SCHEMES = {"gpt": "GPT", "mbr": "MBR", "none": "not divided"}


def _volume(volume: FoundVolume) -> str:
    name = f"partition {volume.partition}" if volume.partition else "the whole disk"
    free = "" if volume.free is None else f", {size(volume.free)} free"
    kept = " (kept by Windows for itself)" if volume.reserved else ""
    return f"{name}: {volume.file_system or 'no known file system'}, {size(volume.size)}{free}{kept}"


# --- for programs -----------------------------------------------------------------------------------------------------


def _record(shown: _Shown) -> dict[str, object]:
    described, inspection, problem = shown
    return {
        "path": str(described.path),
        "format": described.format,
        "kind": described.kind,
        "checkpoint": described.checkpoint,
        "size": described.size,
        "file_size": described.file_size,
        "block_size": described.block_size,
        "sector": described.sector,
        "id": None if described.id is None else str(described.id),
        "parent_id": None if described.parent_id is None else str(described.parent_id),
        "parent_names": list(described.parent_names),
        "log_dirty": described.log_dirty,
        "chain": [str(path) for path in inspection.chain] if inspection else None,
        "scheme": inspection.scheme if inspection else None,
        "dynamic": inspection.dynamic if inspection else None,
        "volumes": [volume._asdict() for volume in inspection.volumes] if inspection else None,
        "problem": problem,
    }
