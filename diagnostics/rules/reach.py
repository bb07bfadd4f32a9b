"""What a rule is about, told from its condition: which event-log records, and which error codes."""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from diagnostics.event import Kind
from diagnostics.rules.conditions import AllOf, AnyOf, Like, Node, Number
from diagnostics.rules.matching import like
from diagnostics.rules.rule import Rule
from diagnostics.rules.triggers import branches
from diagnostics.rules.words import pattern_text


class Reach(NamedTuple):
    """What the alternatives of a condition ask for; what they exclude does not count."""

    sources: tuple["Source", ...]
    codes: tuple[str, ...]
    """Canonical."""


class Source(NamedTuple):
    """Event-log records by providers and ids; one of both may be empty, for any."""

    providers: tuple[Like, ...]
    event_ids: tuple[int, ...]

    def __str__(self) -> str:
        """`VSS 8193, 13`."""
        providers = ", ".join(pattern_text(pattern.parts) for pattern in self.providers)
        return f"{providers} {', '.join(map(str, self.event_ids))}".strip()


@cache
def reach(rule: Rule) -> Reach:
    """What a rule is about, in the order of its condition."""
    sources: dict[Source, None] = {}
    codes: dict[str, None] = {}
    for branch in branches(rule.condition):
        tests = dict.fromkeys(_wanted(branch))
        providers = tuple(test for test in tests if isinstance(test, Like) and test.field == "provider_name")
        numbers = (test for test in tests if isinstance(test, Number))
        ids = tuple(
            int(test.number) for test in numbers if (test.field, test.relation) == ("eventid", "=") and test.number
        )  # 0 is no id
        if Kind.RECORD in rule.kinds and (providers or ids):
            sources[Source(providers, ids)] = None
        texts = (test for test in tests if isinstance(test, Like) and test.field == "code")
        codes |= {text.literal: None for text in texts if text.literal}
    return Reach(tuple(sources), tuple(codes))


def asks_for(rule: Rule, provider: str = "", event_id: int | None = None) -> bool:
    """Is the rule about records of this provider, of this id, or of both together?"""
    return any(_is_of(source, provider, event_id) for source in reach(rule).sources)


def _is_of(source: Source, provider: str, event_id: int | None) -> bool:
    """Where a source leaves provider or id open, it is about those that are asked for with the other."""
    named = not source.providers or any(like(pattern)(provider.casefold()) for pattern in source.providers)
    numbered = not source.event_ids or event_id in source.event_ids
    if not provider:
        return event_id in source.event_ids
    return named and (numbered if event_id is not None else bool(source.providers))


def _wanted(node: Node) -> Iterator[Node]:
    """The tests of a condition that are not turned around."""
    if isinstance(node, AllOf | AnyOf):
        for part in node.parts:
            yield from _wanted(part)
    elif isinstance(node, Like | Number):
        yield node
