"""VHD, VHDX, qcow2 and raw images: recognized by content, read as a disk, refused where they lie."""

import random
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from shutil import which
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.image import (
    Format,
    ImageError,
    Kind,
    ParentMissingError,
    describe,
    inspect,
    opened,
)
from engine.image.crc32c import crc32c
from tests.engine.image.making import (
    MEBIBYTE,
    SECTOR,
    as_sectors,
    identifier,
    mbr,
    ntfs,
    vhd_footer,
    vhdx_header,
    write_vhd,
    write_vhdx,
)

SIZE = 4 * MEBIBYTE
Write = Callable[..., Path]
both = pytest.mark.parametrize(
    ("write", "base", "child"),
    [(write_vhd, "base.vhd", "child.avhd"), (write_vhdx, "base.vhdx", "child.avhdx")],
    ids=["VHD", "VHDX"],
)
needs_qemu = pytest.mark.skipif(which("qemu-img") is None, reason="no qemu-img (Debian: qemu-utils)")

DICE = random.Random(3)
OLD = {number: DICE.randbytes(SECTOR) for number in (0, 1, 2, 33, 100, 4000, SIZE // SECTOR - 1)}
NEW = {number: DICE.randbytes(SECTOR) for number in (1, 50, 4000, 4001)}


def whole(path: Path, *parents: Path) -> bytes:
    with opened(path, parents) as image:
        room = bytearray(image.disk.size)
        image.disk.read_into(0, room)
    return bytes(room)


def flat(*layers: dict[int, bytes]) -> bytes:
    content = bytearray(SIZE)
    for layer in layers:
        for number, sector in layer.items():
            content[number * SECTOR : (number + 1) * SECTOR] = sector
    return bytes(content)


@both
def test_a_differencing_disk_reads_through_to_its_parents(write: Write, base: str, child: str, tmp_path: Path):
    first = write(tmp_path / base, SIZE, OLD)
    second = write(tmp_path / child, SIZE, NEW, parent=base)
    third = write(tmp_path / f"second {child}", SIZE, {7: b"7" * SECTOR}, parent=child)
    assert whole(first) == flat(OLD)
    assert whole(second) == flat(OLD, NEW)
    assert whole(third) == flat(OLD, NEW, {7: b"7" * SECTOR})
    described = describe(second)
    assert (described.kind, described.size, described.parent_id) == (Kind.DIFFERENCING, SIZE, identifier(base))
    assert described.checkpoint


@both
@settings(max_examples=20)
@given(start=st.integers(0, SIZE - 1), length=st.integers(1, 70_000))
def test_any_range_reads_as_the_whole_does(
    write: Write, base: str, child: str, tmp_path_factory: pytest.TempPathFactory, start: int, length: int
):
    folder = tmp_path_factory.getbasetemp() / f"ranges-{base}"
    if not folder.exists():
        folder.mkdir()
        write(folder / base, SIZE, OLD)
        write(folder / child, SIZE, NEW, parent=base)
    room = bytearray(min(length, SIZE - start))
    with opened(folder / child) as image:
        image.disk.read_into(start, room)
    assert room == flat(OLD, NEW)[start : start + len(room)]


@both
def test_a_parent_is_found_where_the_caller_says(write: Write, base: str, child: str, tmp_path: Path):
    (tmp_path / "elsewhere").mkdir()
    parent = write(tmp_path / "elsewhere" / base, SIZE, OLD)
    path = write(tmp_path / child, SIZE, NEW, parent=base)
    with pytest.raises(ParentMissingError, match="is not beside it"):
        whole(path)
    assert whole(path, parent) == flat(OLD, NEW)


@both
def test_a_parent_that_is_another_disk_is_refused(write: Write, base: str, child: str, tmp_path: Path):
    path = write(tmp_path / child, SIZE, NEW, parent=base)
    write(tmp_path / "other", SIZE, OLD).rename(tmp_path / base)
    with pytest.raises(ParentMissingError, match=f"{base} is {identifier('other')}"):
        whole(path)


@both
def test_a_parent_path_never_leads_out_of_the_folder(write: Write, base: str, child: str, tmp_path: Path):
    (tmp_path / "inner").mkdir()
    write(tmp_path / "secret", SIZE, OLD)
    for name in ("../secret", "\\\\server\\share\\..", str(tmp_path / "secret"), ".", f"{base}\0x", "C:"):
        path = write(tmp_path / "inner" / child, SIZE, NEW, parent=name)
        with pytest.raises(ParentMissingError) as refused:
            whole(path)
        assert "secret is" not in str(refused.value)


@both
def test_a_chain_that_bites_its_tail_is_refused(write: Write, base: str, child: str, tmp_path: Path):
    write(tmp_path / base, SIZE, OLD, parent=child)
    path = write(tmp_path / child, SIZE, NEW, parent=base)
    with pytest.raises(ParentMissingError):
        whole(path)


def test_of_two_vhdx_headers_the_newer_sound_one_counts(tmp_path: Path):
    path = write_vhdx(tmp_path / "a.vhdx", SIZE, OLD)
    with path.open("r+b") as file:
        file.seek(128 << 10)
        file.write(bytes(4096))
    assert whole(path) == flat(OLD)
    with path.open("r+b") as file:
        file.seek(128 << 10)
        file.write(vhdx_header("newer", 9, UUID(int=0)))
    assert describe(path).id == identifier("newer")


def test_a_vhd_whose_footer_was_cut_off_is_read_by_its_copy(tmp_path: Path):
    path = write_vhd(tmp_path / "a.vhd", SIZE, OLD)
    path.write_bytes(path.read_bytes()[:-SECTOR])
    assert whole(path) == flat(OLD)


def test_a_fixed_vhd_is_the_disk_and_a_footer(tmp_path: Path):
    path = tmp_path / "fixed.vhd"
    path.write_bytes(flat(OLD) + vhd_footer("fixed.vhd", SIZE, 2))
    described = describe(path)
    assert (described.format, described.kind, described.size) == (Format.VHD, Kind.FIXED, SIZE)
    assert whole(path) == flat(OLD)


def test_an_image_is_recognized_by_its_content_and_not_by_its_name(tmp_path: Path):
    assert describe(write_vhdx(tmp_path / "lies.vhd", SIZE, OLD)).format is Format.VHDX
    (tmp_path / "plain.img").write_bytes(flat(OLD))
    assert describe(tmp_path / "plain.img").format is Format.RAW
    header = struct.pack(">4sIQIIQI", b"QFI\xfb", 3, 0, 0, 16, SIZE, 0)
    (tmp_path / "lies.raw").write_bytes(header.ljust(65536, b"\0"))
    assert describe(tmp_path / "lies.raw")[1:4] == (Format.QCOW2, Kind.DYNAMIC, SIZE)
    with pytest.raises(ImageError, match="convert it"):
        inspect(tmp_path / "lies.raw")


@pytest.mark.parametrize("name", ["a.vhd", "a.VHDX", "a.avhdx", "a.qcow2"])
def test_what_is_called_an_image_and_shows_no_mark_is_no_raw_disk(name: str, tmp_path: Path):
    (tmp_path / name).write_bytes(flat(OLD))
    with pytest.raises(ImageError, match="at byte 0: cut off or overwritten"):
        describe(tmp_path / name)


def test_an_empty_file_is_no_disk(tmp_path: Path):
    (tmp_path / "empty.img").touch()
    with pytest.raises(ImageError):
        describe(tmp_path / "empty.img")


def test_the_checksum_of_vhdx_is_crc32c():
    assert crc32c(b"123456789") == 0xE3069283  # the check value of every catalog of CRCs


@both
@settings(max_examples=12)
@given(data=st.data())
def test_a_damaged_image_is_read_or_refused_with_file_and_place(
    write: Write, base: str, child: str, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
):
    folder = tmp_path_factory.getbasetemp() / f"damage-{base}"
    content = as_sectors(mbr([(7, 64, 4000)]) + bytes(63 * SECTOR) + ntfs(500, 30))
    if not folder.exists():
        folder.mkdir()
        write(folder / base, SIZE, content)
        write(folder / child, SIZE, NEW, parent=base)
    victim = folder / data.draw(st.sampled_from([base, child]))
    sound = victim.read_bytes()
    hurt = bytearray(sound)
    structures = st.one_of(*(st.integers(at, at + 200) for at in _structures(sound)), st.integers(0, len(sound) - 1))
    for _ in range(data.draw(st.integers(1, 4))):
        hurt[data.draw(structures) % len(hurt)] = data.draw(st.integers(0, 255))
    del hurt[data.draw(st.integers(0, len(hurt))) if data.draw(st.booleans()) else len(hurt) :]
    victim.write_bytes(_sums_put_right(bytes(hurt)))
    try:
        complaint = complaint_about(folder / child)
    finally:
        victim.write_bytes(sound)
    assert not complaint or (complaint.startswith(f"{folder}/") and "at byte" in complaint)


def complaint_about(path: Path) -> str:
    """What is wrong with an image, if anything is."""
    try:
        whole(path)
        inspect(path)
    except ImageError as error:
        return str(error)
    return ""


def _structures(content: bytes) -> list[int]:
    """Where structures of a made image begin."""
    if content.startswith(b"vhdxfile"):
        return [0, 64 << 10, 128 << 10, 192 << 10, 2 * MEBIBYTE, 2 * MEBIBYTE + (64 << 10), 3 * MEBIBYTE, 5 * MEBIBYTE]
    return [0, SECTOR, SECTOR + 576, SECTOR + 1024, len(content) - SECTOR]


def _sums_put_right(content: bytes) -> bytes:
    """Let no checksum keep a lie from being believed."""
    hurt = bytearray(content)
    if content.startswith(b"vhdxfile") and len(hurt) > MEBIBYTE:
        for at, size in ((64 << 10, 4096), (128 << 10, 4096), (192 << 10, 64 << 10), (256 << 10, 64 << 10)):
            hurt[at + 4 : at + 8] = bytes(4)
            hurt[at + 4 : at + 8] = struct.pack("<I", crc32c(bytes(hurt[at : at + size])))
    elif len(hurt) > 4096:
        for at, size, field in ((0, 512, 64), (512, 1024, 36), (len(hurt) - 512, 512, 64)):
            hurt[at + field : at + field + 4] = bytes(4)
            struct.pack_into(">I", hurt, at + field, ~sum(hurt[at : at + size]) & 0xFFFFFFFF)
    return bytes(hurt)


@needs_qemu
@pytest.mark.parametrize(("name", "write"), [("vpc", write_vhd), ("vhdx", write_vhdx)])
def test_qemu_reads_the_same_from_what_these_tests_make(name: str, write: Write, tmp_path: Path):
    path = write(tmp_path / "made", SIZE, OLD)
    subprocess.run(["qemu-img", "convert", "-f", name, "-O", "raw", path, tmp_path / "raw"], check=True)
    assert (tmp_path / "raw").read_bytes() == whole(path)


@needs_qemu
@pytest.mark.parametrize("options", ["vpc subformat=dynamic", "vpc subformat=fixed", "vhdx subformat=dynamic",
                                     "vhdx subformat=fixed"])  # fmt: skip
def test_what_qemu_makes_reads_as_what_went_in(options: str, tmp_path: Path):
    name, option = options.split()
    (tmp_path / "raw").write_bytes(flat(OLD))
    raw, made = str(tmp_path / "raw"), str(tmp_path / "made")
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", name, "-o", option, raw, made], check=True)
    described = describe(tmp_path / "made")
    assert described.kind.value == option.removeprefix("subformat=")
    assert whole(tmp_path / "made")[:SIZE] == flat(OLD)
