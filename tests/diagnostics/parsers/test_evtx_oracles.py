"""The same records through three readers: ours, python-evtx, and PyPI's evtx (Rust) where it is installed."""

import re
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import pytest
from Evtx.BinaryParser import OverrunBufferException
from Evtx.Evtx import ChunkHeader, Record
from msgspec.structs import replace

from diagnostics.event import Event
from diagnostics.parsers.evtx.binxml import MalformedError
from diagnostics.parsers.evtx.definitions import Definitions
from tests.diagnostics.parsers.evtx_files import NAMES, chunks_of, comparable, read, told_by_event, told_by_xml
from tests.shared import needs_shared, shared

pytestmark = needs_shared

_PER_FILE = 150
_PER_CHUNK, _CHUNKS = 2, 12  # python-evtx takes milliseconds for a record, and as long for a chunk

_NOT_XML = {"dns_log_malformed.evtx"}
"""Rust prints a control character of the packet as it is, which no XML parser accepts."""
_ZEROED = ("bad_chunk_magic.evtx", 0)
"""A record of zeros: neither reader can tell its provider or time."""


def sampled(path: Path) -> Iterator[tuple[bytes, int]]:
    whole = list(chunks_of(path))
    for chunk in whole[:: len(whole) // _CHUNKS + 1]:
        heads = list(chunk.records())
        for at, _, _, _ in heads[:: max(1, len(heads) // _PER_CHUNK)][:_PER_CHUNK]:
            yield chunk.data, at


@pytest.mark.parametrize("name", sorted(set(NAMES) - _NOT_XML))
def test_rust_reads_the_same_system_fields_and_values(name):
    evtx = pytest.importorskip("evtx")
    path = shared("evtx", name)
    ours = {event.record: told_by_event(event) for event in read(path).events}
    compared = 0
    for text in _every(list(_printed(evtx.PyEvtxParser(str(path)))), _PER_FILE):
        if "<EventID>0</EventID>" in text and name == _ZEROED[0]:
            continue
        theirs = told_by_xml(text)
        assert ours[theirs.record] == theirs
        compared += 1
    assert compared or name.startswith("empty")


def _printed(parser) -> Iterator[str]:
    """What Rust prints; a chunk that it refuses is an exception in between."""
    records = iter(parser.records())
    while True:
        try:
            yield next(records)["data"]
        except StopIteration:
            return
        except RuntimeError:
            continue


def _every(texts: list[str], count: int) -> list[str]:
    return texts[:: max(1, len(texts) // count)]


_UNREAD = {
    # a record that is no template instance: python-evtx takes its first element for one
    "exchange-cmdlet-wec-forwarded.evtx": AttributeError,
    "issue_201.evtx": AttributeError,
    # text in the code page of the machine, which python-evtx takes for ASCII
    "dns_log_malformed.evtx": UnicodeDecodeError,
    # a name that no list of the chunk leads to; it lies in a template of another record
    "museum-ntfs-Operational.evtx": KeyError,
    # the rest of a record that was overwritten
    "carved-vss-RemoteConnectionManager.evtx": OverrunBufferException,
}
"""What python-evtx refuses, and why we need not."""


@pytest.mark.parametrize("name", sorted(NAMES))
def test_python_evtx_reads_the_same_system_fields_and_values(name):
    path = shared("evtx", name)
    ours = {event.record: event for event in read(path).events}
    for chunk, at in sampled(path):
        try:
            text = Record(chunk, at, ChunkHeader(chunk, 0)).xml()
        except _UNREAD.get(name, ()):
            continue
        if "<Provider Name=" not in text:
            continue
        theirs = told_by_xml(text)
        told = told_by_event(ours[theirs.record])
        assert told._replace(values=[], second=0) == theirs._replace(values=[], second=0)
        assert abs(told.second - theirs.second) <= 1  # python-evtx calculates times in floating point
        if "&lt;string" not in text or _has_no_gaps(ours[theirs.record]):
            values = comparable(item for value in theirs.values for item in _items(value))
            assert len(told.values) == len(values)
            assert all(map(_say_the_same, told.values, values))


def _has_no_gaps(event: Event) -> bool:
    """Where an array has empty items, python-evtx garbles it: it cuts as if the next item began at once."""
    return "" not in event.fields.values()


def _items(value: str) -> list[str]:
    """python-evtx prints an array's items inside the one element that Windows repeats."""
    return re.findall("<string>(.*?)</string>", value, re.DOTALL) or [value]


def _say_the_same(ours: str, theirs: str) -> bool:
    """python-evtx prints pointers as decimals and bytes in base64, Windows (and we) both as hexadecimal digits."""
    if ours == theirs:
        return True
    if theirs.isdecimal():
        return int(ours, 16) == int(theirs)
    return len(b64encode(bytes.fromhex(ours))) == len(theirs)  # the comparison has lost base64's capitals


@pytest.mark.parametrize(
    "name", ["win7-volsnap36-System.evtx", "sql-17115-Application.evtx", "museum-w11-Application.evtx"]
)
def test_what_goes_through_the_fallback_becomes_the_same_event(name, monkeypatch):
    """Here the fast reader refuses everything; but for a few ticks of the time, nobody sees a difference."""
    path = shared("evtx", name)
    fast = {event.record: event for event in read(path).events}

    monkeypatch.setattr(Definitions, "locate", Mock(side_effect=MalformedError("refused")))
    slow = read(path, lambda provider, _: provider != "Microsoft-Windows-Security-SPP").events
    assert 0 < len(slow) <= 100  # python-evtx is asked for so many records of a file
    for event in slow:
        ours = fast[event.record]
        assert abs((event.time or 0) - (ours.time or 0)) < 10
        assert replace(event, fields={}, time=0) == replace(ours, fields={}, time=0)
        if _has_no_gaps(ours):
            assert list(event.fields) == list(ours.fields)
            assert all(map(_say_the_same, comparable(ours.fields.values()), comparable(event.fields.values())))
