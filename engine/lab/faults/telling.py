"""What machines notice of their own when a fault strikes."""

from engine.lab.faults.kinds import noticing
from engine.occurrence import Happening, Machine
from engine.pipeline import Stage
from engine.vss.coordinator import nothing
from engine.vss.faults import Fault

Strike = Fault
"""What happens when a fault strikes."""


def telling(machine: Machine, stage: Stage, *happenings: Happening, then: Strike = nothing) -> Strike:
    """The machine notices all of these, in this order, and then something strikes, or nothing."""
    for happening in reversed(happenings):
        then = noticing(machine, stage, happening, then)
    return then
