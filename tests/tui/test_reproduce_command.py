"""`shindan reproduce`, as a person runs it."""

import json

import pytest
from click.testing import CliRunner

from diagnostics.exit_codes import ExitCode
from tests.diagnostics.reproduce.labs import night_logs
from tui.cli import shindan


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    return str(night_logs(tmp_path_factory.mktemp("night"), "writer-failed@vm:SQL01"))


def run(*arguments: str):
    return CliRunner().invoke(shindan, ["reproduce", *arguments])


def test_it_diagnoses_and_says_what_the_lab_logs(logs):
    done = run(logs, "--plain", "--most", "1")
    assert done.exit_code == ExitCode.FAULT, done.stderr
    assert "Run in the lab" in done.stdout
    assert "Reproduced: writer-failed" in " ".join(done.stdout.split())


def test_as_json_the_verdict_holds_the_runs(logs):
    told = json.loads(run(logs, "--format", "json", "--most", "1").stdout)["reproduced"]
    assert (told["outcome"], told["runs"][0]["cause"]) == ("reproduced", "writer-failed")


def test_what_cannot_be_read_is_named_and_nothing_runs(tmp_path):
    done = run(str(tmp_path / "missing"))
    assert done.exit_code == ExitCode.UNREADABLE
    assert "missing" in done.stderr
