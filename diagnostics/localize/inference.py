"""From a problem to the posterior: the probability of each cause and component, and the best explanation."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from diagnostics.localize.factors import Catalog
from diagnostics.localize.network import Network, Node
from diagnostics.localize.problem import OTHER, Plate, Problem
from diagnostics.localize.sets import Floats
from diagnostics.localize.sharing import fold, unfolded

_MOST_CELLS = 4e6
"""Of one plate's table: a tenth of a second for each line that is weighed."""
_MOST_IN_ALL = 5e7
"""Of all plates' tables: some seconds for each suspect on the site that is asked whether it failed a job."""
_SAME = 9
"""Decimals to which masses are compared, so that rounding in another order of summing decides nothing."""


class PlatePosterior(NamedTuple):
    """What is believed about one plate."""

    present: float
    """P(any cause is present)."""
    causes: Mapping[str, float]
    """P(cause is present), by cause id."""
    components: Mapping[str, float]
    """P(some cause of the component is present): from the sets, so two causes at once are not counted twice."""

    @property
    def other(self) -> float:
        """P(the unknown cause is present)."""
        return self.causes.get(OTHER, 0.0)


class Present(NamedTuple):
    """A cause that the best explanation names; its component is firmer than the cause within it."""

    plate: str
    component: str
    """Empty for `OTHER`."""
    cause: str


class Posterior(NamedTuple):
    """The answer of the model, before any judgement."""

    plates: Mapping[str, PlatePosterior]
    """By plate name; equal plates share one object."""
    nested: Mapping[str, PlatePosterior]
    """The same as the network sees it: what sits on shared plates is on the plates around them (`sharing`)."""
    explanation: tuple[Present, ...]
    """One joint explanation, decoded from the outermost plate inwards.

    Each plate takes nothing, or the most probable set of components if anything is more probable than nothing, given
    what was taken on the plates around it. Not the maximum of the joint distribution, but consistent with it.
    """
    log_evidence: float
    """Natural logarithm of P(everything observed)."""
    network: Network
    """The messages, for questions about single observations."""


def infer(problem: Problem) -> Posterior:
    """Compute the exact posterior of a problem.

    Where so many different events bear on one plate that two causes at once are too many there, it is that of a problem
    with one at a time on it; `Posterior.network.problem.singly` says where.
    """
    network = Network(fold(problem))
    while crowded := network.crowded(_MOST_CELLS, _MOST_IN_ALL):
        network = Network(network.problem._replace(singly=network.problem.singly | crowded))
    nested = _marginals(network)
    shared = [plate for plate in problem.plates if plate.members]
    return Posterior(
        _unfolded(nested, network, shared), nested, tuple(_explanation(network)), network.log_evidence, network
    )


_Path = tuple[int, ...]


def _marginals(network: Network) -> dict[str, PlatePosterior]:
    by_path: dict[_Path, PlatePosterior] = {}
    for root in network.roots:
        node = network.nodes[root]
        by_path.update(_descend(node, np.ones(()), ()))
    return {plate: by_path[network.serials(plate)] for plate in network.plates}


def _descend(node: Node, around: Floats, path: _Path) -> Iterator[tuple[_Path, PlatePosterior]]:
    """The posterior of a node and of all nodes in it; equal nodes in equal surroundings once."""
    belief = node.belief(around)
    here = (*path, node.serial)
    yield here, plate_posterior(node.catalog, node.own(belief))
    open_questions = [child for child, _ in node.children if not child.settled]
    joint = node.table.joint(belief) if open_questions else None
    for child, _ in node.children:
        if joint is None or child.settled:
            yield (*here, child.serial), plate_posterior(child.catalog, child.within)
        else:
            yield from _descend(child, node.around(child, joint), here)


def _unfolded(
    nested: Mapping[str, PlatePosterior], network: Network, shared: Iterable[Plate]
) -> Mapping[str, PlatePosterior]:
    plates = dict(nested)
    for plate in shared:
        around = plate.parent
        if around is not None and around in nested:
            for home in (around, plate.name):
                plates[home] = _only(home, network, around, nested[around])
    return plates


def _only(home: str, network: Network, around: str, folded: PlatePosterior) -> PlatePosterior:
    """What belongs to one plate of the posterior of the plate that it was folded into."""

    def own(masses: Mapping[str, float]) -> dict[str, float]:
        places = ((unfolded(around, name), mass) for name, mass in masses.items())
        return {place.name: mass for place, mass in places if place.plate == home}

    held = [cause for cause in folded.causes if unfolded(around, cause).plate == home]
    present = float(network.own(around) @ network.nodes[around].catalog.holding(held))
    return PlatePosterior(present, own(folded.causes), own(folded.components))


def plate_posterior(catalog: Catalog, own: Floats) -> PlatePosterior:
    """Marginals from (sets,) probabilities of the sets of causes."""
    causes = (own @ catalog.has_cause).tolist()
    components = (own @ catalog.has_component).tolist()
    return PlatePosterior(
        float(own[1:].sum()),
        {cause.id: probability for cause, probability in zip(catalog.causes, causes, strict=True)},
        dict(zip(catalog.components, components, strict=True)),
    )


def _explanation(network: Network) -> Iterator[Present]:
    by_path: dict[_Path, tuple[tuple[str, str], ...]] = {}
    for root in network.roots:
        by_path.update(_decode(network.nodes[root], np.ones(()), ()))
    for plate in network.plates:
        for component, cause in by_path.get(network.serials(plate), ()):
            yield Present(plate, component, cause)


def _decode(node: Node, around: Floats, path: _Path) -> Iterator[tuple[_Path, tuple[tuple[str, str], ...]]]:
    """Choose for a node, then for the nodes in it, except where nothing failed and nothing was seen."""
    if not node.notable:
        return
    belief = node.belief(around)
    own = node.own(belief)
    chosen, consistent = _choose(node.catalog, own)
    here = (*path, node.serial)
    yield here, tuple((node.catalog.causes[place].component, node.catalog.causes[place].id) for place in chosen)
    inner = [child for child, _ in node.children if child.notable]
    if inner:
        given = node.given(node.table.joint(belief), consistent)
        for child in inner:
            yield from _decode(child, node.around(child, given), here)


def _choose(catalog: Catalog, own: Floats) -> tuple[list[int], Floats]:
    """The causes taken, and (sets,) 1 where a set blames the same components as they do."""
    if own[0] >= 0.5:
        return [], (np.arange(len(own)) == 0).astype(float)
    masses = np.bincount(catalog.blamed, weights=own)
    masses[catalog.blamed[0]] = -1.0
    consistent = (catalog.blamed == np.round(masses, _SAME).argmax()).astype(float)
    best = int(np.round(own * consistent, _SAME).argmax())
    members = (int(catalog.sets.first[best]), int(catalog.sets.second[best]))
    return [place for place in members if place < len(catalog.causes)], consistent
