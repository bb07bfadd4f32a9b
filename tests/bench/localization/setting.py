"""How nights are made: every number that matters, and the split between what is fitted on and what is reported."""

import hashlib
from collections.abc import Iterable

import msgspec

FITTING_SEEDS = range(1_000_000, 2_000_000)
REPORTED_SEEDS = range(1_000_000)

Range = tuple[float, float]


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """Parameters of the generator. Nothing here is read from the model; where both have a number, this one varies."""

    hosts: tuple[int, int] = (2, 4)
    machines: tuple[int, int] = (2, 6)
    """Virtual machines per host."""
    clustered: float = 0.3
    """P(some hosts share a volume)."""
    offline: float = 0.2
    """P(a virtual machine is backed up by saving its state)."""
    jitter: float = 0.3
    """Failure probabilities and sensitivities are off by up to this share, either way."""
    verbosity: Range = (0.35, 1.0)
    """How much of what its rules know an incident shows: one factor for all of its events."""
    reach_of_site: Range = (0.6, 0.95)
    reach_of_host: Range = (0.7, 1.0)
    """P(a fault of an outer plate reaches an inner one), drawn once per fault."""
    reach_of_storage: Range = (0.3, 1.0)
    """The share of virtual machines whose replicas lie on the part of the DPM storage that fails."""
    usual_scope: float = 0.7
    """P(a cause that may sit on several plates sits on its usual one)."""
    habit: float = 0.75
    """P(a fault fails a job in its usual stage), where the job passes that."""
    transient: float = 0.008
    """P(a job fails for a reason that is gone at the retry)."""
    retried: float = 0.5
    history: float = 0.25
    """P(the job list also holds the night before, when all was well)."""
    successes_listed: float = 0.85
    """P(the job list holds the jobs that succeeded)."""
    precise: float = 0.8
    """P(a job's error is one that the rules know of its cause); else it is a coarse code or none.

    Of the 50 public failures with a job report (knowledge/cases.yaml) the report itself tells of the component in 49,
    and 43 hold a code; taken lower, for published cases are clear ones, and the rules have seen them.
    """
    other_error: float = 0.2
    """P(a fault's next job ends with another error than the one before)."""
    coarse: float = 0.6
    """P(a coarse code), where the error is not precise."""
    named: float = 0.7
    """P(an event about another machine names it in a field)."""
    echo: float = 0.35
    """P(an upper layer complains), per failed job."""
    chatty: float = 0.3
    """P(the site has a rule that fires on many machines every night, fault or not)."""
    chatty_share: float = 0.4
    noise: float = 1.0
    """Times the spurious rates of the rules."""
    noise_spread: float = 0.6
    """Sigma of the logarithm of a machine's own noise."""
    collected: float = 0.9
    """P(a common event log of a server or host was exported)."""
    collected_of_guest: float = 0.75
    collected_rarely: float = 0.4
    """P(any other export was made)."""
    wrapped: float = 0.15
    """P(an event log begins only during the night)."""
    lost: float = 0.0
    """Share of events, and of error texts of jobs, that are taken away at random."""


HEALTHY = Setting(transient=0.0, successes_listed=1.0)
"""For nights without faults: no job fails, and the list shows it."""


def is_for_fitting(cause: str) -> bool:
    """Whether parameters may be fitted on nights of this cause; by its name, so that new causes move no others."""
    return hashlib.sha256(cause.encode()).digest()[0] % 3 == 0


def split(causes: Iterable[str]) -> tuple[list[str], list[str]]:
    """The causes to fit on, and those to report."""
    names = sorted(causes)
    return [name for name in names if is_for_fitting(name)], [name for name in names if not is_for_fitting(name)]
