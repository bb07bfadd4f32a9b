"""What a volume reports of itself while it serves: what volsnap would write into the System log."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum


class Loss(IntEnum):
    """Why a shadow copy was lost, by the number of the volsnap event that says so."""

    IO_FAILURE = 14
    """The old block could not be read, or the diff area could not be written: all copies of the volume are lost."""
    TOO_SLOW = 25
    """The diff area took too long to grow while a write waited: all copies of the volume are lost."""
    OLDEST = 33
    """The diff area reached its limit, and the oldest of several copies made room: normal rotation."""
    NO_SPACE = 35
    """The disk of the diff area is full: all copies of the volume are lost."""
    LIMIT = 36
    """The diff area reached its limit, and no older copy was left to make room."""


@dataclass(frozen=True, slots=True)
class ShadowCopyLost:
    """A shadow copy went before it was released."""

    copy_id: str
    loss: Loss
    detail: str
    """In words: what was full, or the system's error."""


@dataclass(frozen=True, slots=True)
class TrackingRestarted:
    """What was changed before this moment is not known; everything counts as changed."""

    reason: str


VolumeEvent = ShadowCopyLost | TrackingRestarted
Report = Callable[[VolumeEvent], None]
"""Called on the thread whose write caused the event, with no lock held; must not raise."""


def ignore(_event: VolumeEvent) -> None:
    """Report to nobody."""
