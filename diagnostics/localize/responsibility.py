"""Whether a component that is at fault has failed a job: something may well be wrong and no backup have failed by it.

In a noisy-OR each present cause fails a job on its own account or does not. So the probability that a component failed
at least one of the failed jobs is that of its being at fault, less that of its being at fault and innocent of them all.
For the latter, the failures are put on the other causes and on chance alone; both are exact.
"""

import math

from diagnostics.localize.explain import Suspect
from diagnostics.localize.network import Network


def responsibility(network: Network, suspect: Suspect) -> float:
    """P(the component, or one cause of it, is at fault and failed at least one job), given everything observed."""
    innocent = network.acquitting(suspect.plate, suspect.component)
    guilty = _mass(network, suspect)
    ratio = math.exp(min(innocent.log_evidence - network.log_evidence, 0.0))
    return max(0.0, guilty - ratio * _mass(innocent, suspect))


def _mass(network: Network, suspect: Suspect) -> float:
    catalog = network.nodes[suspect.plate].catalog
    if suspect.cause is not None:
        return float(network.own(suspect.plate) @ catalog.has_cause[:, catalog.place[suspect.cause]])
    return float(network.own(suspect.plate) @ catalog.has_component[:, catalog.components.index(suspect.component)])
