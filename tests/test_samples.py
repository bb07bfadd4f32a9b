"""Every sample is diagnosed as its `expected.json` says, by the ordinary road, and the lab makes its logs anew.

So are the logs that were written by hand after real ones (`tests/handmade`), which no scenario stands behind.
"""

import json
import re
from functools import cache
from pathlib import Path

import pytest

from diagnostics.diagnosis import Diagnosis, diagnose
from diagnostics.language import speak
from diagnostics.report.markdown import to_markdown
from diagnostics.request import Request
from diagnostics.verdict import Fault
from engine.lab import Lab, read_scenario
from tests.bundled import SAMPLES as HANDMADE

SAMPLES = Path(__file__).parents[1] / "samples"
NOT_PROSE = re.compile(r"```text.*?```|`[^`]*`|<https?:[^>]*>|diskshadow list writers detailed", re.DOTALL)
"""Of a report in Markdown: pictures, log text and names, addresses, commands."""
MOST = 1 << 20
"""Bytes of a sample's logs."""


def folders(place: Path) -> list[Path]:
    return sorted(path.parent for path in place.glob("*/expected.json"))


EVERY = pytest.mark.parametrize("sample", [*folders(SAMPLES), *folders(HANDMADE)], ids=lambda path: path.name)
OF_THE_LAB = pytest.mark.parametrize("sample", folders(SAMPLES), ids=lambda path: path.name)


@cache
def diagnosed(sample: Path) -> Diagnosis:
    return diagnose(Request(paths=(str(sample / "logs"),)))


@EVERY
def test_a_sample_is_diagnosed_as_expected(sample):
    expected = json.loads((sample / "expected.json").read_text())
    verdict = diagnosed(sample).verdict
    assert verdict.verdict in expected.pop("verdict")
    others = expected.pop("others", [])
    if not expected:
        assert verdict.faults == []
        return
    assert agrees(verdict.faults[0], expected)
    assert all(any(agrees(fault, other) for fault in verdict.faults) for other in others)


def agrees(fault: Fault, expected: dict[str, str | None]) -> bool:
    return {key: getattr(fault, key) for key in expected} == expected


@EVERY
def test_every_file_of_a_sample_is_understood(sample):
    verdict = diagnosed(sample).verdict
    assert [source.damage for source in verdict.sources if source.damage] == []
    assert all(source.records for source in verdict.sources)


@OF_THE_LAB
def test_the_lab_makes_a_samples_logs_byte_for_byte_and_fails_where_a_diagnosis_has_to_find_it(sample, tmp_path):
    with Lab(read_scenario(sample), tmp_path / "lab") as lab:
        failed = [job for job in lab.run().jobs if job.failed]
        lab.write_logs(tmp_path / "logs")
    expected = json.loads((sample / "expected.json").read_text())
    assert {job.stage for job in failed} == {one["stage"] for one in (expected, *expected.get("others", [])) if failed}
    made, kept = contents(tmp_path / "logs"), contents(sample / "logs")
    assert made.keys() == kept.keys()
    assert [name for name in made if made[name] != kept[name]] == []
    assert sum(map(len, kept.values())) < MOST


@OF_THE_LAB
def test_a_sample_tells_its_story(sample):
    story = (sample / "README.md").read_text()
    assert story.startswith("# ")
    assert "What to look at:" in story


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@EVERY
def test_no_sentence_of_its_report_is_left_in_english_for_a_japanese_reader(sample):
    found = diagnosed(sample)
    speak("ja")
    report = to_markdown(found.verdict, found.case.graph).decode()
    prose = NOT_PROSE.sub("", report)
    assert re.findall(r"(?:\b[a-z]{2,}\b[ ,]+){4,}", prose) == []
