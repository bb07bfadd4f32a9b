"""Real logs of machines where no backup failed: what the tool says of them."""

import json
import subprocess
import sys

import msgspec
import pytest

from diagnostics.diagnosis import diagnose
from diagnostics.request import Request
from diagnostics.verdict import Verdict, VerdictWord
from tests.shared import needs_shared, shared

EVTX = sorted(path for path in shared("evtx").glob("*.*") if path.suffix in {".evtx", ".json"})

LOST_ITS_COPIES = "WKS-WIN764BITB"
"""The one machine that tells of a real loss: volsnap 36, shadow copies dropped at the limit of their storage."""


@needs_shared
@pytest.mark.parametrize("path", EVTX, ids=lambda path: path.name)
def test_logs_of_healthy_machines_blame_nobody(path):
    verdict = diagnose(Request(paths=(str(path),))).verdict
    assert blamed(verdict) == []
    (source,) = verdict.sources
    assert source.kind in {"evtx", "ndjson", "json", "empty"}


@needs_shared
def test_all_logs_of_healthy_machines_together_blame_nobody():
    verdict = diagnose(Request(paths=tuple(map(str, EVTX)))).verdict
    assert blamed(verdict) == []
    assert any(source.kind == "duplicate" for source in verdict.sources), "issue_201 is a copy of the forwarded log"


@needs_shared
def test_what_one_machine_lost_comes_first_among_all_logs():
    verdict = diagnose(Request(paths=tuple(map(str, EVTX)))).verdict
    assert verdict.verdict is not VerdictWord.HEALTHY
    assert verdict.candidates[0].component == "volsnap_diffarea"
    assert LOST_ITS_COPIES in verdict.candidates[0].instance


def blamed(verdict: Verdict) -> list[str]:
    """The components that a verdict holds to be at fault; without a failed job it asserts none."""
    assert verdict.verdict is not VerdictWord.ASSERTED
    return [fault.component for fault in verdict.faults] if verdict.verdict is VerdictWord.LEADING else []


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
    assert set(json.loads(ran.stdout)) == {field.encode_name for field in msgspec.structs.fields(Verdict)}
