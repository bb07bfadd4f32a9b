"""Every sample is diagnosed as its `expected.json` says, by the ordinary road."""

import json
from pathlib import Path

import pytest

from diagnostics.diagnosis import diagnose
from diagnostics.request import Request

SAMPLES = sorted(path.parent for path in (Path(__file__).parents[1] / "samples").glob("*/expected.json"))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_a_sample_is_diagnosed_as_expected(sample):
    expected = json.loads((sample / "expected.json").read_text())
    verdict = diagnose(Request(paths=(str(sample / "logs"),))).verdict
    assert verdict.verdict in expected["verdict"]
    if "component" in expected:
        assert verdict.faults[0].component == expected["component"]
        assert verdict.faults[0].instance == expected["instance"]
    else:
        assert verdict.faults == []


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_every_file_of_a_sample_is_understood(sample):
    verdict = diagnose(Request(paths=(str(sample / "logs"),))).verdict
    assert [source.damage for source in verdict.sources if source.damage] == []
    assert all(source.records for source in verdict.sources)
