"""Which cause of a component it is, and what the name rests on.

Within a component the model divides a fault among the causes that the catalog lists. It does not list all of them, and
one that it lacks mostly shows what listed ones show too: they divide between them what is not theirs, and the first of
them looks sure. So beside the odds against the other listed causes stands how much of what was seen is the cause's own:
a sign that two causes share speaks for neither of them, nor against one that nobody thought of. `calibration` makes a
probability of the two.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from diagnostics.localize.explain import Suspect, plates_concerned
from diagnostics.localize.factors import EventLine, Line, notable
from diagnostics.localize.inference import PlatePosterior
from diagnostics.localize.network import Network
from diagnostics.localize.problem import OTHER, Link
from diagnostics.localize.sharing import unfolded

_MOST_TELLING = 1e-6
"""Odds beyond a million to one are not told apart: what no listed cause but one can be, an unlisted one still can."""


class Name(NamedTuple):
    """The most probable cause of a component, and what speaks for its being the one."""

    cause: str
    share: float
    """P(it | the component is at fault), were the listed causes all that there are."""
    own_sign: float
    """How much its own the most telling sign is that was seen: by how much more readily the cause shows it than any
    other cause does, 0 to 1. Several, or one on several machines, are no more: an unlisted cause may show all."""

    @property
    def log_odds(self) -> float:
        """Of the share, in nats, as far as odds tell anything."""
        share = min(max(self.share, _MOST_TELLING), 1.0 - _MOST_TELLING)
        return math.log(share) - math.log1p(-share)


def best_cause(network: Network, plate: PlatePosterior, suspect: Suspect) -> str:
    """The most probable cause of a component, as the network calls it; where several are, the first by name."""
    causes = [cause.id for cause in network.nodes[suspect.plate].catalog.causes if cause.component == suspect.component]
    return min(causes, key=lambda cause: (-round(plate.causes[cause], 6), cause))


def name_of(network: Network, plate: PlatePosterior, suspect: Suspect) -> Name:
    """The name of what is the matter with a suspect."""
    cause = best_cause(network, plate, suspect)
    share = min(1.0, plate.causes[cause] / max(plate.components[suspect.component], 1e-300))
    named = unfolded(suspect.plate, cause).name
    seen = _seen_of(network, suspect.plate, cause)
    return Name(named, share, max((_lead(links, named) for links in seen), default=0.0))


def _seen_of(network: Network, plate: str, cause: str) -> Iterator[tuple[Link, ...]]:
    """What was seen in events and reports of jobs that a cause on a plate makes likely: all that may have shown it."""
    scope = network.nodes[plate].catalog.scope
    for around in plates_concerned(network, plate):
        for line in network.lines[around].values():
            links = _links(line) if notable(line) else ()
            if any((link.scope, link.cause) == (scope, cause) for link in links):
                yield links


def _links(line: Line) -> tuple[Link, ...]:
    if isinstance(line, EventLine):
        return line.links
    return line.report.links if line.report else ()


def _lead(links: Iterable[Link], cause: str) -> float:
    """By how much more readily a cause shows what was seen than any other cause does, wherever they sit."""
    shown: defaultdict[str, float] = defaultdict(float)
    for link in links:
        known = unfolded("", link.cause).name
        shown[known] = max(shown[known], link.sensitivity)
    others = (readily for known, readily in shown.items() if known not in {cause, OTHER})
    return max(0.0, shown[cause] - max(others, default=0.0))
