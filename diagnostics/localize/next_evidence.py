"""What to collect or try next: the expected information of tests that have not been made, in bits."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from diagnostics.localize.explain import Suspect
from diagnostics.localize.factors import retry_line
from diagnostics.localize.hypotheses import Hypothesis, anything_else, hypothesis
from diagnostics.localize.inference import Posterior
from diagnostics.localize.network import Network
from diagnostics.localize.problem import Link
from diagnostics.localize.sets import Floats
from engine.pipeline import Mode

_PROBE = "\0probe"


class Sign(NamedTuple):
    """Something that a source shows or not."""

    links: tuple[Link, ...]
    spurious: float
    """P(it shows | none of the linked causes)."""


class Test(NamedTuple):
    """A source that could be collected: each of its signs will be there or not."""

    key: str
    plate: str
    """Of the machine that has it."""
    signs: tuple[Sign, ...]
    cost: float


class Retry(NamedTuple):
    """A backup job that could be run again."""

    key: str
    plate: str
    mode: Mode
    cost: float


class Gain(NamedTuple):
    """What a test promises."""

    key: str
    bits: float
    """Expected information about what is at fault."""
    bits_per_cost: float


def rank_tests(posterior: Posterior, believed: Mapping[Suspect, float], tests: Iterable[Test | Retry]) -> list[Gain]:
    """The tests by what they are expected to tell, per cost, about which suspect it is, or none of them; ties by key.

    Args:
        posterior: what is known.
        believed: the suspects, and how probable each is.
        tests: those of plates that the posterior does not know are left out.
    """
    suspected = [hypothesis(posterior, suspect, weight) for suspect, weight in believed.items()]
    suspected.append(anything_else(posterior, max(0.0, 1.0 - sum(believed.values()))))
    known = [test for test in tests if test.plate in posterior.network.paths]
    return ranked(
        (test, told_by_retry(posterior, test) if isinstance(test, Retry) else told_by_source(suspected, test))
        for test in known
    )


def rank_splits(posterior: Posterior, suspects: Sequence[Suspect], tests: Iterable[Test | Retry]) -> list[Gain]:
    """The tests by what they are expected to tell, per cost, about which one of the suspects it is; ties by key."""
    weights = [posterior.plates[suspect.plate].components[suspect.component] for suspect in suspects]
    if len(suspects) < 2 or not sum(weights):
        return []
    suspected = [hypothesis(posterior, suspect, weight) for suspect, weight in zip(suspects, weights, strict=True)]
    return ranked((test, _told_apart(suspected, test)) for test in tests)


def ranked(promised: Iterable[tuple[Test | Retry, float]]) -> list[Gain]:
    """The most information per cost first."""
    gains = []
    for test, told in promised:
        bits = round(max(told, 0.0), 6)
        gains.append(Gain(test.key, bits, round(bits / max(test.cost, 1e-9), 6)))
    return sorted(gains, key=lambda gain: (-gain.bits_per_cost, gain.key))


def told_by_source(suspected: Sequence[Hypothesis], test: Test) -> float:
    """The information between a source and which of the suspects it is, as far as `first_sign` tells it."""
    weights = _weights(suspected)
    outcomes = np.array([[_shows(one, test.plate, sign) for sign in test.signs] for one in suspected])
    return first_sign(outcomes, weights) if outcomes.size else 0.0


def _shows(suspected: Hypothesis, plate: str, sign: Sign) -> float:
    """P(a sign is there | the suspect is all that is wrong)."""
    reaches = suspected.reaches(plate)
    shown = sum(suspected.share(link) * link.sensitivity for link in sign.links) if reaches else 0.0
    return 1.0 - (1.0 - sign.spurious) * (1.0 - reaches * min(shown, 1.0))


def _told_apart(suspected: Sequence[Hypothesis], test: Test | Retry) -> float:
    if isinstance(test, Test):
        return told_by_source(suspected, test)
    return information(np.array([one.passes(test.mode) for one in suspected]), _weights(suspected))


def _weights(suspected: Sequence[Hypothesis]) -> Floats:
    weights = np.array([one.weight for one in suspected])
    normalized: Floats = weights / (weights.sum() or 1.0)
    return normalized


def information(outcome: Floats, masses: Floats) -> float:
    """H(mean outcome) - mean H(outcome): the information between a binary outcome and the state that decides it."""
    return float(entropy(np.asarray(masses @ outcome)) - masses @ entropy(outcome))


def entropy(p: Floats) -> Floats:
    """Of a binary outcome, in bits."""
    inside = np.clip(p, 1e-300, 1.0)
    outside = np.clip(1.0 - p, 1e-300, 1.0)
    bits: Floats = -(p * np.log2(inside) + (1.0 - p) * np.log2(outside))
    return bits


def first_sign(outcomes: Floats, masses: Floats) -> float:
    """The information between a state and the first of many signs that is there, in the order of what each tells.

    All signs together tell more, but that is a sum over all their combinations; this is what a reader makes of a log
    who stops at the first that he knows. `outcomes` is (states, signs): P(sign | state), independent in each state.
    """
    alone = [-information(column, masses) for column in outcomes.T]
    ordered = outcomes[:, np.argsort(alone, kind="stable")]
    none_before = np.cumprod(np.concatenate((np.ones((len(masses), 1)), 1.0 - ordered), axis=1), axis=1)
    first = np.concatenate((ordered * none_before[:, :-1], none_before[:, -1:]), axis=1)
    lifts = np.log2(np.clip(first, 1e-300, 1.0)) - np.log2(np.clip(masses @ first, 1e-300, 1.0))
    return float(masses @ (first * lifts).sum(axis=1))


def told_by_retry(posterior: Posterior, retry: Retry) -> float:
    """The information between the outcome of a retry and all that may be at fault: exact."""
    return information(*outcomes_of_retry(posterior.network, retry))


def outcomes_of_retry(network: Network, retry: Retry) -> tuple[Floats, Floats]:
    """P(the job passes) for each state that the model keeps apart, and the probability of each: exact."""
    lines = {**network.lines[retry.plate], _PROBE: retry_line(retry.mode)}
    probed = network.replace({retry.plate: lines})
    log_passes, masses = probed.nodes[retry.plate].probe(probed.belief(retry.plate))
    return np.exp(np.minimum(log_passes, 0.0)).ravel(), masses.ravel()
