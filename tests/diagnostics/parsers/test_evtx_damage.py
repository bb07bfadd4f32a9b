"""Files that are cut off, flipped bit by bit, or made to hurt: what is intact is read, and nothing raises or hangs."""

import random
import shutil
import struct
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.diagnostics.parsers.evtx_files import chunks_of, read
from tests.shared import needs_shared, shared

pytestmark = needs_shared

FIRST, SIZE = 0x1000, 0x10000
VSS = "w10-setup-vss8225-Application.evtx"


def ids_by_chunk(path: Path) -> list[list[int]]:
    return [[record for _, _, record, _ in chunk.records()] for chunk in chunks_of(path)]


@pytest.mark.parametrize(
    ("name", "cuts"),
    [("win7-volsnap36-System.evtx", 150), ("museum-srv2022-System.evtx", 250), (VSS, 600)],
)
def test_a_file_that_is_cut_off_anywhere_gives_the_records_of_all_whole_chunks_and_of_the_last(name, cuts, tmp_path):
    path = tmp_path / name
    shutil.copy(shared("evtx", name), path)
    path.chmod(0o600)
    expected = ids_by_chunk(path)
    ends = [[at_end for _, at_end, _, _ in chunk.records()] for chunk in chunks_of(path)]
    generator = random.Random(name)  # noqa: S311 - the same cuts in every run
    for size in sorted((generator.randrange(path.stat().st_size) for _ in range(cuts)), reverse=True):
        with path.open("r+b") as file:
            file.truncate(size)
        whole, rest = divmod(max(size - FIRST, 0), SIZE)
        ids = [record for chunk in expected[:whole] for record in chunk]
        if whole < len(expected):
            ids += [record for record, end in zip(expected[whole], ends[whole], strict=True) if end <= rest]
        assert [event.record for event in read(path).events] == ids


