"""`shindan rules`: look into the rule packs, and check one's own rules while writing them."""

import click

from diagnostics.commands.lazy import LazyGroup, Place

_ROOM = "diagnostics.commands.rules"
_COMMANDS = {
    "explain": Place(f"{_ROOM}.explain:explain", "Explain a rule, cause, remedy, component, stage, code or event."),
    "lint": Place(f"{_ROOM}.lint:lint_rules", "Say what is wrong with rules, or could be better."),
    "list": Place(f"{_ROOM}.listing:list_rules", "List the rules, all or those about something."),
    "new": Place(f"{_ROOM}.new:new", "Write a first draft of a rule, from options or from an event of a log."),
    "test": Place(f"{_ROOM}.test:test_rules", "Run the samples of rules."),
}


@click.group(cls=LazyGroup, places=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
def rules() -> None:
    """Look into the rules, and check your own while you write them (format: docs/rules.md)."""
