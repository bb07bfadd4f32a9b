from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.inspection.notes import Notebook, NotesError
from diagnostics.sanitize import sanitize
from tests.diagnostics.ledger.logs import Made, ledger_of, write_log

PLACES = st.tuples(st.text(max_size=20), st.integers(0, 2**63))
QUIET = Made(machine=0, provider=1, event_id=36, level=4, second=3, word=0)


@given(st.dictionaries(PLACES, st.text(max_size=40)))
def test_notes_are_read_back_as_they_were_kept_and_never_hostile(notes: dict[tuple[str, int], str]) -> None:
    book = Notebook()
    for place, note in notes.items():
        book.write(place, note)
    try:
        kept = Notebook.from_json(book.to_json())
    except UnicodeEncodeError:
        return
    assert list(kept) == sorted(notes)
    assert all(kept.note(place) == book.note(place) == sanitize(book.note(place)) for place in notes)


def test_a_bookmark_is_set_and_taken_away() -> None:
    book, place = Notebook(), ("HV01/System.evtx", 7)
    assert book.toggle(place)
    assert place in book
    book.write(place, "asked the storage team")
    assert not book.toggle(place)
    assert book.note(place) == ""


def test_notes_are_told_in_the_order_of_their_events_with_what_these_say(tmp_path: Path) -> None:
    path = write_log(tmp_path / "a.evtx", [QUIET, QUIET._replace(second=1, word=2)])
    ledger = ledger_of(path)
    told = Notebook({("a.evtx", 1): "second", ("a.evtx", 2): "", ("gone.evtx", 1): "of a file not handed in"}).told(
        ledger
    )
    assert [(note.note, note.event, note.machine) for note in told] == [
        ("", "volsnap/36", "HV01"), ("second", "volsnap/36", "HV01"), ("of a file not handed in", "", ""),
    ]  # fmt: skip
    assert "SqlServerWriter" in told[0].text
    assert told[0].time == "2026-11-22T01:00:01.000000Z"


def test_a_note_on_a_file_that_is_gone_still_says_when_and_where(tmp_path: Path) -> None:
    path = write_log(tmp_path / "a.evtx", [QUIET])
    ledger = ledger_of(path)
    path.unlink()
    (note,) = Notebook({("a.evtx", 1): "look"}).told(ledger)
    assert (note.time, note.machine) == ("2026-11-22T01:00:03.000000Z", "HV01")
    assert "can no longer be read" in note.text


@pytest.mark.parametrize("data", [b"", b"{}", b'[{"source": 1}]', b'[{"source": "a", "record": 1, "colour": "red"}]'])
def test_a_file_that_holds_no_notes_is_told_with_what_was_expected(data: bytes) -> None:
    with pytest.raises(NotesError, match="expected a list"):
        Notebook.from_json(data)
