"""What a probability of the model is worth, fitted on generated nights: of a component, and of the name of its cause.

That a component is at fault is believed too readily, for what logs tell is less independent than it looks: its log-odds
are divided by one temperature (Guo et al., On Calibration of Modern Neural Networks, 2017). Which of the faults failed
a job follows from them as it is. For names it is a logistic regression (Platt, Probabilistic Outputs for Support Vector
Machines, 1999). The values and how they were found are in `calibration.yml`, which the localization benchmark writes;
the causes and seeds that they are fitted on are never reported on.
"""

import math
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, NamedTuple

import msgspec


class Belief(NamedTuple):
    """What the model believes of a component, before it is calibrated."""

    at_fault: float
    """P(some cause of it is present)."""
    failed: float
    """P(it failed a job | it is at fault); 1 where no job failed."""

    def tempered(self, temperature: float) -> float:
        """P(it is at fault, and failed a job), the log-odds of the former divided by a temperature."""
        return tempered(self.at_fault, temperature) * self.failed


def tempered(probability: float, temperature: float) -> float:
    """The probability with its log-odds divided by a temperature."""
    if probability <= 0.0 or probability >= 1.0:
        return probability
    log_odds = math.log(probability) - math.log1p(-probability)
    return 1.0 / (1.0 + math.exp(-log_odds / temperature))


class OfNames(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What makes the log-odds that a component at fault is so by the cause that is named (`naming.Name`)."""

    unlisted: float
    """Where nothing speaks for it: below 0, for it may be a cause that the catalog lacks."""
    listed: Annotated[float, msgspec.Meta(ge=0.0)]
    """Times the log-odds against the causes that the catalog lists."""
    own_sign: Annotated[float, msgspec.Meta(ge=0.0)]
    """Times how much its own the most telling sign is that was seen."""

    def probability(self, log_odds: float, own_sign: float) -> float:
        """P(it is the named cause | its component is at fault)."""
        return 1.0 / (1.0 + math.exp(-(self.unlisted + self.listed * log_odds + self.own_sign * own_sign)))


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much the log-odds of the model are to be trusted."""

    temperature: Annotated[float, msgspec.Meta(gt=0.0)]
    """Above 1 where the model is too sure that a component is at fault."""
    names: OfNames
    provenance: dict[str, Any]
    """On what it was fitted, and what it changed."""

    def probability(self, belief: Belief) -> float:
        """The calibrated probability that a component is at fault and failed a job."""
        return belief.tempered(self.temperature)


@cache
def shipped() -> Calibration:
    """The calibration that comes with the program."""
    return msgspec.yaml.decode(files(__package__).joinpath("calibration.yml").read_bytes(), type=Calibration)
