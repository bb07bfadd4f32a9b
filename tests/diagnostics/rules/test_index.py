"""The index narrows down, and loses nothing: not a rule for an event, not a record for the parsers."""

import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.event import Event, Kind
from diagnostics.rules.index import RuleSet
from diagnostics.rules.interest import is_listed
from diagnostics.rules.logsource import EVERY_KIND
from diagnostics.rules.matching import matches
from diagnostics.rules.rule import Rule
from diagnostics.rules.triggers import branches, triggers
from tests.diagnostics.rules.writing import record, rule

BY_ID = rule({"selection": {"Provider_Name|contains": "volsnap", "EventID": [33, 36]}}, name="by-id")
BY_CODE = rule({"selection": {"Code": ["0x800423F4", "ID 30112"]}}, "{category: backup-error}", name="by-code")
BY_PROVIDER = rule({"selection": {"Provider_Name|startswith": "acme"}}, name="by-provider")
BY_WRITER = rule({"selection": {"State": 9}}, "{product: windows, service: vss-writers}", name="by-writer")
NEITHER = rule({"selection": {"Text|contains": "fatal"}}, name="neither")
BY_EITHER = rule(
    {
        "selection_id": {"Provider_Name": "disk", "EventID": 99},
        "selection_code": {"Code": "ID 1"},
        "selection_word": {"Data|startswith": "9"},
        "filter": {"Provider_Name": "acme"},
        "condition": "1 of selection* and not filter",
    },
    "{category: backup-error}",
    name="by-either",
)
BY_NOTHING = rule({"selection": {"EventID|gt": 98, "State": None}}, name="by-nothing")
RULES = [BY_ID, BY_CODE, BY_PROVIDER, BY_WRITER, NEITHER, BY_EITHER, BY_NOTHING]


@pytest.mark.parametrize(
    ("detection", "expected"),
    [
        ({"selection": {"EventID": 36, "Text|contains": "volume"}}, {36}),
        ({"selection": {"EventID": ["36", 33]}}, {33, 36}),
        ({"selection": {"Code|all": ["A", "B"], "EventID|neq": 5}}, {"a"}),
        ({"selection": {"Data|startswith": "Volume", "Text": "*a*longest*"}}, {"longest"}),
        ({"selection": {"EventID": 0, "WriterName|contains": "SQL"}}, {"sql"}),
        ({"selection": [{"EventID": 1}, {"EventID": 2, "Data": "x"}]}, {1, 2}),
        ({"a": {"EventID": [1, 2]}, "b": {"EventID": 3}, "condition": "a and not b"}, {1, 2}),
        ({"selection": {"EventID|gt": 5}}, None),
        ({"selection": {"EventID": "3*"}}, None),
        ({"selection": {"Text|re": "volume"}}, None),
        ({"selection": [{"EventID": 1}, {"Missing": None}]}, None),
    ],
    ids=str,
)
def test_what_triggers_a_condition_is_the_rarest_thing_that_it_demands(
    detection: dict[str, Any], expected: set[int | str] | None
) -> None:
    found = triggers(rule(detection).condition)
    assert (None if found is None else {trigger.what for trigger in found}) == expected


def test_alternatives_are_looked_up_apart() -> None:
    found = [triggers(branch) for branch in branches(BY_EITHER.condition)]
    assert [{trigger.what for trigger in one or ()} for one in found] == [{99}, {"id 1"}, {"9"}]


@pytest.mark.parametrize(
    ("event", "names"),
    [
        (record(provider="Volsnap", event_id=36), ["by-id"]),
        (record(provider="Volsnap", event_id=35), []),
        (
            record(provider="ACME VSS", codes=("0x800423F4", "ID 30112"), text="Fatal"),
            ["by-code", "by-provider", "neither"],
        ),
        (Event(kind=Kind.VSS_WRITER, source="w", record=1, fields={"State": "9"}), ["by-writer"]),
        (
            Event(kind=Kind.VSS_WRITER, source="w", record=1, fields={"State": "9"}, codes=("0x800423f4",)),
            ["by-code", "by-writer"],
        ),
        (Event(kind=Kind.TEXT, source="w", record=1, provider="acme"), ["by-provider"]),
        (Event(kind=Kind.JOB, source="w", record=1, provider="acme"), []),
    ],
)
def test_an_event_gets_its_rules_in_the_order_of_their_names(event: Event, names: list[str]) -> None:
    for order in (RULES, RULES[::-1], RULES[3:] + RULES[:3]):
        assert [found.name for found in RuleSet.compile(order).match(event)] == names


