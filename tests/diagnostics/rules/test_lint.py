"""Lint says what is wrong with rules that load, and what could be better."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from diagnostics.commands.rules import rules
from diagnostics.knowledge.catalog import Catalog, Cause, load_catalog
from diagnostics.rules.lint import Severity, lint
from diagnostics.rules.packs import load_from
from tests.diagnostics.rules.test_samples import SAMPLES
from tests.diagnostics.rules.writing import GOOD, changed, put

CAUSES = """\
component: volsnap_diffarea
causes:
    - {id: diff-area-limit, title: t, prior: common, severity: hard, explanation: e, remedies: none, reason: r}
    - {id: diff-area-full, title: t, prior: rare, severity: flaky, explanation: e, remedies: none, reason: r}
"""
CODES = """\
code,symbol,meaning,component,retryable,first_stage,last_stage
0x800423F4,VSS_E_WRITERERROR_NONRETRYABLE,The writer failed,guest_writer,no,,
"""
TEXT_RULE = changed("{Provider_Name|contains: volsnap, EventID: 36}", "{Text|contains: could not be grown}")


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    (tmp_path / "knowledge" / "causes").mkdir(parents=True)
    (tmp_path / "knowledge" / "causes" / "volsnap_diffarea.yml").write_text(CAUSES)
    (tmp_path / "knowledge" / "codes.csv").write_text(CODES)
    return load_catalog(tmp_path / "knowledge")


def told(folder: Path, catalog: Catalog) -> list[tuple[Severity, str]]:
    return [(issue.severity, issue.problem.what) for issue in lint(load_from([folder]), catalog)]


def write(folder: Path, text: str = GOOD, samples: str = SAMPLES, name: str = "good-rule") -> Path:
    folder.mkdir(exist_ok=True)
    put(folder, text, name)
    (folder / f"{name}.tests.yml").write_text(samples)
    return folder


BOTH = changed(
    "basis: author}", "basis: author}\n        - {id: diff-area-full, sensitivity: 0.5, spurious: 0.1, basis: lab}"
)
ASKS_FOR_A_CODE = changed("EventID: 36}", "Code: '0x80042316'}")
UNKNOWN_CAUSE = changed("id: diff-area-limit", "id: nobody-knows")
FEW_SAMPLES = SAMPLES.replace("    - {provider: disk, event_id: 36}\n", "")
STABLE = changed("status: experimental", "status: stable")


@pytest.mark.parametrize(
    ("text", "samples", "issue"),
    [
        (GOOD, FEW_SAMPLES, (Severity.ERROR, "good-rule has 2 hits and 1 near miss")),
        (GOOD, SAMPLES.replace("33", "36"), (Severity.ERROR, "good-rule matches this near miss")),
        (UNKNOWN_CAUSE, SAMPLES, (Severity.ERROR, "good-rule names an unknown cause: nobody-knows")),
        (TEXT_RULE, SAMPLES, (Severity.WARNING, "good-rule reads message text in one language: 'could not be grown'")),
        (
            changed("https://learn", "see learn"),
            SAMPLES,
            (Severity.WARNING, "reference 'see learn.microsoft.com/windows-server' of good-rule"),
        ),
        (STABLE, SAMPLES, (Severity.WARNING, "good-rule is stable on its author's word")),
        (ASKS_FOR_A_CODE, SAMPLES, (Severity.WARNING, "good-rule asks for 0x80042316")),
        (
            GOOD,
            SAMPLES.replace("0x800423F4", "0x80042316"),
            (Severity.NOTE, "no rule and no row of codes.csv knows 0x80042316"),
        ),
        (GOOD, SAMPLES, (Severity.NOTE, "no rule here names the cause diff-area-full")),
        (
            BOTH,
            SAMPLES,
            (Severity.NOTE, "an ambiguity group: diff-area-full, diff-area-limit have the same rules (good-rule)"),
        ),
    ],
    ids=[
        "few samples",
        "samples disagree",
        "unknown cause",
        "one language",
        "no address",
        "stable",
        "code without meaning",
        "code of a sample without meaning",
        "cause without rule",
        "ambiguity",
    ],
)
def test_an_issue_is_found(
    tmp_path: Path, catalog: Catalog, text: str, samples: str, issue: tuple[Severity, str]
) -> None:
    assert issue in told(write(tmp_path / "rules", text, samples), catalog)


@pytest.mark.parametrize(
    ("text", "what", "named"),
    [
        (UNKNOWN_CAUSE, "an unknown cause", "nobody-knows"),
        (changed("Volsnap dropped", "Like nobody-knows, it dropped").replace("diff-area-limit", "nobody-knows"),
         "an unknown cause", "nobody-knows, sensitivity"),
        (ASKS_FOR_A_CODE, "asks for", "0x80042316"),
        (changed("EventID: 36}", "Code: '0x800423AB'}").replace("AB", "ab"), "asks for", "0x800423ab"),
        (changed("https://learn", "see learn"), "reference", "see learn"),
    ],
)  # fmt: skip
def test_what_is_unknown_is_found_at_its_own_line_and_column(tmp_path, catalog, text, what, named):
    folder = write(tmp_path / "rules", text)
    (issue,) = [issue for issue in lint(load_from([folder]), catalog) if what in issue.problem.what]
    at = text.rindex(named)
    line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    assert (issue.problem.line, issue.problem.column) == (line, column)
    assert f"good-rule.yml:{line}:{column}: {issue.severity}: " in str(issue)


def test_an_unknown_component_is_found_at_its_own_line(tmp_path, catalog):
    text = changed("volsnap_diffarea", "frog")
    (issue,) = [
        issue for issue in lint(load_from([write(tmp_path / "rules", text)]), catalog) if "frog" in issue.problem.what
    ]
    assert issue.problem.line == text.count("\n", 0, text.index("frog")) + 1


def test_a_good_rule_has_no_issues(tmp_path: Path, catalog: Catalog) -> None:
    assert told(write(tmp_path / "rules", BOTH), catalog)[1:] == []


@pytest.mark.parametrize(
    "selection",
    [
        "{Text|contains: [could not be grown, konnte nicht vergrößert werden]}",
        "{Text|contains: VSS_E_BAD_STATE}",
        "{Provider_Name|contains: could not be grown}",
    ],
)
def test_several_languages_symbols_and_other_fields_are_fine(tmp_path: Path, catalog: Catalog, selection: str) -> None:
    text = changed("{Provider_Name|contains: volsnap, EventID: 36}", selection)
    assert Severity.WARNING not in [severity for severity, _ in told(write(tmp_path / "rules", text), catalog)]


def test_problems_of_loading_are_errors_of_lint(tmp_path: Path, catalog: Catalog) -> None:
    folder = write(tmp_path / "rules", changed("level: high", "level: highest"))
    assert told(folder, catalog)[0] == (Severity.ERROR, "'highest' is not a valid Sigma rule level")


def test_causes_are_ready_for_the_model(catalog: Catalog) -> None:
    limit, full = catalog.causes["diff-area-limit"], catalog.causes["diff-area-full"]
    assert isinstance(limit, Cause)
    assert limit.probability > full.probability
    assert limit.failure > full.failure


@pytest.mark.parametrize(
    ("command", "samples", "code", "line"),
    [
        ("test", SAMPLES, 0, ""),
        ("test", SAMPLES.replace("33", "36"), 1, "good-rule.tests.yml:5: good-rule matches this near miss"),
        ("lint", SAMPLES.replace("33", "36"), 1, "good-rule.tests.yml:5: error: good-rule matches this near miss"),
    ],
)
def test_the_command_prints_places_and_fails_on_errors(
    tmp_path: Path, command: str, samples: str, code: int, line: str
) -> None:
    folder = write(tmp_path / "rules", samples=samples)
    result = CliRunner().invoke(rules, [command, str(folder)])
    assert result.exit_code == code
    assert line in result.output


def test_a_folder_is_judged_alone_but_beside_the_shipped_rules(tmp_path: Path) -> None:
    """So nobody is told of causes that shipped rules name, and a name that is taken is told."""
    folder = write(
        tmp_path / "rules", GOOD.replace("good-rule", "volsnap-diff-area-limit"), name="volsnap-diff-area-limit"
    )
    result = CliRunner().invoke(rules, ["lint", "--json", str(folder)])
    (issue,) = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (issue["check"], issue["line"], issue["severity"]) == ("names-are-taken", 1, "error")
    assert issue["what"].endswith("packs/volsnap_diffarea/volsnap-diff-area-limit.yml")


def test_a_place_that_does_not_exist_exits_with_3(tmp_path: Path) -> None:
    result = CliRunner().invoke(rules, ["lint", str(tmp_path / "nowhere")])
    assert (result.exit_code, "no such folder or file" in result.stderr) == (3, True)


def problems_of(folder: Path, catalog: Catalog, text: str, samples: str = SAMPLES) -> list[str]:
    """What lint says of a rule, as a person reads it."""
    return [str(issue.problem) for issue in lint(load_from([write(folder, text, samples)]), catalog)]


def test_of_an_unknown_cause_the_nearest_is_told_or_those_of_the_component(tmp_path, catalog):
    near = problems_of(tmp_path / "near", catalog, changed("id: diff-area-limit", "id: dif-area-limit"))
    assert any("unknown cause: dif-area-limit (expected diff-area-limit)" in line for line in near)
    far = problems_of(tmp_path / "far", catalog, UNKNOWN_CAUSE)
    assert any("(expected one of those of volsnap_diffarea: diff-area-" in line for line in far)


def test_a_misspelt_service_of_windows_is_located_and_a_log_of_its_own_is_not(tmp_path, catalog):
    wrong = problems_of(tmp_path / "wrong", catalog, changed("service: system", "service: sytem"))
    assert any("logsource.service is 'sytem' (expected system)" in line for line in wrong)
    own = problems_of(tmp_path / "own", catalog, changed("service: system", "service: acme-storage-events"))
    assert not any("logsource" in line for line in own)


def test_where_samples_lack_their_file_is_named(tmp_path, catalog):
    lacking = problems_of(tmp_path / "few", catalog, GOOD, FEW_SAMPLES)
    assert any(line.endswith("(expected at least two of each, in good-rule.tests.yml)") for line in lacking)
