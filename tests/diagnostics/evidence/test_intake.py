import gzip
import io
import lzma
import os
import stat
import sys
import tarfile
import time
from bz2 import compress as bzip2
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.evidence.document import Document
from diagnostics.evidence.intake import Intake, UnreadableInput
from diagnostics.evidence.inventory import DUPLICATE, EMPTY, REFUSED, UNREADABLE, SourceReport
from diagnostics.evidence.members import DEFAULT_LIMITS, Limits, refusal
from tests.diagnostics.evidence.forge import (
    HOSTILE_NAMES,
    gzip_bomb,
    patched_zip,
    tar_of,
    tar_of_type,
    zip_bomb,
    zip_of,
    zip_with_mode,
)

TEXT = b"State: [8] Failed\r\n"
SMALL = Limits(members=50, total=1 << 20, ratio=50, ratio_floor=1 << 16)

_writes: list[str] | None = None


def _watch(event: str, args: tuple[object, ...]) -> None:
    if (
        _writes is not None
        and event == "open"
        and isinstance(args[2], int)
        and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    ):
        _writes.append(str(args[0]))


sys.addaudithook(_watch)


@contextmanager
def files_written() -> Iterator[list[str]]:
    global _writes  # noqa: PLW0603 - an audit hook cannot be removed, only silenced
    _writes = []
    try:
        yield _writes
    finally:
        _writes = None


def take(
    *paths: str | Path, limits: Limits = DEFAULT_LIMITS, stdin: bytes = b""
) -> tuple[dict[str, bytes], dict[str, SourceReport]]:
    """What an intake makes of paths: documents with their content, and reports, by name."""
    documents, reports = {}, {}
    with Intake(limits, io.BytesIO(stdin)) as intake:
        for item in intake.documents(paths):
            if isinstance(item, Document):
                documents[item.name] = item.path.read_bytes()
            else:
                reports[item.path] = item
    return documents, reports


def why(report: SourceReport) -> str:
    return report.damage[0].why


