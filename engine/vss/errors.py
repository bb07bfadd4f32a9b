"""What goes wrong in VSS, as exceptions that carry the HRESULT which Windows would return."""

from collections.abc import Sequence

from engine.hresult import HResult
from engine.pipeline import Stage
from engine.vss.states import WriterState


class VssError(Exception):
    """A call to VSS failed."""

    stage: Stage | None = None
    """Where in the pipeline, where the error knows it."""

    def __init__(self, hresult: HResult, message: str) -> None:
        super().__init__(f"{message} ({hresult.name} {hresult})")
        self.hresult = hresult


class BadStateError(VssError):
    """A call came out of order."""

    def __init__(self, message: str) -> None:
        super().__init__(HResult.VSS_E_BAD_STATE, message)


class SnapshotSetInProgressError(VssError):
    """Another shadow copy set is being created on this machine."""

    def __init__(self, machine: str) -> None:
        super().__init__(HResult.VSS_E_SNAPSHOT_SET_IN_PROGRESS, f"{machine}: another shadow copy set is being created")


class TooManyVolumesError(VssError):
    """A set holds as many volumes as it can."""

    def __init__(self, most: int) -> None:
        super().__init__(
            HResult.VSS_E_MAXIMUM_NUMBER_OF_VOLUMES_REACHED, f"a shadow copy set holds {most} volumes at most"
        )


class VolumeNotSupportedError(VssError):
    """No provider, or not the one that was asked for, can make a shadow copy of a volume."""

    def __init__(self, volume: str, hresult: HResult = HResult.VSS_E_VOLUME_NOT_SUPPORTED) -> None:
        super().__init__(hresult, f"no shadow copy of {volume} is possible")


class FlushTimeoutError(VssError):
    """A file system could not write out its data in time."""

    def __init__(self, volume: str, seconds: float) -> None:
        super().__init__(HResult.VSS_E_FLUSH_WRITES_TIMEOUT, f"{volume} was not flushed within {seconds:g} s")


class HoldTimeoutError(VssError):
    """The shadow copies were not made within the time for which writes may be held."""

    def __init__(self, volume: str, seconds: float) -> None:
        super().__init__(HResult.VSS_E_HOLD_WRITES_TIMEOUT, f"writes to {volume} were held longer than {seconds:g} s")


class ProviderError(VssError):
    """A provider refused or failed."""


class InsufficientStorageError(ProviderError):
    """There is no room for a diff area."""

    def __init__(self, message: str) -> None:
        super().__init__(HResult.VSS_E_INSUFFICIENT_STORAGE, message)


class WriterError(VssError):
    """A writer vetoes, with one of the reasons that SetWriterFailure knows.

    `stage` says how far the pipeline had come where that is deeper than the event that the writer answers: the Hyper-V
    writer's PrepareForSnapshot holds the guest's whole cycle.
    """

    def __init__(self, hresult: HResult, message: str, stage: Stage | None = None) -> None:
        super().__init__(hresult, message)
        self.stage = stage


class WriterDiedError(Exception):
    """The process of a writer ended while it handled an event."""


class WritersFailedError(VssError):
    """Writers whose part of the backup the requestor cannot do without have failed."""

    def __init__(self, failures: Sequence[tuple[str, HResult]], state: WriterState) -> None:
        self.failures = tuple(failures)
        """Names of writers, and their last errors."""
        self.state = state
        """Of the first of them: where it failed."""
        names = ", ".join(f"{name} {hresult}" for name, hresult in self.failures)
        super().__init__(self.failures[0][1], f"writers failed: {names}")
