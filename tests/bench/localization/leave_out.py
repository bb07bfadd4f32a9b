"""Causes that the catalog lacks: a fault that nobody modelled must not be pinned on a neighbour."""

import msgspec

from diagnostics.diagnosis import Knowledge
from diagnostics.rules.index import RuleSet
from diagnostics.rules.rule import Rule


def without(cause: str, knowledge: Knowledge) -> Knowledge:
    """The knowledge as if nobody had thought of a cause: without it, its links, and the rules that only serve it."""
    catalog = knowledge.catalog
    causes = {name: known for name, known in catalog.causes.items() if name != cause}
    rules = [kept for rule in knowledge.rules.rules if (kept := _unlinked(rule, cause))]
    return Knowledge(RuleSet.compile(rules), catalog._replace(causes=causes), knowledge.problems)


def _unlinked(rule: Rule, cause: str) -> Rule | None:
    links = tuple(link for link in rule.causes if link.id != cause)
    if len(links) == len(rule.causes):
        return rule
    return msgspec.structs.replace(rule, causes=links) if links else None
