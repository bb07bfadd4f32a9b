"""A night: machines, faults, jobs, and what of their logs was handed in; as a `Reading`, with the truth beside it."""

from collections.abc import Sequence
from typing import NamedTuple

from diagnostics.event import Event
from diagnostics.reading import Reading
from engine.pipeline import Component
from tests.bench.localization.chance import chance_of
from tests.bench.localization.faults import Fault, make_fault, run_jobs
from tests.bench.localization.handed import collect, reading_of, thinned
from tests.bench.localization.logbook import EVENING, Export, Logbook
from tests.bench.localization.setting import Setting
from tests.bench.localization.signals import Signals
from tests.bench.localization.site import make_site

_TRIES = 200


class InvisibleFaultError(Exception):
    """No night with such a fault shows it: the cause has no stage, or no rule, that could."""


class Truth(NamedTuple):
    """What is at fault, and the plates under which it may be blamed."""

    plates: tuple[str, ...]
    component: Component
    cause: str


class Night(NamedTuple):
    """What was handed in, and what was the matter."""

    reading: Reading
    truths: tuple[Truth, ...]
    withheld: dict[Export, Sequence[Event]]
    """What exports that were not made would have held."""


def make_night(causes: Sequence[str], seed: int, setting: Setting, signals: Signals) -> Night:
    """A night with these causes present, each of which failed a job and left a trace.

    Raises:
        InvisibleFaultError: no such night was found.
    """
    for attempt in range(_TRIES):
        name = " ".join((*causes, str(seed), str(attempt)))
        plan = chance_of("plan", name)
        site = make_site(setting, plan)
        made = (make_fault(signals.catalog.causes[cause], site, setting, plan) for cause in causes)
        faults = [fault for fault in made if fault]
        runs = run_jobs(site, faults, EVENING, setting, plan)
        felt = {run.by.cause.id for run in runs if run.by}
        if len(faults) < len(causes) or not felt.issuperset(causes) or _merge(faults):
            continue
        book = Logbook(site, runs, setting, signals, name)
        book.write(faults)
        if book.shown.issuperset(causes):
            given, withheld = collect(book.events, site, setting, chance_of("collected", name))
            lost = chance_of("lost", name)
            reading = reading_of(thinned(source, setting.lost, lost) for source in given)
            return Night(reading, tuple(_truth(fault) for fault in faults), withheld)
    raise InvisibleFaultError(" and ".join(causes))


def _merge(faults: Sequence[Fault]) -> bool:
    """Whether two faults are of one component on one plate, so that an answer could not tell them apart."""
    return len({(fault.cause.component, fault.plates) for fault in faults}) < len(faults)


def _truth(fault: Fault) -> Truth:
    return Truth(fault.plates, fault.cause.component, fault.cause.id)
