"""Real event logs, and a text beside them, as small cases for ledgers."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from hypothesis import strategies as st

from diagnostics.ledger.ledger import Ledger
from diagnostics.reading import read_case
from engine.eventlog import evtx, values
from engine.eventlog.record import EventData, Provider, Record

NIGHT = datetime(2026, 11, 22, 1, tzinfo=UTC)
MACHINES = ("HV01", "HV02", "sql01.contoso.com")
PROVIDERS = ("VSS", "volsnap", "Microsoft-Windows-Hyper-V-VMMS")
WORDS = ("disk is full", "0x800423F4", "SqlServerWriter", "日本語", "[/C:\\x]", "0x80070005 again")


class Made(NamedTuple):
    """One event of a log that is made."""

    machine: int
    provider: int
    event_id: int
    level: int
    second: int
    word: int

    @property
    def record(self) -> Record:
        time = NIGHT + timedelta(seconds=self.second)
        data = EventData((("", values.text(WORDS[self.word])),))
        provider = Provider(PROVIDERS[self.provider])
        machine = MACHINES[self.machine]
        return Record(provider, self.event_id, time, "Application", machine, data, level=self.level)


EVENTS = st.lists(
    st.builds(
        Made,
        st.integers(0, len(MACHINES) - 1),
        st.integers(0, len(PROVIDERS) - 1),
        st.sampled_from([36, 8193, 8194, 8229]),
        st.integers(1, 4),
        st.integers(0, 5),
        st.integers(0, len(WORDS) - 1),
    ),
    max_size=20,
)


def only_vss(provider: str, event_id: int) -> bool:
    """An interest that leaves most records undecoded."""
    return provider == "VSS" and event_id == 8229


def write_log(path: Path, events: Sequence[Made], first: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        evtx.write(file, [made.record for made in events], first)
    return path


def ledger_of(*paths: Path) -> Ledger:
    """The ledger of a case of which rules would read little."""
    reading = read_case(paths, only_vss, ledger=True)
    assert reading.ledger is not None
    return reading.ledger
