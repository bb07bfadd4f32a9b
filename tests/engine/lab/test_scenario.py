"""A scenario is read whole, or refused with the place of everything that is wrong in it."""

import pytest

from engine.lab import ScenarioError, read_scenario

GOOD = """title: A night
seed: 7
hosts:
  - name: HV01
    virtual_machines:
      - name: SQL01
        volumes: [{name: "C:", size: 2048}]
faults: [writer-failed@vm:SQL01]
"""


def refused(folder, text: str) -> list[str]:
    (folder / "scenario.yml").write_text(text)
    with pytest.raises(ScenarioError) as error:
        read_scenario(folder)
    return [str(problem).removeprefix(f"{folder / 'scenario.yml'}:") for problem in error.value.problems]


def test_a_scenario_is_read_from_its_folder_or_its_file(tmp_path):
    (tmp_path / "scenario.yml").write_text(GOOD)
    scenario = read_scenario(tmp_path)
    assert scenario == read_scenario(tmp_path / "scenario.yml")
    assert (scenario.seed, scenario.hosts[0].virtual_machines[0].volumes[0].size) == (7, 2048)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("seed: 7", "sed: 7", "2: unknown key sed (expected seed)"),
        ("seed: 7", "seed: often", "2: seed is 'often' (expected a whole number)"),
        ("SQL01\n", "HV01\n", "4: HV01 is the name of more than one machine (expected different names)"),
        ("SQL01\n", "SQL01\n        host_volume: 'X:'\n", "7: HV01 has no volume X: (expected one of D:)"),
        ("SQL01\n", "SQL01\n        writers: [Writer]\n", "7: no writer is called 'Writer'"),
        ("writer-failed@vm:SQL01", "writer-fails", "8: no fault is called 'writer-fails' (expected writer-failed)"),
        ("writer-failed@vm:SQL01", "writer-failed@vm:SQL02", "8: writer-failed cannot sit on vm:SQL02"),
        ("seed: 7", "start: 2026-11-22T01:00:00", "2: start has no time zone"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path, old, new, expected):
    told = refused(tmp_path, GOOD.replace(old, new))
    assert any(problem.startswith(expected) for problem in told), told


def test_all_problems_are_told_at_once(tmp_path):
    assert len(refused(tmp_path, GOOD.replace("seed: 7", "seed: x").replace("size: 2048", "size: 0"))) == 2


def test_a_missing_file_is_told_by_its_name(tmp_path):
    with pytest.raises(ScenarioError, match=r"nowhere\.yml"):
        read_scenario(tmp_path / "nowhere.yml")
