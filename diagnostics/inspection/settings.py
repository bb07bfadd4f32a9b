"""What exports tell of each machine beside its logs: VSS writers, shadow storage, software, and what is missing."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from diagnostics.answer.wording import evidence_of_record
from diagnostics.case.collecting import Missing, missing
from diagnostics.case.topology import short_name
from diagnostics.case.updates import Inventory, read_inventories
from diagnostics.event import Event, Kind
from diagnostics.knowledge.catalog import Catalog
from diagnostics.knowledge.writer_states import WriterStateInfo, load_writer_states
from diagnostics.parsers.vssadmin import code_of_kind
from diagnostics.sanitize import one_line
from diagnostics.understanding import Case
from diagnostics.verdict import Evidence

_STABLE = "1"
_NO_ERROR = ("", "none")
_TOLD = 3
"""So many of a writer's latest events are told."""
_GIGABYTE = 1 << 30


class WriterLine(NamedTuple):
    """A VSS writer, as a listing has it."""

    name: str
    state: str
    """`[8] Failed`, as printed."""
    symbol: str
    meaning: str
    """What the state means; empty where no table tells."""
    last_error: str
    """As printed."""
    code: str
    """The error code that says the same; empty where there is none."""
    error_means: str
    well: bool
    """Whether it is idle and tells of no error."""
    source: str
    record: int
    events: tuple[Evidence, ...]
    """What the machine's logs say of this writer, the latest first."""


class StorageLine(NamedTuple):
    """A volume's shadow storage."""

    volume: str
    kept_on: str
    used: str
    maximum: str
    same_volume: bool | None
    source: str
    record: int


class Lacking(NamedTuple):
    """An export that was not handed in."""

    title: str
    why: str
    command: str


class MachineSettings(NamedTuple):
    """What is known of a machine; harmless for a terminal."""

    machine: str
    role: str
    writers: tuple[WriterLine, ...]
    """Those in trouble first."""
    storage: tuple[StorageLine, ...]
    windows: str
    """Product and version; empty where nothing tells."""
    updates: tuple[str, ...]
    files: tuple[str, ...]
    """Versions of program files."""
    lacking: tuple[Lacking, ...]


def settings_of(case: Case) -> tuple[MachineSettings, ...]:
    """What is known of every machine of a case, by name."""
    lacking: defaultdict[str, list[Missing]] = defaultdict(list)
    for item in missing(case.topology, case.reading.events, case.reading.channels()):
        lacking[item.machine].append(item)
    by_machine: defaultdict[str, list[Event]] = defaultdict(list)
    for event in case.reading.events:
        by_machine[short_name(event.machine)].append(event)
    inventories = read_inventories(case.reading.events)
    names = sorted({*case.topology.machines, *lacking, *inventories, *_with_settings(by_machine)})
    return tuple(
        MachineSettings(
            machine=one_line(name),
            role=case.topology.role(name),
            writers=tuple(_writers(by_machine.get(name, ()), case.catalog)),
            storage=tuple(_storage(by_machine.get(name, ()))),
            windows=_windows(inventories.get(name)),
            updates=_updates(inventories.get(name)),
            files=_files(inventories.get(name)),
            lacking=tuple(_lacking(item) for item in lacking[name]),
        )
        for name in names
    )


def _with_settings(by_machine: Mapping[str, list[Event]]) -> Iterator[str]:
    for name, events in by_machine.items():
        if any(event.kind in (Kind.VSS_WRITER, Kind.SHADOW_STORAGE) for event in events):
            yield name


def _writers(events: Iterable[Event], catalog: Catalog) -> list[WriterLine]:
    states = {str(info.state): info for info in load_writer_states()[0]}
    listed: list[Event] = []
    logged: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        if event.kind is Kind.VSS_WRITER:
            listed.append(event)
        elif event.kind is Kind.RECORD and (name := event.fields.get("WriterName")):
            logged[name.casefold()].append(event)
    lines = [_writer(event, states, catalog, logged) for event in listed]
    return sorted(lines, key=lambda line: (line.well, line.name.casefold(), line.source, line.record))


def _writer(
    event: Event, states: Mapping[str, WriterStateInfo], catalog: Catalog, logged: Mapping[str, list[Event]]
) -> WriterLine:
    told = event.fields
    info = states.get(told.get("State", ""))
    kind = told.get("LastErrorKind", "")
    code = next((code for code in event.codes if code in catalog.codes), "") or code_of_kind(kind)
    known = catalog.codes.get(code)
    own = sorted(logged.get(told.get("WriterName", "").casefold(), ()), key=lambda event: -(event.time or 0))
    return WriterLine(
        name=one_line(told.get("WriterName") or event.provider),
        state=one_line(f"[{told.get('State', '?')}] {told.get('StateText', '')}".strip()),
        symbol=info.symbol if info else "",
        meaning=info.meaning if info else "",
        last_error=one_line(told.get("LastError", "")),
        code=code,
        error_means=known.meaning if known else "",
        well=told.get("State") == _STABLE and kind in _NO_ERROR,
        source=one_line(event.source),
        record=event.record,
        events=tuple(evidence_of_record(event) for event in own[:_TOLD]),
    )


def _storage(events: Iterable[Event]) -> Iterator[StorageLine]:
    for event in events:
        if event.kind is Kind.SHADOW_STORAGE:
            told = event.fields
            yield StorageLine(
                volume=one_line(told.get("ForVolume", "")),
                kept_on=one_line(told.get("StorageVolume", "")),
                used=_share(told),
                maximum=_size(told.get("MaximumBytes", "")),
                same_volume={"true": True, "false": False}.get(told.get("SameVolume", "")),
                source=one_line(event.source),
                record=event.record,
            )


def _share(told: Mapping[str, str]) -> str:
    """`9.8 GB (98 %)`."""
    used, percent = _size(told.get("UsedBytes", "")), one_line(told.get("UsedPercentOfMaximum", ""))
    return f"{used} ({percent} %)" if used and percent else used


def _size(text: str) -> str:
    return f"{int(text) / _GIGABYTE:.1f} GB" if text.isdecimal() and len(text) < 20 else one_line(text)


def _windows(inventory: Inventory | None) -> str:
    if inventory is None or not inventory.version:
        return ""
    version = ".".join(map(str, inventory.version))
    return f"{inventory.product.replace('-', ' ').title()} ({version})" if inventory.product else version


def _updates(inventory: Inventory | None) -> tuple[str, ...]:
    return tuple(sorted(one_line(kb) for kb in inventory.updates if kb)) if inventory else ()


def _files(inventory: Inventory | None) -> tuple[str, ...]:
    told = inventory.files.items() if inventory else ()
    return tuple(sorted(one_line(f"{name} {event.fields.get('FileVersion', '')}") for name, event in told))


def _lacking(item: Missing) -> Lacking:
    return Lacking(item.export.title, item.export.why, one_line(item.option.command))
