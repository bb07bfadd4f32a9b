"""Logs that were written by hand after real ones, diagnosed once. The samples of the lab are in `samples`."""

from functools import cache
from pathlib import Path

from diagnostics.diagnosis import Diagnosis, diagnose
from diagnostics.request import Request

SAMPLES = Path(__file__).parent / "handmade"
NAMES = ("guest-sql-writer", "host-hyperv-writer", "healthy-online")


@cache
def diagnosis_of(sample: str) -> Diagnosis:
    """What Shindan says on a sample; not to be changed by a test."""
    return diagnose(Request(paths=(str(SAMPLES / sample / "logs"),)))
