"""Every way to write a rule wrong has its message, at the line where it is wrong."""

import pytest

from diagnostics.event import Kind
from diagnostics.rules.rule import Plate, Polarity
from engine.pipeline import Component, Stage
from tests.diagnostics.rules.writing import GOOD, changed, read_text


def test_a_good_rule_is_typed_completely() -> None:
    rule, problems = read_text(GOOD)
    assert problems == []
    assert rule is not None
    assert (rule.name, rule.file, rule.line) == ("good-rule", "good-rule.yml", 1)
    assert (rule.plate, rule.component, rule.stage) == (Plate.MACHINE, Component.VOLSNAP_DIFFAREA, Stage.HOST_SNAPSHOT)
    assert (rule.polarity, rule.family, rule.kinds) == (
        Polarity.FAULT,
        "good-rule",
        frozenset({Kind.RECORD, Kind.TEXT}),
    )
    assert [(link.id, link.sensitivity, link.spurious) for link in rule.causes] == [("diff-area-limit", 0.85, 0.002)]


@pytest.mark.parametrize(
    ("logsource", "kinds", "home"),
    [
        ("{product: windows}", {Kind.RECORD, Kind.TEXT}, Kind.RECORD),
        ("{product: windows, service: vss-writers}", {Kind.VSS_WRITER}, Kind.VSS_WRITER),
        ("{service: vss-shadowstorage}", {Kind.SHADOW_STORAGE}, Kind.SHADOW_STORAGE),
        ("{product: dpm, service: jobs}", {Kind.JOB}, Kind.JOB),
        ("{product: backup, service: jobs}", {Kind.JOB}, Kind.JOB),
        ("{product: hyper-v, service: checkpoints}", {Kind.CHECKPOINT}, Kind.CHECKPOINT),
        ("{category: text}", {Kind.TEXT}, Kind.TEXT),
        ("{category: backup-error}", set(Kind), None),
    ],
)
def test_the_logsource_selects_kinds_of_event(logsource: str, kinds: set[Kind], home: Kind | None) -> None:
    rule, _ = read_text(changed("{product: windows, service: system}", logsource))
    assert rule is not None
    assert rule.kinds == kinds
    assert rule.home == home


