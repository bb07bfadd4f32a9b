"""Event records in the forms that Windows gives them: the System section, EventData and UserData."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from engine.eventlog import values
from engine.eventlog.values import NULL, Element, Instance, Slot, Template, Type, Value

_NAMESPACE = "http://schemas.microsoft.com/win/2004/08/events/event"
_USER_NAMESPACE = "http://schemas.microsoft.com/win/2004/08/events"
CLASSIC = 0x0080_0000_0000_0000
"""The keyword of events that came by the old interface."""
_TEMPLATES = 1024


@dataclass(frozen=True, slots=True)
class Provider:
    """Who tells an event."""

    name: str
    guid: UUID | None = None
    source: str = ""
    """The name under which a modern provider tells its classic events."""


@dataclass(frozen=True, slots=True)
class EventData:
    """Values by name, or without (`""`), as in classic events; these may end with bytes."""

    fields: tuple[tuple[str, Value], ...] = ()
    binary: bytes = b""

    def instance(self) -> Instance:
        """Unnamed strings are one array that Windows prints as one element each; everything else has its own slot."""
        given = self.fields
        tail = (values.binary(self.binary),) if self.binary else ()
        if given and all(not name and value.type is Type.STRING for name, value in given):
            strings = Value(Type.STRINGS, b"".join(value.raw + b"\0\0" for _, value in given))
            return Instance(_event_data((("", Type.STRINGS),), bool(tail)), (strings, *tail))
        shape = tuple((name, value.type) for name, value in given)
        return Instance(_event_data(shape, bool(tail)), (*(value for _, value in given), *tail))


@dataclass(frozen=True, slots=True)
class UserData:
    """An element of the provider's own, with its namespace, and values by name."""

    element: str
    namespace: str
    fields: tuple[tuple[str, Value], ...] = ()

    def instance(self) -> Instance:
        shape = tuple((name, value.type) for name, value in self.fields)
        return Instance(_user_data(self.element, self.namespace, shape), tuple(value for _, value in self.fields))


@dataclass(frozen=True, slots=True)
class Record:
    """An event; what it does not state is zero or absent, as in events of classic sources."""

    provider: Provider
    event_id: int
    time: datetime
    channel: str
    computer: str
    data: EventData | UserData = field(default_factory=EventData)
    level: int = 4
    qualifiers: int | None = None
    version: int = 0
    task: int = 0
    opcode: int = 0
    keywords: int = CLASSIC
    process_id: int = 0
    thread_id: int = 0
    activity: UUID | None = None
    related: UUID | None = None
    user: str = ""
    """A SID."""

    def instance(self, number: int) -> Instance:
        """As BinXml, with its number. Raises `ValueRefusedError` where a field of System is out of range."""
        template = _event(self.provider, self.channel, self.computer, isinstance(self.data, UserData))
        return Instance(
            template,
            (
                values.number(Type.UINT8, self.level),
                values.number(Type.UINT8, self.opcode),
                values.number(Type.UINT16, self.task),
                values.number(Type.UINT16, self.event_id),
                NULL if self.qualifiers is None else values.number(Type.UINT16, self.qualifiers),
                values.number(Type.HEX64, self.keywords),
                values.filetime(self.time),
                values.guid(self.activity) if self.activity else NULL,
                values.number(Type.UINT32, self.process_id),
                values.number(Type.UINT32, self.thread_id),
                values.number(Type.UINT64, number),
                values.number(Type.UINT8, self.version),
                values.sid(self.user) if self.user else NULL,
                values.guid(self.related) if self.related else NULL,
                self.data.instance(),
            ),
        )


@lru_cache(_TEMPLATES)
def _event(provider: Provider, channel: str, computer: str, in_user_data: bool) -> Template:  # noqa: FBT001 - a cache's key
    def slot(number: int, kind: Type) -> Slot:
        return Slot(number, kind, optional=True)

    named: list[tuple[str, str]] = [("Name", provider.name)]
    if provider.guid:
        named.append(("Guid", f"{{{provider.guid}}}"))
    if provider.source:
        named.append(("EventSourceName", provider.source))
    correlation = (("ActivityID", slot(7, Type.GUID)), ("RelatedActivityID", slot(13, Type.GUID)))
    execution = (("ProcessID", slot(8, Type.UINT32)), ("ThreadID", slot(9, Type.UINT32)))
    system = (
        Element("Provider", tuple(named)),
        Element("EventID", (("Qualifiers", slot(4, Type.UINT16)),), (slot(3, Type.UINT16),)),
        Element("Version", (), (slot(11, Type.UINT8),)),
        Element("Level", (), (slot(0, Type.UINT8),)),
        Element("Task", (), (slot(2, Type.UINT16),)),
        Element("Opcode", (), (slot(1, Type.UINT8),)),
        Element("Keywords", (), (slot(5, Type.HEX64),)),
        Element("TimeCreated", (("SystemTime", slot(6, Type.FILETIME)),)),
        Element("EventRecordID", (), (slot(10, Type.UINT64),)),
        Element("Correlation", correlation),
        Element("Execution", execution),
        Element("Channel", (), (channel,)),
        Element("Computer", (), (computer,)),
        Element("Security", (("UserID", slot(12, Type.SID)),)),
    )
    data = slot(14, Type.BINXML)
    section = Element("UserData", (), (data,)) if in_user_data else data
    return Template(Element("Event", (("xmlns", _NAMESPACE),), (Element("System", (), system), section)))


@lru_cache(_TEMPLATES)
def _event_data(shape: tuple[tuple[str, Type], ...], binary: bool) -> Template:  # noqa: FBT001 - a cache's key
    fields = [
        Element("Data", (("Name", name),) if name else (), (Slot(number, kind),))
        for number, (name, kind) in enumerate(shape)
    ]
    if binary:
        fields.append(Element("Binary", (), (Slot(len(shape), Type.BINARY),)))
    return Template(Element("EventData", (), tuple(fields)))


@lru_cache(_TEMPLATES)
def _user_data(element: str, namespace: str, shape: tuple[tuple[str, Type], ...]) -> Template:
    fields = tuple(Element(name, (), (Slot(number, kind),)) for number, (name, kind) in enumerate(shape))
    attributes = (("xmlns:auto-ns3", _USER_NAMESPACE), ("xmlns", namespace))
    return Template(Element(element, attributes, fields))
