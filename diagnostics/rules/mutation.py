"""How much of a rule its samples hold in place: change each item of its condition, and see whether a sample notices."""

from typing import NamedTuple

import msgspec

from diagnostics.rules.conditions import AllOf, AnyOf, Node, items, replace
from diagnostics.rules.rule import Rule
from diagnostics.rules.samples import Samples, check

_ALWAYS = AllOf(())
_NEVER = AnyOf(())


class Survivors(NamedTuple):
    """The result for one rule."""

    mutants: int
    survived: tuple[Node, ...]
    """The items whose change no sample noticed."""


def mutate(rule: Rule, samples: Samples) -> Survivors:
    """Replace each item of the condition (a field with its values) by what always holds, and by what never does."""
    found = list(items(rule.condition))
    survived = []
    for place, item in enumerate(found):
        for other in (_ALWAYS, _NEVER):
            changed = msgspec.structs.replace(rule, condition=replace(rule.condition, place, other))
            if not check(changed, samples):
                survived.append(item)
    return Survivors(2 * len(found), tuple(survived))
