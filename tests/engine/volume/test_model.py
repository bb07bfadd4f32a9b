"""A volume beside a model of plain bytes: whatever is written, snapshotted, released or lost, both say the same."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from engine.volume import ShadowCopy, ShadowCopyLost, ShadowCopyLostError, Volume, VolumeEvent
from engine.volume.chain import REFERENCES
from engine.volume.diffarea import BLOCK

SIZE = 40 * BLOCK - 1000
"""Its last block is short."""
LIMIT = 24 * BLOCK
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - syncing to a disk takes long

offsets = st.integers(0, SIZE - 1)
lengths = st.one_of(st.integers(1, 5000), st.integers(1, 8 * BLOCK))


class VolumeBesideItsModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY))
        path = self.folder / "disk.img"
        with path.open("wb") as file:
            file.truncate(SIZE)
            file.seek(3 * BLOCK)
            file.write(b"old" * 20_000)
        self.now = bytearray(path.read_bytes())
        self.lost: list[str] = []
        self.copies: dict[str, tuple[ShadowCopy, bytes]] = {}
        self.then: dict[str, bytes] = {}
        """What the volume held when each copy was made, whether it still lives or not."""
        self.volume = Volume(path, limit=LIMIT, tracked=True, report=self.told)

    def told(self, event: VolumeEvent) -> None:
        assert isinstance(event, ShadowCopyLost)
        self.lost.append(event.copy_id)

    def teardown(self) -> None:
        self.volume.close()
        assert (self.folder / "disk.img").read_bytes() == self.now
        assert {path.name for path in (self.folder / "disk.img.shadow").iterdir()} == {"changes", "changes.regions"}
        shutil.rmtree(self.folder)

    @rule(offset=offsets, length=lengths, fill=st.integers(0, 3))
    def write(self, offset: int, length: int, fill: int) -> None:
        data = bytes([fill * 50]) * min(length, SIZE - offset)
        self.volume.write(offset, data)
        self.now[offset : offset + len(data)] = data

    @rule(offset=offsets, length=lengths)
    def discard(self, offset: int, length: int) -> None:
        length = min(length, SIZE - offset)
        self.volume.discard(offset, length)
        self.now[offset : offset + length] = bytes(length)

    @rule()
    def snapshot(self) -> None:
        name = f"copy {len(self.then)}"
        with self.volume.writes_held():
            self.copies[name] = self.volume.create_shadow_copy(name), bytes(self.now)
        self.then[name] = bytes(self.now)

    @precondition(lambda self: self.copies)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        copy, _ = self.copies.pop(data.draw(st.sampled_from(sorted(self.copies))))
        copy.release()
        with pytest.raises(ShadowCopyLostError):
            copy.read_into(0, bytearray(1))

    @precondition(lambda self: self.copies)
    @rule(data=st.data(), offset=offsets, length=lengths)
    def read(self, data: st.DataObject, offset: int, length: int) -> None:
        copy, held = self.copies[data.draw(st.sampled_from(sorted(self.copies)))]
        room = bytearray(min(length, SIZE - offset))
        copy.read_into(offset, room)
        assert room == held[offset : offset + len(room)]

    @precondition(lambda self: self.copies)
    @rule(data=st.data(), start=offsets, end=offsets)
    def extents_leave_out_nothing_but_zeros(self, data: st.DataObject, start: int, end: int) -> None:
        copy, held = self.copies[data.draw(st.sampled_from(sorted(self.copies)))]
        shown = bytearray(SIZE)
        for low, high in copy.extents(start, end):
            assert start <= low < high <= end
            shown[low:high] = held[low:high]
        assert shown[start:end] == held[start:end]

    @precondition(lambda self: self.copies)
    @rule(data=st.data())
    def changes_between_two_copies_leave_out_nothing(self, data: st.DataObject) -> None:
        names = list(self.then)
        name = data.draw(st.sampled_from(sorted(self.copies)))
        reference = data.draw(st.sampled_from(names[: names.index(name) + 1]))
        copy, held = self.copies[name]
        changes = copy.changed_since(reference)
        if changes is None:
            assert names.index(reference) <= len(names) - 1 - REFERENCES
            return
        replica = bytearray(self.then[reference])
        for low, high in changes:
            replica[low:high] = held[low:high]
        assert replica == held

    @invariant()
    def lost_copies_were_announced_oldest_first_and_cannot_be_read(self) -> None:
        for name in self.lost:
            assert name == next(iter(self.copies)), "the oldest is lost first"
            copy, _ = self.copies.pop(name)
            assert not copy.alive
        self.lost.clear()
        assert [copy.id for copy in self.volume.shadow_copies] == list(self.copies)

    @invariant()
    def the_diff_area_stays_within_its_limit_and_counts_what_its_files_hold(self) -> None:
        allocated = sum(path.stat().st_blocks * 512 for path in (self.folder / "disk.img.shadow").glob("*.old-blocks"))
        assert allocated <= self.volume.diff_area_used <= LIMIT
        assert self.copies or not self.volume.diff_area_used


TestVolumeBesideItsModel = VolumeBesideItsModel.TestCase
TestVolumeBesideItsModel.settings = settings(max_examples=40, stateful_step_count=40)
