import tempfile
from itertools import groupby
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.ledger.folding import folded, unfolded
from diagnostics.ledger.gathering import gathered, kinds
from tests.diagnostics.ledger.logs import EVENTS, Made, ledger_of, write_log


@settings(max_examples=60, deadline=None)
@given(EVENTS, st.sets(st.integers(0, 19)), st.sets(st.integers(0, 19)))
def test_lines_stand_for_runs_of_neighbours_that_say_the_same(
    events: list[Made], shown: set[int], opened: set[int]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ledger = ledger_of(write_log(Path(folder, "a.evtx"), [made._replace(second=0) for made in events]))
        rows = np.array(sorted(row for row in shown if row < len(ledger)), np.int64)
        lines = folded(ledger, rows, opened)

        def alike(row: int) -> tuple[object, ...]:
            made = events[row]
            is_read = made.provider == 0 and made.event_id == 8229
            return (made[:4], made.word if is_read else None)

        runs = [list(run) for _, run in groupby(rows.tolist(), alike)]
        naive = [one for run in runs for one in ([[row] for row in run] if run[0] in opened else [run])]
        assert [(lines.first(at), lines.last(at), lines.count(at)) for at in range(len(lines))] == [
            (run[0], run[-1], len(run)) for run in naive
        ]
        assert all(row in naive[lines.line_of(row)] for row in rows.tolist())


@settings(max_examples=60, deadline=None)
@given(EVENTS, st.sets(st.integers(0, 19)), st.sets(st.integers(0, 19)))
def test_lines_stand_for_all_rows_of_a_kind_wherever_they_are(
    events: list[Made], shown: set[int], opened: set[int]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ledger = ledger_of(write_log(Path(folder, "a.evtx"), [made._replace(second=0) for made in events]))
        rows = np.array(sorted(row for row in shown if row < len(ledger)), np.int64)
        lines = gathered(rows, kinds(ledger), opened)
        of_kind: dict[tuple[object, ...], list[int]] = {}
        for row in rows.tolist():
            of_kind.setdefault(events[row][:4], []).append(row)
        naive = sorted(
            one for kind in of_kind.values() for one in ([[row] for row in kind] if kind[0] in opened else [kind])
        )
        assert [(lines.first(at), lines.last(at), lines.count(at)) for at in range(len(lines))] == [
            (line[0], line[-1], len(line)) for line in naive
        ]
        assert all(row in naive[lines.line_of(row)] for row in rows.tolist())


def test_a_row_that_is_not_shown_leads_to_the_next_line_that_is() -> None:
    lines = unfolded(np.array([2, 5, 9], np.int64))
    assert [lines.line_of(row) for row in (0, 2, 3, 9, 10)] == [0, 0, 1, 2, 2]
