"""Reading in a process of its own: what comes back, stopping, abandoning."""

import time
from pathlib import Path

import pytest

from diagnostics.diagnosis import Diagnosis
from diagnostics.ledger.ledger import Ledger
from diagnostics.ledger.rereading import Reader
from diagnostics.request import Request
from tests.bundled import SAMPLES
from tui.errand import ErrandFailedError
from tui.reading import read_elsewhere


class Watcher:
    """Stops or abandons a reading once so much is read."""

    def __init__(self, *, stop_after: float = float("inf"), leave_after: float = float("inf")) -> None:
        self.stop_after, self.leave_after = stop_after, leave_after
        self.read = 0
        self.names: list[str] = []
        self.decided = 0.0

    def preparing(self, done: int, total: int) -> None:
        self.rules = (done, total)

    def started(self, total_bytes: int) -> None:
        self.total = total_bytes

    def reading(self, name: str) -> None:
        self.names.append(name)

    def advanced(self, read_bytes: int) -> None:
        self.read += read_bytes

    def so_far(self, answer: object) -> None: ...

    def _when(self, bound: float) -> bool:
        if self.read >= bound and not self.decided:
            self.decided = time.monotonic()
        return self.read >= bound

    def cancelled(self) -> bool:
        return self._when(self.stop_after)

    def abandoned(self) -> bool:
        return self._when(self.leave_after)


def read(path: Path, watcher: Watcher) -> Diagnosis:
    diagnosis = read_elsewhere(Request(paths=(str(path),)), watcher)
    assert diagnosis is not None
    return diagnosis


def ledger_of(diagnosis: Diagnosis) -> Ledger:
    ledger = diagnosis.case.reading.ledger
    assert ledger is not None
    return ledger


def test_a_case_comes_back_whole_with_the_words_of_every_event():
    watcher = Watcher()
    diagnosis = read(SAMPLES / "guest-sql-writer" / "logs", watcher)
    ledger = ledger_of(diagnosis)
    assert diagnosis.verdict.verdict == "asserted"
    assert len(watcher.names) == 7
    assert [Reader(ledger).event(row).source for row in range(len(ledger))] != []
    kept = ledger.pages._path
    ledger.close()
    assert not kept.parent.exists()


def test_a_stopped_reading_keeps_what_was_read(long_log):
    watcher = Watcher(stop_after=1)
    diagnosis = read(long_log, watcher)
    assert diagnosis.case.reading.cancelled
    assert 0 < diagnosis.case.reading.sources[0].records < 400_000
    ledger_of(diagnosis).close()


def test_an_abandoned_reading_ends_at_once(long_log):
    watcher = Watcher(leave_after=1)
    assert read_elsewhere(Request(paths=(str(long_log),)), watcher) is None
    assert time.monotonic() - watcher.decided < 1.0


def test_what_cannot_be_read_is_said(tmp_path):
    with pytest.raises(ErrandFailedError, match="nowhere"):
        read_elsewhere(Request(paths=(str(tmp_path / "nowhere"),)), Watcher())
