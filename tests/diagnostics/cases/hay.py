"""Records that have nothing to do with a backup, of real logs, as if the machines of a bundle had logged them."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from xml.sax.saxutils import escape, quoteattr

from diagnostics.event import Event, Level
from diagnostics.rules.interest import is_listed
from tests.diagnostics.cases.bundles import Bundle
from tests.diagnostics.parsers.evtx_files import read_shared
from tests.shared import shared

_LOGS = (
    *("plaso-win81-System.evtx", "museum-srv2022-System.evtx", "museum-srv2022-Application.evtx"),
    *("museum-w10-Application.evtx", "museum-w11-Application.evtx", "Security_with_size_t.evtx"),
    *("carved-vss-RemoteConnectionManager.evtx", "kernel_processor_power_complexdata.evtx", "issue_39.evtx"),
)
_TROUBLE = (Level.CRITICAL, Level.ERROR, Level.WARNING)
_START = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)
"""Half an hour before the records of the bundles."""
_NIGHT = timedelta(hours=2)
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

BESIDE = ("museum-dc2012r2-Security.evtx", "carved-vss-RemoteConnectionManager.evtx")
"""10,348 records of other machines."""


def logs_beside() -> tuple[Path, ...]:
    """Logs of other machines, for lying beside a bundle."""
    return tuple(shared("evtx", name) for name in BESIDE)


def in_hay(bundle: Bundle, count: int, seed: int = 0) -> Bundle:
    """The bundle with so many unrelated records of its own machines, in the hours around its own."""
    machines = sorted({name.split("-")[0] for name in bundle})
    files = {
        f"{machine}-{place}.xml": _export(machine, count // len(machines), seed + place).encode()
        for place, machine in enumerate(machines)
    }
    return {**bundle, **files}


@cache
def _export(machine: str, count: int, seed: int) -> str:
    random = Random(seed)  # noqa: S311 - a sample, not secrets
    chosen = random.choices(_unrelated(), k=count)
    step = _NIGHT / count
    events = (_xml(event, machine, number, _START + number * step) for number, event in enumerate(chosen))
    return f"<Events>{''.join(events)}</Events>"


@cache
def _unrelated() -> tuple[Event, ...]:
    """All records of healthy machines, without the trouble of providers that rules on backups look at."""
    return tuple(event for name in _LOGS for event in read_shared(name).events if not _is_related(event))


def _is_related(event: Event) -> bool:
    return event.level in _TROUBLE and is_listed(event.provider, event.event_id)


def _xml(event: Event, machine: str, number: int, time: datetime) -> str:
    return (
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
        f"<Provider Name={quoteattr(event.provider)}/><EventID>{event.event_id}</EventID><Level>{event.level:d}</Level>"
        f"<TimeCreated SystemTime='{time:%Y-%m-%dT%H:%M:%S.%f}Z'/><EventRecordID>{number}</EventRecordID>"
        f"<Channel>{escape(event.channel)}</Channel><Computer>{machine}</Computer></System>"
        f"<EventData>{''.join(_data(event))}</EventData></Event>"
    )


def _data(event: Event) -> Iterator[str]:
    for name, value in event.fields.items():
        label = "" if name.startswith("Data[") else f" Name={quoteattr(name)}"
        yield f"<Data{label}>{escape(_UNPRINTABLE.sub('', value))}</Data>"
