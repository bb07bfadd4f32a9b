"""How a job of DPM fails: its error IDs, and what they say."""

from functools import cache
from pathlib import Path

import msgspec

from engine.hresult import HResult
from engine.pipeline import Stage


class FailureKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One error ID."""

    text: str
    """DPM's sentence; `{host}`, `{vm}` and `{server}` are filled in."""
    retryable: bool = False
    """DPM runs the job once more by itself."""


@cache
def failure_kinds() -> dict[int, FailureKind]:
    """By DPM's error ID."""
    return msgspec.yaml.decode(Path(__file__).with_suffix(".yml").read_bytes(), type=dict[int, FailureKind])


class JobFailedError(Exception):
    """A job ended without a recovery point."""

    def __init__(self, number: int, hresult: HResult, details: str, stage: Stage | None = None) -> None:
        """`number` is DPM's error ID, `details` the reason in words, `stage` where the job ended, if that is known."""
        self.stage = stage
        self.number = number
        self.hresult = hresult
        self.details = details
        super().__init__(f"ID {number}: {details} ({hresult})")

    @property
    def retryable(self) -> bool:
        """Whether DPM runs the job once more by itself."""
        return failure_kinds()[self.number].retryable
