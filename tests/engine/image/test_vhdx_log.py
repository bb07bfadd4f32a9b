"""A VHDX that was not closed, or is in use, reads as it will once its log is replayed."""

import random
import struct
import subprocess
from pathlib import Path
from shutil import copy, which

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.image import ImageError, describe, opened
from engine.image.crc32c import crc32c
from tests.engine.image.making import MEBIBYTE, SECTOR, LogUpdates, identifier, log_entry, write_log, write_vhdx

SIZE = 4 * MEBIBYTE
BAT, DATA = 3 * MEBIBYTE, 4 * MEBIBYTE
LOG = identifier("log")
DICE = random.Random(4)
PAGES = [DICE.randbytes(4096) for _ in range(4)]
LOG_SIZE = MEBIBYTE


def made(path: Path) -> Path:
    """A disk of four blocks of which the first is there."""
    return write_vhdx(path, SIZE, {number: bytes([number]) * SECTOR for number in range(1, 40)})


def whole(path: Path) -> bytes:
    with opened(path) as image:
        room = bytearray(image.disk.size)
        image.disk.read_into(0, room)
    return bytes(room)


def laid_out(first: int, *entries: LogUpdates, size: int, tail: int | None = None) -> dict[int, bytes]:
    """Entries one after another from an offset on, which belong together; the log goes on at its beginning."""
    parts: dict[int, bytes] = {}
    offset = first
    for number, updates in enumerate(entries, 100):
        content = log_entry(LOG, number, first if tail is None else tail, size, updates)
        cut = min(len(content), LOG_SIZE - offset)
        parts |= {offset: content[:cut], 0: content[cut:]} if cut < len(content) else {offset: content}
        offset = (offset + len(content)) % LOG_SIZE
    return parts


def bat_page(path: Path, entry: int, value: int) -> bytes:
    page = bytearray(path.read_bytes()[BAT : BAT + 4096])
    struct.pack_into("<Q", page, 8 * entry, value)
    return bytes(page)


def dirty(path: Path, first: int = 8192) -> Path:
    """A disk in whose log data, zeros and a new block are."""
    size = made(path).stat().st_size + MEBIBYTE
    new_block = size - MEBIBYTE
    updates: list[LogUpdates] = [
        [(DATA, PAGES[0]), (DATA + 8192, 4096)],
        [(BAT, bat_page(path, 2, new_block | 6)), (new_block + 4096, PAGES[1])],
        [(DATA, PAGES[2])],
    ]
    with path.open("r+b") as file:
        file.truncate(size)
    write_log(path, laid_out(first, *updates, size=size), LOG)
    return path


def expected() -> bytes:
    content = bytearray(SIZE)
    for number in range(1, 40):
        content[number * SECTOR : (number + 1) * SECTOR] = bytes([number]) * SECTOR
    content[:4096] = PAGES[2]
    content[8192:12288] = bytes(4096)
    content[2 * MEBIBYTE + 4096 : 2 * MEBIBYTE + 8192] = PAGES[1]
    return bytes(content)


@pytest.mark.parametrize("first", [0, 8192, LOG_SIZE - 4096, LOG_SIZE - 12288])
def test_what_the_log_says_is_laid_over_the_file_wherever_it_wraps(first: int, tmp_path: Path):
    path = dirty(tmp_path / "a.vhdx", first)
    before = path.read_bytes()
    assert describe(path).log_dirty
    assert whole(path) == expected()
    assert path.read_bytes() == before, "looking changes nothing"


def test_an_entry_that_was_torn_ends_the_log_before_it(tmp_path: Path):
    path = dirty(tmp_path / "a.vhdx")
    third = 8192 + 8192 + 12288  # the first has one page of data, the second two
    with path.open("r+b") as file:
        file.seek(MEBIBYTE + third + 5000)
        file.write(b"torn")
    assert whole(path)[:4096] == PAGES[0]
    assert whole(path)[4096:] == expected()[4096:]


def test_entries_of_an_older_log_are_left_alone(tmp_path: Path):
    path = made(tmp_path / "a.vhdx")
    untouched = whole(path)
    write_log(path, {0: log_entry(identifier("older"), 7, 0, path.stat().st_size, [(DATA, PAGES[0])])}, LOG)
    assert whole(path) == untouched


def test_an_entry_whose_tail_is_gone_is_not_replayed(tmp_path: Path):
    path = made(tmp_path / "a.vhdx")
    untouched = whole(path)
    write_log(path, laid_out(8192, [(DATA, PAGES[0])], size=path.stat().st_size, tail=65536), LOG)
    assert whole(path) == untouched


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path):
    path = made(tmp_path / "a.vhdx")
    size = path.stat().st_size
    write_log(path, laid_out(0, [(DATA, PAGES[0])], size=size + MEBIBYTE), LOG)
    with pytest.raises(ImageError, match=f"at byte {size}: the file ends here, but had {size + MEBIBYTE} bytes"):
        whole(path)


def test_a_log_that_makes_the_file_larger_than_any_disk_does_no_harm(tmp_path: Path):
    path = made(tmp_path / "a.vhdx")
    page = bat_page(path, 2, (1 << 64) - 4 * MEBIBYTE | 6)
    entry = bytearray(log_entry(LOG, 100, 0, path.stat().st_size, [(BAT, page)]))
    struct.pack_into("<Q", entry, 56, (1 << 64) - 1)
    struct.pack_into("<I", entry, 4, 0)
    struct.pack_into("<I", entry, 4, crc32c(bytes(entry)))
    write_log(path, {0: bytes(entry)}, LOG)
    assert whole(path)[2 * MEBIBYTE : 3 * MEBIBYTE] == bytes(MEBIBYTE)


@settings(max_examples=15)
@given(data=st.data())
def test_whatever_the_log_says_the_disk_is_read_or_refused(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
):
    path = tmp_path_factory.getbasetemp() / "lies.vhdx"
    if not path.exists():
        dirty(path)
    sound = path.read_bytes()
    hurt = bytearray(sound[MEBIBYTE + 8192 : MEBIBYTE + 16384])
    for _ in range(data.draw(st.integers(1, 5))):
        hurt[data.draw(st.integers(8, 128))] = data.draw(st.integers(0, 255))
    hurt[4:8] = bytes(4)
    hurt[4:8] = struct.pack("<I", crc32c(bytes(hurt)))
    path.write_bytes(sound[: MEBIBYTE + 8192] + hurt + sound[MEBIBYTE + 16384 :])
    try:
        complaint = ""
        whole(path)
    except ImageError as error:
        complaint = str(error)
    finally:
        path.write_bytes(sound)
    assert not complaint or complaint.startswith(f"{path}: at byte ")


@pytest.mark.skipif(which("qemu-img") is None, reason="no qemu-img (Debian: qemu-utils)")
def test_qemu_replays_the_same(tmp_path: Path):
    path = dirty(tmp_path / "a.vhdx")
    repaired = Path(copy(path, tmp_path / "repaired.vhdx"))
    subprocess.run(["qemu-img", "check", "-q", "-f", "vhdx", "-r", "all", repaired], check=True)
    subprocess.run(["qemu-img", "convert", "-f", "vhdx", "-O", "raw", repaired, tmp_path / "raw"], check=True)
    assert not describe(repaired).log_dirty
    assert whole(path) == (tmp_path / "raw").read_bytes() == whole(repaired)
