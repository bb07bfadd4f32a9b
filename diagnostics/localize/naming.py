"""Which cause of a component it is, and what the name rests on; and the signs that are a component's own.

Within a component the model divides a fault among the causes that the catalog lists. It does not list all of them, and
one that it lacks mostly shows what listed ones show too: they divide between them what is not theirs, and the first of
them looks sure. So beside the odds against the other listed causes stands how much of what was seen is the cause's own:
a sign that two causes share speaks for neither of them, nor against one that nobody thought of. `calibration` makes a
probability of the two.
"""

import math
from collections.abc import Collection, Iterable, Iterator
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
    return Name(named, share, _own_sign(_seen_of(network, suspect.plate, {cause}), {named}))


def own_sign(network: Network, suspect: Suspect) -> float:
    """How much a component's own the most telling sign is that was seen: its causes' against those of all others."""
    kind = unfolded(suspect.plate, suspect.component).name
    catalogs = {node.catalog for node in network.nodes.values()}
    ours = {
        unfolded("", cause.id).name
        for catalog in catalogs
        for cause in catalog.causes
        if unfolded("", cause.component).name == kind
    }
    here = network.nodes[suspect.plate].catalog.causes
    causes = {cause.id for cause in here if cause.component == suspect.component}
    return _own_sign(_seen_of(network, suspect.plate, causes), ours)


def _seen_of(network: Network, plate: str, causes: Collection[str]) -> Iterator[tuple[Link, ...]]:
    """What was seen in events and reports of jobs that causes on a plate make likely: all that may have shown it."""
    scope = network.nodes[plate].catalog.scope
    for around in plates_concerned(network, plate):
        for line in network.lines[around].values():
            links = _links(line) if notable(line) else ()
            if any(link.scope is scope and link.cause in causes for link in links):
                yield links


def _links(line: Line) -> tuple[Link, ...]:
    if isinstance(line, EventLine):
        return line.links
    return line.report.links if line.report else ()


def _own_sign(seen: Iterable[tuple[Link, ...]], ours: Collection[str]) -> float:
    return max((_lead(links, ours) for links in seen), default=0.0)


def _lead(links: Iterable[Link], ours: Collection[str]) -> float:
    """By how much more readily some causes show what was seen than any other cause does, wherever they sit."""
    shown = [(unfolded("", link.cause).name, link.sensitivity) for link in links]
    own = max((readily for cause, readily in shown if cause in ours), default=0.0)
    others = max((readily for cause, readily in shown if cause not in ours and cause != OTHER), default=0.0)
    return max(0.0, own - others)
