"""`shindan`: the umbrella command. Subcommands are imported when they run, so that `--help` stays quick."""

from importlib import import_module

import click

from diagnostics.cli import guarded

_COMMANDS = {"diagnose": "diagnostics.cli:diagnose"}


class _Lazy(click.Group):
    """A group whose commands are imported only when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="shindan", prog_name="shindan")
def shindan() -> None:
    """Find where a Hyper-V backup failed."""


def main() -> None:
    """The `shindan` command."""
    guarded(shindan, "shindan")
