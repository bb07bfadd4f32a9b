"""Failures are told from sentences too: people paste what a console shows, and leave out sources, ids and codes."""

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import pytest

from tests.diagnostics.cases.bundles import Case, answer_to
from tests.diagnostics.cases.exporting import export
from tests.diagnostics.cases.scoring import score
from tests.diagnostics.cases.test_public_cases import told

_CODES = re.compile(r"[(\[]?0x[0-9A-Fa-f]{4,}[)\]]?|\(ID:? ?\d+[^)]*\)|hr = ?")
_LEAST = 4  # words that must be left of a line


def without_source(line: dict[str, Any]) -> None:
    """An event as its description alone."""
    if line["kind"] == "event" and line.get("text"):
        line |= {"kind": "log", "source": "", "event_id": None, "codes": []}


def without_codes(line: dict[str, Any]) -> None:
    text = _CODES.sub("", line.get("text") or "")
    if len(re.findall(r"\w+", text)) >= _LEAST:
        line |= {"text": text, "codes": [], "event_id": line.get("event_id") if line["kind"] == "event" else None}


def pasted(case: Mapping[str, Any], change: Callable[[dict[str, Any]], None]) -> Case:
    changed = deepcopy(dict(case))
    for line in changed["evidence"]:
        change(line)
    benign = "benign" in str(case.get("note", ""))
    return Case(case["id"], export(changed), case["root_cause"]["component"], benign)


@pytest.mark.parametrize(
    ("change", "top1", "top3"),
    [(without_source, 0.795, 0.909), (without_codes, 0.636, 0.772)],
    ids=["no-source", "no-code"],
)
def test_cases_are_told_as_well_as_measured_from_what_is_left(
    change: Callable[[dict[str, Any]], None], top1: float, top3: float
) -> None:
    cases = [pasted(case, change) for case in told("seen2")]
    measured = score((case, answer_to(case.bundle)) for case in cases)
    assert (measured.top1 >= top1, measured.top3 >= top3) == (True, True), measured
    assert measured.noise_blamed == ()
