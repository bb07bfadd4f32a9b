"""Lines of DPM's traces: `dpm/*.yml`, a file for each binary."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec

from engine.eventlog.errlog import Severity, TraceLine
from engine.eventlog.messages.entries import FOLDER, Entry, MessageFileError, converted, filled
from engine.occurrence import Occurrence
from engine.pipeline import Scope


class TraceMessage(Entry, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One line: when it is traced, by which source line, and its text."""

    file: str
    line: int
    text: str
    severity: Severity = Severity.NORMAL


class TraceFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one binary traces, and into which log."""

    log: str
    """The file's name, as in `DPMRACurr.errlog`."""
    process_id: int
    thread_id: int
    scopes: tuple[Scope, ...]
    """The machines where it runs."""
    messages: tuple[TraceMessage, ...]

    def lines(self, occurrence: Occurrence) -> Iterator[TraceLine]:
        """What is traced about an occurrence."""
        if occurrence.scope in self.scopes:
            for message in self.messages:
                if message.applies(occurrence):
                    text = filled(message.text, occurrence)
                    ids = self.process_id, self.thread_id
                    yield TraceLine(occurrence.time, *ids, message.file, message.line, text, message.severity)


@cache
def trace_files() -> tuple[TraceFile, ...]:
    """All that come with the engine. Raises `MessageFileError`."""
    return tuple(read_traces(path) for path in sorted((FOLDER / "dpm").glob("*.yml")))


def read_traces(path: Path) -> TraceFile:
    """Read and check one file. Raises `MessageFileError`."""
    file = converted(path, TraceFile)
    for number, message in enumerate(file.messages):
        if trouble := message.trouble([message.text]):
            raise MessageFileError(f"{path.name}: messages[{number}]: {trouble}")
    return file
