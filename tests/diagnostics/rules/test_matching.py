"""Conditions mean what Sigma and docs/events.md say, and no pattern or text makes them slow."""

import random
from time import perf_counter
from typing import Any

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.event import Event, Kind, Level
from diagnostics.rules.conditions import Like, Regex, Wild, compile_pattern
from diagnostics.rules.index import RuleSet
from diagnostics.rules.matching import MAX_LENGTH, Predicate, View, matches, predicate
from tests.diagnostics.rules import evaluator
from tests.diagnostics.rules.writing import record, rule

EVENT = record(
    provider="VolSnap",
    event_id=36,
    channel="System",
    machine="HV01",
    level=Level.ERROR,
    text="Die Schattenkopien von Volume C: wurden abgebrochen.",
    codes=("0x800423F4", "ID 30112"),
    fields={"DeviceName": r"\Device\HarddiskVolume3", "Data[0]": "C:", "Data[1]": "ReFS", "Used": "0x24", "Empty": ""},
)

HOLDS: list[dict[str, Any]] = [
    {"Provider_Name": "volsnap"},
    {"provider_name": "VOLSNAP"},
    {"Provider_Name|cased": "VolSnap"},
    {"Provider_Name|startswith": "vol"},
    {"Provider_Name|endswith": "SNAP"},
    {"Provider_Name": "v*p"},
    {"Provider_Name": "v??snap"},
    {"Provider_Name|neq": "disk"},
    {"EventID": 36},
    {"EventID": "36"},
    {"EventID": [33, 36]},
    {"EventID|gte": 36},
    {"EventID|lt": 36.5},
    {"Level": 2},
    {"Channel": "system", "Computer": "hv01"},
    {"Code": "0x800423f4"},
    {"Code|all": ["0x800423F4", "ID 30112"]},
    {"Data": "c:"},
    {"Data": ["x", "refs"]},
    {"Data[1]": "ReFS"},
    {"devicename|contains": "harddiskvolume"},
    {"DeviceName": r"\Device\Hard*"},
    {"Used": 36},
    {"Used|gt": 35},
    {"Empty": None},
    {"Missing": None},
    {"Empty|exists": True},
    {"Missing|exists": False},
    {"Text|contains|all": ["schattenkopien", "c:"]},
    {"Text|re": r"Volume [A-Z]:"},
    {"Text|re|i": r"VOLUME [a-z]:"},
    {"DeviceName|re": r"HarddiskVolume\d$"},
]
FAILS: list[dict[str, Any]] = [
    {"Provider_Name|cased": "volsnap"},
    {"Provider_Name": "vol"},
    {"Provider_Name": "v?snap"},
    {"EventID|gt": 36},
    {"EventID": "3"},
    {"Code": "0x800423F"},
    {"Code|all": ["0x800423F4", "0x8004230F"]},
    {"Data": r"\Device\HarddiskVolume3"},
    {"Data|neq": "C:"},
    {"DeviceName": None},
    {"DeviceName|gt": 1},
    {"Missing": ""},
    {"Missing|exists": True},
    {"Text|re": r"volume [a-z]:"},
    {"Provider_Name": "volsnap", "EventID": 33},
]


@pytest.mark.parametrize("selection", HOLDS, ids=str)
def test_a_selection_that_describes_the_event_matches(selection: dict[str, Any]) -> None:
    assert matches(rule({"selection": selection}).condition, EVENT)


@pytest.mark.parametrize("selection", FAILS, ids=str)
def test_a_selection_that_does_not_describe_the_event_does_not(selection: dict[str, Any]) -> None:
    assert not matches(rule({"selection": selection}).condition, EVENT)


