"""Events over time as one strip of characters, errors marked below it."""

import math
from collections.abc import Sequence

_BARS = (" ▁▂▃▄▅▆▇█", " .:-=+*#")


def bars(counts: Sequence[int], *, ascii_only: bool = False) -> str:
    """A bar for each count, on a scale of orders of magnitude: one event among thousands is still seen."""
    steps = _BARS[ascii_only]
    most = math.log1p(max(counts, default=0))
    return "".join(steps[math.ceil(math.log1p(count) / most * (len(steps) - 1)) if count else 0] for count in counts)


def marks(counts: Sequence[int], mark: str) -> str:
    """A mark wherever there is something."""
    return "".join(mark if count else " " for count in counts)
