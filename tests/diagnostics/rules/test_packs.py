"""Shipped rules hold what their samples say; a user's broken rule costs nobody else anything."""

from pathlib import Path

import pytest

from diagnostics.knowledge.catalog import load_catalog
from diagnostics.rules import packs
from diagnostics.rules.index import RuleSet
from diagnostics.rules.lint import Severity, lint
from diagnostics.rules.mutation import mutate
from diagnostics.rules.packs import SHIPPED, load_from, load_rules, user_folder
from diagnostics.rules.rule import Rule
from diagnostics.rules.samples import check, read_samples
from engine.datafiles.documents import Problem
from tests.diagnostics.rules.writing import GOOD, changed, put

SHIPPED_PACK = load_from([SHIPPED])
MUTATION_FLOOR = 0.85
"""Of all changes to items of the shipped conditions, this share must make a sample fail."""


def test_every_shipped_rule_loads() -> None:
    assert SHIPPED_PACK.problems == ()


@pytest.mark.parametrize("rule", SHIPPED_PACK.rules, ids=[rule.name for rule in SHIPPED_PACK.rules])
def test_a_shipped_rule_agrees_with_its_samples(rule: Rule) -> None:
    samples, problems = read_samples(rule)
    assert problems == []
    assert len(samples.hits) >= 2
    assert len(samples.near_misses) >= 2
    assert check(rule, samples) == []


def test_a_shipped_sample_is_found_through_the_index() -> None:
    rules = RuleSet.compile(SHIPPED_PACK.rules)
    for rule in SHIPPED_PACK.rules:
        for sample in read_samples(rule)[0].hits:
            assert rule in rules.match(sample.event), rule.name


def test_samples_hold_the_shipped_conditions_in_place() -> None:
    results = [mutate(rule, read_samples(rule)[0]) for rule in SHIPPED_PACK.rules]
    mutants = sum(result.mutants for result in results)
    survived = sum(len(result.survived) for result in results)
    assert survived <= (1 - MUTATION_FLOOR) * mutants


def test_shipped_rules_and_catalogs_have_no_lint_errors() -> None:
    assert [str(issue) for issue in lint(SHIPPED_PACK, load_catalog()) if issue.severity is Severity.ERROR] == []


def test_a_broken_user_rule_is_told_and_the_others_work(tmp_path: Path) -> None:
    put(tmp_path, name="works")
    put(tmp_path, changed("EventID: 36", "EventID|cidr: 36"), name="broken")
    (tmp_path / "no-yaml.yml").write_bytes(b"\xff\xfe\x00")
    pack = load_rules([tmp_path])
    assert "works" in [rule.name for rule in pack.rules]
    told = [(Path(problem.file).name, problem.line) for problem in pack.problems if str(tmp_path) in problem.file]
    assert told == [("broken.yml", 10), ("no-yaml.yml", 1)]


def test_a_name_or_an_id_counts_once(tmp_path: Path) -> None:
    for folder, name in [("a", "first"), ("b", "first"), ("c", "second")]:
        (tmp_path / folder).mkdir()
        put(tmp_path / folder, name=name)
    same_id = GOOD.replace("good-rule", "third").replace("7a1d9a52", f"{sum(map(ord, 'first')):08x}")
    (tmp_path / "c" / "third.yml").write_text(same_id)
    pack = load_from([tmp_path / "a", tmp_path / "b", tmp_path / "c"])
    assert [rule.name for rule in pack.rules] == ["first", "second"]
    assert [problem.what for problem in pack.problems] == [f"name or id is that of {tmp_path / 'a' / 'first.yml'}"] * 2


def test_the_users_own_folder_is_read_where_it_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "user_config_path", lambda *_, **__: tmp_path / "shindan")
    assert "own" not in [rule.name for rule in load_rules().rules]
    user_folder().mkdir(parents=True)
    put(user_folder(), name="own")
    assert "own" in [rule.name for rule in load_rules().rules]


def test_a_folder_that_does_not_exist_is_a_problem(tmp_path: Path) -> None:
    assert load_from([tmp_path / "no"]).problems == (Problem(str(tmp_path / "no"), 0, "no such folder or file"),)


def test_a_shipped_rule_is_itself_by_whatever_path_it_is_named(monkeypatch) -> None:
    monkeypatch.chdir(SHIPPED)
    folder = SHIPPED_PACK.rules[0].file.split("/")[1]
    named = {rule.file for rule in load_from([Path(folder)]).rules}
    assert named
    assert named <= {rule.file for rule in SHIPPED_PACK.rules}


def test_a_place_without_rules_is_told_where_somebody_named_it(tmp_path: Path) -> None:
    for pack in (load_from([tmp_path]), load_rules([tmp_path])):
        assert [problem.what for problem in pack.problems] == ["holds no rules"]


def test_a_home_that_cannot_be_looked_into_costs_its_own_rules_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", f"/tmp/{'x' * 300}")  # noqa: S108 - longer than any name may be
    pack = load_rules()
    assert [problem.what for problem in pack.problems] == ["your own rules cannot be read: File name too long"]
    assert len(pack.rules) > 100