SELECTION = "{Provider_Name|contains: volsnap, EventID: 36}"
CONDITION = "condition: selection"
BROKEN = [
    # what is replaced, by what, the line of the problem, how it begins
    ("title: Shadow", "titel: Shadow", 1, "unknown key titel"),
    ("level: high\n", "", 1, "level is missing"),
    ("level: high", "level: highest", 12, "'highest' is not a valid Sigma rule level"),
    ("id: 7a1d9a52", "id: xyz", 2, "Sigma rule identifier must be an UUID"),
    ("name: good-rule", "name: other", 3, "name is 'other'"),
    ("status: experimental", "status: new", 4, "status is 'new'"),
    ("[https://learn.microsoft.com/windows-server]", "one text", 6, "references is 'one text'"),
    ("date: 2026-11-22", "date: yesterday", 7, "Rule date 'yesterday' is invalid"),
    ("product: windows, service: system", "product: linux", 8, "logsource selects no kind"),
    ("product: windows, service: system", "category: backup-errors", 8, "logsource selects no kind"),
    ("product: windows, service: system", "prodct: windows", 8, "unknown key logsource.prodct"),
    ("product: windows, service: system", "product: off", 8, "unquoted off"),
    ("detection:", "detektion:", 9, "unknown key detektion"),
    (SELECTION, "{EventID|cidr: 36}", 10, "modifier cidr is not supported"),
    (SELECTION, "{EventID|wide: x}", 10, "modifier wide is not supported"),
    (SELECTION, "{EventID|contains|base64: x}", 10, "modifier base64 is not supported"),
    (SELECTION, "{EventID|bogus: x}", 10, "modifier bogus is not supported"),
    (SELECTION, "{EventID|contains: 36}", 10, "EventID|contains cannot be used"),
    (SELECTION, "{EventID|gte: many}", 10, "EventID|gte cannot be used"),
    (SELECTION, "{EventID|exists: 1}", 10, "EventID|exists cannot be used"),
    (SELECTION, "{EventID: []}", 10, "EventID has no values"),
    (SELECTION, "{EventID: {a: 1}}", 10, "EventID has a nested value"),
    (SELECTION, "{Text|re: '(a'}", 10, "RE2 refuses a pattern: missing )"),
    (SELECTION, r"{Text|re: '(a)\1'}", 10, "RE2 refuses a pattern: invalid escape"),
    (SELECTION, "{Text|re: '(?=a)b'}", 10, "RE2 refuses a pattern: invalid perl operator"),
    (SELECTION, "{Text|re: '" + "a" * 1025 + "'}", 10, "a regular expression is too long"),
    (SELECTION, "{Text|re: 5}", 10, "a regular expression is too long or no text"),
    (SELECTION, "{Code: 0x800423F4}", 10, "unquoted 0x800423F4"),
    (SELECTION, "[null]", 10, "a keyword cannot be used"),
    (SELECTION, "{}", 11, "Detection is empty"),
    (CONDITION, "condition: selection and", 11, "the condition cannot be read: found end of text"),
    (CONDITION, "condition: selektion", 11, "Detection 'selektion' not defined"),
    (CONDITION, "condition: 1 of filter*", 11, "Selector '1 of filter*' doesn't match"),
    (CONDITION, "condition: selection | count() > 5", 11, "The pipe syntax"),
    (CONDITION, "condition: [selection, selection]", 11, "detection has no usable condition"),
    (CONDITION, "condition: " + "not " * 250 + "selection", 11, "the condition is nested too deeply"),
    (CONDITION, "other: {EventID: 1}\n    condition: selection", 11, "the condition does not use other"),
    (CONDITION, "timeframe: 5m\n    condition: selection", 11, "timeframe is not supported"),
    (CONDITION, "", 9, "detection has no usable condition"),
    ("{machine}.volsnap_diffarea", "{guest}.volsnap_diffarea", 14, "component is '{guest}.volsnap_diffarea'"),
    ("{machine}.volsnap_diffarea", "{machine}.volsnap", 14, "component is '{machine}.volsnap'"),
    ("{machine}.volsnap_diffarea", "{vm}.hyperv_writer", 14, "hyperv_writer does not sit on {vm}"),
    ("stage: host-snapshot", "stage: snapshot", 15, "diagnosis.stage is 'snapshot'"),
    ("    stage: host-snapshot\n", "", 13, "diagnosis.stage is missing"),
    ("polarity: fault", "polarity: error", 16, "diagnosis.polarity is 'error'"),
    ("polarity: fault", "polarity: noise", 13, "noise does not say why"),
    ("polarity: fault", "polarity: fault\n    famly: x", 17, "unknown key diagnosis.famly"),
    ("sensitivity: 0.85", "sensitivity: 1.0", 18, "diagnosis.causes[0].sensitivity is 1.0"),
    ("sensitivity: 0.85", "sensitivity: high", 18, "diagnosis.causes[0].sensitivity is 'high'"),
    ("spurious: 0.002", "spurious: 0.0", 18, "diagnosis.causes[0].spurious is 0.0"),
    ("spurious: 0.002", "spurious: 0.9", 18, "sensitivity 0.85 is not above spurious 0.9"),
    ("basis: author", "basis: me", 18, "diagnosis.causes[0].basis is 'me'"),
    (", basis: author", "", 18, "diagnosis.causes[0].basis is missing"),
    (GOOD[GOOD.index("    causes:") :], "", 13, "a fault has no causes"),
    ("basis: author}", "basis: author}\n        - {id: diff-area-limit, sensitivity: 0.5, spurious: 0.1, basis: lab}",
     19, "cause diff-area-limit is named twice"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "what"), BROKEN, ids=[what[:40] for *_, what in BROKEN])
def test_a_broken_rule_says_what_is_wrong_and_where(
    old: str, new: str, line: int, what: str, capfd: pytest.CaptureFixture[str]
) -> None:
    rule, problems = read_text(changed(old, new))
    assert rule is None
    assert any(problem.what.startswith(what) and problem.line == line for problem in problems), problems
    assert capfd.readouterr().err == "", "RE2 keeps its own words to itself"


def test_all_that_is_wrong_with_a_rule_is_told_at_once() -> None:
    text = changed("polarity: fault", "polarity: error").replace("status: experimental", "status: new")
    _, problems = read_text(text.replace("EventID: 36", "EventID|cidr: 36"))
    assert [problem.line for problem in sorted(problems)] == [4, 10, 16]
