"""How much of a rule its samples hold in place: change each test of its condition, and see whether a sample notices."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from diagnostics.rules.conditions import AllOf, AnyOf, Node, Not
from diagnostics.rules.rule import Rule
from diagnostics.rules.samples import Samples, check

_ALWAYS = AllOf(())
_NEVER = AnyOf(())


class Survivors(NamedTuple):
    """The result for one rule."""

    mutants: int
    survived: tuple[Node, ...]
    """The tests whose change no sample noticed."""


def mutate(rule: Rule, samples: Samples) -> Survivors:
    """Replace each test of the condition by one that always holds, then by one that never does."""
    survived = []
    count = 0
    for changed, test in _mutants(rule.condition):
        count += 1
        if not check(msgspec.structs.replace(rule, condition=changed), samples):
            survived.append(test)
    return Survivors(count, tuple(survived))


def _mutants(node: Node) -> Iterator[tuple[Node, Node]]:
    """(changed condition, the test that was changed)."""
    match node:
        case AllOf(parts) | AnyOf(parts):
            for place, part in enumerate(parts):
                for changed, test in _mutants(part):
                    yield type(node)((*parts[:place], changed, *parts[place + 1 :])), test
        case Not(part):
            for changed, test in _mutants(part):
                yield Not(changed), test
        case _:
            yield _ALWAYS, node
            yield _NEVER, node
