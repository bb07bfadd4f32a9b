"""Real volumes under VSS: what their copies hold, when they can be corrected, and what a full or lost one means."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clock import Clock, SystemClock, VirtualClock
from engine.hresult import HResult
from engine.occurrence import Machine
from engine.pipeline import Scope, Stage
from engine.volume import Volume
from engine.vss.coordinator import DEFAULT_LIMITS, Coordinator, Limits
from engine.vss.copy_on_write import CopyOnWriteProvider, CorrectableCopy
from engine.vss.errors import BadStateError, VssError
from engine.vss.identities import SYSTEM_PROVIDER
from engine.vss.mounted import MountedVolume, VirtualHoldClock, announce_losses
from engine.vss.occurrences import ShadowCopyLost
from engine.vss.requestor import shadow_copies
from tests.engine.vss.machines import Watcher

SIZE = 1 << 20


class NoFiles:
    """A volume without a file system has nothing in memory."""

    def flush(self) -> None:
        pass


class Machinery:
    def __init__(
        self, folder: Path, limit: int | None = None, clock: Clock | None = None, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        self.clock = clock or VirtualClock()
        self.watcher = Watcher()
        machine = Machine("HV01", Scope.HOST, self.clock, self.watcher)
        path = folder / "disk"
        path.write_bytes(b"old." * (SIZE // 4))
        report = announce_losses(machine, "D:", Stage.READ_SOURCE)
        holding = VirtualHoldClock(self.clock) if isinstance(self.clock, VirtualClock) else None
        self.block = Volume(path, limit=limit, clock=holding, report=report)
        self.mounted = MountedVolume("D:", self.block, NoFiles(), self.clock)
        self.provider = CopyOnWriteProvider(machine, SYSTEM_PROVIDER, {"D:": self.block})
        self.coordinator = Coordinator(machine, [], [self.provider], limits)

    def back_up(self) -> None:
        async def main() -> None:
            async with shadow_copies(self.coordinator, "backup.exe", [self.mounted]):
                pass

        self.clock.run(main())


def test_a_copy_holds_the_moment_and_cannot_be_written_afterwards(tmp_path):
    machinery = Machinery(tmp_path)

    async def main() -> None:
        async with shadow_copies(machinery.coordinator, "backup.exe", [machinery.mounted]) as made:
            machinery.block.write(0, b"new!")
            copy, room = made.copies["D:"], bytearray(8)
            copy.read_into(0, room)
            assert room == b"old.old."
            with pytest.raises(BadStateError):
                copy.write(0, b"forged")
        assert machinery.provider.left == 0

    machinery.clock.run(main())
    assert machinery.block.shadow_copies == ()


def test_a_copy_that_outgrows_its_diff_area_is_lost_and_told(tmp_path):
    machinery = Machinery(tmp_path, limit=64 << 10)

    async def main() -> None:
        async with shadow_copies(machinery.coordinator, "backup.exe", [machinery.mounted]) as made:
            machinery.block.write(0, b"new." * (SIZE // 4))
            assert not made.copies["D:"].alive

    machinery.clock.run(main())
    lost = machinery.watcher.of(ShadowCopyLost)
    assert [(loss.volume, loss.event_id, result) for loss, result in lost] == [
        ("D:", 36, HResult.VSS_E_OBJECT_NOT_FOUND)
    ]


def test_where_no_diff_area_can_be_made_the_set_fails_before_anybody_freezes(tmp_path):
    machinery = Machinery(tmp_path)
    (tmp_path / "disk.shadow").write_bytes(b"in the way of the folder")
    with pytest.raises(VssError) as caught:
        machinery.back_up()
    assert caught.value.hresult is HResult.VSS_E_INSUFFICIENT_STORAGE
    assert machinery.provider.left == 0


def test_in_real_time_too_a_flush_that_blocks_is_given_up_at_its_limit(tmp_path):
    machinery = Machinery(tmp_path, clock=SystemClock(), limits=Limits(flush=0.05))

    class SlowFiles:
        def flush(self) -> None:
            time.sleep(0.2)

    machinery.mounted.filesystem = SlowFiles()
    with pytest.raises(VssError) as caught:
        machinery.back_up()
    assert caught.value.hresult is HResult.VSS_E_FLUSH_WRITES_TIMEOUT
    assert machinery.provider.left == 0


def test_a_disk_that_cannot_be_flushed_fails_the_set(tmp_path):
    machinery = Machinery(tmp_path)

    class FailingFiles:
        def flush(self) -> None:
            raise OSError(5, "I/O error")

    machinery.mounted.filesystem = FailingFiles()

    with pytest.raises(VssError) as caught:
        machinery.back_up()
    assert caught.value.hresult is HResult.VSS_E_UNEXPECTED
    assert machinery.provider.left == 0
    machinery.block.write(0, b"goes on")


writes = st.lists(st.tuples(st.integers(0, 200_000), st.binary(min_size=1, max_size=40_000)), max_size=6)


@given(writes, writes, st.tuples(st.integers(0, 200_000), st.integers(1, 62_144)))
def test_a_corrected_copy_reads_as_if_it_had_been_written_in_place(tmp_path_factory, corrections, later, window):
    folder = tmp_path_factory.mktemp("copy")
    (folder / "disk").write_bytes(bytes(262_144))
    volume = Volume(folder / "disk")
    with volume.writes_held():
        copy = CorrectableCopy(volume.create_shadow_copy("one"))
    expected = bytearray(262_144)
    copy.sealed = False
    for offset, data in corrections:
        copy.write(offset, data)
        expected[offset : offset + len(data)] = data
    for offset, data in later:
        volume.write(offset, data)
    start, length = window
    room = bytearray(length)
    copy.read_into(start, room)
    assert room == expected[start : start + length]
    known = bytearray(262_144)
    for first, last in copy.extents(0, 262_144):
        copy.read_into(first, memoryview(known)[first:last])
    assert known == expected
    volume.close()
