"""Every message that comes with the engine: its occurrence leaves a record, and whoever reads event logs reads it."""

from dataclasses import fields
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_type_hints
from uuid import UUID

import pytest

from engine.eventlog import evtx
from engine.eventlog.messages import HAPPENINGS, MessageFile, message_files
from engine.eventlog.messages.entries import FAILED
from engine.eventlog.messages.records import Message
from engine.eventlog.record import Record
from engine.hresult import HResult
from engine.occurrence import Happening, Occurrence
from engine.pipeline import Stage
from tests.engine.eventlog.reading import Told, by_python, by_rust, by_us

NIGHT = datetime(2026, 11, 22, 1, tzinfo=UTC)
_PLAIN: dict[Any, Any] = {
    str: "表 D:",
    int: 7,
    float: 1.5,
    bool: True,
    UUID: UUID(int=7),
    datetime: NIGHT,
    HResult: HResult.ERROR_CRC,
}


def example(kind: Any, chosen: dict[str, Any]) -> Any:
    """Some value of a type, with these values in it by dotted name."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    if issubclass(kind, Enum):
        return next(iter(kind))
    hints = get_type_hints(kind)
    values = {}
    for field in fields(kind):
        within = {name.partition(".")[2]: value for name, value in chosen.items() if name.startswith(f"{field.name}.")}
        hint = hints[field.name]
        plain = tuple(example(one, {}) for one in get_args(hint)[:1]) if get_args(hint) else example(hint, within)
        values[field.name] = type(plain)(chosen[field.name]) if field.name in chosen else plain
    return kind(**values)


def told_of(file: MessageFile, message: Message) -> tuple[Occurrence, Record]:
    """An occurrence that the message is about, and the record that it leaves."""
    happening: Happening = example(HAPPENINGS[message.occurrence], message.where)
    named = [name for name in message.results if name != FAILED]
    hresult = HResult[named[0]] if named else HResult.ERROR_IO_DEVICE
    occurrence = Occurrence(NIGHT, "HV01", file.scopes[0], Stage.HOST_SNAPSHOT, happening, hresult)
    (record,) = (record for record in file.records(occurrence) if record.event_id == message.event_id)
    return occurrence, record


@pytest.mark.parametrize("file", message_files(), ids=lambda file: f"{file.provider.name} in {file.channel}")
def test_what_is_logged_is_read_alike_by_three_readers(tmp_path: Path, file: MessageFile):
    path = tmp_path / f"{file.channel}.evtx"
    records = [told_of(file, message)[1] for message in file.messages]
    with path.open("wb") as log:
        evtx.write(log, records)
    wanted = [(n, file.provider.name, m.event_id, file.channel, "HV01") for n, m in enumerate(file.messages, 1)]

    def heads(told: list[Told]) -> list[tuple[int, str, int, str, str]]:
        return [one[:5] for one in told]

    assert heads(by_us(path)) == heads(by_python(path)) == heads(by_rust(path)) == wanted
    for ours, theirs in zip(by_us(path), by_rust(path), strict=True):
        named = {name: value for name, value in theirs.values.items() if name and name != "Binary"}
        assert {name: ours.values[name] for name in named} == named
        unnamed = theirs.values.get("", [])
        count = len([name for name in ours.values if name.startswith("Data[")])
        assert count == (len(unnamed) if isinstance(unnamed, list) else 1)


def test_no_two_happenings_share_a_name():
    modules = {kind.__module__ for kind in HAPPENINGS.values()}
    assert len(modules) >= 4
    assert all(kind.__name__ == name for name, kind in HAPPENINGS.items())


def test_each_message_names_its_source_and_uses_all_its_placeholders():
    for file in message_files():
        for message in file.messages:
            assert message.source, f"{file.provider.name} {message.event_id}"
            used = {int(mark) for mark in _placeholders(message.text)}
            assert max(used, default=0) <= max(len(message.data), 2), f"{file.provider.name} {message.event_id}"


def _placeholders(text: str) -> list[str]:
    return [part[0] for part in text.split("%")[1:] if part[:1].isdigit()]
