"""What localization is asked: plates with causes, and the jobs and events observed on them."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from engine.pipeline import Mode, Scope, Stage

OTHER = "other"
"""The id of the unknown cause that every plate has."""


class CauseNode(NamedTuple):
    """A cause that may be present in one plate instance."""

    id: str
    component: str
    """The component's id; empty for `OTHER`."""
    prior: float
    failure: Mapping[Stage, float]
    """P(stage fails | this cause present), for the stages that it can fail."""
    reach: frozenset[str] = frozenset()
    """The plates whose jobs it can fail, with all plates within them; empty for all within its own plate."""


class Plate(NamedTuple):
    """One instance of a plate: the site, a host, or a virtual machine."""

    name: str
    """`site`, `host:HV01`, `vm:SQL01`."""
    scope: Scope
    parent: str | None
    """The plate around it: the site for a host, a host for a virtual machine, None for the site."""
    causes: tuple[CauseNode, ...]
    members: frozenset[str] = frozenset()
    """For a plate that others share without being nested in it, such as a volume of several hosts: who shares it."""


class Link(NamedTuple):
    """A cause that makes an event likely: on the event's own plate or on one around it."""

    scope: Scope
    cause: str
    sensitivity: float
    plate: str = ""
    """The shared plate that the cause sits on; empty for a plate that the event's own is nested in."""


class Report(msgspec.Struct, frozen=True, cache_hash=True):
    """What the report of a failed job says of why it failed: it speaks of what failed this job, and of nothing else.

    Each number is P(it says just this | that failed the job).
    """

    links: tuple[Link, ...]
    """The causes that it speaks of, on the job's plate or on one around it."""
    otherwise: float
    """The same for whatever it does not speak of, chance among that."""
    causes: tuple[tuple[str, float], ...] = ()
    """The same for causes wherever they sit, where it differs from `otherwise`."""


class JobObservation(NamedTuple):
    """One attempt to back up one virtual machine.

    `failed` is the interval of stages, both inclusive, in one of which the job ended: everything before it passed.
    None with `succeeded` False is an unknown outcome, which says nothing.
    """

    key: str
    plate: str
    """The virtual machine's plate; a host's or the site's where only that is known."""
    mode: Mode
    succeeded: bool
    failed: tuple[Stage, Stage] | None
    report: Report | None = None
    """What it says of why it failed; None where it says no more than where."""


class EventObservation(NamedTuple):
    """A three-valued event: seen, or absent from a source that covers it. What was not collected is left out."""

    key: str
    plate: str
    """The innermost plate that it belongs to."""
    seen: bool
    links: tuple[Link, ...]
    spurious: float
    """P(seen | none of the linked causes)."""
    family: str
    """Echoes of one cause: of the seen events of one family on one plate, the strongest counts."""
    of_job: str = ""
    """The failed job whose report says it: it counts as the job's `Report`, and not as an event."""


class Problem(NamedTuple):
    """A case, reduced to what the model sees."""

    plates: tuple[Plate, ...]
    jobs: tuple[JobObservation, ...]
    events: tuple[EventObservation, ...]
    activation: float = 0.8
    """P(a cause of an outer plate reaches an inner one)."""
    leak: float = 0.0005
    """P(a stage fails for no modelled reason)."""
    singly: frozenset[str] = frozenset()
    """Plates on which one cause at a time is considered; on all others two may be present at once."""
