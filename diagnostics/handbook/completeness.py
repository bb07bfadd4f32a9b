"""Whether each cause has all that makes it of use: rules with samples, a remedy, documentation, a fault to inject."""

from typing import NamedTuple

from diagnostics.handbook.holdings import Library
from diagnostics.knowledge.catalog import Cause
from diagnostics.rules.rule import Polarity
from diagnostics.rules.samples import read_samples

FLOORS = {"rules": 150, "causes": 90, "remedies": 70}
"""So many there are at least."""
SAMPLES_NEEDED = 2
"""Hits, and near misses, of a rule."""


class Row(NamedTuple):
    """What a cause has, in the words of a table, and what it lacks."""

    cause: str
    rules: str
    samples: str
    remedy: str
    documentation: str
    fault: str
    holes: tuple[str, ...]


HEADER = ("cause", "rules", "samples", "remedy", "documentation", "injectable fault", "lacks")


def completeness(library: Library) -> list[Row]:
    """A row for each cause, by component and id."""
    samples = {name: read_samples(rule)[0] for name, rule in library.rules.items()}
    counts = {name: (len(those.hits), len(those.near_misses)) for name, those in samples.items()}
    causes = sorted(library.catalog.causes.values(), key=lambda cause: (cause.component, cause.id))
    return [_row(cause, library, counts) for cause in causes]


def shortfalls(library: Library) -> list[str]:
    """What there is too little of as a whole."""
    catalog = library.catalog
    counts = {"rules": len(library.rules), "causes": len(catalog.causes), "remedies": len(catalog.remedies)}
    return [f"{counts[what]} {what}, fewer than {floor}" for what, floor in FLOORS.items() if counts[what] < floor]


def _row(cause: Cause, library: Library, counts: dict[str, tuple[int, int]]) -> Row:
    rules = [pointer.rule for pointer in library.pointers.get(cause.id, ())]
    faults = sum(rule.polarity is Polarity.FAULT for rule in rules)
    hits, misses = (sum(counts[rule.name][side] for rule in rules) for side in (0, 1))
    thin = [rule.name for rule in rules if min(counts[rule.name]) < SAMPLES_NEEDED]
    written = {
        "an explanation": bool(cause.explanation),
        "how to confirm": bool(cause.confirm),
        "a reference": bool(cause.references),
    }
    holes = [
        *(["a rule"] if not rules else []),
        *(f"samples of {name}" for name in thin),
        *(["a remedy, or a reason for none"] if not cause.remedies and not cause.reason else []),
        *(what for what, there in written.items() if not there),
    ]
    return Row(
        cause=cause.id,
        rules=f"{len(rules)} ({faults} fault)",
        samples=f"{hits} + {misses}",
        remedy=", ".join(cause.remedies) or f"none: {cause.reason}",
        documentation=f"{sum(written.values())} of {len(written)}",
        fault=", ".join(cause.inject) or "none",
        holes=tuple(holes),
    )
