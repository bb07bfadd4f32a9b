"""What Windows and DPM log about what happens in the engine: entries in files, each with the source of the fact.

A wrong file is refused with its name and the place in it.
"""

from engine.eventlog.messages.entries import HAPPENINGS, MessageFileError, meanings
from engine.eventlog.messages.records import MessageFile, message_files, read_messages
from engine.eventlog.messages.traces import TraceFile, read_traces, trace_files

__all__ = [
    "HAPPENINGS",
    "MessageFile",
    "MessageFileError",
    "TraceFile",
    "meanings",
    "message_files",
    "read_messages",
    "read_traces",
    "trace_files",
]
