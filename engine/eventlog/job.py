"""A job as DPM's console describes it, and as administrators copy it into tickets.

Source: job texts in Microsoft's KB articles and forums on DPM IDs 30112 and 30111, `(ID nnn Details: text (0x...))`.
"""

from dataclasses import dataclass
from datetime import datetime

from engine.hresult import HResult
from engine.pipeline import Mode

_SOURCES = {Mode.ONLINE: "Backup Using Child Partition Snapshot", Mode.OFFLINE: "Backup Using Saved State"}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job failed, by DPM's number and what it was given."""

    number: int
    """DPM's error ID."""
    text: str
    details: str
    """In words; empty where DPM has none, and then it prints no code either."""
    hresult: HResult

    def __str__(self) -> str:
        details = f" Details: {self.details} ({self.hresult})" if self.details else ""
        return f"{self.text} (ID {self.number}{details})"


@dataclass(frozen=True, slots=True)
class JobReport:
    """What the console says of one recovery point's job."""

    vm: str
    mode: Mode
    host: str
    protection_group: str
    start: datetime
    end: datetime
    transferred: int = 0
    """Bytes."""
    failure: Failure | None = None

    def __str__(self) -> str:
        failure = self.failure
        rows = [
            "Type:    Recovery point",
            f"Status:  {'Failed' if failure else 'Completed'}",
            *([f"Description:  {failure}", "More information"] if failure else []),
            f"End time:  {regional(self.end)}",
            f"Start time:  {regional(self.start)}",
            f"Time elapsed:  {_elapsed(self.start, self.end)}",
            f"Data transferred:   {_megabytes(self.transferred)} MB",
            f"Cluster node   {self.host}",
            "Recovery Point Type   Express Full",
            f"Source details:  \\{_SOURCES[self.mode]}\\{self.vm}",
            f"Protection group:   {self.protection_group}",
        ]
        return "\n".join(rows) + "\n"


def regional(moment: datetime) -> str:
    """As in the United States."""
    return f"{moment.month}/{moment.day}/{moment.year} {moment.hour % 12 or 12}:{moment:%M:%S %p}"


def _elapsed(start: datetime, end: datetime) -> str:
    minutes, seconds = divmod(int((end - start).total_seconds()), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"


def _megabytes(size: int) -> str:
    return f"{size / 2**20:.2f}" if size else "0"
