"""Real cases and real logs: what the tool says of them, with floors that may only rise."""

import json
import subprocess
import sys

import pytest

from diagnostics.diagnosis import diagnose
from diagnostics.request import Request
from diagnostics.verdict import VerdictWord
from tests.shared import needs_shared, shared

EVTX = sorted(path for path in shared("evtx").glob("*.*") if path.suffix in {".evtx", ".json"})


@needs_shared
def test_real_cases_are_localized():
    """87 failures with confirmed causes, scored by the script that scores every version."""
    ran = subprocess.run(
        [sys.executable, shared("tools", "score_cases.py"), shared("knowledge", "cases.yaml"),
         "--diagnose", f"{sys.executable} -m diagnostics"],
        capture_output=True, text=True, check=True, timeout=900,
    )  # fmt: skip
    words = ran.stdout.split()
    score = {name: words[words.index(name) + 1] for name in ("top1", "top3", "noise", "unread")}
    noise_cases = words[words.index("noise") + 3]
    assert float(score["top1"]) >= 0.85
    assert float(score["top3"]) >= 0.90
    assert score["noise"] == noise_cases
    assert score["unread"] == "0"


@needs_shared
@pytest.mark.parametrize("path", EVTX, ids=lambda path: path.name)
def test_logs_of_healthy_machines_assert_no_fault(path):
    verdict = diagnose(Request(paths=(str(path),))).verdict
    assert verdict.verdict is not VerdictWord.ASSERTED
    (source,) = verdict.sources
    assert source.kind in {"evtx", "ndjson", "json", "empty"}


@needs_shared
def test_all_logs_of_healthy_machines_together_assert_no_fault():
    verdict = diagnose(Request(paths=tuple(map(str, EVTX)))).verdict
    assert verdict.verdict is not VerdictWord.ASSERTED
    assert any(source.kind == "duplicate" for source in verdict.sources), "issue_201 is a copy of the forwarded log"


@needs_shared
def test_damage_of_dirty_logs_is_named_in_the_verdict():
    damaged = shared("evtx", "bad_chunk_magic.evtx")
    verdict = diagnose(Request(paths=(str(damaged),))).verdict
    assert verdict.sources[0].damage
    assert all(damage.where and damage.why for damage in verdict.sources[0].damage)


@needs_shared
def test_the_verdict_is_json_without_anything_outside_the_contract():
    path = shared("evtx", "museum-w11-Application.evtx")
    ran = subprocess.run(
        [sys.executable, "-m", "diagnostics", str(path), "--format", "json"], capture_output=True, check=False
    )
    assert {"schema", "verdict", "summary", "faults", "candidates", "noise", "jobs", "topology", "next_evidence",
            "sources", "not_checked"} == set(json.loads(ran.stdout))  # fmt: skip
