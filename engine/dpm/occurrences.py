"""What DPM's server and agents announce."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from engine.occurrence import Happening
from engine.pipeline import Mode


class Fate(StrEnum):
    """What became of blocks that were compared."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    """They differ, and have not travelled yet."""
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class JobHappening(Happening):
    """Something about a job; on whichever machine it happened."""

    job: UUID
    vm: str
    host: str
    """The machine with the agent."""
    group: str
    """The protection group."""


@dataclass(frozen=True, slots=True)
class JobBegan(JobHappening):
    """The server begins an attempt to back up a virtual machine."""

    attempt: int
    """1, or 2 for the retry."""


@dataclass(frozen=True, slots=True)
class ScheduleMissed(JobHappening):
    """The time of a job came, and nothing began (SQLAgent 208)."""

    reason: str


@dataclass(frozen=True, slots=True)
class AgentCalled(JobHappening):
    """The server asked an agent for a job; a failure has the HRESULT and the reason."""

    number: int = 0
    """DPM's error ID of the failure."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DataMoveBegan(JobHappening):
    """Agent and server begin to compare a disk with its replica (`BeginDataMove`)."""

    disk: str
    size: int
    """Bytes."""
    blocks: int
    """That are compared: behind the last of them the disk holds nothing, unless its replica does."""


@dataclass(frozen=True, slots=True)
class BlocksMoved(JobHappening):
    """Blocks that follow one another were compared, or sent, after they were found changed."""

    disk: str
    first: int
    count: int
    fate: Fate
    size: int
    """Bytes that went over the wire."""


@dataclass(frozen=True, slots=True)
class DataMoveBroke(JobHappening):
    """The transfer of a disk ended before its end."""

    disk: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReplicaInconsistent(JobHappening):
    """A replica is not what its digests say (DPM 3106)."""

    disk: str
    reason: str


@dataclass(frozen=True, slots=True)
class RecoveryPointMade(JobHappening):
    """There is a new recovery point of a disk, or there could not be one: the occurrence has the HRESULT."""

    disk: str
    changed: int
    """Bytes that differ from the point before."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class JobEnded(JobHappening):
    """A job came to its end, good or bad."""

    mode: Mode
    started: datetime
    sent: int
    """Bytes."""
    number: int = 0
    """DPM's error ID; 0 where it succeeded."""
    text: str = ""
    """DPM's sentence of that ID."""
    reason: str = ""
    """What the engine knows of it, in words; DPM shows the meaning of the HRESULT instead."""
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class PoolNearlyFull(Happening):
    """A volume of the storage pool passed its threshold (3100, 3169)."""

    vm: str
    host: str
    recovery_points: bool
    """Whether it is the volume of the recovery points, or that of the replica."""
    percent: int = 90


@dataclass(frozen=True, slots=True)
class PoolVolumeMissing(Happening):
    """The volume with a replica or its recovery points cannot be found (3101)."""

    vm: str
    host: str


@dataclass(frozen=True, slots=True)
class EngineMissed(Happening):
    """A scheduled job could not reach the engine (MSDPM 976)."""


@dataclass(frozen=True, slots=True)
class EngineCrashed(Happening):
    """The engine ended in an exception (MSDPM 999)."""

    exception: str


@dataclass(frozen=True, slots=True)
class DatabaseUnreachable(Happening):
    """The engine cannot reach its database (MSDPM 941)."""