def written(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_folders_are_read_in_sorted_order_whatever_the_order_of_the_arguments(tmp_path):
    for name in ("b/2.txt", "b/1.txt", "a/z.txt", "c.txt"):
        written(tmp_path / name, name.encode())
    arguments = [tmp_path / "b", tmp_path / "a", tmp_path / "c.txt"]
    expected = ["a/z.txt", "b/1.txt", "b/2.txt", "c.txt"]
    assert list(take(*arguments)[0]) == list(take(*reversed(arguments))[0]) == expected


def test_equal_names_are_told_apart_by_their_folders(tmp_path):
    for machine in ("HV01", "HV02"):
        written(tmp_path / machine / "vssadmin.txt", machine.encode())
    documents, _ = take(tmp_path / "HV01" / "vssadmin.txt", tmp_path / "HV02" / "vssadmin.txt")
    assert list(documents) == ["HV01/vssadmin.txt", "HV02/vssadmin.txt"]


@pytest.mark.parametrize(
    ("name", "archive"),
    [
        ("logs.zip", zip_of({"HV01/a.txt": TEXT})),
        ("logs.tar", tar_of({"HV01/a.txt": TEXT})),
        ("logs.tar.gz", tar_of({"HV01/a.txt": TEXT}, "w:gz")),
        ("logs.tar.bz2", tar_of({"./HV01/a.txt": TEXT}, "w:bz2")),
        ("logs.tar.xz", tar_of({"HV01/a.txt": TEXT}, "w:xz")),
        ("logs.dat", zip_of({"HV01\\a.txt": TEXT})),
    ],
)
def test_archives_are_told_by_content_and_opened(tmp_path, name, archive):
    documents, reports = take(written(tmp_path / name, archive))
    assert documents == {f"{name}/HV01/a.txt": TEXT}
    assert not reports


@pytest.mark.parametrize(("ending", "pack"), [("gz", gzip.compress), ("bz2", bzip2), ("xz", lzma.compress)])
def test_a_single_packed_file_is_unpacked(tmp_path, ending, pack):
    documents, _ = take(written(tmp_path / f"HV01-vssadmin.txt.{ending}", pack(TEXT)))
    assert documents == {f"HV01-vssadmin.txt.{ending}/HV01-vssadmin.txt": TEXT}


def test_archives_in_archives_are_opened_twice_and_refused_at_the_third_time(tmp_path):
    deep = zip_of({"c.zip": zip_of({"d.zip": zip_of({"e.txt": TEXT})})})
    archive = zip_of({"HV01.zip": zip_of({"log.gz": gzip.compress(TEXT)}), "b.zip": deep})
    documents, reports = take(written(tmp_path / "a.zip", archive))
    assert documents == {"a.zip/HV01.zip/log.gz/log": TEXT}
    assert [(path, report.kind) for path, report in reports.items()] == [("a.zip/b.zip/c.zip/d.zip", REFUSED)]


@pytest.mark.parametrize("make", [zip_of, tar_of])
@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_member_with_a_hostile_name_is_refused_and_nothing_is_written_elsewhere(tmp_path, name, make):
    archive = written(tmp_path / "in" / "a.archive", make({name: TEXT, "good.txt": b"good"}))
    work = tmp_path / "work"
    work.mkdir()
    with mock.patch("tempfile.tempdir", str(work)), files_written() as writes:
        documents, reports = take(archive)
    assert documents == {"a.archive/good.txt": b"good"}
    assert [report.kind for report in reports.values()] == [REFUSED]
    assert all(Path(path).is_relative_to(work) for path in writes)
    assert not any(work.iterdir())


HOSTILE_ARCHIVES = {
    "symbolic link in tar": (tar_of_type(tarfile.SYMTYPE), "link"),
    "hard link in tar": (tar_of_type(tarfile.LNKTYPE), "link"),
    "link out of the folder in tar": (tar_of_type(tarfile.SYMTYPE, "../../.."), "link"),
    "character device in tar": (tar_of_type(tarfile.CHRTYPE), "neither file nor folder"),
    "block device in tar": (tar_of_type(tarfile.BLKTYPE), "neither file nor folder"),
    "pipe in tar": (tar_of_type(tarfile.FIFOTYPE), "neither file nor folder"),
    "symbolic link in zip": (zip_with_mode(stat.S_IFLNK | 0o777), "link"),
    "device in zip": (zip_with_mode(stat.S_IFCHR | 0o600), "neither file nor folder"),
    "pipe in zip": (zip_with_mode(stat.S_IFIFO | 0o600), "neither file nor folder"),
    "encrypted zip": (patched_zip("a.txt", TEXT, flags=1), "encrypted"),
    "zip with an unknown method": (patched_zip("a.txt", TEXT, method=77), "cannot be unpacked"),
    "zip in Deflate64": (patched_zip("a.txt", TEXT, method=9), "cannot be unpacked"),
    "7-Zip": (b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(64), "7-Zip archive: unpack it first"),
    "RAR": (b"Rar!\x1a\x07\x01\x00" + bytes(64), "RAR archive: unpack it first"),
    "cabinet": (b"MSCF" + bytes(64), "expand"),
    "Zstandard": (b"\x28\xb5\x2f\xfd" + bytes(64), "Zstandard file: unpack it first"),
    "Office document": (zip_of({"[Content_Types].xml": b"<Types/>", "xl/a.xml": b"<a/>"}), "save its text"),
    "more members than granted": (zip_of({f"{n}.txt": TEXT for n in range(51)}), "more than 50 members"),
    "more members than granted, in tar": (tar_of({f"{n}.txt": TEXT for n in range(51)}), "more than 50 members"),
    "more bytes than granted": (zip_of({"a.txt": os.urandom(1 << 20), "b.txt": TEXT}), "bytes when unpacked"),
    "more bytes than granted, in tar": (tar_of({"a.txt": os.urandom((1 << 20) + 1)}), "bytes when unpacked"),
    "bomb": (zip_of({"a.evtx": bytes(1 << 19)}), "bomb"),
    "bomb in gzip": (gzip.compress(bytes(1 << 19)), "bomb"),
    "bomb in bzip2": (bzip2(bytes(1 << 19)), "bomb"),
    "bomb in xz": (lzma.compress(bytes(1 << 19)), "bomb"),
    "bomb in tar.gz": (tar_of({"a": bytes(1 << 19)}, "w:gz"), "bomb"),
    "bomb with a refused name in tar.gz": (tar_of({"../a": bytes(1 << 19)}, "w:gz"), "bomb"),
    "empty zip": (zip_of({}), "holds no files"),
    "zip without directory": (zip_of({"a.txt": TEXT})[:40], "damaged"),
    "gzip header alone": (b"\x1f\x8b\x08" + bytes(7), ""),
    "tar cut in its second header": (tar_of({"a": TEXT, "b": TEXT})[:1300], "damaged"),
}


@pytest.mark.parametrize("case", HOSTILE_ARCHIVES)
def test_a_hostile_or_broken_archive_is_named_with_the_reason(tmp_path, case):
    content, reason = HOSTILE_ARCHIVES[case]
    _, reports = take(written(tmp_path / "a.bin", content), limits=SMALL)
    assert reports
    assert any(reason in why(report) for report in reports.values()), [why(report) for report in reports.values()]
    assert {report.kind for report in reports.values()} <= {REFUSED, EMPTY, DUPLICATE}


def test_names_that_differ_in_case_only_are_one_file_and_the_second_is_refused(tmp_path):
    names = {"HV01/System.evtx": b"1", "hv01/SYSTEM.EVTX": b"2", "HV01\\system.evtx": b"3"}
    documents, reports = take(written(tmp_path / "a.zip", zip_of(names)))
    assert list(documents.values()) == [b"1"]
    assert len(reports) == 2


@pytest.mark.parametrize(
    ("name", "bomb"),
    [
        ("bomb.gz", gzip_bomb(10 << 10)),
        ("bomb.zip", zip_bomb(10 << 10, claims=0xFFFFFFF0)),
        ("liar.zip", zip_bomb(10 << 10, claims=1000)),
    ],
)
def test_a_bomb_of_ten_gibibytes_is_stopped_within_two_seconds_and_leaves_nothing(tmp_path, name, bomb):
    work = tmp_path / "work"
    work.mkdir()
    path = written(tmp_path / name, bomb)
    started = time.perf_counter()
    with mock.patch("tempfile.tempdir", str(work)), files_written() as writes:
        documents, _ = take(path)
    assert time.perf_counter() - started < 2
    assert sum(map(len, documents.values())) <= 64 << 20
    assert all(Path(path).is_relative_to(work) for path in writes)
    assert not any(work.iterdir())


def test_what_precedes_the_damage_of_an_archive_is_read(tmp_path):
    log = "\n".join(f"{n} State: [8] Failed {n * 7919 % 10007}" for n in range(20000)).encode()
    path = written(tmp_path / "a.log.gz", gzip.compress(log)[:-2000])
    with Intake() as intake:
        (document,) = intake.documents([path])
        assert isinstance(document, Document)
        assert log.startswith(document.path.read_bytes())
        assert document.path.stat().st_size > 1000
        assert "end-of-stream" in intake.damage[document.name][0].why


def test_an_input_that_does_not_exist_is_an_error_before_anything_is_read(tmp_path):
    with pytest.raises(UnreadableInput, match=r"missing\.evtx does not exist"):
        take(written(tmp_path / "a.txt", TEXT), tmp_path / "missing.evtx")
    with pytest.raises(UnreadableInput):
        take()


def test_empty_files_are_named_as_empty(tmp_path):
    _, reports = take(written(tmp_path / "a.txt", b""))
    assert reports["a.txt"].kind == EMPTY


def test_an_empty_folder_is_named_as_empty(tmp_path):
    (tmp_path / "logs" / "HV01").mkdir(parents=True)
    _, reports = take(tmp_path / "logs")
    assert why(reports["logs"]) == "the folder holds no files"


def test_a_copy_is_read_once_and_listed_as_a_duplicate(tmp_path):
    for name in ("1/System.evtx", "2/backup/System.evtx"):
        written(tmp_path / "x" / name, b"ElfFile\0" + bytes(range(256)))
    written(tmp_path / "x" / "other.evtx", b"ElfFile\0" + bytes(reversed(range(256))))
    documents, reports = take(tmp_path / "x")
    assert list(documents) == ["x/1/System.evtx", "x/other.evtx"]
    assert reports["x/2/backup/System.evtx"].kind == DUPLICATE
    assert why(reports["x/2/backup/System.evtx"]) == "duplicate of x/1/System.evtx"


def test_equal_texts_of_two_machines_are_two_pieces_of_evidence(tmp_path):
    for name in ("HV01-vssadmin.txt", "HV02-vssadmin.txt", "copy/HV02-vssadmin.txt"):
        written(tmp_path / "x" / name, TEXT)
    documents, reports = take(tmp_path / "x")
    assert len(documents) == 2
    assert len(reports) == 1


def test_listings_that_hold_nothing_are_told_apart_by_their_names_and_folders(tmp_path):
    for name in ("MAIL/vssadmin-shadows.txt", "MAIL/vssadmin-shadowstorage.txt", "FILE/vssadmin-shadows.txt"):
        written(tmp_path / "x" / name, TEXT)
    documents, reports = take(tmp_path / "x")
    assert len(documents) == 3
    assert not reports


def test_links_are_not_followed_and_those_that_leave_the_folder_are_named(tmp_path):
    written(tmp_path / "x" / "a.txt", TEXT)
    written(tmp_path / "secret.txt", b"secret")
    (tmp_path / "x" / "inside").symlink_to(tmp_path / "x" / "a.txt")
    (tmp_path / "x" / "loop").symlink_to(tmp_path / "x", target_is_directory=True)
    (tmp_path / "x" / "outside").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "x" / "broken").symlink_to(tmp_path / "nowhere")
    documents, reports = take(tmp_path / "x")
    assert list(documents) == ["x/a.txt"]
    assert {path: report.kind for path, report in reports.items()} == {"x/outside": REFUSED, "x/broken": UNREADABLE}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    _, reports = take(tmp_path)
    assert [report.kind for report in reports.values()] == [REFUSED]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_file_without_permission_is_a_line_of_the_inventory(tmp_path):
    written(tmp_path / "a.txt", TEXT).chmod(0)
    _, reports = take(tmp_path)
    assert [report.kind for report in reports.values()] == [UNREADABLE]


