"""Which rules a command is about: those of folders and files that are named, else all."""

from pathlib import Path

import click

from diagnostics.exit_codes import ExitCode
from diagnostics.rules.cache import cache_folder
from diagnostics.rules.packs import load_from, load_rules
from diagnostics.rules.rule import Pack, Rule
from diagnostics.sanitize import one_line

PLACES = click.argument("places", nargs=-1, type=click.Path(path_type=Path))
FOLDERS = click.option(
    "--rules", "folders", multiple=True, type=click.Path(path_type=Path), help="A folder with rules of your own."
)
CHECK_STATUS = """\b
    Exit status:
        0  nothing is wrong            1  something is
        2  wrong usage                 3  a place does not exist
        5  internal error"""


class NoSuchPlaceError(click.ClickException):
    """A folder or file that does not exist, or cannot be read or written."""

    exit_code = ExitCode.UNREADABLE


def all_rules(folders: tuple[Path, ...]) -> tuple[Rule, ...]:
    """The shipped rules, the user's own, and those of folders; what is wrong with them goes to standard error."""
    pack = load_rules(folders, cache_folder())
    for problem in pack.problems:
        click.echo(one_line(str(problem), 2000), err=True)
    return pack.rules


def checked(places: tuple[Path, ...]) -> tuple[Pack, tuple[Rule, ...]]:
    """The rules to check, and the other rules that would be read together with them.

    Raises:
        NoSuchPlaceError: a place does not exist.
    """
    for place in places:
        if not place.exists():
            raise NoSuchPlaceError(f"{place}: no such folder or file")
    if not places:
        return load_rules(), ()
    pack = load_from(places)
    files = {rule.file for rule in pack.rules}
    return pack, tuple(rule for rule in load_rules(cache=cache_folder()).rules if rule.file not in files)
