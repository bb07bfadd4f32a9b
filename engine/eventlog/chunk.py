"""Chunks of 64 KiB: the records of an event log, with the names and templates that they share.

Layout: libevtx, *Windows XML Event Log (EVTX)*,
https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc
"""

import struct
from zlib import crc32

from engine.eventlog.binxml import NAME_LISTS, TEMPLATE_LISTS, Draft
from engine.eventlog.errors import RecordTooLargeError
from engine.eventlog.values import Instance

SIZE = 0x10000
HEADER = 0x200
ROOM = SIZE - HEADER
"""Bytes for records, with the definitions of the templates they use first."""
_MAGIC, _RECORD_MAGIC = b"ElfChnk\0", b"**\0\0"
_RECORD_HEAD = struct.Struct("<4sIQQ").pack
_RECORD_HEAD_SIZE, _RECORD_END_SIZE = 24, 4
_NO_NUMBERS = 1, 2**64 - 1, 2**64 - 1, 2**64 - 1
"""Of the first and last record in a chunk that has none, as Windows writes them."""


class Chunk:
    """One chunk in the making."""

    def __init__(self) -> None:
        self._data = bytearray(HEADER)
        self._names: dict[str, int] = {}
        self._templates: dict[bytes, int] = {}
        self._name_lists = [0] * NAME_LISTS
        self._template_lists = [0] * TEMPLATE_LISTS
        self._first = self._last = self._last_at = 0

        self.name_at = self._names.get
        self.template_at = self._templates.get
        self.name_list = self._name_lists.__getitem__
        self.template_list = self._template_lists.__getitem__

    @property
    def empty(self) -> bool:
        return len(self._data) == HEADER

    def add(self, number: int, written: int, event: Instance) -> bool:
        """Add a record with its number and FILETIME; false, and nothing changed, where there is no room left.

        Raises `RecordTooLargeError` where an empty chunk has no room either.
        """
        start = len(self._data)
        draft = Draft(self, start + _RECORD_HEAD_SIZE)
        draft.instance(event)
        xml = draft.data
        padding = -(len(xml) + _RECORD_HEAD_SIZE + _RECORD_END_SIZE) % 8
        size = len(xml) + _RECORD_HEAD_SIZE + _RECORD_END_SIZE + padding
        if start + size > SIZE:
            if self.empty:
                raise RecordTooLargeError(f"record {number} takes {size:,} bytes; a chunk has room for {ROOM:,}")
            return False
        self._data += _RECORD_HEAD(_RECORD_MAGIC, size, number, written)
        self._data += xml
        self._data += bytes(padding) + struct.pack("<I", size)
        self._adopt(draft)
        if start == HEADER:
            self._first = number
        self._last, self._last_at = number, start
        return True

    def _adopt(self, draft: Draft) -> None:
        self._names.update(draft.names)
        self._templates.update(draft.templates)
        for number, at in draft.name_lists.items():
            self._name_lists[number] = at
        for number, at in draft.template_lists.items():
            self._template_lists[number] = at

    def sealed(self) -> bytes:
        """The whole chunk with header, tables and checksums."""
        data, end = self._data.ljust(SIZE, b"\0"), len(self._data)
        numbers = _NO_NUMBERS if self.empty else (self._first, self._last, self._first, self._last)
        records = crc32(memoryview(data)[HEADER:end])
        data[:0x38] = struct.pack("<8s4Q4I", _MAGIC, *numbers, 0x80, self._last_at, end, records)
        struct.pack_into("<I", data, 0x78, 1)  # as in every chunk that Windows closed
        struct.pack_into(f"<{NAME_LISTS}I{TEMPLATE_LISTS}I", data, 0x80, *self._name_lists, *self._template_lists)
        struct.pack_into("<I", data, 0x7C, crc32(data[0x80:HEADER], crc32(data[:0x78])))
        return bytes(data)
