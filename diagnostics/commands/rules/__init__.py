"""`shindan rules`: look into the rule packs, and check one's own rules while writing them."""

import click

from diagnostics.commands.lazy import LazyGroup

_ROOM = "diagnostics.commands.rules"
_COMMANDS = {
    "explain": f"{_ROOM}.explain:explain",
    "lint": f"{_ROOM}.lint:lint_rules",
    "list": f"{_ROOM}.listing:list_rules",
    "test": f"{_ROOM}.test:test_rules",
}


@click.group(cls=LazyGroup, places=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
def rules() -> None:
    """Look into the rules, and check your own while you write them (format: docs/rules.md)."""
