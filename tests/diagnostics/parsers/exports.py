"""Vocabulary of the tests of exports: write a document, read it, generate events."""

import json
import tempfile
from datetime import date
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from hypothesis import strategies as st

from diagnostics.event import Event
from diagnostics.evidence.document import Document, Tally
from diagnostics.parsers.clixml import CLIXML
from diagnostics.parsers.event_xml import EVENT_XML
from diagnostics.parsers.format import Format, Interest, Sample, everything
from diagnostics.parsers.rows import CSV, JSON, NDJSON

FORMATS = (EVENT_XML, CLIXML, NDJSON, JSON, CSV)


class Reading(NamedTuple):
    """What came of a document."""

    events: list[Event]
    tally: Tally

    @property
    def only(self) -> Event:
        """The one event that there is."""
        (event,) = self.events
        return event

    @property
    def damage(self) -> str:
        """All damage as one text."""
        return "; ".join(f"{damage.where}: {damage.why}" for damage in self.tally.damage)


def read(kind: Format, content: str | bytes, encoding: str = "utf-8", interest: Interest = everything) -> Reading:
    """Read a document of a kind."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export"
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        tally = Tally()
        document = Document(name="export", path=path, encoding=encoding, machine="FOLDER")
        return Reading(list(kind.read(document, interest, tally)), tally)


def kind_of(text: str) -> str:
    """The kind that the first format recognizes, empty where none does."""
    sample = Sample(text.encode(errors="replace")[:65536], text[:65536])
    return next((kind.kind for kind in FORMATS if kind.recognizes(sample)), "")


def recognized(text: str, encoding: str = "utf-8") -> Reading:
    """Read a document by the first format that recognizes it."""
    kind = next(kind for kind in FORMATS if kind.kind == kind_of(text))
    return read(kind, text, encoding)


_LETTERS = st.characters(
    codec="utf-8", exclude_categories=("Cs", "Cc", "Cn", "Co"), exclude_characters="\u2028\u2029\ufeff"
)
WORDS = st.text(_LETTERS, min_size=1, max_size=12).map(str.strip).filter(bool)
TEXTS = st.text(st.one_of(_LETTERS, st.just("\n"), st.sampled_from("<>&\"',;\t")), max_size=40).map(str.strip)


class Record(NamedTuple):
    """An event to be exported."""

    provider: str
    event_id: int
    level: int
    microseconds: int
    record: int
    machine: str
    named: dict[str, str]
    message: str

    @property
    def iso(self) -> str:
        """The moment as event XML prints it."""
        days, rest = divmod(self.microseconds, 86_400_000_000)
        seconds, micro = divmod(rest, 1_000_000)
        day = date.fromordinal(719_163 + days)
        return f"{day}T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{micro:06}Z"


NAMES = st.from_regex(r"X[A-Za-z]{1,8}", fullmatch=True)
RECORDS = st.builds(
    Record,
    provider=WORDS,
    event_id=st.integers(1, 65535),
    level=st.integers(1, 5),
    microseconds=st.integers(0, 4_000_000_000_000_000),
    record=st.integers(1, 2**40),
    machine=WORDS,
    named=st.dictionaries(NAMES, TEXTS.filter(bool), max_size=4),
    message=TEXTS,
)


def as_xml(record: Record) -> str:
    """The record as `wevtutil qe /f:RenderedXml` prints it."""
    data = "".join(f"<Data Name={quoteattr(name)}>{escape(value)}</Data>" for name, value in record.named.items())
    return (
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
        f"<Provider Name={quoteattr(record.provider)}/><EventID>{record.event_id}</EventID>"
        f"<Level>{record.level}</Level>"
        f"<TimeCreated SystemTime='{record.iso}'/><EventRecordID>{record.record}</EventRecordID>"
        f"<Channel>System</Channel><Computer>{escape(record.machine)}</Computer><Security/></System>"
        f"<EventData>{data}</EventData><RenderingInfo Culture='en-US'><Message>{escape(record.message)}</Message>"
        "</RenderingInfo></Event>"
    )


def as_json(record: Record) -> str:
    """The record as winlogbeat ships it."""
    winlog = {
        "channel": "System",
        "event_id": record.event_id,
        "provider_name": record.provider,
        "record_id": record.record,
        "computer_name": record.machine,
        "event_data": record.named,
    }
    return json.dumps(
        {"@timestamp": record.iso, "winlog": winlog, "log": {"level": record.level}, "message": record.message},
        ensure_ascii=False,
    )


def as_clixml(record: Record) -> str:
    """The record as `Get-WinEvent | Export-Clixml` writes it, data values as a note property."""
    named = "".join(f"<S N={quoteattr(name)}>{_clixml(value)}</S>" for name, value in record.named.items())
    return (
        '<Obj RefId="0"><TN RefId="0"><T>System.Diagnostics.Eventing.Reader.EventLogRecord</T></TN>'
        f'<Props><I32 N="Id">{record.event_id}</I32><By N="Level">{record.level}</By>'
        f'<S N="ProviderName">{_clixml(record.provider)}</S><I64 N="RecordId">{record.record}</I64>'
        f'<S N="LogName">System</S><S N="MachineName">{_clixml(record.machine)}</S>'
        f'<DT N="TimeCreated">{record.iso}</DT>'
        f'</Props><MS><S N="Message">{_clixml(record.message)}</S>{named}</MS></Obj>'
    )


def _clixml(text: str) -> str:
    return escape(text.replace("_", "_x005F_").replace("\n", "_x000A_"))


def clixml(*objects: str) -> str:
    """A file of Export-Clixml."""
    root = '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">'
    return "\n".join((root, *objects, "</Objs>"))
