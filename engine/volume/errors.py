"""What can go wrong with a volume, with the HRESULT that Windows gives for it."""

from pathlib import Path

from engine.hresult import HResult


class VolumeError(Exception):
    """Something about a volume or one of its shadow copies failed; of the disk itself OSError tells."""

    hresult = HResult.VSS_E_UNEXPECTED


class OutOfRangeError(VolumeError):
    """A request leaves the volume."""

    hresult = HResult.ERROR_INVALID_PARAMETER

    def __init__(self, offset: int, length: int, size: int) -> None:
        super().__init__(f"bytes {offset} to {offset + length} are not within a volume of {size} bytes")


class BadStateError(VolumeError):
    """A call came out of order: writes are held already, or are not held."""

    hresult = HResult.VSS_E_BAD_STATE


class FlushTimeoutError(VolumeError):
    """Writes under way and the flush took longer than writes may be held; the hold was given up (volsnap 9)."""

    hresult = HResult.VSS_E_FLUSH_WRITES_TIMEOUT

    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__(f"{path}: not flushed within {seconds:g} s")


class HoldTimeoutError(VolumeError):
    """Writes went on before they were released, so that a set of shadow copies is of no single moment (volsnap 8)."""

    hresult = HResult.VSS_E_HOLD_WRITES_TIMEOUT

    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__(f"{path}: writes went on after {seconds:g} s, before they were released")


class TooManyShadowCopiesError(VolumeError):
    """A volume bears so many shadow copies at most."""

    hresult = HResult.VSS_E_MAXIMUM_NUMBER_OF_SNAPSHOTS_REACHED

    def __init__(self, path: Path, most: int) -> None:
        super().__init__(f"{path}: no more than {most} shadow copies at a time")


class InsufficientStorageError(VolumeError):
    """The diff area could not be made (volsnap 1 and 23)."""

    hresult = HResult.VSS_E_INSUFFICIENT_STORAGE

    def __init__(self, path: Path, reason: OSError) -> None:
        super().__init__(f"{path}: no room for old blocks: {reason.strerror}")


class ShadowCopyLostError(VolumeError):
    """A shadow copy is read that was released or lost."""

    hresult = HResult.VSS_E_OBJECT_NOT_FOUND

    def __init__(self, copy_id: str) -> None:
        super().__init__(f"shadow copy {copy_id} is no more")
