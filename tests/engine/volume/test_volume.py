"""What a volume refuses, and with which HRESULT; what it leaves behind and finds again."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.hresult import HResult
from engine.volume import (
    BadStateError,
    FlushTimeoutError,
    InsufficientStorageError,
    OutOfRangeError,
    ShadowCopy,
    TooManyShadowCopiesError,
    Volume,
    VolumeError,
)
from engine.volume.bitmap import Bitmap, runs
from engine.volume.diffarea import BLOCK
from engine.volume.volume import MOST_EPOCHS
from tests.engine.disks import Call, CrashDisk, Fault, Faulty
from tests.engine.volume.test_crash import SlowClock

PATH = Path("images/disk.img")
FOLDER = Path("images/disk.img.shadow")
SIZE = 4 * BLOCK


@pytest.fixture
def disk() -> CrashDisk:
    disk = CrashDisk()
    disk.put(PATH, b"o" * SIZE)
    return disk


def copy_of(volume: Volume, name: str) -> ShadowCopy:
    with volume.writes_held():
        return volume.create_shadow_copy(name)


@pytest.mark.parametrize(
    "request_of",
    [
        lambda volume, _copy: volume.read_into(SIZE - 1, bytearray(2)),
        lambda volume, _copy: volume.write(-1, b"x"),
        lambda volume, _copy: volume.write(SIZE, b"x"),
        lambda volume, _copy: volume.discard(0, SIZE + 1),
        lambda _volume, copy: copy.read_into(SIZE - 1, bytearray(2)),
    ],
)
def test_requests_that_leave_the_volume_are_refused(request_of: Callable[[Volume, ShadowCopy], None], disk: CrashDisk):
    volume = Volume(PATH, files=disk)
    with pytest.raises(OutOfRangeError) as refused:
        request_of(volume, copy_of(volume, "one"))
    assert refused.value.hresult is HResult.ERROR_INVALID_PARAMETER
    assert disk.content(PATH) == b"o" * SIZE


def test_requests_for_nothing_do_nothing(disk: CrashDisk):
    volume = Volume(PATH, files=disk)
    volume.write(SIZE, b"")
    volume.discard(SIZE, 0)
    copy_of(volume, "one").read_into(SIZE, bytearray())
    assert disk.content(PATH) == b"o" * SIZE


def test_calls_out_of_order_are_refused(disk: CrashDisk):
    volume = Volume(PATH, files=disk)
    with pytest.raises(BadStateError, match="not held"):
        volume.create_shadow_copy("one")
    with pytest.raises(BadStateError, match="not held"):
        volume.release_writes()
    with volume.writes_held():
        with pytest.raises(BadStateError, match="held already"):
            volume.hold_writes()
        volume.create_shadow_copy("one")
        with pytest.raises(BadStateError, match="one before"):
            volume.create_shadow_copy("one")
    volume.write(0, b"writes go on")


def test_a_flush_that_takes_too_long_lets_writes_go_on(disk: CrashDisk):
    clock, faulty = SlowClock(), Faulty(disk)
    volume = Volume(PATH, files=faulty, clock=clock)

    def slow(call: Call) -> Fault:
        clock.time += 11 if call.name == "sync" else 0
        return None

    faulty.plan = slow
    with pytest.raises(FlushTimeoutError) as late:
        volume.hold_writes()
    assert late.value.hresult is HResult.VSS_E_FLUSH_WRITES_TIMEOUT
    volume.write(0, b"writes go on")


def test_a_flush_that_fails_lets_writes_go_on(disk: CrashDisk):
    faulty = Faulty(disk)
    volume = Volume(PATH, files=faulty)
    faulty.plan = lambda call: OSError(errno.EIO, "rotten") if call.name == "sync" else None
    with pytest.raises(OSError, match="rotten"):
        volume.hold_writes()
    volume.write(0, b"writes go on")


@pytest.mark.parametrize("name", ["make_folder", "open", "truncate"])
def test_a_diff_area_that_cannot_be_made_is_insufficient_storage(name: str, disk: CrashDisk):
    faulty = Faulty(disk)
    volume = Volume(PATH, files=faulty)
    faulty.plan = lambda call: OSError(errno.ENOSPC, "full") if call.name == name else None
    with pytest.raises(InsufficientStorageError) as refused, volume.writes_held():
        volume.create_shadow_copy("one")
    assert refused.value.hresult is HResult.VSS_E_INSUFFICIENT_STORAGE
    assert disk.names(FOLDER) == []
    faulty.plan = lambda _call: None
    copy_of(volume, "one")


def test_there_are_only_so_many_shadow_copies(disk: CrashDisk):
    volume = Volume(PATH, files=disk)
    for number in range(MOST_EPOCHS):
        copy_of(volume, str(number))
    with pytest.raises(TooManyShadowCopiesError):
        copy_of(volume, "one too many")
    for copy in volume.shadow_copies[:10]:
        copy.release()
    copy_of(volume, "there is room again")


def test_what_a_process_left_is_removed_when_the_volume_is_opened_next(disk: CrashDisk):
    volume = Volume(PATH, files=disk)
    copy = copy_of(volume, "one")
    volume.write(0, b"new")
    assert disk.names(FOLDER) == ["000001.old-blocks"]
    assert Volume(PATH, files=disk).shadow_copies == ()
    assert disk.names(FOLDER) == []
    assert copy.size == SIZE


def test_every_error_has_an_hresult_of_failure():
    def kinds(kind: type[VolumeError]) -> list[type[VolumeError]]:
        return [kind, *(below for one in kind.__subclasses__() for below in kinds(one))]

    assert all(HResult(kind.hresult).failed for kind in kinds(VolumeError))


@given(count=st.integers(1, 300), data=st.data())
def test_a_bitmap_holds_the_bits_that_were_put(count: int, data: st.DataObject):
    bitmap, model = Bitmap(count), [False] * count
    for _ in range(data.draw(st.integers(1, 5))):
        start, end = sorted((data.draw(st.integers(0, count - 1)), data.draw(st.integers(1, count))))
        bits = data.draw(st.integers(0, (1 << max(0, end - start)) - 1))
        if start < end:
            bitmap.put(start, end, bits)
            model[start:end] = [bool(bits >> place & 1) for place in range(end - start)]
    word = bitmap.word(0, count)
    assert [bool(word >> place & 1) for place in range(count)] == model
    assert [place for first, last in runs(word) for place in range(first, last)] == [
        place for place, bit in enumerate(model) if bit
    ]
    again = Bitmap(count)
    again.from_bytes(bitmap.to_bytes())
    assert again.word(0, count) == word
