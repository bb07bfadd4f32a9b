"""What a probability of the model is worth: one temperature on the log-odds, fitted on generated nights.

Source of the method: Guo et al., On Calibration of Modern Neural Networks, 2017. The value and how it was found are in
`calibration.yml`, which the localization benchmark writes; the causes and seeds it is fitted on are never reported on.
"""

import math
from functools import cache
from importlib.resources import files
from typing import Annotated, Any

import msgspec


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much the log-odds of the model are to be trusted."""

    temperature: Annotated[float, msgspec.Meta(gt=0.0)]
    """Above 1 where the model is too sure."""
    provenance: dict[str, Any]
    """On what it was fitted, and what it changed."""

    def tempered(self, probability: float) -> float:
        """The calibrated probability."""
        if probability <= 0.0 or probability >= 1.0:
            return probability
        log_odds = math.log(probability) - math.log1p(-probability)
        return 1.0 / (1.0 + math.exp(-log_odds / self.temperature))


@cache
def shipped() -> Calibration:
    """The calibration that comes with the program."""
    return msgspec.yaml.decode(files(__package__).joinpath("calibration.yml").read_bytes(), type=Calibration)
