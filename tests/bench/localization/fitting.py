"""Fits the temperature of the verdict's probabilities, on causes and seeds of which nothing is reported."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import yaml

from tests.bench.localization.figures import Answer, calibration_error
from tests.bench.localization.setting import FITTING_SEEDS, Setting, split
from tests.bench.localization.suites import Suite, run, several, shipped, shows, singles
from tests.bench.localization.table import answers

_TINIEST = 1e-16
_NARROW = 1e-6
"""Probabilities are rounded to so much; nothing is said to be surer."""
_HEAD = "# Written by `python -m tests.bench.localization fit`; pairs are without and with the temperature."
_LOWEST, _HIGHEST = 0.2, 5.0


class Fit(NamedTuple):
    """A temperature, and how it was found."""

    temperature: float
    nights: int
    causes: int
    log_loss: tuple[float, float]
    """Per answer, without and with the temperature, on the nights that it was fitted on."""
    ece: tuple[float, float]

    def document(self) -> str:
        """The data file, with its provenance."""
        provenance = {
            "nights": self.nights,
            "causes": self.causes,
            "seeds": f"{FITTING_SEEDS.start} and up",
            "log-loss": [round(value, 4) for value in self.log_loss],
            "ece": [round(value, 4) for value in self.ece],
        }
        written = yaml.safe_dump({"temperature": self.temperature, "provenance": provenance}, sort_keys=False)
        return f"{_HEAD}\n{written}"


def fit_temperature(said: Sequence[Answer]) -> float:
    """The temperature T that makes sigmoid(log-odds / T) least surprised by what is true (Guo et al. 2017).

    The loss is convex in 1 / T, so halving the interval by the golden ratio finds its minimum.
    """
    low, high = 1.0 / _HIGHEST, 1.0 / _LOWEST
    ratio = (math.sqrt(5.0) - 1.0) / 2.0
    for _ in range(60):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if log_loss(tempered(said, 1.0 / left)) < log_loss(tempered(said, 1.0 / right)):
            high = right
        else:
            low = left
    return round(2.0 / (low + high), 3)


def tempered(said: Sequence[Answer], temperature: float) -> list[Answer]:
    """The answers, with their log-odds divided by the temperature."""
    return [(1.0 / (1.0 + math.exp(-_log_odds(p) / temperature)), true) for p, true in said]


def log_loss(said: Sequence[Answer]) -> float:
    """The mean surprise at what is true, in nats."""
    return -sum(math.log(max(p if true else 1.0 - p, _TINIEST)) for p, true in said) / len(said)


def _log_odds(probability: float) -> float:
    inside = min(max(probability, _NARROW), 1.0 - _NARROW)
    return math.log(inside) - math.log1p(-inside)


def fitting_suites() -> list[Suite]:
    """Nights of causes and seeds that the table never sees; of some the catalog does not know the cause.

    Sites have such nights too, and being sure of a wrong cause is what a temperature is to keep from.
    """
    causes, _ = split(shipped().catalog.causes)
    seen = [cause for cause in causes if shows(cause)]
    first = FITTING_SEEDS.start
    nights = range(first, first + 80)
    return [
        Suite("one fault", Setting(), singles(seen, range(first, first + 5))),
        Suite("two faults", Setting(), several(seen, 2, nights)),
        Suite("three faults", Setting(), several(seen, 3, nights)),
        Suite("unknown cause", Setting(), singles(seen, range(first + 5, first + 7)), unknown=True),
    ]


def fit(current: float) -> Fit:
    """Fit anew; `current` is the temperature that the answers are given with today."""
    planned = fitting_suites()
    said = tempered([answer for _, results in run(planned) for answer in answers(results)], 1.0 / current)
    temperature = fit_temperature(said)
    after = tempered(said, temperature)
    return Fit(
        temperature,
        nights=len(said),
        causes=len({cause for suite in planned for causes, _ in suite.plans for cause in causes}),
        log_loss=(log_loss(said), log_loss(after)),
        ece=(calibration_error(said), calibration_error(after)),
    )
