"""Volumes: a file as a block device, with copy-on-write shadow copies and knowledge of changed blocks."""

from engine.volume.errors import (
    BadStateError,
    FlushTimeoutError,
    HoldTimeoutError,
    InsufficientStorageError,
    OutOfRangeError,
    ShadowCopyLostError,
    TooManyShadowCopiesError,
    VolumeError,
)
from engine.volume.events import Loss, ShadowCopyLost, TrackingRestarted, VolumeEvent
from engine.volume.shadow import ShadowCopy
from engine.volume.volume import Volume

__all__ = [
    "BadStateError",
    "FlushTimeoutError",
    "HoldTimeoutError",
    "InsufficientStorageError",
    "Loss",
    "OutOfRangeError",
    "ShadowCopy",
    "ShadowCopyLost",
    "ShadowCopyLostError",
    "TooManyShadowCopiesError",
    "TrackingRestarted",
    "Volume",
    "VolumeError",
    "VolumeEvent",
]
