"""`python -m diagnostics.handbook FOLDER`: write the reference pages (`docs/reference` in the project itself)."""

from pathlib import Path

import click

from diagnostics.handbook.holdings import Library
from diagnostics.handbook.pages import write_pages
from diagnostics.knowledge.catalog import load_catalog
from diagnostics.rules.packs import SHIPPED, load_from


@click.command(help=__doc__)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def main(folder: Path) -> None:
    """Write the pages of the shipped rules."""
    count = write_pages(folder, Library(load_from([SHIPPED]).rules, load_catalog()))
    click.echo(f"{count} pages in {folder}", err=True)


if __name__ == "__main__":
    main()
