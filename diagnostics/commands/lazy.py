"""A group whose commands are imported only when they are run, so that `--help` stays quick."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import click

from diagnostics.interruption import importing
from diagnostics.sanitize import one_line


class Place(NamedTuple):
    """Where a command is, and what the group's help says of it: nothing is imported to list it."""

    where: str
    """`module:attribute`."""
    says: str


class LazyGroup(click.Group):
    """A group of commands by name."""

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 - click's own
        places: Mapping[str, Place],
        of_paths: Sequence[str] = (),
        **options: Any,  # noqa: ANN401 - click's own
    ) -> None:
        """`of_paths`: the commands that whoever gives a path in place of a command may want."""
        super().__init__(*args, **options)
        self._places = places
        self._of_paths = of_paths

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, as help lists them."""
        return sorted(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import a command; None where there is none of the name."""
        if cmd_name not in self._places:
            return None
        module, _, name = self._places[cmd_name].where.partition(":")
        with importing():
            command: click.Command = getattr(import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; where there is none, say which may be meant."""
        name = args[0]
        if name in self._places or name.startswith("-"):
            return super().resolve_command(ctx, args)
        near = get_close_matches(name, self._places, 1)
        hint = f" Did you mean {ctx.command_path} {near[0]}?" if near else ""
        if self._of_paths and Path(name).exists():
            hint = f" It is a path: {' or '.join(f'{ctx.command_path} {command} PATH' for command in self._of_paths)}."
        raise click.UsageError(f"No such command: {one_line(name)}.{hint}", ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._places[name].says) for name in self.list_commands(ctx)])
