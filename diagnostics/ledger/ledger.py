"""The ledger of a case: every event as a row of numbers, in true order. About 45 bytes an event; words stay on disk."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from diagnostics.event import Level
from diagnostics.ledger.pages import Pages
from diagnostics.ledger.register import NO_TIME, Codes
from diagnostics.sanitize import one_line

Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]
"""Numbers of rows, in order."""


def _nothing() -> None:
    """Nothing has to be cleaned up."""


class LedgerSource(NamedTuple):
    """A document that rows come from."""

    name: str
    """As the inventory calls it."""
    kind: str
    """The format that read it."""
    path: Path
    """Where its bytes are, as long as the ledger is open."""
    rereadable: bool
    """Whether rows are places in the file; else they are places in the pages."""


class Columns(NamedTuple):
    """One array for each column, all of one length."""

    times: npt.NDArray[np.int64]
    """Microseconds UTC, `NO_TIME` where the source tells none; in order, those last."""
    records: npt.NDArray[np.uint64]
    positions: npt.NDArray[np.uint64]
    event_ids: npt.NDArray[np.uint32]
    levels: npt.NDArray[np.uint8]
    kinds: npt.NDArray[np.uint8]
    machines: npt.NDArray[np.uint32]
    providers: npt.NDArray[np.uint32]
    codes: npt.NDArray[np.uint32]
    likenesses: npt.NDArray[np.uint32]
    sources: npt.NDArray[np.uint32]


class Ledger:
    """Every event of a case by its row, 0 being the earliest. Close it when the case is closed."""

    def __init__(
        self,
        columns: Columns,
        sources: Sequence[LedgerSource],
        machines: Sequence[str],
        providers: Sequence[str],
        code_lists: Sequence[Codes | None],
        pages: Pages,
        *,
        copies: int = 0,
        cleanup: Callable[[], None] | None = None,
    ) -> None:
        self.columns = columns
        self.sources = sources
        self.machines = machines
        self.providers = providers
        self.code_lists = code_lists
        """None for the number of events that nobody has decoded."""
        self.pages = pages
        self.copies = copies
        """Records that were found in two exports, and are listed once."""
        self._cleanup = cleanup or _nothing
        self.timed = int(np.searchsorted(columns.times == NO_TIME, 1)) if len(columns.times) else 0
        """So many rows have a time; they come first."""

    def __getstate__(self) -> dict[str, object]:
        """All but what is done on closing: whoever receives a ledger owns the files that it rests on."""
        return {**self.__dict__, "_cleanup": _nothing}

    def owned_with(self, cleanup: Callable[[], None]) -> None:
        """Do this, too, when the ledger is closed."""
        before = self._cleanup

        def both() -> None:
            before()
            cleanup()

        self._cleanup = both

    def __len__(self) -> int:
        return len(self.columns.times)

    def close(self) -> None:
        """Forget words that were kept on disk, and what was unpacked of archives."""
        self.pages.close()
        self._cleanup()

    def time(self, row: int) -> int | None:
        """Microseconds UTC."""
        time = int(self.columns.times[row])
        return None if time == NO_TIME else time

    def level(self, row: int) -> Level:
        """Its severity."""
        return Level(int(self.columns.levels[row]))

    def machine(self, row: int) -> str:
        """The machine's name, as the case calls it."""
        return self.machines[int(self.columns.machines[row])]

    def provider(self, row: int) -> str:
        """Who logged it, as printed."""
        return self.providers[int(self.columns.providers[row])]

    def source(self, row: int) -> LedgerSource:
        """The document that it stands in."""
        return self.sources[int(self.columns.sources[row])]

    def find(self, source: str, record: int) -> int | None:
        """The first row of a record, named as evidence and notes name it; None where there is none."""
        rows = self.rows_by_place([(source, record)]).get((source, record), [])
        return rows[0] if rows else None

    def rows_by_place(self, places: Iterable[tuple[str, int]]) -> dict[tuple[str, int], list[int]]:
        """The rows of many (source, record); a source goes by its name in the inventory, or as reports print that."""
        wanted: dict[str, set[int]] = {}
        for source, record in places:
            wanted.setdefault(source, set()).add(record)
        found: dict[tuple[str, int], list[int]] = {}
        for number, document in enumerate(self.sources):
            for name in {document.name, one_line(document.name)} & wanted.keys():
                own = np.flatnonzero(self.columns.sources == number)
                right = np.isin(self.columns.records[own], np.array(sorted(wanted[name]), np.uint64))
                for row, record in zip(own[right].tolist(), self.columns.records[own[right]].tolist(), strict=True):
                    found.setdefault((name, record), []).append(row)
        return found

    def at(self, time: int) -> int:
        """The first row at a time or later; the last one where there is none."""
        row = int(np.searchsorted(self.columns.times[: self.timed], time))
        return max(0, min(row, self.timed - 1))