@settings(max_examples=150, deadline=None)
@given(flips=st.lists(st.integers(0, 8 * (FIRST + 40_000) - 1), min_size=1, max_size=40))
def test_flipped_bits_never_raise(flips, tmp_path_factory):
    image = bytearray(shared("evtx", VSS).read_bytes())
    for flip in flips:
        image[flip // 8] ^= 1 << flip % 8
    path = tmp_path_factory.getbasetemp() / "flipped.evtx"
    path.write_bytes(image)
    reading = read(path)
    assert len(reading.events) <= reading.tally.records
    for event in reading.events:
        "".join((event.provider, event.machine, *event.fields.values())).encode()


@settings(max_examples=100, deadline=None)
@given(junk=st.binary(max_size=300), at=st.integers(0, 40_000))
@example(junk=bytes(14), at=4849)  # the last record of a chunk has no System section
def test_junk_anywhere_never_raises(junk, at, tmp_path_factory):
    image = bytearray(shared("evtx", VSS).read_bytes())
    image[at : at + len(junk)] = junk
    path = tmp_path_factory.getbasetemp() / "junk.evtx"
    path.write_bytes(image)
    read(path)


def test_a_damaged_record_costs_itself(tmp_path):
    path = tmp_path / "one.evtx"
    image = bytearray(shared("evtx", VSS).read_bytes())
    (chunk,) = chunks_of(shared("evtx", VSS))
    heads = list(chunk.records())
    at = heads[20][0]
    image[FIRST + at : FIRST + at + 4] = b"Q0Q0"
    path.write_bytes(image)
    reading = read(path)
    assert [event.record for event in reading.events] == [record for _, _, record, _ in heads if record != heads[20][2]]
    assert reading.damage == [
        "chunk 0 at 0x1000: the records' checksum differs",
        f"chunk 0 at 0x1000: bytes that are no record ({heads[21][0] - at})",
    ]


def test_a_damaged_chunk_costs_itself(tmp_path):
    path = tmp_path / "one.evtx"
    image = bytearray(shared("evtx", "win7-volsnap36-System.evtx").read_bytes())
    expected = ids_by_chunk(shared("evtx", "win7-volsnap36-System.evtx"))
    image[FIRST + 3 * SIZE : FIRST + 3 * SIZE + 8] = b"nothing!"
    path.write_bytes(image)
    reading = read(path)
    assert [event.record for event in reading.events] == [
        record for number, chunk in enumerate(expected) if number != 3 for record in chunk
    ]
    assert "chunk 3 at 0x31000: no chunk: its signature is missing" in reading.damage


@pytest.mark.parametrize("place", [0x30, 0x31, 0x7C, 0x20, 0x90])
def test_a_broken_chunk_header_costs_no_record(place, tmp_path):
    path = tmp_path / "header.evtx"
    image = bytearray(shared("evtx", VSS).read_bytes())
    image[FIRST + place] ^= 0xFF
    path.write_bytes(image)
    reading = read(path)
    assert len(reading.events) == 49
    assert reading.damage == ["chunk 0 at 0x1000: the header's checksum differs"]


class Forge:
    """Writes a chunk of records by hand."""

    def __init__(self) -> None:
        self.data = bytearray(b"ElfChnk\0" + bytes(0x1F8))

    def name(self, text: str) -> int:
        """Put a name aside, and give its offset."""
        at = len(self.data)
        self.data += struct.pack("<IHH", 0, 0, len(text)) + text.encode("utf-16-le") + b"\0\0"
        return at

    def save(self, path: Path, start: int) -> Path:
        """The names come to lie behind `start`, so that the records can be found at the chunk's usual place."""
        head = bytearray(FIRST)
        head[:8], head[0x2A], head[0x78] = b"ElfFile\0", 1, 4
        struct.pack_into("<I", self.data, 0x30, start)
        path.write_bytes(head + self.data.ljust(SIZE, b"\0"))
        return path


def record(number: int, xml: bytes) -> bytes:
    size = 28 + len(xml)
    return struct.pack("<4sIQQ", b"**\0\0", size, number, 130_000_000_000_000_000) + xml + struct.pack("<I", size)


def instance(definition: int, descriptors: list[tuple[int, int]], values: bytes, inline: bytes = b"") -> bytes:
    table = b"".join(struct.pack("<HBB", size, kind, 0) for size, kind in descriptors)
    return (
        bytes((0x0F, 1, 1, 0, 0x0C, 1)) + struct.pack("<II", 1, definition) + inline
        + struct.pack("<I", len(descriptors)) + table + values
    )  # fmt: skip


def element(name: int, content: bytes) -> bytes:
    return struct.pack("<BHII", 0x01, 0xFFFF, 0, name) + b"\x02" + content + b"\x04"


def slot(number: int) -> bytes:
    return struct.pack("<BHB", 0x0D, number, 1)


def hostile(tmp_path: Path, xml_of_template: bytes, descriptors: list[tuple[int, int]], values: bytes) -> Path:
    """As many records as fit that use one template, which lies in the first of them."""
    forge = Forge()
    definition = len(forge.data) + 0x18 + 14
    body = b"\x0f\x01\x01\0" + xml_of_template + b"\0"
    inline = struct.pack("<I16sI", 0, bytes(16), len(body)) + body
    forge.data += record(1, instance(definition, descriptors, values, inline))
    number = 2
    while len(forge.data) + 0x40 + 4 * len(descriptors) + len(values) < 0xF000:
        forge.data += record(number, instance(definition, descriptors, values))
        number += 1
    end = len(forge.data)
    forge.data = forge.data.ljust(0xF000, b"\0")
    for text in ("Event", "System", "Data"):
        forge.name(text)
    return forge.save(tmp_path / "hostile.evtx", end)


EVENT, SYSTEM, DATA = 0xF000, 0xF000 + 20, 0xF000 + 42
"""Offsets of the names behind the records: 10 bytes and two per character each."""


def quickly_read(path: Path, limit: float = 10.0):
    started = time.process_time()
    reading = read(path)
    assert time.process_time() - started < limit
    return reading


def test_the_forge_makes_events(tmp_path):
    xml = element(EVENT, element(SYSTEM, b"") + element(DATA, slot(0)))
    path = hostile(tmp_path, xml, [(2, 0x01)], "x".encode("utf-16-le"))
    reading = quickly_read(path)
    assert len(reading.events) == reading.tally.records > 500
    assert reading.events[7].fields == {"Data[0]": "x"}


def test_values_that_are_repeated_without_measure_are_refused(tmp_path):
    xml = element(EVENT, element(SYSTEM, b"") + b"".join(element(DATA, slot(0)) for _ in range(500)))
    reading = quickly_read(hostile(tmp_path, xml, [(20_000, 0x01)], bytes(20_000)))
    assert reading.events == []
    assert "repeats its values without measure" in reading.damage[0]


def test_more_fields_than_any_provider_has_are_refused(tmp_path):
    xml = element(EVENT, element(SYSTEM, b"") + b"".join(element(DATA, slot(0)) for _ in range(1500)))
    assert "a template of 1500 fields" in quickly_read(hostile(tmp_path, xml, [(2, 0x01)], b"xx")).damage[0]


def test_elements_nested_without_end_are_refused(tmp_path):
    xml = b""
    for _ in range(2000):
        xml = element(DATA, xml)
    reading = quickly_read(hostile(tmp_path, element(EVENT, element(SYSTEM, b"") + xml), [], b""))
    assert "nested more than" in reading.damage[0]


def test_a_template_that_contains_itself_ends(tmp_path):
    """Nested XML is an instance of the template that it is a value of, and so on down to the last byte."""
    definition = 0x200 + 0x18 + 14
    nested = b""
    for _ in range(300):
        descriptors = [(len(nested), 0x21)] if nested else [(0, 0)]
        nested = instance(definition, descriptors, nested)
    xml = element(EVENT, element(SYSTEM, b"") + element(DATA, slot(0)))
    reading = quickly_read(hostile(tmp_path, xml, [(len(nested), 0x21)], nested))
    assert reading.events == []
    assert "deep" in reading.damage[0]


@pytest.mark.parametrize("count", [0xFFFFFFFF, 0x7FFFFFFF, 5000])
def test_a_huge_number_of_values_is_refused(count, tmp_path):
    xml = element(EVENT, element(SYSTEM, b"") + element(DATA, slot(0)))
    path = hostile(tmp_path, xml, [(2, 0x01)], b"xx")
    image = path.read_bytes().replace(struct.pack("<IHBB", 1, 2, 1, 0), struct.pack("<IHBB", count, 2, 1, 0))
    path.write_bytes(image)
    reading = quickly_read(path)
    assert reading.events == []
    assert f"{count} values" in reading.damage[0]
    assert len(reading.damage) <= 4


def test_templates_that_overlap_are_compiled_only_so_often(tmp_path):
    """Each record names another offset as its template, and each of these templates is as large as the chunk."""
    forge = Forge()
    body = struct.pack("<I16sI", 0, bytes(16), 0xE000)
    while len(forge.data) < 0xE000:
        forge.data += record(1, instance(0x200 + len(forge.data) % 977, [], body))
    reading = quickly_read(forge.save(tmp_path / "overlap.evtx", 0xE000))
    assert reading.events == []


def test_reasons_that_are_all_different_are_folded(tmp_path):
    forge = Forge()
    for number in range(200):
        forge.data += record(number, instance(0xF000 + number, [], b""))
    end = len(forge.data)
    forge.data = forge.data.ljust(0xF000, b"\0") + b"\xff" * 300
    reading = quickly_read(forge.save(tmp_path / "reasons.evtx", end))
    assert (reading.tally.records, reading.events) == (200, [])
    assert len(reading.damage) == 9
    assert "192 more of other kinds" in reading.damage[-1]


def test_lists_of_names_that_bite_their_tails_do_not_reach_the_fallback(tmp_path):
    path = hostile(tmp_path, b"\x0a" + bytes(20), [], b"")
    image = bytearray(path.read_bytes())
    struct.pack_into("<I", image, FIRST + 0x80, 0xF000)
    struct.pack_into("<I", image, FIRST + 0xF000, 0xF000)
    path.write_bytes(image)
    reading = quickly_read(path)
    assert reading.events == []
    assert any("never end" in line for line in reading.damage)
