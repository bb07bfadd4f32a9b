"""The index narrows down, and loses nothing: not a rule for an event, not a record for the parsers."""

import pickle
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.event import Event, Kind
from diagnostics.rules.index import RuleSet, required_codes, required_ids
from diagnostics.rules.matching import matches
from diagnostics.rules.rule import Rule
from tests.diagnostics.rules.writing import record, rule

BY_ID = rule({"selection": {"Provider_Name|contains": "volsnap", "EventID": [33, 36]}}, name="by-id")
BY_CODE = rule({"selection": {"Code": ["0x800423F4", "ID 30112"]}}, "{category: backup-error}", name="by-code")
BY_PROVIDER = rule({"selection": {"Provider_Name|startswith": "acme"}}, name="by-provider")
BY_WRITER = rule({"selection": {"State": 9}}, "{product: windows, service: vss-writers}", name="by-writer")
NEITHER = rule({"selection": {"Text|contains": "fatal"}}, name="neither")
RULES = [BY_ID, BY_CODE, BY_PROVIDER, BY_WRITER, NEITHER]


@pytest.mark.parametrize(
    ("detection", "ids", "codes"),
    [
        ({"selection": {"EventID": 36, "Code": "x"}}, {36}, {"x"}),
        ({"selection": {"EventID": ["36", 33]}}, {33, 36}, None),
        ({"selection": {"EventID|gt": 5}}, None, None),
        ({"selection": {"EventID": "3*"}}, None, None),
        ({"selection": [{"EventID": 1}, {"EventID": 2, "Data": "x"}]}, {1, 2}, None),
        ({"selection": [{"EventID": 1}, {"Data": "x"}]}, None, None),
        ({"selection": {"Code|all": ["A", "B"], "EventID|neq": 5}}, None, {"a"}),
        ({"a": {"EventID": [1, 2]}, "b": {"EventID": 3}, "condition": "a and not b"}, {1, 2}, None),
    ],
)
def test_what_a_condition_requires_is_read_from_its_tree(
    detection: dict[str, Any], ids: set[int] | None, codes: set[str] | None
) -> None:
    condition = rule(detection).condition
    assert required_ids(condition) == ids
    assert required_codes(condition) == codes


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
        (Event(kind=Kind.TEXT, source="w", record=1, provider="acme"), []),
    ],
)
def test_an_event_gets_its_rules_in_the_order_of_their_names(event: Event, names: list[str]) -> None:
    for order in permutations(RULES):
        assert [found.name for found in RuleSet.compile(order).match(event)] == names


SOME_RULES = st.lists(st.sampled_from(RULES), unique_by=lambda some: some.name)
SOME_EVENTS = st.builds(
    Event,
    kind=st.sampled_from([Kind.RECORD, Kind.VSS_WRITER, Kind.TEXT]),
    source=st.just("s"),
    record=st.just(1),
    provider=st.sampled_from(["", "volsnap", "Acme", "disk"]),
    event_id=st.sampled_from([0, 33, 36, 99]),
    codes=st.lists(st.sampled_from(["0x800423F4", "0x800423f4", "ID 30112", "ID 1"]), max_size=3).map(tuple),
    fields=st.dictionaries(st.sampled_from(["State", "Data[0]"]), st.sampled_from(["9", "1"])),
    text=st.sampled_from(["", "FATAL error"]),
)


@settings(max_examples=300)
@given(SOME_RULES, SOME_EVENTS)
def test_the_index_agrees_with_asking_every_rule(rules: list[Rule], event: Event) -> None:
    asked = [one for one in rules if event.kind in one.kinds and matches(one.condition, event)]
    assert RuleSet.compile(rules).match(event) == tuple(sorted(asked, key=lambda one: one.name))


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
    interest = RuleSet.compile(RULES).interest
    assert interest(provider, event_id) is wanted
    assert pickle.loads(pickle.dumps(interest))(provider, event_id) is wanted  # noqa: S301 - our own


def test_interest_forgets_before_hostile_names_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diagnostics.rules.interest._MAX_REMEMBERED", 10)
    interest = RuleSet.compile(RULES).interest
    for number in range(100):
        interest(f"provider {number}", 1)
    assert len(interest._remembered) <= 10
