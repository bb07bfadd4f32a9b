"""Whether a component that is at fault has failed a job: something may well be wrong and no backup have failed by it.

In a noisy-OR each present cause fails a job on its own account or does not. So the probability that a component failed
at least one of the failed jobs is that of its being at fault, less that of its being at fault and innocent of them all.
For the latter, the failures are put on the other causes and on chance alone; both are exact.
"""

import math

import numpy as np

from diagnostics.localize.explain import Suspect
from diagnostics.localize.network import Network, Node
from diagnostics.localize.sets import Floats


class Responsibilities:
    """Answers for the suspects of one network; what equal plates have in common is computed once."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._joints: dict[str, Floats] = {}
        self._answers: dict[tuple[str, tuple[int, ...]], float] = {}

    def of(self, suspect: Suspect) -> float:
        """P(the component is at fault and failed at least one job), given everything observed."""
        equal = (suspect.component, self._network.serials(suspect.plate))
        if equal not in self._answers:
            self._answers[equal] = self._of(suspect)
        return self._answers[equal]

    def _of(self, suspect: Suspect) -> float:
        network = self._network
        catalog = network.nodes[suspect.plate].catalog
        innocent = network.acquitting(suspect.plate, suspect.component)
        held = catalog.has_component[:, catalog.components.index(suspect.component)]
        return max(0.0, float((network.own(suspect.plate) - self._supposing(suspect.plate, innocent)) @ held))

    def _supposing(self, plate: str, node: Node) -> Floats:
        """(sets,) P(own set of causes, and what `node` supposes), given everything observed."""
        known = self._network.nodes[plate]
        path = self._network.paths[plate]
        if len(path) == 1:
            likelier = min(float(node.message) - float(known.message), 0.0)
            return math.exp(likelier) * node.own(node.belief(np.ones(())))
        parent, belief = self._network.nodes[path[-2]], self._joint(path[-2])
        gain = node.message[np.ix_(*parent.view(node))] - known.message[np.ix_(*parent.view(known))]
        weighed = belief * np.exp(np.minimum(gain, 0.0))
        own: Floats = node.own(node.belief(parent.around(node, weighed)))
        return own

    def _joint(self, plate: str) -> Floats:
        if plate not in self._joints:
            self._joints[plate] = self._network.nodes[plate].table.joint(self._network.belief(plate))
        return self._joints[plate]
