"""`shindan collect`: what to export from which machine, as a script to paste."""

import click
import msgspec

from diagnostics.cli import speaking
from diagnostics.commands.table import print_table
from diagnostics.knowledge.catalog import Role
from diagnostics.knowledge.collection import SCRIPT_ROLES, Export, Way, Windows, exports_of, script
from diagnostics.language import say


@click.command(
    "collect",
    help="""Print a script that exports what a diagnosis needs from one machine.

    Run it there as administrator. It is PowerShell, or cmd for Windows Server 2008 and 2008 R2; it reads only, says of
    each command what its output tells, and leaves one folder of files that Shindan knows by name. Data goes to standard
    output: `shindan collect --role guest > collect.ps1`. The script is English, and ASCII, in whatever language: so it
    survives every console and code page; --list is in yours.

    \b
    Exit status:
        0  printed                     2  wrong usage
        5  internal error""",
)
@click.option(
    "--role", type=click.Choice([role.value for role in SCRIPT_ROLES]), default=Role.HOST.value, show_default=True
)
@click.option(
    "--windows",
    type=click.Choice([version.value for version in Windows]),
    default=Windows.W2022.value,
    show_default=True,
)
@click.option("--list", "as_list", is_flag=True, help="A table instead of a script.")
@speaking
@click.option("--json", "as_json", is_flag=True, help="One JSON document: an object for each export.")
def collect(role: str, windows: str, *, as_list: bool, as_json: bool) -> None:
    """Print what to collect."""
    machine, version = Role(role), Windows(windows)
    found = list(exports_of(machine, version))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode([_plain(export, way) for export, way in found])))
    elif as_list:
        rows = [
            (it.file_of("MACHINE"), say(it.why), way.run.replace("{file}", it.file_of("MACHINE"))) for it, way in found
        ]
        print_table((say("file"), say("what it tells"), say("command")), rows)
    else:
        click.echo(script(machine, version), nl=False)


def _plain(export: Export, way: Way) -> dict[str, object]:
    """An export for programs; `{machine}` and `{file}` are to be filled in."""
    return {
        "id": export.id,
        "title": export.title,
        "why": export.why,
        "file": export.file,
        "shell": way.shell,
        "command": way.run,
        "minutes": export.cost,
    }
