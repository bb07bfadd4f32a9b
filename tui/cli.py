"""`shindan`: the umbrella command. Subcommands are imported when they run, so that `--help` stays quick."""

import click

from diagnostics.cli import guarded
from diagnostics.commands.lazy import LazyGroup

_COMMANDS = {
    "diagnose": "diagnostics.cli:diagnose",
    "eligibility": "diagnostics.commands.eligibility:eligibility",
    "rules": "diagnostics.commands.rules:rules",
}


@click.group(cls=LazyGroup, places=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="shindan", prog_name="shindan")
def shindan() -> None:
    """Find where a Hyper-V backup failed."""


def main() -> None:
    """The `shindan` command."""
    guarded(shindan, "shindan")
