"""What DPM says of a failure: from an exception of the engine to DPM's error ID."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.dpm.errors import BusyError, DamagedError, RepositoryError, RootMismatchError
from engine.dpm.failures import JobFailedError
from engine.hresult import HResult
from engine.hyperv.backup import OfflineForbiddenError
from engine.lab.disks import of_points
from engine.lab.network import LinkBrokenError
from engine.pipeline import Stage
from engine.volume import VolumeError
from engine.vss.errors import VssError

_IDS = {
    HResult.VSS_E_WRITERERROR_NONRETRYABLE: 30111,
    HResult.VSS_E_WRITERERROR_INCONSISTENTSNAPSHOT: 30111,
    HResult.VSS_E_WRITERERROR_PARTIAL_FAILURE: 30111,
    HResult.VSS_E_PROVIDER_NOT_REGISTERED: 30111,
    HResult.VSS_E_PROVIDER_VETO: 30111,
    HResult.VSS_E_UNEXPECTED_PROVIDER_ERROR: 30111,
    HResult.VSS_E_WRITER_NOT_RESPONDING: 30111,
    HResult.VSS_E_OBJECT_NOT_FOUND: 30169,
    HResult.VSS_E_VOLUME_NOT_SUPPORTED: 30114,
    HResult.VSS_E_VOLUME_NOT_SUPPORTED_BY_PROVIDER: 30114,
    HResult.VSS_E_INSUFFICIENT_STORAGE: 30115,
    HResult.VSS_E_UNEXPECTED: 30218,
    HResult.VSS_E_WRITER_INFRASTRUCTURE: 30218,
    HResult.ERROR_OUTOFMEMORY: 30218,
}
"""Of what VSS returns; the rest is retryable (30112)."""


class StorageError(OSError):
    """A file system refuses, and DPM knows what to say of it."""

    def __init__(self, number: int, hresult: HResult, details: str, stage: Stage) -> None:
        """`number` is DPM's error ID, `stage` what the file was needed for."""
        super().__init__(errno.EIO, details)
        self.stage = stage
        self.number = number
        self.hresult = hresult


def storage_failure(error: OSError, pool: Path) -> JobFailedError:
    """What the console will show of a file system's error, by whose file it was: the pool's, or the host's."""
    if isinstance(error, StorageError):
        return job_failure(error)
    path, full = Path(str(error.filename)), error.errno == errno.ENOSPC
    hresult = HResult.ERROR_DISK_FULL if full else HResult.ERROR_IO_DEVICE
    if not path.is_relative_to(pool):
        return JobFailedError(2033, hresult, str(error), Stage.READ_SOURCE)
    if of_points(path):
        return JobFailedError(30195 if full else 40003, hresult, str(error), Stage.RECOVERY_POINT)
    return JobFailedError(58 if full else 40003, hresult, str(error), Stage.APPLY_BLOCKS)


def job_failure(error: Exception) -> JobFailedError:
    """What the console will show. An error that no backup ends with is raised again."""
    if isinstance(error, JobFailedError):
        return error
    for kind, told in _TOLD.items():
        if isinstance(error, kind):
            number, hresult = told(error)
            stage = error.stage if isinstance(error, VssError | StorageError) else None
            return JobFailedError(number, HResult(hresult), str(error), stage)
    raise error


_TOLD: dict[type[Exception], Callable[[Any], tuple[int, int]]] = {
    OfflineForbiddenError: lambda error: (30288, error.hresult),
    VssError: lambda error: (_IDS.get(error.hresult, 30112), error.hresult),
    LinkBrokenError: lambda error: (52, error.hresult),
    VolumeError: lambda error: (30116, error.hresult),
    StorageError: lambda error: (error.number, error.hresult),
    BusyError: lambda _error: (95, HResult.E_FAIL),
    DamagedError: lambda _error: (91, HResult.ERROR_CRC),
    RootMismatchError: lambda _error: (91, HResult.ERROR_CRC),
    RepositoryError: lambda _error: (104, HResult.E_FAIL),
    OSError: lambda error: (104, HResult.ERROR_DISK_FULL if error.errno == errno.ENOSPC else HResult.ERROR_IO_DEVICE),
}
"""The first kind that fits counts."""
