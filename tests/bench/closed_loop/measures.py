"""What is counted of nights: who is named first, whose signature is nearest, which of two faults are found."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from diagnostics.reproduce.likeness import compare, rarity
from diagnostics.reproduce.signature import Signature
from tests.bench.closed_loop.nights import Said, Truth


class Named(NamedTuple):
    """Whether a night's fault is named first."""

    component: bool
    cause: bool


def named(said: Said) -> Named:
    """Of a night with one fault."""
    (truth,) = said.truths
    if not said.ranking or said.verdict == "healthy":
        return Named(component=False, cause=False)
    plate, component, cause = said.ranking[0]
    right = (plate, component) == (truth.plate, truth.injectable.component)
    return Named(component=right, cause=right and cause in {one.id for one in truth.injectable.causes})


def place(said: Said, truth: Truth) -> int:
    """The place of a fault's component in the ranking, 0 where it is not in it."""
    wanted = truth.plate, truth.injectable.component
    places = [at for at, (plate, component, _) in enumerate(said.ranking, 1) if (plate, component) == wanted]
    return places[0] if places else 0


class Rank(NamedTuple):
    """Where a fault stands among all faults by signature; 1 is first, and ties count against it."""

    rank: int
    score: float
    rival: str
    """The best of the others."""
    rival_score: float


def rank(said: Said, library: Mapping[str, Signature], usual: Signature) -> Rank:
    """Compare a night with one of each fault (`library`, by text), less what a good night logs."""
    (truth,) = said.truths
    own = {text: signature.without(usual).complete() for text, signature in library.items()}
    weigh = rarity(list(own.values()))
    rest = said.signature.without(usual).complete()
    scores = {text: compare(rest, signature, weigh).score for text, signature in own.items()}
    score = scores.pop(truth.injectable.text)
    rival = max(scores, key=lambda text: (scores[text], text), default="")
    return Rank(1 + sum(other >= score for other in scores.values()), score, rival, scores.get(rival, 0.0))


def share(hits: Sequence[bool]) -> float:
    """Of how many; 0 of none."""
    return sum(hits) / len(hits) if hits else 0.0
