"""`shindan open`, and `shindan` alone: the screens."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from diagnostics.exit_codes import ExitCode
from diagnostics.sanitize import one_line
from engine.sentence import Sentence
from tui.i18n import LANGUAGES

if TYPE_CHECKING:
    from diagnostics.request import Options

THEMES = ("colour-blind", "dark", "high-contrast", "light")
"""Named here so that `--help` need not import Textual; a test holds that they are those in `tui.themes`."""


@click.command("open")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--rules", multiple=True, type=click.Path(path_type=Path), help="A folder with rules of your own.")
@click.option(
    "--topology",
    type=click.Path(path_type=Path),
    help="A YAML file that corrects what the logs tell: roles, hosts, jobs.",
)
@click.option("--role", "roles", multiple=True, metavar="NAME=ROLE", help="ROLE: dpm-server, host, guest or dc.")
@click.option("--tz", "zones", multiple=True, metavar="ZONE|FILE=ZONE", help="Time zone of wall-clock times.")
@click.option("--since", metavar="TIME", help="Leave out what is earlier: ISO 8601, in UTC unless it says otherwise.")
@click.option("--until", metavar="TIME", help="Leave out what is later.")
@click.option("--vm", default="", help="Only the jobs of this virtual machine.")
@click.option("--lang", "language", type=click.Choice(LANGUAGES), help="Language of the screens (else from LANG).")
@click.option("--theme", type=click.Choice(THEMES), help="Colours; NO_COLOR=1 shows none.")
@click.option("--ascii", "ascii_only", is_flag=True, help="Draw with ASCII characters only.")
@click.option("--keys", is_flag=True, help="List every action with its keys, and the file for keys of your own.")
def open_case(
    language: str | None,
    theme: str | None,
    *,
    ascii_only: bool,
    keys: bool,
    **options: Any,  # noqa: ANN401 - click's way of passing options; `Options` names them
) -> None:
    """Open logs on the screens: verdict, evidence and what to do, with keys for everything.

    PATH is what `diagnose` takes: files, folders, archives. Without one, the screens begin where cases are opened.
    `diagnose` says the same without a screen, and exits with a status for scripts.
    """
    if keys:
        list_keys(language or "")
        return
    show(asked(options), language=language or "", theme=theme or "", ascii_only=ascii_only)


def list_keys(language: str) -> None:
    """Print every action with its keys.

    Raises:
        SystemExit: something is wrong with the user's own keys; it is told on standard error.
    """
    from tui.actions import ACTIONS  # noqa: PLC0415 - Textual is slow to import
    from tui.i18n import Words, language_of  # noqa: PLC0415 - as above
    from tui.keymap import keys_file, read_keymap  # noqa: PLC0415 - as above

    path, words = keys_file(), Words(language or language_of())
    keymap = read_keymap(path)
    click.echo(words("keys.file", path=path))
    for where in dict.fromkeys(action.where for action in ACTIONS):
        click.echo(f"\n{words('keys.' + where) if words.knows('keys.' + where) else words('place.' + where)}")
        for action in ACTIONS:
            if action.where == where:
                own = "*" if action.id in keymap.own else " "
                click.echo(f"  {' '.join(keymap.told(action)):12}{own} {action.id:20} {words('action.' + action.id)}")
    for problem in keymap.problems:
        click.echo(f"shindan: {one_line(str(problem), 400)}", err=True)
    if keymap.problems:
        sys.exit(ExitCode.USAGE)


def asked(options: Mapping[str, Any]) -> "Options | None":
    """The case that options name, None where they name none; how the screens look is no matter of the case.

    Raises:
        click.UsageError: a path or an option that cannot be understood.
    """
    from diagnostics.request import Options, UsageError, request_of  # noqa: PLC0415 - `--help` must not wait for it
    from diagnostics.samples import near, sample_named  # noqa: PLC0415 - as above

    if not options["paths"]:
        return None
    wanted = Options(**{name: value for name, value in options.items() if name in Options.__struct_fields__})
    if "-" in wanted.paths:
        raise click.UsageError("standard input cannot be opened on the screens: they need it for keys (use diagnose -)")
    for path in wanted.paths:
        if not (Path(path).exists() or sample_named(path)):
            meant = near(path)
            told = Sentence("{path}: no such file or folder; {meant}", path=path, meant=meant)
            raise click.UsageError(told if meant else Sentence("{path}: no such file or folder", path=path))
    try:
        request_of(wanted)
    except UsageError as error:
        raise click.UsageError(*error.args) from error
    return wanted


def show(wanted: "Options | None" = None, *, language: str = "", theme: str = "", ascii_only: bool = False) -> None:
    """Run the app in this terminal until the person leaves it.

    Raises:
        click.UsageError: there is no terminal.
    """
    in_a_browser = "TEXTUAL_DRIVER" in os.environ
    if not in_a_browser and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError("the screens need a terminal; `diagnose PATH...` needs none")
    from tui.app import ShindanApp  # noqa: PLC0415 - Textual is slow to import
    from tui.keeping import state_folder  # noqa: PLC0415 - as above
    from tui.keymap import keys_file, read_keymap  # noqa: PLC0415 - as above
    from tui.session import Session  # noqa: PLC0415 - as above

    app = ShindanApp(
        wanted,
        session=Session(state_folder()),
        language=language,
        theme=theme,
        ascii_only=ascii_only,
        keymap=read_keymap(keys_file()),
        get_ready=True,
    )
    app.run()
    sys.exit(app.return_code or 0)
