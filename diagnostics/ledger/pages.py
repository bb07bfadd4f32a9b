"""Events of texts, kept on disk: packed, compressed, a page at a time.

A text is not read again to show one of its lines: its events may rest on lines far above, and an archive's member is
gone by then. What parsers made of it is kept instead, in a temporary file.
"""

import os
import tempfile
import weakref
from pathlib import Path
from threading import Lock
from typing import IO, Any

import msgspec
import zstandard

from diagnostics.event import Event

_PAGE = 256
"""Events of one page."""
_KEPT = 16
"""Pages that are kept unpacked for whoever scrolls."""
_LEVEL = 1


class Pages:
    """An append-only file of events. Places are counted from 0; reading is safe in several threads.

    Pages can be sent to another process: the file, which the sender leaves there, is then the receiver's.
    """

    def __init__(self) -> None:
        number, name = tempfile.mkstemp(prefix="shindan-")
        self._file: IO[bytes] = os.fdopen(number, "w+b")
        self._own(Path(name))
        self._begin()

    def _own(self, path: Path) -> None:
        """Take care that the file goes when nobody can read it any more."""
        self._path = path
        self._gone = weakref.finalize(self, path.unlink, missing_ok=True)

    def _begin(self) -> None:
        self._lock = Lock()
        self._offsets = [0]
        self._open: list[Event] = []
        self._unpacked: dict[int, list[Event]] = {}
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(list[Event])

    def put(self, event: Event) -> int:
        """Append an event; returns its place."""
        place = (len(self._offsets) - 1) * _PAGE + len(self._open)
        self._open.append(event)
        if len(self._open) == _PAGE:
            packed = zstandard.compress(self._encoder.encode(self._open), _LEVEL)
            with self._lock:
                self._file.seek(self._offsets[-1])
                self._file.write(packed)
            self._offsets.append(self._offsets[-1] + len(packed))
            self._open = []
        return place

    def get(self, place: int) -> Event:
        """The event at a place. Raises `OSError` where the disk gives it no more."""
        page, at = divmod(place, _PAGE)
        if page == len(self._offsets) - 1:
            return self._open[at]
        events = self._unpacked.get(page)
        return (events or self._unpack(page))[at]

    def close(self) -> None:
        """Forget everything."""
        self._file.close()
        self._gone()

    def __getstate__(self) -> dict[str, Any]:
        self._file.flush()
        self._gone.detach()
        return {"path": self._path, "offsets": self._offsets, "open": self._open}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._own(state["path"])
        self._file = self._path.open("r+b")
        self._begin()
        self._offsets, self._open = state["offsets"], state["open"]

    def _unpack(self, page: int) -> list[Event]:
        start, end = self._offsets[page : page + 2]
        with self._lock:
            if self._file.closed:
                raise OSError(0, "the case was closed")
            self._file.seek(start)
            packed = self._file.read(end - start)
            events = self._decoder.decode(zstandard.decompress(packed))
            while len(self._unpacked) >= _KEPT:
                del self._unpacked[next(iter(self._unpacked))]
            self._unpacked[page] = events
        return events
