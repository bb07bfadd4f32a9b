"""What was handed in, source by source: read or not, and how well. Nothing that a person gave is missing from it."""

import msgspec

from diagnostics.evidence.document import Damage

REFUSED = "refused"
EMPTY = "empty"
DUPLICATE = "duplicate"
UNREADABLE = "unreadable"
UNKNOWN = "unknown"
NOT_READ = "not read"
"""The kinds of sources that yield no events; every other kind is a format's."""
NOT_EVENTS = frozenset({REFUSED, EMPTY, DUPLICATE, UNREADABLE, UNKNOWN, NOT_READ})


class SourceReport(msgspec.Struct, kw_only=True):
    """One line of the inventory."""

    path: str
    """The source's name, e.g. `bundle.zip/HV01/System.evtx`; events refer to it."""
    kind: str
    """The format that read it (`evtx`, `text`, ...), or one of the constants of this module."""
    machine: str = ""
    """Where its records come from, the most frequent if there are several; else what its name suggests."""
    records: int = 0
    """How many records the parser met, wanted or not."""
    events: int = 0
    """How many of them became events of the case."""
    first: int | None = None
    """Time of the earliest record in microseconds UTC, None where no record tells a time."""
    last: int | None = None
    encoding: str | None = None
    """Python codec name of text, None for binary formats."""
    time_zone: str = ""
    """By which clock its times are read, and how that is known; empty where it has no times."""
    damage: list[Damage] = []
    remarks: list[str] = []
    """What is unusual about it, though nothing of it is lost."""
    lines_not_understood: int = 0
    first_line_not_understood: int | None = None

    @property
    def is_a_log(self) -> bool:
        """Whether it is one, though perhaps without records. What is none proves no machine by its name."""
        return self.records > 0 or not (self.kind in NOT_EVENTS or self.lines_not_understood)


def unread(path: str, kind: str, why: str) -> SourceReport:
    """The line of something that was not read."""
    return SourceReport(path=path, kind=kind, damage=[Damage("", why)])
