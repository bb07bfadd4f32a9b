"""`shindan replay --keep`, then `shindan retry`, as a person runs them."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from diagnostics.exit_codes import ExitCode
from engine.lab import write_scenario
from tests.engine.lab.nights import scenario
from tests.test_samples import SAMPLES
from tui.cli import shindan


def run(*arguments: str):
    return CliRunner().invoke(shindan, arguments)


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> str:
    folder: Path = tmp_path_factory.mktemp("job")
    place = write_scenario(scenario(), folder)
    done = run("replay", str(place), "--fault", "writer-failed@vm:SQL01", "--keep", str(folder / "kept"), "-q")
    assert done.exit_code == ExitCode.FAULT, done.stderr
    return str(folder / "kept")


def test_a_job_that_was_kept_recovers_with_the_remedy_of_its_cause(kept):
    done = run("retry", kept)
    assert done.exit_code == ExitCode.HEALTHY, done.stderr
    assert done.stdout.startswith("Recovered: with restart-writer-service, SQL01")
    assert "every block matches its digest" in done.stdout


def test_as_json_it_tells_before_and_after(kept):
    told = json.loads(run("retry", kept, "--offline", "--json").stdout)
    assert (told["before"][0]["outcome"], told["after"][0]["mode"], told["recovered"]) == ("failed", "offline", True)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--remedy", "pray"), ExitCode.USAGE, "no remedy is called pray"),
        (("--remedy", "restart-vss", "--offline"), ExitCode.USAGE, "one of the two"),
    ],
)
def test_what_cannot_be_asked_is_a_usage_error(kept, arguments, code, words):
    done = run("retry", kept, *arguments)
    assert done.exit_code == code
    assert words in done.stderr


def test_a_sample_is_called_by_its_name_and_a_near_miss_is_told(monkeypatch):
    monkeypatch.setenv("SHINDAN_SAMPLES", str(SAMPLES))
    done = run("retry", "guest-sql-writer", "--json")
    assert json.loads(done.stdout)["recovered"]
    missed = run("retry", "guest-sql-writr")
    assert (missed.exit_code, "did you mean the sample guest-sql-writer" in missed.stderr) == (
        ExitCode.UNREADABLE,
        True,
    )


def test_a_folder_without_logs_cannot_be_retried(tmp_path):
    done = run("retry", str(tmp_path / "missing"))
    assert done.exit_code == ExitCode.UNREADABLE
    assert "missing" in done.stderr


def test_its_help_names_a_command_that_lists_remedies():
    named = re.search(r"shindan\s+(rules\s+\w+)\s+CAUSE", run("retry", "--help").output)
    assert named
    assert "repair-sql-database" in run(*named[1].split(), "sql-writer-failed").output