@pytest.mark.parametrize(
    ("words", "found"),
    [(["abgebrochen"], True), (["nothing", "harddiskvolume3"], True), (["HV01"], False), (["scha*kop"], True)],
)
def test_keywords_are_searched_in_text_and_values(words: list[str], *, found: bool) -> None:
    assert matches(rule({"selection": words}).condition, EVENT) is found


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("1 of selection*", True),
        ("all of selection*", False),
        ("1 of them", True),
        ("all of them", False),
        ("selection_a and not (selection_b or filter)", True),
        ("not selection_a or selection_b and filter", False),
    ],
)
def test_conditions_combine_selections(condition: str, *, found: bool) -> None:
    selections = {
        "selection_a": {"EventID": 36},
        "selection_b": {"EventID": 33},
        "filter": [{"Level": 5}, {"Code": "x"}],
    }
    named = {name: value for name, value in selections.items() if "of" in condition or name in condition}
    if condition.endswith("selection*"):
        named.pop("filter")
    assert matches(rule(named | {"condition": condition}).condition, EVENT) is found


def test_a_value_is_matched_on_its_first_64_kib() -> None:
    text = "x" * (MAX_LENGTH - 3) + "endbeyond"
    assert matches(Like("text", (Wild.MANY, "end")), record(text=text))
    assert not matches(Like("text", (Wild.MANY, "beyond", Wild.MANY)), record(text=text))


