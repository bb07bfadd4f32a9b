"""Real event logs: every record is in the copy, with the fields and codes that it had, and none of its names."""

from pathlib import Path

import pytest

from diagnostics.evidence.document import Document, Tally
from diagnostics.parsers.evtx import read
from diagnostics.parsers.format import everything
from diagnostics.redaction.known import known
from tests.diagnostics.redaction.copies import copy_of, names_left
from tests.shared import SHARED, needs_shared, shared

LOGS = sorted(shared("evtx").glob("*.evtx")) if SHARED else ()
LARGE = 4 << 20
"""Larger ones are for the benchmark."""
_NAMING = ("SubjectUserName", "TargetUserName", "SamAccountName", "WorkstationName", "DnsHostName")
_EVERYBODYS = {"system", "local service", "network service", "anonymous logon", "administrator", "guest", "-", ""}


def read_all(path: Path):
    tally = Tally()
    return list(read(Document(name=path.name, path=path), everything, tally)), tally


@needs_shared
@pytest.mark.parametrize("log", [log for log in LOGS if log.stat().st_size < LARGE], ids=lambda log: log.stem)
def test_every_record_of_a_real_log_is_in_its_copy_without_names(log, tmp_path):
    done = copy_of(log, tmp_path / "copy")
    if not done.files:
        pytest.skip("a log of nothing")
    (copy,) = (tmp_path / "copy").iterdir()
    (events, tally), (copied, again) = read_all(log), read_all(copy)
    assert [shape(event) for event in copied] == [shape(event) for event in events]
    assert bool(again.damage) == bool(tally.damage)
    names = {event.machine.partition(".")[0] for event in events}
    names |= {event.fields.get(field, "").rstrip("$") for event in events for field in _NAMING}
    telling = [name for name in names if len(name) > 3 and name.lower() not in _EVERYBODYS | common(done)]
    assert names_left(tmp_path / "copy", telling) == []


def shape(event):
    return (
        event.record,
        event.time,
        event.provider,
        event.event_id,
        event.channel,
        event.level,
        list(event.fields),
        event.codes,
    )


def common(done):
    return {name.lower() for name in done.common} | known().accounts | known().machines
