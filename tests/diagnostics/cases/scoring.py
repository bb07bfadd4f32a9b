"""How well answers find the confirmed causes."""

from collections.abc import Iterable
from typing import NamedTuple

from diagnostics.verdict import VerdictWord
from tests.diagnostics.cases.bundles import Answer, Case

TOLERANCE = 0.03
"""How far the figures of other wordings may fall below those of the originals."""
WORDS_ALONE = frozenset({"exchange-db-path-moved", "smhv-scoped-snapshots"})
"""Cases that hold nothing that another language would keep: in translation nobody can tell them."""


class Figures(NamedTuple):
    """Shares of the cases, and which fall out of them."""

    top1: float
    top3: float
    noise_blamed: tuple[str, ...]
    """Harmless cases with a fault that is leading or asserted."""
    unread: tuple[str, ...]
    misses: tuple[str, ...]
    """Those whose first candidate is another component."""
    beyond3: tuple[str, ...]
    """Of these, those without the component among the first three."""


def score(answers: Iterable[tuple[Case, Answer]]) -> Figures:
    """The figures over all answers."""
    faulty, noise_blamed, unread, misses, beyond3 = 0, [], [], [], []
    for case, answer in answers:
        if not answer.was_read:
            unread.append(case.id)
        if case.is_noise:
            if answer.word in {VerdictWord.ASSERTED, VerdictWord.LEADING}:
                noise_blamed.append(case.id)
            continue
        faulty += 1
        ranked = list(dict.fromkeys(component for component, _ in answer.ranking))
        if ranked[:1] != [case.component]:
            misses.append(case.id)
        if case.component not in ranked[:3]:
            beyond3.append(case.id)
    return Figures(
        1 - len(misses) / faulty,
        1 - len(beyond3) / faulty,
        tuple(noise_blamed),
        tuple(unread),
        tuple(misses),
        tuple(beyond3),
    )
