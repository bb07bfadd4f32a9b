"""The file layer: what the system's files promise, and that the bad disks of these tests are as bad as they say."""

import errno
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.files import (
    SYSTEM,
    Files,
    Opening,
    SeekingFile,
    SystemFile,
    SystemFiles,
    read_fully,
    write_atomically,
    write_fully,
)
from tests.engine.disks import CrashDisk, Faulty, fail, short

MEBIBYTE = 1 << 20


class WithoutPositions(SystemFiles):
    """As on a system that cannot read and write at positions."""

    def open(self, path: Path, opening: Opening) -> SeekingFile:
        return SeekingFile(path, opening)


@pytest.fixture(
    params=[lambda: SYSTEM, CrashDisk, lambda: Faulty(SYSTEM), WithoutPositions],
    ids=["system", "crash disk", "faulty", "seeking"],
)
def files(request: pytest.FixtureRequest) -> Files:
    make: Callable[[], Files] = request.param
    return make()


def test_what_was_written_at_an_offset_is_read_there(files: Files, tmp_path: Path):
    file = files.open(tmp_path / "a", "create")
    write_fully(file, b"words", 1000)
    file.begin_sync(0, MEBIBYTE)  # whatever it does, nobody sees it
    room = bytearray(9)
    assert (file.size(), read_fully(file, room, 998), bytes(room[:7])) == (1005, 7, b"\0\0words")


def test_a_punched_range_reads_as_zeros_and_is_a_hole_where_holes_are_known(files: Files, tmp_path: Path):
    file = files.open(tmp_path / "a", "create")
    write_fully(file, b"x" * (3 * MEBIBYTE), 0)
    file.punch(MEBIBYTE, MEBIBYTE)
    room = bytearray(3 * MEBIBYTE)
    read_fully(file, room, 0)
    assert room == b"x" * MEBIBYTE + bytes(MEBIBYTE) + b"x" * MEBIBYTE
    covered = {position >> 20 for start, end in file.extents(0, file.size()) for position in range(start, end, 512)}
    assert covered == ({0, 1, 2} if isinstance(files, WithoutPositions) else {0, 2})


@pytest.mark.parametrize(
    "call",
    [
        lambda file: file.pread(bytearray(9), 0),
        lambda file: file.pwrite(b"words", 0),
        lambda file: file.size(),
        lambda file: file.truncate(9),
        lambda file: file.punch(0, 9),
        lambda file: next(file.extents(0, 9)),
    ],
)
@pytest.mark.parametrize("kind", [SystemFile, SeekingFile])
def test_whatever_the_system_refuses_names_the_file(
    kind: type[SystemFile], call: Callable[[SystemFile], object], tmp_path: Path
):
    file = kind(tmp_path / "a", "create")
    file.close()
    with pytest.raises(OSError, match="Bad file descriptor") as raised:
        call(file)
    assert raised.value.filename == str(tmp_path / "a")


def test_extents_stay_within_what_was_asked(files: Files, tmp_path: Path):
    file = files.open(tmp_path / "a", "create")
    file.truncate(4 * MEBIBYTE)
    write_fully(file, b"x" * MEBIBYTE, MEBIBYTE)
    asked = list(file.extents(MEBIBYTE + 512, MEBIBYTE + 1024))
    assert (asked[0][0], asked[-1][1]) == (MEBIBYTE + 512, MEBIBYTE + 1024)
    if not isinstance(files, WithoutPositions):
        assert list(file.extents(3 * MEBIBYTE, 4 * MEBIBYTE)) == []


def test_a_new_file_never_replaces_an_old_one(files: Files, tmp_path: Path):
    files.open(tmp_path / "a", "create").close()
    with pytest.raises(FileExistsError):
        files.open(tmp_path / "a", "create")
    with pytest.raises(FileNotFoundError):
        files.open(tmp_path / "b", "write")
    assert files.names(tmp_path) == ["a"]


def test_short_reads_and_writes_are_gone_on_with(tmp_path: Path):
    files = Faulty(SYSTEM, short(every=2))
    file = files.open(tmp_path / "a", "create")
    data = random.Random(1).randbytes(10_000)
    write_fully(file, data, 3)
    room = bytearray(10_000)
    assert (read_fully(file, room, 3), bytes(room)) == (10_000, data)
    assert len(files.calls) > 3


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC])
def test_a_failing_replacement_leaves_the_old_file(code: int, tmp_path: Path):
    path = tmp_path / "state"
    calls = 0
    while True:
        disk = CrashDisk()
        disk.put(path, b"old")
        calls += 1
        try:
            write_atomically(Faulty(disk, fail(calls, code)), path, b"new")
        except OSError:
            assert disk.content(path) in {b"old", b"new"}
        else:
            break
    assert calls > 5


def test_a_crash_leaves_the_old_file_or_the_new_one():
    path = Path("folder/state")
    seen = set()
    for seed in range(60):
        for stop in range(1, 7):
            disk = CrashDisk()
            disk.put(path, b"o" * 2000)
            try:
                write_atomically(Faulty(disk, fail(stop, errno.EIO, sticky=True)), path, b"n" * 2000)
            except OSError:
                pass
            else:
                assert disk.crashed(random.Random(seed)).content(path) == b"n" * 2000
            seen.add(disk.crashed(random.Random(seed)).content(path))
    assert seen == {b"o" * 2000, b"n" * 2000}


def test_the_crash_disk_tears_what_was_not_synced_and_nothing_else():
    disk = CrashDisk()
    file = disk.open(Path("f/a"), "create")
    disk.sync_folder(Path("f"))
    write_fully(file, b"s" * 2048, 0)
    file.sync()
    write_fully(file, b"u" * 1024, 512)
    left = {disk.crashed(random.Random(seed)).content(Path("f/a")) for seed in range(50)}
    assert left == {
        b"s" * 512 + one * 512 + two * 512 + b"s" * 512 for one in (b"s", b"u") for two in (b"s", b"u")
    }  # fmt: skip


def test_the_crash_disk_loses_names_that_were_not_synced():
    disk = CrashDisk()
    disk.put(Path("f/a"), b"")
    disk.open(Path("f/b"), "create").sync()
    assert {tuple(disk.crashed(random.Random(seed)).names(Path("f"))) for seed in range(20)} == {("a",), ("a", "b")}


def test_an_error_of_the_system_names_the_file():
    file = SYSTEM.open(Path("/dev/full"), "write")
    with pytest.raises(OSError, match="No space left on device: '/dev/full'"):
        file.pwrite(b"x", 0)
    file.close()
