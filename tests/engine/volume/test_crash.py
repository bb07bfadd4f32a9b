"""What a volume holds and knows after its machine stopped at any call, and how it bears a failing disk."""

import errno
import os
import random
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from engine.files import SYSTEM
from engine.volume import Loss, ShadowCopyLost, ShadowCopyLostError, TrackingRestarted, Volume, VolumeError, VolumeEvent
from engine.volume.diffarea import BLOCK
from engine.volume.events import Report, ignore
from tests.engine.disks import SECTOR, Call, CrashDisk, Fault, Faulty, fail

PATH = Path("images/disk.img")
FOLDER = Path("images/disk.img.shadow")
MARKED = 1 << 20
"""Bytes that one mark stands for."""
SIZE = 3 * MARKED + 5 * BLOCK


class History:
    """A volume in use, and what is known of it from outside."""

    def __init__(self, disk: CrashDisk, faulty: Faulty, dice: random.Random) -> None:
        self.dice = dice
        self.faulty = faulty
        self.now = bytearray(disk.content(PATH))
        self.references: dict[str, bytes] = {}
        self.possible: dict[int, set[bytes]] = {}
        """Of sectors written since the last flush: what a crash may leave there."""
        self.volume = Volume(PATH, tracked=True, files=faulty)

    def go_on(self, steps: int) -> None:
        for _ in range(steps):
            self.dice.choices((self.write, self.flush, self.snapshot, self.reopen), (12, 2, 2, 1))[0]()

    def write(self) -> None:
        offset = self.dice.randrange(SIZE // SECTOR) * SECTOR
        data = self.dice.randbytes(self.dice.choice((1, 8, 70)) * SECTOR)[: SIZE - offset]
        for start in range(0, len(data), SECTOR):
            place = offset + start
            known = self.possible.setdefault(place, {bytes(self.now[place : place + SECTOR])})
            known.add(data[start : start + SECTOR])
        self.volume.write(offset, data)
        self.now[offset : offset + len(data)] = data

    def flush(self) -> None:
        self.volume.flush()
        self.possible.clear()

    def snapshot(self) -> None:
        name = f"copy {len(self.references)}"
        with self.volume.writes_held():
            self.possible.clear()
            copy = self.volume.create_shadow_copy(name)
        self.references[name] = bytes(self.now)
        copy.release()

    def reopen(self) -> None:
        self.volume.close()
        self.possible.clear()
        self.volume = Volume(PATH, tracked=True, files=self.faulty)


def run_until(stop: int, seed: int) -> tuple[CrashDisk, History]:
    """Use a volume whose machine stops at a call, or in the end; what the next start finds."""
    dice = random.Random(seed)
    disk = CrashDisk()
    disk.put(PATH, dice.randbytes(SIZE))
    faulty = Faulty(disk)
    history = History(disk, faulty, dice)
    faulty.plan = fail(len(faulty.calls) + stop, errno.EIO, sticky=True)
    with suppress(OSError, VolumeError):
        history.go_on(25)
    return disk.crashed(dice), history


def check_after_crash(disk: CrashDisk, history: History) -> int:
    """Compare with all that may be; how many references were known."""
    found = disk.content(PATH)
    for place in range(0, SIZE, SECTOR):
        sector = found[place : place + SECTOR]
        known = history.possible.get(place)
        assert sector == history.now[place : place + SECTOR] if known is None else sector in known
    volume = Volume(PATH, tracked=True, files=disk)
    with volume.writes_held():
        copy = volume.create_shadow_copy("after the crash")
    told = 0
    for reference, held in history.references.items():
        changes = copy.changed_since(reference)
        if changes is None:
            continue
        told += 1
        replica = bytearray(held)
        for low, high in changes:
            replica[low:high] = found[low:high]
        assert replica == found, "a change was forgotten"
    return told


def test_no_crash_forgets_a_change_or_what_was_flushed():
    told = 0
    for seed in range(40):
        told += check_after_crash(*run_until(stop=1 + seed * 7 % 120, seed=seed))
    assert told > 20, "references are known after a crash"


def in_use() -> tuple[CrashDisk, Volume]:
    """A tracked volume of which one copy was made, and its disk."""
    disk = CrashDisk()
    disk.put(PATH, bytes(SIZE))
    volume = Volume(PATH, tracked=True, files=disk)
    with volume.writes_held():
        volume.create_shadow_copy("first")
    return disk, volume


def changes_known(disk: CrashDisk, report: Report = ignore) -> list[tuple[int, int]] | None:
    """What was changed since that copy, as a volume that is opened again knows."""
    volume = Volume(PATH, tracked=True, files=disk, report=report)
    with volume.writes_held():
        changes = volume.create_shadow_copy("second").changed_since("first")
    return None if changes is None else list(changes)


def test_a_clean_end_keeps_exactly_what_was_changed():
    disk, volume = in_use()
    volume.write(5 * BLOCK + 3, b"x")
    volume.close()
    volume = Volume(PATH, tracked=True, files=disk)
    with volume.writes_held():
        copy = volume.create_shadow_copy("second")
    assert list(copy.changed_since("first") or ()) == [(5 * BLOCK, 6 * BLOCK)]
    assert copy.changed_since("unheard of") is None


def test_writes_all_over_a_large_volume_wait_for_few_marks_and_no_crash_forgets_one(tmp_path: Path):
    path = tmp_path / "disk.img"
    path.touch()
    os.truncate(path, 16 << 30)
    faulty = Faulty(SYSTEM)
    volume = Volume(path, tracked=True, files=faulty)
    with volume.writes_held():
        volume.create_shadow_copy("first").release()
    places = [random.Random(1).randrange((16 << 30) // SECTOR) * SECTOR for _ in range(5000)]
    for place in places:
        volume.write(place, b"x")
    syncs = sum(call.name == "sync" and call.path.name == "changes.regions" for call in faulty.calls)
    assert syncs < 130
    again = Volume(path, tracked=True)  # as after a crash: the first was never closed
    with again.writes_held():
        changes = list(again.create_shadow_copy("second").changed_since("first") or ())
    assert all(any(low <= place < high for low, high in changes) for place in places)


def test_marks_in_few_places_stay_narrow(tmp_path: Path):
    path = tmp_path / "disk.img"
    path.touch()
    os.truncate(path, 16 << 30)
    volume = Volume(path, tracked=True)
    with volume.writes_held():
        volume.create_shadow_copy("first").release()
    for place in range(4):
        volume.write(place << 30, b"x")
    again = Volume(path, tracked=True)
    with again.writes_held():
        changes = again.create_shadow_copy("second").changed_since("first")
    assert list(changes or ()) == [(place << 30, (place << 30) + MARKED) for place in range(4)]


def test_a_foreign_hand_on_the_volume_makes_everything_count_as_changed():
    disk, volume = in_use()
    volume.close()
    disk.open(PATH, "write").pwrite(b"somebody was here", 0)
    told: list[VolumeEvent] = []
    assert changes_known(disk, told.append) is None
    assert told == [TrackingRestarted("somebody else wrote the volume since")]


def test_writes_that_are_not_tracked_end_the_history_even_after_a_crash():
    disk, _ = in_use()
    Volume(PATH, files=disk).write(0, b"nobody notes this")
    assert changes_known(disk) is None


@pytest.mark.parametrize("name", ["changes", "changes.regions"])
def test_a_damaged_history_makes_everything_count_as_changed(name: str):
    disk, _ = in_use()
    file = disk.open(FOLDER / name, "write")
    if name == "changes":
        file.pwrite(b"\xff", file.size() // 2)
    else:
        file.truncate(10)
    told: list[VolumeEvent] = []
    assert changes_known(disk, told.append) is None
    assert [type(event) for event in told] == [TrackingRestarted]


@pytest.mark.parametrize("damage", ["missing", "cut off"])
def test_a_crash_while_damage_is_repaired_forgets_no_change(damage: str):
    for stop in range(1, 16):
        disk, volume = in_use()
        volume.write(0, b"a change")
        if damage == "missing":
            disk.remove(FOLDER / "changes.regions")
        else:
            disk.open(FOLDER / "changes.regions", "write").truncate(10)
        with suppress(OSError):
            Volume(PATH, tracked=True, files=Faulty(disk, fail(stop, errno.EIO, sticky=True)))
        for seed in range(8):
            changes = changes_known(disk.crashed(random.Random(seed)))
            assert changes is None or (0, MARKED) in changes


def test_a_change_that_cannot_be_noted_leaves_no_history_to_be_believed():
    disk = CrashDisk()
    disk.put(PATH, bytes(SIZE))
    faulty = Faulty(disk)
    told: list[VolumeEvent] = []
    volume = Volume(PATH, tracked=True, files=faulty, report=told.append)
    with volume.writes_held():
        volume.create_shadow_copy("first")
    faulty.plan = lambda call: OSError(errno.EIO, "rotten") if call.path.name == "changes.regions" else None
    volume.write(0, b"new")
    assert [type(event) for event in told] == [TrackingRestarted]
    assert disk.names(FOLDER) == ["000001.old-blocks", "changes.regions"]


def test_a_write_whose_change_can_neither_be_noted_nor_the_history_discarded_is_refused_again_and_again():
    disk = CrashDisk()
    disk.put(PATH, bytes(SIZE))
    faulty = Faulty(disk)
    volume = Volume(PATH, tracked=True, files=faulty)
    faulty.plan = lambda call: OSError(errno.EIO, "rotten") if call.path.name.startswith("changes") else None
    for _ in range(2):
        with pytest.raises(OSError, match="rotten"):
            volume.write(0, b"new")
    assert disk.content(PATH) == bytes(SIZE)


@pytest.mark.parametrize(("code", "loss"), [(errno.ENOSPC, Loss.NO_SPACE), (errno.EIO, Loss.IO_FAILURE)])
def test_a_failing_diff_area_costs_all_shadow_copies_but_no_write(code: int, loss: Loss, tmp_path: Path):
    path = tmp_path / "disk.img"
    path.write_bytes(b"o" * SIZE)
    faulty = Faulty(SYSTEM)
    told: list[VolumeEvent] = []
    volume = Volume(path, files=faulty, report=told.append)
    for name in ("one", "two"):
        with volume.writes_held():
            volume.create_shadow_copy(name)

    def plan(call: Call) -> Fault:
        return OSError(code, "as injected") if call.path.suffix == ".old-blocks" and call.name == "pwrite" else None

    faulty.plan = plan
    volume.write(0, b"new")
    assert [(event.copy_id, event.loss) for event in told if isinstance(event, ShadowCopyLost)] == [
        ("one", loss),
        ("two", loss),
    ]
    assert volume.diff_area_used == 0
    room = bytearray(3)
    volume.read_into(0, room)
    assert room == b"new"


def test_a_diff_area_that_grows_too_slowly_costs_all_shadow_copies(tmp_path: Path):
    path = tmp_path / "disk.img"
    path.write_bytes(b"o" * SIZE)
    clock, faulty, told = SlowClock(), Faulty(SYSTEM), list[VolumeEvent]()
    volume = Volume(path, files=faulty, clock=clock, report=told.append)
    with volume.writes_held():
        volume.create_shadow_copy("one")
    volume.write(0, b"in time")
    assert told == []

    def slow(call: Call) -> Fault:
        clock.time += 20 if call.path.suffix == ".old-blocks" else 0
        return None

    faulty.plan = slow
    volume.write(3 * BLOCK, b"too late")
    assert [event.loss for event in told if isinstance(event, ShadowCopyLost)] == [Loss.TOO_SLOW]


class SlowClock:
    """Time that passes only while something slow is done."""

    time = 0.0

    def now(self) -> float:
        return self.time

    def wait(self, condition: threading.Condition, seconds: float) -> None:
        raise AssertionError(f"nobody waits here, but {condition} would for {seconds}")


def test_a_large_discard_is_copied_away_in_pieces(tmp_path: Path):
    path = tmp_path / "disk.img"
    size = 200 << 20
    with path.open("wb") as file:
        file.truncate(size)
        for place in range(0, size, 50 << 20):
            file.seek(place)
            file.write(b"old")
    volume = Volume(path)
    with volume.writes_held():
        copy = volume.create_shadow_copy("one")
    volume.discard(1, size - 2)
    assert volume.diff_area_used == 4 * BLOCK
    assert list(volume.extents()) == [(0, 4096)]
    room = bytearray(3)
    for place in range(0, size, 50 << 20):
        copy.read_into(place, room)
        assert room == b"old"


def test_a_full_diff_area_costs_the_oldest_copy_first(tmp_path: Path):
    path = tmp_path / "disk.img"
    path.write_bytes(b"o" * SIZE)
    told: list[VolumeEvent] = []
    volume = Volume(path, limit=3 * BLOCK, report=told.append)
    copies = []
    for number in range(3):
        with volume.writes_held():
            copies.append(volume.create_shadow_copy(str(number)))
        volume.write(number * BLOCK, b"n")
    assert (told, volume.diff_area_used) == ([], 3 * BLOCK)
    volume.write(4 * BLOCK, b"n")
    volume.write(5 * BLOCK, b"n")
    volume.write(6 * BLOCK, b"n")
    assert [(event.copy_id, event.loss) for event in told if isinstance(event, ShadowCopyLost)] == [
        ("0", Loss.OLDEST),
        ("1", Loss.OLDEST),
        ("2", Loss.LIMIT),
    ]
    with pytest.raises(ShadowCopyLostError):
        copies[2].read_into(0, bytearray(1))


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC])
def test_whatever_call_fails_once_a_copy_is_right_or_gone(code: int):
    failures = 0
    for number in range(1, 80):
        disk = CrashDisk()
        disk.put(PATH, b"o" * SIZE)
        faulty = Faulty(disk)
        volume = Volume(PATH, tracked=True, files=faulty)
        faulty.plan = fail(len(faulty.calls) + number, code)
        copies = []
        try:
            for name in ("one", "two"):
                held = disk.content(PATH)
                with volume.writes_held():
                    copies.append((volume.create_shadow_copy(name), held))
                for block in range(4):
                    volume.write(block * BLOCK + 7, name.encode())
        except (OSError, VolumeError):
            failures += 1
        faulty.plan = lambda _call: None
        for copy, held in copies:
            room = bytearray(SIZE)
            if copy.alive:
                copy.read_into(0, room)
                assert room == held
    assert failures > 10
