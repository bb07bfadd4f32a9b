"""A repository as an argument of a command that works on its folder."""

import os
from pathlib import Path

import click

from engine.transport.names import SCHEME


class RepositoryFolder(click.Path):
    """A path, and not the address of a server."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        """The path; a usage error for an address."""
        if str(value).startswith(SCHEME):
            self.fail(f"{value} is a server; run this there, on the folder of its repository", param, ctx)
        return super().convert(value, param, ctx)
