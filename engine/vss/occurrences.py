"""What VSS announces."""

from dataclasses import dataclass
from uuid import UUID

from engine.hresult import HResult
from engine.occurrence import Happening
from engine.vss.identities import ProviderIdentity, WriterIdentity
from engine.vss.states import Phase, WriterState


@dataclass(frozen=True, slots=True)
class ServiceFailed(Happening):
    """The service could not call what it stands on: COM+ events, a class, another service (VSS 13, 22, 8193)."""

    routine: str
    """What it called, as Windows names it, such as `CoCreateInstance` or `ConvertStringSidToSid`."""
    cause: HResult
    """What that returned."""
    returned: HResult
    """What the requestor gets to see."""


@dataclass(frozen=True, slots=True)
class SessionBegan(Happening):
    """A requestor begins a backup."""

    requestor: str
    """The name of its process."""


@dataclass(frozen=True, slots=True)
class SessionEnded(Happening):
    """A requestor ended its backup: completed, aborted, or gone without a word."""

    requestor: str
    how: str
    """BackupComplete, AbortBackup or vanished."""


@dataclass(frozen=True, slots=True)
class SetBegan(Happening):
    """The creation of a shadow copy set begins."""

    set_id: UUID
    requestor: str
    volumes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetEnded(Happening):
    """The creation of a shadow copy set came to its end, good or bad: the occurrence has the HRESULT."""

    set_id: UUID
    requestor: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TransactionsNotFrozen(Happening):
    """The kernel's transactions did not come to rest in their time (VSS 12323)."""

    seconds: float
    """So long they had."""


@dataclass(frozen=True, slots=True)
class WriterHandled(Happening):
    """A writer answered an event; a failure is what VSS 8229 reports."""

    writer: WriterIdentity
    phase: Phase
    state: WriterState
    """Its state afterwards."""
    reason: str = ""
    """Why it failed, in its own words."""


@dataclass(frozen=True, slots=True)
class WriterVanished(Happening):
    """The process of a writer ended, and with it the writer."""

    writer: WriterIdentity
    phase: Phase


@dataclass(frozen=True, slots=True)
class ThawOverdue(Happening):
    """A writer that was frozen has waited for Thaw or Abort for more than two minutes (VSS 4003)."""

    writer: WriterIdentity


@dataclass(frozen=True, slots=True)
class ProviderCalled(Happening):
    """A routine of a provider returned; a failure is what VSS 12293 reports, with the provider's own HRESULT."""

    provider: ProviderIdentity
    routine: str
    set_id: UUID
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WritesReleased(Happening):
    """Writes to a volume were held and go on.

    Late flushing is what volsnap 9 and VSS 12297 report, a hold that the kernel cancelled is volsnap 8 and VSS 12298.
    """

    volume: str
    seconds: float
    """How long flushing and holding took."""


@dataclass(frozen=True, slots=True)
class ShadowCopyCreated(Happening):
    """A shadow copy exists."""

    set_id: UUID
    copy_id: str
    volume: str
    provider: ProviderIdentity


@dataclass(frozen=True, slots=True)
class ShadowCopyDeleted(Happening):
    """A shadow copy was released."""

    copy_id: str
    volume: str


@dataclass(frozen=True, slots=True)
class ShadowCopyLost(Happening):
    """A shadow copy went before it was released."""

    copy_id: str
    volume: str
    event_id: int
    """The number under which volsnap tells why."""
    reason: str
