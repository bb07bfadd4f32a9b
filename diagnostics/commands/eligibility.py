"""`shindan eligibility`: may these virtual machines be backed up online, and if not, why."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from diagnostics.cli import speaking
from diagnostics.complaints import complain
from diagnostics.eligibility.answer import Document, answer, outcome_of
from diagnostics.eligibility.facts import facts_of
from diagnostics.eligibility.images import is_image, owners, told_by
from diagnostics.eligibility.report import lines_of
from diagnostics.evidence.intake import UnreadableInput
from diagnostics.exit_codes import ExitCode
from diagnostics.progress import watched
from diagnostics.reading import Reading, read_case
from diagnostics.samples import with_samples
from diagnostics.sanitize import one_line
from engine.pipeline import Mode
from engine.sentence import Sentence

_CODES = {Mode.ONLINE: ExitCode.HEALTHY, Mode.OFFLINE: ExitCode.FAULT, Mode.UNKNOWN: ExitCode.PARTLY_READ}


@click.command(
    "eligibility",
    help="""Tell whether virtual machines can be backed up online, by the conditions A to G (docs/eligibility.md).

    PATH is a file, a folder, an archive, or - for standard input, with exports of the host (Get-VM,
    Get-VMIntegrationService, Get-VMHardDiskDrive, Get-VHD, Msvm_* classes, a machine's configuration .xml) and of the
    guest (Get-Volume, Win32_Volume, wmic, diskpart, Get-Partition, fsutil, vssadmin list shadowstorage). What was
    exported in a guest must lie in a folder or file of the guest's name. PATH may also be a disk image (raw, VHD, VHDX,
    AVHDX with its parents): it tells B, C and D by itself.

    \b
    Exit status:
        0  every machine can be backed up online
        1  a condition fails
        2  wrong usage
        3  an input could not be read, or none tells of a virtual machine
        4  no condition fails, but some are not known
        5  internal error           130  interrupted""",
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--vm", default="", metavar="NAME", help="Only this virtual machine.")
@click.option(
    "--guest",
    "guests",
    multiple=True,
    metavar="COMPUTER=VM",
    help="A guest whose computer name is not that of its virtual machine.",
)
@speaking
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def eligibility(*, paths: tuple[str, ...], vm: str, guests: tuple[str, ...], as_json: bool) -> None:
    """Decide the conditions of every machine that the exports tell of."""
    named = dict(_guest(given) for given in guests)
    images = [Path(path) for path in paths if is_image(Path(path))]
    exports = with_samples(path for path in paths if Path(path) not in images)
    try:
        with watched(sys.stderr) as watcher:
            reading = read_case(exports, _no_records, progress=watcher) if exports else None
            events = reading.events if reading else []
            told = told_by(images, owners(events), vm.upper())
    except UnreadableInput as error:
        complain(error)
        sys.exit(ExitCode.UNREADABLE)
    for problem in (*(_problems(reading) if reading else ()), *told.problems):
        complain(problem)
    machines, strangers = facts_of([*events, *told.events], named)
    for stranger in strangers:
        who = one_line(stranger) or Sentence("files of no machine")
        complain(Sentence("{who}: left out, as no host names it (see --guest)", who=who))
    answers = [answer(machine) for machine in machines if vm.upper() in {"", machine.vm}]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(Document(machines=answers), enc_hook=str)))
    else:
        click.echo("\n\n".join("\n".join(lines_of(found)) for found in answers))
    if not answers:
        if vm:
            complain(Sentence("no export and no image tells of the virtual machine {vm}", vm=one_line(vm)))
        else:
            complain(Sentence("no export and no image tells of a virtual machine"))
    if watcher.interrupted:
        sys.exit(ExitCode.INTERRUPTED)
    sys.exit(_CODES[outcome_of(answers)] if answers else ExitCode.UNREADABLE)


def _no_records(provider: str, event_id: int) -> bool:  # noqa: ARG001 - the shape of an Interest
    """Settings are in no event log."""
    return False


def _guest(given: str) -> tuple[str, str]:
    computer, separator, vm = given.partition("=")
    if not (separator and computer and vm):
        raise click.UsageError(Sentence("--guest {given}: expected COMPUTER=VM, for example SRV17=SQL01", given=given))
    return computer.upper(), vm.upper()


def _problems(reading: Reading) -> Iterator[str]:
    """Whatever could not be read: a condition may be unknown because of it."""
    for source in reading.sources:
        for damage in source.damage:
            yield f"{source.path}: {damage.where}: {damage.why}" if damage.where else f"{source.path}: {damage.why}"