def test_a_file_that_vanishes_is_a_line_of_the_inventory(tmp_path):
    written(tmp_path / "a.txt", TEXT)
    written(tmp_path / "b.txt", TEXT + TEXT)
    with Intake() as intake:
        items = intake.documents([tmp_path])
        assert isinstance(next(items), Document)
        (tmp_path / "b.txt").unlink()
        assert [item.kind for item in items if isinstance(item, SourceReport)] == [UNREADABLE]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (TEXT, {"standard input": TEXT}),
        (b"ElfFile\0\x01\x02", {"standard input": b"ElfFile\0\x01\x02"}),
        (zip_of({"HV01/a.txt": TEXT}), {"standard input/HV01/a.txt": TEXT}),
        (b"", {}),
    ],
)
def test_standard_input_may_be_text_a_log_or_an_archive(given, expected):
    assert take("-", stdin=given)[0] == expected


def test_a_name_in_the_code_page_of_a_japanese_system_is_read(tmp_path):
    raw = zip_of({"HV01/Q0Q0.txt": TEXT}).replace(b"Q0Q0", "一覧".encode("cp932"))
    assert list(take(written(tmp_path / "a.zip", raw))[0]) == ["a.zip/HV01/一覧.txt"]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_a_welcome_name_stays_inside_whatever_system_joins_it(name):
    if refusal(name) is None:
        parts = name.replace("\\", "/").split("/")
        assert ".." not in parts
        assert not name.startswith(("/", "\\"))
        assert ":" not in name


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_damage_to_an_archive_is_an_error(tmp_path_factory, data):
    sound = data.draw(
        st.sampled_from([zip_of({"a/b.txt": TEXT, "c": b"x" * 999}), tar_of({"a/b.txt": TEXT, "c": b"x" * 999})])
    )
    damaged = bytearray(sound[: data.draw(st.integers(4, len(sound)))])
    for _ in range(data.draw(st.integers(0, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path = written(tmp_path_factory.mktemp("damaged") / "a.bin", bytes(damaged))
    documents, reports = take(path, limits=SMALL)
    assert documents or reports
