"""What is usual on a site: how often rules are met where all went well.

An author's spurious rate is a guess about systems in general. A machine whose jobs all passed shows what events this
site logs anyway, so each rule's rate is a Beta posterior with the author's rate as its mean (research: section 4.4 of
the localization notes; a prior worth 33 machines).
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping

from diagnostics.case.jobs import Job, Outcome
from diagnostics.case.observations import Sighting
from engine.pipeline import Scope

_WORTH = 33.0
"""So many machines the author's guess is worth."""
_SCOPES = {"site": Scope.SITE, "host": Scope.HOST, "vm": Scope.VM}


def healthy_plates(jobs: Iterable[Job], plate_of: Mapping[str, str], around: Mapping[str, str | None]) -> set[str]:
    """The plates whose jobs all passed: virtual machines, and the plates around nothing but such ones."""
    outcomes: dict[str, set[Outcome]] = defaultdict(set)
    for job in jobs:
        plate: str | None = plate_of[job.id]
        while plate is not None:
            outcomes[plate].add(job.outcome)
            plate = around.get(plate)
    return {plate for plate, seen in outcomes.items() if seen == {Outcome.SUCCEEDED}}


def learned_rates(sightings: Iterable[Sighting], healthy: Collection[str]) -> dict[str, float]:
    """P(seen | nothing is wrong) by rule, for what was seen; `healthy` are plates whose logs were read.

    A rule is asked of the scopes on which it was met at all.
    """
    met: Counter[str] = Counter()
    scopes: dict[str, set[Scope]] = defaultdict(set)
    guesses: dict[str, float] = {}
    for sighting in sightings:
        name = sighting.rule.name
        guesses[name] = sighting.rule.spurious
        scopes[name].add(sighting.plate.scope)
        met[name] += sighting.plate.name in healthy
    of_scope = Counter(_SCOPES[plate.partition(":")[0]] for plate in healthy)
    trials = {name: sum(of_scope[scope] for scope in where) for name, where in scopes.items()}
    return {name: (met[name] + _WORTH * guess) / (trials[name] + _WORTH) for name, guess in guesses.items()}
