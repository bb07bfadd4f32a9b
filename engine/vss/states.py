"""The states of a writer, and which event leads from one to the next.

Sources: VSS_WRITER_STATE (https://learn.microsoft.com/windows/win32/api/vss/ne-vss-vss_writer_state), *Overview of
Processing a Backup Under VSS*, and KB 915331 for what a missed Thaw does. The words of [1], [5] and the failed states
are those that `vssadmin list writers` prints; those of [2] to [4] follow the names of the enumeration.
"""

from enum import IntEnum, StrEnum
from typing import NamedTuple

from engine.hresult import HResult


class WriterState(IntEnum):
    """Where a writer stands, with the number that `vssadmin list writers` shows."""

    UNKNOWN = 0
    STABLE = 1
    WAITING_FOR_FREEZE = 2
    WAITING_FOR_THAW = 3
    WAITING_FOR_POST_SNAPSHOT = 4
    WAITING_FOR_BACKUP_COMPLETE = 5
    FAILED_AT_IDENTIFY = 6
    FAILED_AT_PREPARE_BACKUP = 7
    FAILED_AT_PREPARE_SNAPSHOT = 8
    FAILED_AT_FREEZE = 9
    FAILED_AT_THAW = 10
    FAILED_AT_POST_SNAPSHOT = 11
    FAILED_AT_BACKUP_COMPLETE = 12

    @property
    def failed(self) -> bool:
        """Whether the writer vetoed or failed, in the step that the state names."""
        return self >= WriterState.FAILED_AT_IDENTIFY

    @property
    def words(self) -> str:
        """What `vssadmin list writers` prints behind the number."""
        return _WORDS.get(self, "Failed")


_WORDS = {
    WriterState.UNKNOWN: "Unknown",
    WriterState.STABLE: "Stable",
    WriterState.WAITING_FOR_FREEZE: "Waiting for freeze",
    WriterState.WAITING_FOR_THAW: "Waiting for thaw",
    WriterState.WAITING_FOR_POST_SNAPSHOT: "Waiting for post-snapshot",
    WriterState.WAITING_FOR_BACKUP_COMPLETE: "Waiting for completion",
}

LAST_ERRORS = {
    HResult.S_OK: "No error",
    HResult.VSS_E_WRITERERROR_INCONSISTENTSNAPSHOT: "Inconsistent shadow copy",
    HResult.VSS_E_WRITERERROR_OUTOFRESOURCES: "Out of resources",
    HResult.VSS_E_WRITERERROR_TIMEOUT: "Timed out",
    HResult.VSS_E_WRITERERROR_RETRYABLE: "Retryable error",
    HResult.VSS_E_WRITERERROR_NONRETRYABLE: "Non-retryable error",
    HResult.VSS_E_WRITER_NOT_RESPONDING: "Not responding",
}
"""What `vssadmin list writers` prints as the last error; "Unexpected error" for any other."""


class Phase(StrEnum):
    """The events that VSS sends to writers, in their order; Abort may come instead of any but the first."""

    IDENTIFY = "Identify"
    PREPARE_BACKUP = "PrepareForBackup"
    PREPARE_SNAPSHOT = "PrepareForSnapshot"
    FREEZE = "Freeze"
    THAW = "Thaw"
    POST_SNAPSHOT = "PostSnapshot"
    BACKUP_COMPLETE = "BackupComplete"
    ABORT = "Abort"


class Step(NamedTuple):
    """What an event does to the state of a writer; in any other state than `before` the writer ignores it."""

    before: WriterState
    done: WriterState
    failed: WriterState


_S = WriterState
STEPS: dict[Phase, Step] = {
    Phase.PREPARE_BACKUP: Step(_S.STABLE, _S.STABLE, _S.FAILED_AT_PREPARE_BACKUP),
    Phase.PREPARE_SNAPSHOT: Step(_S.STABLE, _S.WAITING_FOR_FREEZE, _S.FAILED_AT_PREPARE_SNAPSHOT),
    Phase.FREEZE: Step(_S.WAITING_FOR_FREEZE, _S.WAITING_FOR_THAW, _S.FAILED_AT_FREEZE),
    Phase.THAW: Step(_S.WAITING_FOR_THAW, _S.WAITING_FOR_POST_SNAPSHOT, _S.FAILED_AT_THAW),
    Phase.POST_SNAPSHOT: Step(_S.WAITING_FOR_POST_SNAPSHOT, _S.WAITING_FOR_BACKUP_COMPLETE, _S.FAILED_AT_POST_SNAPSHOT),
    Phase.BACKUP_COMPLETE: Step(_S.WAITING_FOR_BACKUP_COMPLETE, _S.STABLE, _S.FAILED_AT_BACKUP_COMPLETE),
}
"""Identify begins a session in any state and leads to STABLE or FAILED_AT_IDENTIFY; Abort leaves a failed state as it
is, so that the failure can be read, and leads to STABLE from any other."""