EVIL = [
    *(rf"^(a{inner})+$" for inner in ("+", "*", "?", "{1,9}", "|a", "|aa", "+b?", "*c*")),
    *(rf"(x{inner})*y" for inner in ("+x+", "*x*", "?x", "|xx", "+|x*")),
    *("(.*)*z", "(.*){1,20}z", "(.+)+z", "(.*)+(.*)+z", ".*.*.*.*.*z", ".*a.*a.*a.*z", "(a|b|ab)*c", "([a-z]+)+[0-9]"),
    *("a{0,99}a{0,99}z", "(a?){30}a{30}z", "(ab*)*c", "(a.|.a)+z", r"(\w+\s?)+!", r"(\d+)+#", r"^(\s+)+$", r"(\S*)*@"),
    *("(?i)(A+)+$", "(?s)(.*)*Z", r"([\w.]+)+@([\w.]+)+", r"^(([a-z])+.)+[A-Z]([a-z])+$", r"(a|a)*b", r"((a*)*)*b"),
    *(r"(?:a|aa)+$!", r"\b(\w+)+\b!", r"(.*?,){11}P", r"^(.*?,){25}P", "(x+x+)+y", "((x)*)*y", r"(\w|\W)*\d{9}"),
    *("a" * 1000, "(" * 300 + "a" + ")" * 300, "[a-z]{1000}", "(a{1,30}){1,30}", "((a{1,100}){1,10}){1,10}"),
    *(r"(?:\pL+)+!", "(a*a*a*a*a*a*a*a*)*b", "^((ab)*)+$", "^(a?a?)*b", "(([^,]*),)*z", "(a|b|c|d|e|f|g)*z$"),
    *("(?:(?:a|b)|(?:ab))*c", "^(?:a+)+(?:a+)+(?:a+)+$", r"(\.\d+)+x|(\w+)+!", r"^\s*(\w+\s*=\s*\w+\s*,?\s*)*;$"),
]
HAYSTACKS = ["a" * MAX_LENGTH, "x" * MAX_LENGTH, "ab1, " * (MAX_LENGTH // 5), " " * MAX_LENGTH]


def test_there_are_enough_evil_patterns() -> None:
    assert len(EVIL) >= 50


@pytest.mark.parametrize("pattern", EVIL, ids=[pattern[:30] for pattern in EVIL])
def test_no_regular_expression_takes_more_than_milliseconds(pattern: str) -> None:
    try:
        compile_pattern(pattern)
    except re2.error:
        return  # refused
    holds = predicate(Regex("text", pattern))
    for text in HAYSTACKS:
        view = View(record(text=text))
        assert min(_time(holds, view) for _ in range(3)) < 0.005


@pytest.mark.parametrize("pattern", ["[ab]*a[ab]{30}z", "a[ab]{200}z", "x*a[ab]{900}z", "(?s).*a.{500}z.*b.{400}z"])
def test_counting_patterns_that_outgrow_any_automaton_still_take_bounded_time(pattern: str) -> None:
    dice = random.Random(1)  # noqa: S311 - test data
    view = View(record(text="".join(dice.choices("ab", k=MAX_LENGTH))))
    assert _time(predicate(Regex("text", pattern)), view) < 2


@pytest.mark.parametrize("parts", ["*a" * 200 + "b", "*a?" * 100 + "b", "a*" * 200 + "?b"], ids=["*a", "*a?", "a*"])
def test_no_wildcards_take_long(parts: str) -> None:
    wild = {"*": Wild.MANY, "?": Wild.ONE}
    holds = predicate(Like("text", tuple(wild.get(part, part) for part in parts)))
    assert _time(holds, View(record(text="a" * MAX_LENGTH))) < 0.1


def _time(holds: Predicate, view: View) -> float:
    start = perf_counter()
    holds(view)
    return perf_counter() - start


# Random conditions over random events, in a world small enough that they meet often.
TEXTS = st.text("abAß*?\\", max_size=4).filter(lambda text: "\\" not in text)
PLAIN = st.text("abAß", max_size=4)
FIELDS = st.sampled_from(["Provider_Name", "Code", "Text", "Data", "Name", "Missing", "Data[1]"])
NUMBERS = st.integers(0, 3)
ITEMS = st.one_of(
    st.tuples(FIELDS, TEXTS | st.lists(TEXTS, min_size=1, max_size=3)),
    st.tuples(
        st.builds(
            "{}|{}".format,
            FIELDS,
            st.sampled_from(["contains", "startswith", "endswith", "cased", "neq", "contains|all"]),
        ),
        st.lists(TEXTS, min_size=1, max_size=3),
    ),
    st.tuples(st.sampled_from(["EventID", "Name", "Data"]), NUMBERS | st.lists(NUMBERS, min_size=1, max_size=2)),
    st.tuples(
        st.builds("{}|{}".format, st.sampled_from(["EventID", "Name"]), st.sampled_from(["gt", "gte", "lt", "lte"])),
        NUMBERS,
    ),
    st.tuples(st.sampled_from(["Name|exists", "Missing|exists"]), st.booleans()),
    st.tuples(FIELDS, st.none()),
    st.tuples(st.sampled_from(["Text|re", "Name|re"]), st.sampled_from(["a+b", "^a", "b$", "[ab]{2}", "A|a"])),
)
MAPS = st.lists(ITEMS, min_size=1, max_size=3, unique_by=lambda pair: pair[0]).map(dict)
SELECTIONS = MAPS | st.lists(MAPS, min_size=1, max_size=2) | st.lists(PLAIN, min_size=1, max_size=2)
NAMES = ["selection", "other", "filter"]
TREES = st.recursive(
    st.sampled_from(NAMES),
    lambda inner: (
        st.tuples(st.just("not"), st.lists(inner, min_size=1, max_size=1))
        | st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3))
    ),
    max_leaves=5,
)
EVENTS = st.builds(
    record,
    provider=PLAIN,
    event_id=NUMBERS,
    text=PLAIN,
    codes=st.lists(PLAIN.filter(bool), max_size=2).map(tuple),
    fields=st.dictionaries(
        st.sampled_from(["Name", "NAME", "Data[0]", "Data[1]"]), PLAIN | NUMBERS.map(str), max_size=3
    ),
)


@settings(max_examples=300, deadline=None)
@given(TREES, st.lists(SELECTIONS, min_size=3, max_size=3), st.lists(EVENTS, min_size=1, max_size=8))
def test_the_compiled_matcher_agrees_with_a_naive_reading(
    tree: evaluator.Tree, choices: list[Any], events: list[Event]
) -> None:
    condition = evaluator.written(tree)
    detection = {name: choice for name, choice in zip(NAMES, choices, strict=True) if name in condition}
    compiled = rule(detection | {"condition": condition})
    rules = RuleSet.compile([compiled])
    for event in events:
        expected = evaluator.holds(tree, detection, event)
        assert matches(compiled.condition, event) is expected
        assert bool(rules.match(event)) is expected
        assert not expected or Kind.RECORD in compiled.kinds
