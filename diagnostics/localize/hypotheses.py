"""Single suspects as hypotheses: whom a machine's sources would tell of, and whether a job would pass."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from diagnostics.localize.explain import Suspect, nested
from diagnostics.localize.inference import Posterior
from diagnostics.localize.network import Network
from diagnostics.localize.problem import CauseNode, Link
from diagnostics.localize.sharing import unfolded
from engine.pipeline import Mode, stages_of


class Hypothesis(NamedTuple):
    """A component on a plate, by one of its causes, is all that is wrong; without causes it is anything else."""

    weight: float
    suspect: Suspect
    network: Network
    causes: Mapping[str, tuple[CauseNode, float]]
    """By id, with the share that each has in it."""
    reach: frozenset[str] = frozenset()
    """The plates that share its plate, where it sits on a shared one."""

    def share(self, link: Link) -> float:
        """P(it is by the cause of a link)."""
        if link.cause not in self.causes:
            return 0.0
        on_shared = self.suspect.plate if self.reach else ""
        meant = link.plate == on_shared and (self.reach or link.scope is self.network.plates[self.suspect.plate].scope)
        return self.causes[link.cause][1] if meant else 0.0

    def reaches(self, plate: str) -> float:
        """P(the machine of a plate may show it): one around it, itself, or one within it that it has reached."""
        paths = self.network.paths
        if self.reach:
            return float(any(plate in paths[member] for member in self.reach if member in paths))
        if not self.causes or plate in paths[self.suspect.plate]:
            return float(bool(self.causes))
        around = paths[plate]
        if self.suspect.plate not in around:
            return 0.0
        return float(self.network.problem.activation ** (len(around) - 1 - around.index(self.suspect.plate)))

    def passes(self, mode: Mode) -> float:
        """P(a job that it reaches passes)."""
        stages = stages_of(mode)
        return float(
            sum(
                share * np.prod([1.0 - cause.failure.get(stage, 0.0) for stage in stages])
                for cause, share in self.causes.values()
            )
        )


def hypothesis(posterior: Posterior, suspect: Suspect, weight: float) -> Hypothesis:
    """A suspect, by what the posterior says of its causes."""
    network = posterior.network
    known = nested(network, suspect)
    masses = posterior.nested[known.plate].causes
    causes = [cause for cause in network.plates[known.plate].causes if cause.component == known.component]
    total = sum(masses[cause.id] for cause in causes) or 1.0
    return Hypothesis(
        weight,
        suspect,
        network,
        {unfolded(known.plate, cause.id).name: (cause, masses[cause.id] / total) for cause in causes},
        frozenset().union(*(cause.reach for cause in causes)),
    )


def anything_else(posterior: Posterior, weight: float) -> Hypothesis:
    """None of the suspects: nothing that any source is known to show."""
    return Hypothesis(weight, Suspect("", ""), posterior.network, {})
