"""Fits what speaks for a cause's name: a logistic regression, on nights of which nothing is reported."""

import math
from collections.abc import Sequence

import numpy as np

from diagnostics.localize.calibration import OfNames
from tests.bench.localization.trial import Naming

_RIDGE = 1e-3
"""Keeps the weights finite where what was seen tells the right names from the wrong ones without an error."""
_STEPS = 50


def fit_names(namings: Sequence[Naming]) -> OfNames:
    """The weights that are least surprised by which names are right (Platt 1999), by Newton's method."""
    told = np.array([(1.0, naming.log_odds, naming.own_sign) for naming in namings])
    right = np.array([naming.right for naming in namings], dtype=float)
    weights = np.zeros(3)
    for _ in range(_STEPS):
        said = 1.0 / (1.0 + np.exp(-told @ weights))
        slope = told.T @ (right - said) - _RIDGE * weights
        curvature = (told.T * (said * (1.0 - said))) @ told + _RIDGE * np.eye(3)
        weights += np.linalg.solve(curvature, slope)
    unlisted, listed, own_sign = (round(float(weight), 3) for weight in weights)
    return OfNames(unlisted, listed, own_sign)


def said_of(namings: Sequence[Naming], names: OfNames) -> list[tuple[float, bool]]:
    """What is said of each name, and whether it is right."""
    return [(names.probability(naming.log_odds, naming.own_sign), naming.right) for naming in namings]


def as_listed(namings: Sequence[Naming]) -> list[tuple[float, bool]]:
    """The same, were the listed causes all that there are."""
    return [(1.0 / (1.0 + math.exp(-naming.log_odds)), naming.right) for naming in namings]
