"""`python -m diagnostics.rules`: the same as `shindan rules`."""

from diagnostics.cli import guarded
from diagnostics.commands.rules import rules

if __name__ == "__main__":
    guarded(rules, "shindan rules")
