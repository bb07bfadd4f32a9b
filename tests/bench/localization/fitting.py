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
from tests.bench.localization.trial import Believed

_NARROW = 1e-6
"""Nothing is said to be surer."""
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


def fit_temperature(believed: Sequence[Believed]) -> float:
    """The temperature of `Belief` at which what is said is least surprised by what is true (Guo et al. 2017).

    The loss has one minimum; narrowing the interval by the golden ratio, in 1 / T, finds it.
    """
    low, high = 1.0 / _HIGHEST, 1.0 / _LOWEST
    ratio = (math.sqrt(5.0) - 1.0) / 2.0
    for _ in range(60):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if log_loss(said_at(believed, 1.0 / left)) < log_loss(said_at(believed, 1.0 / right)):
            high = right
        else:
            low = left
    return round(2.0 / (low + high), 3)


def said_at(believed: Sequence[Believed], temperature: float) -> list[Answer]:
    """What is said at a temperature."""
    return [(belief.tempered(temperature), true) for belief, true in believed]


def log_loss(said: Sequence[Answer]) -> float:
    """The mean surprise at what is true, in nats."""
    return -sum(math.log(max(p if true else 1.0 - p, _NARROW)) for p, true in said) / len(said)


def fitting_suites() -> list[Suite]:
    """Nights of causes and seeds that the table never sees; of one in ten the catalog does not know the cause.

    Sites have such nights too, and being sure of a wrong cause is what a temperature is to keep from. Of the last 41
    public failures that were gathered one had a cause that the catalog lacked; those before led to more.
    """
    seen, first = _causes(), FITTING_SEEDS.start
    nights = range(first, first + 160)
    return [
        Suite("one fault", Setting(), singles(seen, range(first, first + 10))),
        Suite("two faults", Setting(), several(seen, 2, nights)),
        Suite("three faults", Setting(), several(seen, 3, nights)),
        Suite("unknown cause", Setting(), singles(seen, range(first + 10, first + 12)), unknown=True),
    ]


def of_unlisted_causes() -> Suite:
    """More nights of unknown causes for names alone, which these mislead: twice as many in all as of one known cause.

    There are not so many in life, but a wrong name that looks firm costs more than a right one that does not.
    """
    first = FITTING_SEEDS.start
    return Suite("unlisted cause", Setting(), singles(_causes(), range(first + 12, first + 30)), unknown=True)


def _causes() -> list[str]:
    causes, _ = split(shipped().catalog.causes)
    return [cause for cause in causes if shows(cause)]


def fit() -> Fit:
    """Fit anew."""
    planned = fitting_suites()
    results = dict(run([*planned, of_unlisted_causes()]))
    namings = [naming for of_suite in results.values() for result in of_suite for naming in result.namings]
    believed = [result.believed for suite in planned for result in results[suite.name] if result.believed]
    temperature, names = fit_temperature(believed), fit_names(namings)
    return Fit(
        temperature,
        names,
        nights=sum(map(len, results.values())),
        causes=len({cause for suite in planned for causes, _ in suite.plans for cause in causes}),
        of_components=Gain.of(said_at(believed, 1.0), said_at(believed, temperature)),
        of_names=Gain.of(as_listed(namings), said_of(namings, names)),
    )
