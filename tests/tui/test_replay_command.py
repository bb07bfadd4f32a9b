"""`shindan replay`, as a person runs it."""

import pytest
from click.testing import CliRunner

from diagnostics.exit_codes import ExitCode
from engine.lab import fault_kinds
from tui.cli import shindan

SCENARIO = """
title: A night
hosts:
  - name: HV01
    virtual_machines: [{name: SQL01}, {name: WEB01}]
"""


@pytest.fixture
def scenario(tmp_path):
    (tmp_path / "scenario.yml").write_text(SCENARIO)
    return tmp_path


def run(*arguments: object, keys: str = ""):
    return CliRunner().invoke(shindan, ["replay", *map(str, arguments)], input=keys)


def test_a_night_is_told_on_stderr_and_summed_up_on_stdout(scenario, tmp_path):
    done = run(scenario, "--out", tmp_path / "out")
    assert done.exit_code == ExitCode.HEALTHY, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["VM", "SQL01", "WEB01"]
    assert "guest-freeze" in done.stderr
    assert "blocks" in done.stderr
    assert (tmp_path / "out" / "DPM01" / "job.txt").exists()


def test_a_job_that_fails_is_told_with_stage_and_code(scenario, tmp_path):
    done = run(scenario, "-q", "--fault", "writer-failed@vm:SQL01", "--out", tmp_path / "out")
    assert done.exit_code == ExitCode.FAULT
    failed = done.stdout.splitlines()[1]
    assert all(told in failed for told in ("SQL01", "failed", "guest-freeze", "30111", "0x800423F4"))


def test_logs_of_a_folder_are_made_anew_only_where_nothing_was_changed(scenario):
    run(scenario, "-q", "--seed", "9")
    assert not (scenario / "logs").exists()
    run(scenario, "-q")
    assert (scenario / "logs" / "HV01").is_dir()


def test_a_sample_that_is_called_by_its_name_keeps_the_logs_that_came_with_it(scenario, monkeypatch):
    (scenario / "logs").mkdir()
    monkeypatch.setenv("SHINDAN_SAMPLES", str(scenario.parent))
    done = run(scenario.name, "-q")
    assert done.exit_code == ExitCode.HEALTHY
    assert list((scenario / "logs").iterdir()) == []
    assert "--out DIR writes them" in done.stderr


def test_step_waits_for_enter_after_each_step(scenario, tmp_path):
    done = run(scenario, "-q", "--step", "--out", tmp_path / "out", keys="\n" * 500)
    assert done.exit_code == ExitCode.HEALTHY
    assert done.stderr.count("Enter goes on") > 5


def test_the_list_of_faults_names_all_of_them():
    done = run("--list-faults")
    assert done.exit_code == ExitCode.HEALTHY
    assert {line.split()[0] for line in done.stdout.splitlines()[1:]} == set(fault_kinds())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--fault", "writer-fails"], "writer-failed"),
        (["--fault", "disk-failing@host:HV09"], "host:HV01"),
    ],
)
def test_a_fault_that_is_none_is_a_wrong_usage(scenario, arguments, told):
    done = run(scenario, *arguments)
    assert done.exit_code == ExitCode.USAGE
    assert told in done.stderr


def test_a_wrong_scenario_is_refused_with_file_and_line(scenario):
    (scenario / "scenario.yml").write_text(SCENARIO + "faults: [writer-failed]\nsede: 3\n")
    done = run(scenario)
    assert done.exit_code == ExitCode.UNREADABLE
    assert "scenario.yml:7: unknown key sede (expected seed)" in done.stderr


def test_a_job_that_is_not_there_is_told_with_the_samples_that_are():
    done = run("no-such-sample")
    assert done.exit_code == ExitCode.USAGE
    assert "healthy-online" in done.stderr
