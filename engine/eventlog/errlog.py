"""Trace logs as DPM's agent and server keep them: `DPMRACurr.errlog`, `MSDPMCurr.errlog`.

    0990 17D8 11/05 13:02:42.416 31 vsssnapshotrequestor.cpp(585) [00000000003970D0] NORMAL CVssSnapshotRequestor:: ...

Process and thread (hexadecimal), date without a year, time, component, source file (line), object, task, severity and
text.
Sources: Microsoft KB 2462424 and KB 2549533.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Severity(StrEnum):
    """What a line weighs."""

    NORMAL = "NORMAL"
    ACTIVITY = "ACTIVITY"
    WARNING = "WARNING"
    FATAL = "FATAL"


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One line of a trace."""

    time: datetime
    """By the machine's own clock; its zone and year are not written."""
    process_id: int
    thread_id: int
    file: str
    """Of DPM's source, as in `vsssnapshotrequestor.cpp`."""
    line: int
    text: str
    """White space in it becomes one blank: a line stays a line."""
    severity: Severity = Severity.NORMAL
    component: int = 31
    pointer: int | None = None
    task: UUID | None = None
    """Joins the traces of server and agents."""

    def __str__(self) -> str:
        pointer = "" if self.pointer is None else f" [{self.pointer:016X}]"
        task = "" if self.task is None else f" {self.task}".upper()
        moment = f"{self.time:%m/%d %H:%M:%S}.{self.time.microsecond // 1000:03}"
        return (
            f"{self.process_id:04X} {self.thread_id:04X} {moment} {self.component:02} {self.file}({self.line})"
            f"{pointer}{task} {self.severity} {' '.join(self.text.split())}"
        )


def encoded(lines: Iterable[TraceLine]) -> bytes:
    """The file: UTF-16 with its mark, lines ended as on Windows."""
    return "".join(("\ufeff", *(f"{line}\r\n" for line in lines))).encode("utf-16-le")
