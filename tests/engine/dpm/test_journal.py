"""A journal that is torn or damaged yields the batches before the damage, and goes on from there."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from engine.dpm.journal import Entry, Journal, packed
from tests.engine.dpm.disk import MixedDisk

PATH = Path("/replica/journal")

entries = st.builds(Entry, st.integers(0, 99), st.integers(0, 99), st.binary(min_size=32, max_size=32))
batches = st.lists(st.lists(entries, min_size=1, max_size=4), min_size=1, max_size=5)


def written(disk: MixedDisk, told: list[list[Entry]], base: int = 7) -> None:
    journal = Journal(disk, PATH, 4096, base)
    list(journal.replay())
    for batch in told:
        journal.append(b"".join(packed(*entry) for entry in batch))


def replayed(disk: MixedDisk, base: int = 7) -> list[Entry]:
    return list(Journal(disk, PATH, 4096, base).replay())


@given(told=batches, data=st.data())
def test_what_is_before_the_damage_is_replayed_and_gone_on_with(told: list[list[Entry]], data: st.DataObject):
    disk = MixedDisk()
    written(disk, told)
    raw = bytearray(disk.content(PATH))
    place = data.draw(st.integers(24, len(raw) - 1))
    if data.draw(st.booleans()):
        del raw[place:]
    else:
        raw[place] ^= 1 << data.draw(st.integers(0, 7))
    disk.put(PATH, bytes(raw))
    found = replayed(disk)
    prefixes = [[entry for batch in told[:count] for entry in batch] for count in range(len(told))]
    assert found in prefixes
    written(disk, told)
    assert replayed(disk) == found + [entry for batch in told for entry in batch]


@given(told=batches)
def test_the_journal_of_another_point_is_removed(told: list[list[Entry]]):
    disk = MixedDisk()
    written(disk, told, base=7)
    assert replayed(disk, base=8) == []
    assert replayed(disk, base=7) == []
