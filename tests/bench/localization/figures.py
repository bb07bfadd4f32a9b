"""The figures of the table."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

Answer = tuple[float, bool]
"""What probability was said, and whether it was so."""


def share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits) if hits else math.nan


def wilson(right: int, total: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's 95 % interval of a proportion (Wilson 1927)."""
    if not total:
        return 0.0, 1.0
    p = right / total
    centre = p + z * z / (2 * total)
    spread = z * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total))
    return (centre - spread) / (1 + z * z / total), (centre + spread) / (1 + z * z / total)


class Bin(NamedTuple):
    """Answers of about one probability."""

    said: float
    true: float
    number: int


def bins(answers: Sequence[Answer], number: int = 10) -> list[Bin]:
    """Equal-mass bins by the probability said."""
    ordered = sorted(answers)
    edges = [round(place * len(ordered) / number) for place in range(number + 1)]
    parts = [ordered[first:last] for first, last in pairwise(edges) if last > first]
    return [
        Bin(sum(said for said, _ in part) / len(part), sum(true for _, true in part) / len(part), len(part))
        for part in parts
    ]


def calibration_error(answers: Sequence[Answer]) -> float:
    """ECE: the mean distance between said and true, over ten equal-mass bins (Guo et al. 2017)."""
    total = len(answers)
    return sum(part.number * abs(part.said - part.true) for part in bins(answers)) / total if total else math.nan


def brier(answers: Sequence[Answer]) -> float:
    """The mean squared distance between what was said and what was so."""
    return sum((said - true) ** 2 for said, true in answers) / len(answers) if answers else math.nan
