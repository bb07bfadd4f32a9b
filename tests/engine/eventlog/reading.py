"""Reading event logs back with readers that know nothing of the writer: ours, python-evtx, and PyPI's evtx (Rust)."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from defusedxml.ElementTree import fromstring
from Evtx.Evtx import Evtx

from tests.diagnostics.parsers.evtx_files import read


class Told(NamedTuple):
    """What a reader says of a record; the values of its data by name, unnamed ones under ""."""

    record: int
    provider: str
    event_id: int
    channel: str
    machine: str
    values: dict[str, Any]


def by_us(path: Path) -> list[Told]:
    """Our own reader, which must find no damage."""
    reading = read(path)
    assert reading.damage == []
    return [Told(e.record, e.provider, e.event_id, e.channel, e.machine, dict(e.fields)) for e in reading.events]


def by_rust(path: Path) -> list[Told]:
    evtx = pytest.importorskip("evtx")
    return [
        _told_by_json(json.loads(record["data"])["Event"]) for record in evtx.PyEvtxParser(str(path)).records_json()
    ]


def _told_by_json(event: dict[str, Any]) -> Told:
    system = event["System"]
    event_id = system["EventID"]
    if isinstance(event_id, dict):
        event_id = event_id["#text"]
    values = dict(event.get("EventData") or {})
    for section in (event.get("UserData") or {}).values():
        values |= {name: value for name, value in section.items() if name != "#attributes"}
    if isinstance(values.get("Data"), dict):
        values[""] = values.pop("Data")["#text"]
    provider = system["Provider"]["#attributes"]["Name"]
    values = {name: "" if value is None else value for name, value in values.items()}
    return Told(system["EventRecordID"], provider, event_id, system["Channel"], system["Computer"], values)


def by_python(path: Path) -> list[Told]:
    with Evtx(str(path)) as log:
        return [_told_by_xml(record.xml()) for record in log.records()]


def _told_by_xml(text: str) -> Told:
    root = fromstring(text)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    system = {element.tag: element for element in root.iterfind("System/*")}
    sections = [section for section in root if section.tag != "System"]
    fields = sections[0] if sections[0].tag == "EventData" else sections[0][0]
    values = {
        element.get("Name", "" if element.tag == "Data" else element.tag): (
            [part.text or "" for part in element] if len(element) else element.text or ""
        )
        for element in fields
    }
    return Told(
        int(system["EventRecordID"].text or 0),
        system["Provider"].get("Name", ""),
        int(system["EventID"].text or 0),
        system["Channel"].text or "",
        system["Computer"].text or "",
        values,
    )
