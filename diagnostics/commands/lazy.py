"""A group whose commands are imported only when they are run, so that `--help` stays quick."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click


class Place(NamedTuple):
    """Where a command is, and what the group's help says of it: nothing is imported to list it."""

    where: str
    """`module:attribute`."""
    says: str


class LazyGroup(click.Group):
    """A group of commands by name."""

    def __init__(self, *args: Any, places: Mapping[str, Place], **options: Any) -> None:  # noqa: ANN401 - click's own
        super().__init__(*args, **options)
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, as help lists them."""
        return sorted(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import a command; None where there is none of the name."""
        if cmd_name not in self._places:
            return None
        module, _, name = self._places[cmd_name].where.partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._places[name].says) for name in self.list_commands(ctx)])
