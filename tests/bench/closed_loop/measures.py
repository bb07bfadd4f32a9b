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


class Library:
    """The signature of each fault in one night, less what a good night logs: what other nights are compared with."""

    def __init__(self, signatures: Mapping[str, Signature], usual: Signature) -> None:
        self._usual = usual
        self._own = {name: signature.without(usual).complete() for name, signature in signatures.items()}
        self._weigh = rarity(list(self._own.values()))

    def rank(self, said: Said) -> Rank:
        """Where the fault of a night with one stands among all of them."""
        (truth,) = said.truths
        rest = said.signature.without(self._usual).complete()
        scores = {name: compare(rest, signature, self._weigh).score for name, signature in self._own.items()}
        score = scores.pop(truth.injectable.name)
        rival = max(scores, key=lambda name: (scores[name], name), default="")
        return Rank(1 + sum(other >= score for other in scores.values()), score, rival, scores.get(rival, 0.0))


def share(hits: Sequence[bool]) -> float:
    """Of how many; 0 of none."""
    return sum(hits) / len(hits) if hits else 0.0
