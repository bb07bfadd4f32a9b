"""How alike two signatures are, in [0, 1].

likeness = 0.7 overlap + 0.3 order, where both are taken over the logs that both signatures were made from:

overlap  the weighted Jaccard index of what was logged: an event on a role is one feature, the rule that knows it and
         each of its codes are further ones, so that one event with two different codes is half alike;
order    for each role, the heaviest common subsequence of events; its weight over what both sequences weigh together.
         Across machines order is not compared, for their clocks differ.

A feature weighs log2(1 + N / n), where n of the N lab runs that are compared have it: what every run logs tells little.
What none of them logs (a site's noise) weighs a fifth. Sources: Jaccard's index with weights (Ioffe, 2010, "Improved
consistent sampling, weighted minhash and L1 sketching"); inverse document frequency (Spärck Jones, 1972, "A statistical
interpretation of term specificity and its application in retrieval").
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from diagnostics.reproduce.signature import Signature, Token
from engine.pipeline import Scope

_OVERLAP = 0.7
_ORDER = 0.3
_UNHEARD_OF = 0.2
"""The weight of what no run logs."""

Feature = tuple[str, Scope, str]
"""Event, role, and what is said of it: a rule or a code; the event itself says nothing."""
Weigh = Callable[[Feature], float]


class Likeness(NamedTuple):
    """How alike two signatures are, and in what."""

    score: float
    both: tuple[Token, ...]
    only_first: tuple[Token, ...]
    only_second: tuple[Token, ...]


def compare(first: Signature, second: Signature, weigh: Weigh = lambda _: 1.0) -> Likeness:
    """Compare what both could hold; where neither holds anything, nothing is alike and the score is 0."""
    one, other = first.held_by(second.logs), second.held_by(first.logs)
    events = {_event(token) for token in one.tokens} & {_event(token) for token in other.tokens}
    return Likeness(
        score=round(_OVERLAP * _overlap(one, other, weigh) + _ORDER * _order(one, other, weigh), 6),
        both=tuple(token for token in one.tokens if _event(token) in events),
        only_first=tuple(token for token in one.tokens if _event(token) not in events),
        only_second=tuple(token for token in other.tokens if _event(token) not in events),
    )


def rarity(runs: Sequence[Signature]) -> Weigh:
    """Weights by how few of the runs have a feature."""
    found = Counter(feature for run in runs for feature in set(_features(run)))

    def weigh(feature: Feature) -> float:
        return math.log2(1.0 + len(runs) / found[feature]) if feature in found else _UNHEARD_OF

    return weigh


def _event(token: Token) -> Feature:
    return token.what, token.role, ""


def _features(signature: Signature) -> Iterator[Feature]:
    for token in signature.tokens:
        yield _event(token)
        yield from ((token.what, token.role, said) for said in (token.rule, *token.codes) if said)


def _overlap(one: Signature, other: Signature, weigh: Weigh) -> float:
    mine, theirs = set(_features(one)), set(_features(other))
    return _share(_sum(mine & theirs, weigh), _sum(mine | theirs, weigh))


def _order(one: Signature, other: Signature, weigh: Weigh) -> float:
    common = together = 0.0
    for role in Scope:
        mine, theirs = _sequence(one, role), _sequence(other, role)
        heaviest = _heaviest_common(mine, theirs, weigh)
        common += heaviest
        together += _sum(mine, weigh) + _sum(theirs, weigh) - heaviest
    return _share(common, together)


def _sequence(signature: Signature, role: Scope) -> list[Feature]:
    """The events of a role in order, each once: codes do not make them other events here."""
    return list(dict.fromkeys(_event(token) for token in signature.tokens if token.role is role))


def _heaviest_common(one: Sequence[Feature], other: Sequence[Feature], weigh: Weigh) -> float:
    """The weight of the heaviest common subsequence."""
    best = [0.0] * (len(other) + 1)
    for feature in one:
        before = best
        best = [0.0]
        for at, candidate in enumerate(other):
            taken = before[at] + weigh(feature) if candidate == feature else 0.0
            best.append(max(taken, before[at + 1], best[at]))
    return best[-1]


def _sum(features: Iterable[Feature], weigh: Weigh) -> float:
    return math.fsum(weigh(feature) for feature in features)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
