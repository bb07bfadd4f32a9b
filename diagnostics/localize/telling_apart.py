"""Which tests would tell suspects apart that the observations do not."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from diagnostics.localize.explain import Suspect
from diagnostics.localize.inference import Posterior
from diagnostics.localize.next_evidence import Gain, Retry, Test, information
from diagnostics.localize.problem import CauseNode
from engine.pipeline import stages_of


def rank_splits(posterior: Posterior, suspects: Sequence[Suspect], tests: Iterable[Test | Retry]) -> list[Gain]:
    """The tests by what they are expected to tell, per cost, about which one of the suspects it is; ties by key."""
    weights = np.array([posterior.plates[suspect.plate].components[suspect.component] for suspect in suspects])
    if len(suspects) < 2 or not weights.sum():
        return []
    weights /= weights.sum()
    gains = []
    for test in tests:
        outcomes = np.array([_outcome(posterior, suspect, test) for suspect in suspects])
        bits = round(max(information(outcomes, weights), 0.0), 6)
        gains.append(Gain(test.key, bits, round(bits / max(test.cost, 1e-9), 6)))
    return sorted(gains, key=lambda gain: (-gain.bits_per_cost, gain.key))


def _outcome(posterior: Posterior, suspect: Suspect, test: Test | Retry) -> float:
    """P(the test shows something, or the job passes | one cause of the suspect is all that is wrong)."""
    masses = posterior.plates[suspect.plate].causes
    causes = [cause for cause in _causes(posterior, suspect) if masses.get(cause.id)]
    total = sum(masses[cause.id] for cause in causes)
    if not total:
        return 0.0
    shown = _sensitivities(posterior, suspect, test) if isinstance(test, Test) else {}
    return sum(masses[cause.id] / total * _given(cause, test, shown) for cause in causes)


def _given(cause: CauseNode, test: Test | Retry, shown: Mapping[str, float]) -> float:
    if isinstance(test, Test):
        return 1.0 - (1.0 - test.spurious) * (1.0 - shown.get(cause.id, 0.0))
    return float(np.prod([1.0 - cause.failure.get(stage, 0.0) for stage in stages_of(test.mode)]))


def _sensitivities(posterior: Posterior, suspect: Suspect, test: Test) -> Mapping[str, float]:
    scopes = {posterior.network.plates[name].scope: name for name in posterior.network.paths[test.plate]}
    return {link.cause: link.sensitivity for link in test.links if scopes.get(link.scope) == suspect.plate}


def _causes(posterior: Posterior, suspect: Suspect) -> Iterable[CauseNode]:
    plate = posterior.network.plates.get(suspect.plate)
    return (cause for cause in plate.causes if cause.component == suspect.component) if plate else ()
