"""Reports are golden: the bytes are the contract. `REGENERATE=1 pytest` writes them anew; read the difference."""

import io
import os
from pathlib import Path

import msgspec
import pytest

from diagnostics.report import json_schema, print_verdict, to_json
from diagnostics.verdict import Verdict
from tests.diagnostics.report.verdicts import FULL

GOLDEN = Path(__file__).parent / "golden"


def plain(**options):
    stream = io.StringIO()
    print_verdict(FULL, stream, plain=True, **options)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "render"),
    [
        ("plain.txt", plain),
        ("explain.txt", lambda: plain(explain=True)),
        ("verdict.json", lambda: to_json(FULL).decode()),
        ("schema.json", lambda: json_schema().decode()),
    ],
)
def test_a_report_is_as_its_golden_file(name, render, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    path = GOLDEN / name
    if os.environ.get("REGENERATE"):
        path.write_text(render(), encoding="utf-8")
    assert render() == path.read_text(encoding="utf-8")


def test_json_can_be_read_back():
    assert msgspec.json.decode(to_json(FULL), type=Verdict) == FULL


def test_markup_in_log_text_is_printed_as_it_is():
    assert "[red]markup[/] stays [/C:\\x]" in plain()
