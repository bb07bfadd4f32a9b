"""Standard output and standard error as commands need them: they take any character, and a reader that leaves early."""

import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _WhileRead(io.FileIO):
    """A pipe or file. Once nobody reads it any more, what is written is dropped, and the command ends as its work does.

    So `diagnose logs | head` exits with what the verdict says, and no error of a pipe is shown. Of a full disk the
    command hears, once: what is left in buffers is dropped, and the interpreter does not stumble over it in the end.
    """

    def write(self, data: "ReadableBuffer", /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            if not isinstance(error, BrokenPipeError):
                raise
            return memoryview(data).nbytes


def take_anything() -> None:
    """Make both streams so, for the rest of the process; one that was closed by whoever started us leads nowhere."""
    sys.stdout, sys.stderr = _taking(sys.stdout), _taking(sys.stderr)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # Opened in this order they take the closed descriptors, so that no file does, and is written over.
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - as long as the process


def _taking(stream: TextIO) -> TextIO:
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    if stream.isatty():
        stream.reconfigure(errors="replace")  # logs hold what a console's code page may lack
        return stream
    stream.flush()
    written = io.BufferedWriter(_WhileRead(stream.fileno(), "wb", closefd=False))
    return io.TextIOWrapper(written, stream.encoding, "replace", line_buffering=stream.line_buffering)
