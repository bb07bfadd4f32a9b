"""Keeps what happens in the engine as the logs that the machines would have left, and writes them to a folder."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from engine.eventlog import evtx
from engine.eventlog.errlog import TraceLine, encoded
from engine.eventlog.errors import EventLogError
from engine.eventlog.job import JobReport
from engine.eventlog.messages import MessageFile, TraceFile, message_files, trace_files
from engine.eventlog.record import Record
from engine.eventlog.vssadmin import WriterStatus, list_writers
from engine.occurrence import Happening, Occurrence
from engine.vss.occurrences import WriterHandled, WriterVanished
from engine.vss.states import WriterState

_FORBIDDEN = frozenset('<>:"/\\|?*')


class _Concerned(NamedTuple):
    """Files of messages, and of traces."""

    messages: list[MessageFile]
    traces: list[TraceFile]


class Logbook:
    """An observer. What has no message leaves no trace in the logs."""

    def __init__(
        self, messages: Iterable[MessageFile] | None = None, traces: Iterable[TraceFile] | None = None
    ) -> None:
        """With the messages that come with the engine, unless others are given."""
        self._messages = tuple(message_files() if messages is None else messages)
        self._traces = tuple(trace_files() if traces is None else traces)
        self._records: dict[tuple[str, str], list[Record]] = defaultdict(list)
        self._lines: dict[tuple[str, str], list[TraceLine]] = defaultdict(list)
        self._writers: dict[str, dict[UUID, WriterStatus]] = defaultdict(dict)
        self._concerned: dict[type[Happening], _Concerned] = {}
        """By kind of happening."""

    def occurred(self, occurrence: Occurrence) -> None:
        """Log it."""
        happening, writers = occurrence.happening, self._writers[occurrence.machine]
        messages, traces = self._files_about(type(happening))
        for file in messages:
            self._records[occurrence.machine, file.channel] += file.records(occurrence)
        for trace in traces:
            self._lines[occurrence.machine, trace.log] += trace.lines(occurrence)
        if isinstance(happening, WriterVanished):
            writers.pop(happening.writer.instance_id, None)
        elif isinstance(happening, WriterHandled) and happening.state is WriterState.FAILED_AT_IDENTIFY:
            writers.pop(happening.writer.instance_id, None)  # a list asks writers anew to identify themselves
        elif isinstance(happening, WriterHandled):
            status = WriterStatus(happening.writer, happening.state, occurrence.hresult)
            before = writers.get(happening.writer.instance_id)
            if before and status.state.failed and not occurrence.hresult.failed:  # an Abort keeps the failure
                status = replace(status, last_error=before.last_error)
            writers[happening.writer.instance_id] = status

    def _files_about(self, kind: type[Happening]) -> "_Concerned":
        """The files that have something to say of such happenings."""
        if kind not in self._concerned:
            self._concerned[kind] = _Concerned(
                [file for file in self._messages if any(one.concerns(kind) for one in file.messages)],
                [file for file in self._traces if any(one.concerns(kind) for one in file.messages)],
            )
        return self._concerned[kind]

    def records(self, machine: str, channel: str) -> tuple[Record, ...]:
        """What a machine logged in a channel so far."""
        return tuple(self._records.get((machine, channel), ()))

    def writers(self, machine: str) -> tuple[WriterStatus, ...]:
        """The writers that answered on a machine, as they stand."""
        return tuple(self._writers.get(machine, {}).values())

    def write(self, folder: Path, language: str = "en", machines: Mapping[str, str] | None = None) -> list[Path]:
        """Write `<machine>/<channel>.evtx`, `*.errlog` and `vssadmin-writers.txt`; returns what was written.

        `machines` are those whose logs are written, with the languages of their listings; else all, in `language`.
        A channel without a record has no file: all empty logs have the same bytes, so none would tell whose it is.
        Raises `EventLogError` for a machine whose name is no name of a folder, and `OSError`.
        """
        written = []
        for (machine, channel), records in sorted(self._records.items()):
            if records and (machines is None or machine in machines):
                path = _place(folder, machine) / f"{channel}.evtx"
                with path.open("wb") as file:
                    evtx.write(file, records)
                written.append(path)
        written += (
            write_trace(folder, machine, log, lines)
            for (machine, log), lines in sorted(self._lines.items())
            if lines and (machines is None or machine in machines)
        )
        for machine in sorted(self._writers):
            writers = self.writers(machine)
            if writers and (machines is None or machine in machines):
                path = _place(folder, machine) / "vssadmin-writers.txt"
                spoken = machines[machine] if machines else language
                path.write_text(list_writers(writers, spoken), encoding="utf-8-sig", newline="\r\n")
                written.append(path)
        return written


def write_trace(folder: Path, machine: str, name: str, lines: Iterable[TraceLine]) -> Path:
    """Write a trace of DPM such as `DPMRACurr.errlog` beside the machine's logs. Raises as `Logbook.write` does."""
    path = _place(folder, machine) / name
    path.write_bytes(encoded(lines))
    return path


def write_jobs(folder: Path, machine: str, reports: Iterable[JobReport]) -> Path:
    """Write what the server's console says of jobs as `job.txt`. Raises as `Logbook.write` does."""
    path = _place(folder, machine) / "job.txt"
    path.write_text("\n".join(map(str, reports)), encoding="utf-8-sig", newline="\r\n")
    return path


def _place(folder: Path, machine: str) -> Path:
    if not machine.strip(". ") or _FORBIDDEN & set(machine) or not machine.isprintable():
        raise EventLogError(f"{machine!r} cannot be the name of a folder")
    place = folder / machine
    place.mkdir(parents=True, exist_ok=True)
    return place