SOME_RULES = st.lists(st.sampled_from(RULES), unique_by=lambda some: some.name)
SOME_EVENTS = st.builds(
    Event,
    kind=st.sampled_from([Kind.RECORD, Kind.VSS_WRITER, Kind.TEXT]),
    source=st.just("s"),
    record=st.just(1),
    provider=st.sampled_from(["", "volsnap", "Acme", "disk", "ACME tool"]),
    event_id=st.sampled_from([0, 33, 36, 99]),
    codes=st.lists(st.sampled_from(["0x800423F4", "0x800423f4", "ID 30112", "ID 1"]), max_size=3).map(tuple),
    fields=st.dictionaries(st.sampled_from(["State", "Data[0]"]), st.sampled_from(["9", "1", "99 volumes", "fatal"])),
    text=st.sampled_from(["", "FATAL error"]),
)


@settings(max_examples=300)
@given(SOME_RULES, SOME_EVENTS)
def test_the_index_agrees_with_asking_every_rule(rules: list[Rule], event: Event) -> None:
    met = [one for one in rules if event.kind in one.kinds and matches(one.condition, event)]
    if event.kind is Kind.RECORD and not is_listed(event.provider, event.event_id):
        met = [one for one in met if one.logsource.category != EVERY_KIND]
    assert RuleSet.compile(rules).match(event) == tuple(sorted(met, key=lambda one: one.name))


@settings(max_examples=300)
@given(st.sampled_from(RULES), SOME_EVENTS)
def test_the_branches_of_a_condition_together_mean_the_same(one: Rule, event: Event) -> None:
    assert any(matches(branch, event) for branch in branches(one.condition)) is matches(one.condition, event)


@settings(max_examples=300)
@given(SOME_RULES, SOME_EVENTS)
def test_a_record_that_a_rule_on_provider_or_id_matches_is_of_interest(rules: list[Rule], event: Event) -> None:
    rule_set = RuleSet.compile(rules)
    if event.kind is Kind.RECORD and {found.name for found in rule_set.match(event)} & {"by-id", "by-provider"}:
        assert rule_set.interest(event.provider, event.event_id)


@pytest.mark.parametrize(
    ("provider", "event_id", "wanted"),
    [
        ("Volsnap", 36, True),  # a rule's
        ("Acme Backup Agent", 7, True),
        ("VSS", 8224, True),  # listed
        ("Microsoft-Windows-Hyper-V-VMMS", 1, True),
        ("EventLog", 6013, True),
        ("EventLog", 6010, False),
        ("Microsoft-Windows-Kernel-General", 24, True),
        ("Microsoft-Windows-GroupPolicy", 36, False),  # only rules on text or codes could match it
    ],
)
def test_interest_is_what_rules_may_match_and_what_is_listed(provider: str, event_id: int, *, wanted: bool) -> None:
    interest = RuleSet.compile([one for one in RULES if one is not BY_NOTHING]).interest
    assert interest(provider, event_id) is wanted
    assert pickle.loads(pickle.dumps(interest))(provider, event_id) is wanted  # noqa: S301 - our own


def test_answers_are_forgotten_before_hostile_logs_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diagnostics.rules.interest._MAX_REMEMBERED", 10)
    monkeypatch.setattr("diagnostics.rules.index._MAX_REMEMBERED", 10)
    rules = RuleSet.compile(RULES)
    interest = rules.interest
    for number in range(100):
        interest(f"provider {number}", 1)
        rules.match(record(provider=f"acme {number}", text=f"text {number}"))
    assert len(interest._remembered) <= 10
    for remembering in (rules._by_words, rules._by_source):
        assert len(remembering.known) <= 10
