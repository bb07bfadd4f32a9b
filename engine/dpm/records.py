"""What the catalog records. Times are nanoseconds since 1970 in UTC."""

from enum import StrEnum

import msgspec


class ReplicaState(StrEnum):
    """Whether the newest recovery point of a replica can be relied on."""

    CONSISTENT = "consistent"
    INCONSISTENT = "inconsistent"
    """A block did not match its digest: the next job is a consistency check, which repairs from the source."""


class PointState(StrEnum):
    """Whether a recovery point can be restored."""

    GOOD = "good"
    DAMAGED = "damaged"


class PointMode(StrEnum):
    """What instant a recovery point shows."""

    APPLICATION = "application-consistent"
    """Writers were frozen when the instant was taken, or during the whole reading."""
    CRASH = "crash-consistent"
    """One instant, as after a power failure."""
    TORN = "torn"
    """Not one instant: the image changed while it was read."""


class JobKind(StrEnum):
    """As DPM names its jobs."""

    INITIAL = "initial-replica"
    EXPRESS_FULL = "express-full"
    CONSISTENCY_CHECK = "consistency-check"


class Outcome(StrEnum):
    """How a job ended."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


class ProtectionGroup(msgspec.Struct, frozen=True):
    """Images that are protected together."""

    id: int
    name: str


class Replica(msgspec.Struct, frozen=True):
    """The copy of one image."""

    id: int
    protection_group: int
    image: str
    block_size: int
    state: str


class RecoveryPoint(msgspec.Struct, frozen=True):
    """One instant of an image that can be restored. It has the number of the job that made it."""

    id: int
    replica: int
    time: int
    mode: str
    kind: str
    image_size: int
    bytes_changed: int
    root: bytes
    """Digest over all block digests."""
    map_checksum: bytes
    state: str


class MapLabel(msgspec.Struct, frozen=True):
    """What a map says of its recovery point beside the map."""

    image: str
    time: int
    mode: str
    kind: str
    bytes_changed: int


class Job(msgspec.Struct, frozen=True):
    """One attempt."""

    id: int
    replica: int
    kind: str
    started: int
    ended: int
    outcome: str
    bytes_sent: int
    message: str
