"""What to collect or try next: the expected information of tests that have not been made, in bits."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from diagnostics.localize.factors import retry_line
from diagnostics.localize.inference import Posterior
from diagnostics.localize.network import Network
from diagnostics.localize.problem import Link, Problem
from diagnostics.localize.sets import Floats
from engine.pipeline import Mode, Scope

_PROBE = "\0probe"


class Test(NamedTuple):
    """A source that could be collected: it will show something or not."""

    key: str
    plate: str
    """The innermost plate that it belongs to."""
    links: tuple[Link, ...]
    spurious: float
    """P(it shows something | none of the linked causes)."""
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
    """Expected information about what is at fault on the plate and around it."""
    bits_per_cost: float


def rank_tests(problem: Problem, posterior: Posterior, tests: Iterable[Test | Retry]) -> list[Gain]:
    """The tests, the most informative per cost first; ties by key. Tests of unknown plates are left out."""
    gains = []
    for test in tests:
        if test.plate in posterior.plates:
            bits = round(max(_bits(problem, posterior, test), 0.0), 6)
            gains.append(Gain(test.key, bits, round(bits / max(test.cost, 1e-9), 6)))
    return sorted(gains, key=lambda gain: (-gain.bits_per_cost, gain.key))


def _bits(problem: Problem, posterior: Posterior, test: Test | Retry) -> float:
    if isinstance(test, Retry):
        return information(*_retry(posterior.network, test))
    return information(*_shows(problem, posterior, test))


def information(outcome: Floats, masses: Floats) -> float:
    """H(mean outcome) - mean H(outcome): the information between a binary outcome and the state that decides it."""
    return float(entropy(np.asarray(masses @ outcome)) - masses @ entropy(outcome))


def entropy(p: Floats) -> Floats:
    """Of a binary outcome, in bits."""
    inside = np.clip(p, 1e-300, 1.0)
    outside = np.clip(1.0 - p, 1e-300, 1.0)
    bits: Floats = -(p * np.log2(inside) + (1.0 - p) * np.log2(outside))
    return bits


def _shows(problem: Problem, posterior: Posterior, test: Test) -> tuple[Floats, Floats]:
    """P(test shows something) if one of the linked causes is active, or none; and the probability of each case.

    From the marginals, as if at most one of the linked causes were active: for a single cause the closed form
    H2(P se + (1 - P) sp) - P H2(se) - (1 - P) H2(sp).
    """
    scopes = _around(posterior.network, test.plate)
    sensitivities, masses = [], []
    for link in test.links:
        plate, steps = scopes.get(link.scope, ("", 0))
        mass = posterior.plates[plate].causes.get(link.cause, 0.0) if plate else 0.0
        sensitivities.append(link.sensitivity)
        masses.append(mass * problem.activation**steps)
    several = max(1.0, sum(masses))
    cases = np.array([*(mass / several for mass in masses), max(0.0, 1.0 - sum(masses))])
    outcome = 1.0 - (1.0 - test.spurious) * (1.0 - np.array([*sensitivities, 0.0]))
    return outcome, cases


def _around(network: Network, plate: str) -> dict[Scope, tuple[str, int]]:
    """Per scope the plate on the chain, and over how many levels its causes must reach the test."""
    path = network.paths[plate]
    return {network.plates[name].scope: (name, len(path) - 1 - level) for level, name in enumerate(path)}


def _retry(network: Network, retry: Retry) -> tuple[Floats, Floats]:
    """P(the job passes) for each state that the model keeps apart, and the probability of each: exact."""
    lines = {**network.lines[retry.plate], _PROBE: retry_line(retry.mode)}
    probed = network.replace({retry.plate: lines})
    log_passes, masses = probed.nodes[retry.plate].probe(probed.belief(retry.plate))
    return np.exp(np.minimum(log_passes, 0.0)).ravel(), masses.ravel()
