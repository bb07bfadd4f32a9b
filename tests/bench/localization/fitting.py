"""Fits what the verdict's probabilities are worth, on causes and seeds of which nothing is reported."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import yaml
from msgspec import to_builtins

from diagnostics.localize.calibration import OfNames
from tests.bench.localization.figures import Answer, calibration_error
from tests.bench.localization.names import as_listed, fit_names, said_of
from tests.bench.localization.setting import FITTING_SEEDS, Setting, split
from tests.bench.localization.suites import Suite, run, several, shipped, shows, singles
from tests.bench.localization.table import answers

_TINIEST = 1e-16
_NARROW = 1e-6
"""Probabilities are rounded to so much; nothing is said to be surer."""
_HEAD = "# Written by `python -m tests.bench.localization fit`; pairs are without and with what was fitted."
_LOWEST, _HIGHEST = 0.2, 5.0


class Gain(NamedTuple):
    """How well answers fit what is true, without and with what was fitted on them."""

    answers: int
    log_loss: tuple[float, float]
    """Per answer."""
    ece: tuple[float, float]

    @classmethod
    def of(cls, before: Sequence[Answer], after: Sequence[Answer]) -> "Gain":
        errors = calibration_error(before), calibration_error(after)
        return cls(len(before), (log_loss(before), log_loss(after)), errors)

    def document(self) -> dict[str, object]:
        """Its part of the data file."""
        rounded = {"log-loss": self.log_loss, "ece": self.ece}
        return {"answers": self.answers} | {name: [round(value, 4) for value in pair] for name, pair in rounded.items()}


class Fit(NamedTuple):
    """What was fitted, and how it was found."""

    temperature: float
    names: OfNames
    nights: int
    causes: int
    of_components: Gain
    of_names: Gain

    def document(self) -> str:
        """The data file, with its provenance."""
        provenance = {
            "nights": self.nights,
            "causes": self.causes,
            "seeds": f"{FITTING_SEEDS.start} and up",
            "components": self.of_components.document(),
            "names": self.of_names.document(),
        }
        fitted = {"temperature": self.temperature, "names": to_builtins(self.names), "provenance": provenance}
        return f"{_HEAD}\n{yaml.safe_dump(fitted, sort_keys=False)}"


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
    seen, first = _causes(), FITTING_SEEDS.start
    nights = range(first, first + 80)
    return [
        Suite("one fault", Setting(), singles(seen, range(first, first + 5))),
        Suite("two faults", Setting(), several(seen, 2, nights)),
        Suite("three faults", Setting(), several(seen, 3, nights)),
        Suite("unknown cause", Setting(), singles(seen, range(first + 5, first + 7)), unknown=True),
    ]


def of_unlisted_causes() -> Suite:
    """More nights of unknown causes, as many in all as of one known cause, for names alone: these they mislead."""
    first = FITTING_SEEDS.start
    return Suite("unlisted cause", Setting(), singles(_causes(), range(first + 7, first + 10)), unknown=True)


def _causes() -> list[str]:
    causes, _ = split(shipped().catalog.causes)
    return [cause for cause in causes if shows(cause)]


def fit(current: float) -> Fit:
    """Fit anew; `current` is the temperature that the answers are given with today."""
    planned = fitting_suites()
    results = dict(run([*planned, of_unlisted_causes()]))
    namings = [naming for of_suite in results.values() for result in of_suite for naming in result.namings]
    said = [answer for suite in planned for answer in answers(results[suite.name])]
    plain = tempered(said, 1.0 / current)
    temperature, names = fit_temperature(plain), fit_names(namings)
    return Fit(
        temperature,
        names,
        nights=sum(map(len, results.values())),
        causes=len({cause for suite in planned for causes, _ in suite.plans for cause in causes}),
        of_components=Gain.of(plain, tempered(plain, temperature)),
        of_names=Gain.of(as_listed(namings), said_of(namings, names)),
    )
