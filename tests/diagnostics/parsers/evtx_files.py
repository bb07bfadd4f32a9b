"""Reading EVTX files in tests, and an independent view of what other readers print for a record."""

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from diagnostics.event import Event
from diagnostics.evidence.document import Document, Tally
from diagnostics.parsers.evtx import EVTX
from diagnostics.parsers.evtx.chunks import Chunk, chunks
from diagnostics.parsers.format import Interest, everything
from tests.shared import SHARED, shared

INVENTORY = (
    list(csv.DictReader(shared("evtx", "INVENTORY.csv").read_text(encoding="utf-8").splitlines())) if SHARED else []
)
NAMES = [row["file"] for row in INVENTORY]


class Reading(NamedTuple):
    events: list[Event]
    tally: Tally

    @property
    def damage(self) -> list[str]:
        return [f"{one.where}: {one.why}" for one in self.tally.damage]

    def only(self, event_id: int, provider: str = "") -> Event:
        """The first event of this id."""
        return next(e for e in self.events if e.event_id == event_id and e.provider.lower().endswith(provider))


def read(path: Path, interest: Interest = everything) -> Reading:
    tally = Tally()
    return Reading(list(EVTX.read(Document(name=path.name, path=path, machine="FILE"), interest, tally)), tally)


def read_shared(name: str, interest: Interest = everything) -> Reading:
    return read(shared("evtx", name), interest)


def chunks_of(path: Path) -> Iterator[Chunk]:
    with path.open("rb") as file:
        yield from (chunk for chunk in chunks(file, checksums=False) if isinstance(chunk, Chunk))


class Told(NamedTuple):
    """What a record says, in a form in which readers can be compared."""

    record: int
    provider: str
    event_id: int
    level: int
    channel: str
    machine: str
    second: int
    values: list[str]


def told_by_event(event: Event) -> Told:
    """Without derived fields, which stand behind the record's own, and attributes of UserData, which only we keep."""
    own = list(event.fields.items())
    if "Binary" in event.fields:
        own = own[: list(event.fields).index("Binary") + 1]
    own = [(name, value) for name, value in own if "." not in name or name.split(".")[0] not in event.fields]
    return Told(
        event.record,
        event.provider,
        event.event_id,
        int(event.level),
        event.channel,
        event.machine,
        (event.time or 0) // 1_000_000,
        comparable(value for _, value in own),
    )


def told_by_xml(text: str) -> Told:
    """From XML as python-evtx or PyPI's evtx prints it."""
    root = fromstring(text)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    system = {element.tag: element for element in root.iterfind("System/*")}
    sections = (section for section in root if section.tag not in ("System", "RenderingInfo"))
    moment = datetime.fromisoformat(system["TimeCreated"].get("SystemTime", "").replace(" ", "T"))
    return Told(
        int(system["EventRecordID"].text or 0),
        system["Provider"].get("Name", ""),
        int(system["EventID"].text or 0),
        int(system["Level"].text or 0),
        (system["Channel"].text or "").strip(),
        (system["Computer"].text or "").strip(),
        int(moment.timestamp()),
        comparable(value for section in sections for value in _leaves(section)),
    )


def _leaves(element: Element) -> Iterator[str]:
    if not len(element):
        if element.tag not in ("EventData", "UserData"):
            yield element.text or ""
        return
    for child in element:
        yield from _leaves(child)


def comparable(texts: Iterable[str]) -> list[str]:
    """Values without what is a matter of taste: empty ones, padding of hex, case and braces of GUIDs, bytes' digits."""
    return [text for text in map(_comparable, texts) if text]


def _comparable(text: str) -> str:
    text = _UNPRINTABLE.sub("", text).strip().lower()
    if re.fullmatch(r"0x[0-9a-f]+", text):
        return hex(int(text, 16))
    if _TIME.match(text):
        return text.replace(" ", "T").upper()[:19]
    return text.strip("{}").replace("\r\n", "\n")


_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffd\ufffe\uffff]")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[t ]\d\d:\d\d:\d\d")
