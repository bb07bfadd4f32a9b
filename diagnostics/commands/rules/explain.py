"""`shindan rules explain`: what a rule, a cause, a code or an event is, and what points to what."""

import sys
from pathlib import Path

import click
import msgspec

from diagnostics.cli import speaking
from diagnostics.commands.rules.places import FOLDERS, all_rules
from diagnostics.exit_codes import ExitCode
from diagnostics.handbook.holdings import Library
from diagnostics.handbook.lookup import find, suggestions
from diagnostics.knowledge.catalog import load_catalog


@click.command(
    "explain",
    help="""Explain a rule, cause, remedy, component, stage, error code, event or update.

    ID is a name or UUID of a rule, the id of a cause, remedy, component or stage, an error code as any log prints it
    (0x800423F4, -2147212300, 1450, 'ID 30112', VSS_E_WRITERERROR_NONRETRYABLE), an event (VSS/8229, 'volsnap 36', or
    its number alone), a writer's state ('state 8'), or an update. Weights are decibans: 10 dB make odds ten
    times higher.

    \b
    Exit status:
        0  explained                   1  nothing has that name; similar ones are told
        2  wrong usage                 5  internal error""",
)
@click.argument("words", nargs=-1, required=True, metavar="ID")
@FOLDERS
@speaking
@click.option("--json", "as_json", is_flag=True, help="One JSON document: an object for each article.")
def explain(words: tuple[str, ...], folders: tuple[Path, ...], *, as_json: bool) -> None:
    """Explain what a word names."""
    from diagnostics.handbook.text import plain_articles, print_articles  # noqa: PLC0415 - rich is slow to import

    library = Library(all_rules(folders), load_catalog())
    word = " ".join(words)
    found = find(word, library)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(list(plain_articles(found)))))
    elif found:
        print_articles(found, sys.stdout)
    if not found:
        near = ", ".join(suggestions(word, library))
        expected = (
            "expected a code (0x800423F4, 'ID 30112'), an event (VSS/8229), a cause, a rule, a remedy or an update"
        )
        told = f"near to it: {near}" if near else expected
        click.echo(f"nothing here is called {word!r}; {told}", err=True)
    sys.exit(ExitCode.HEALTHY if found else ExitCode.FAULT)
