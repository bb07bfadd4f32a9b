"""A condition in words says what it asks for; what a rule is about is told from its condition."""

import pytest

from diagnostics.event import Kind
from diagnostics.rules.reach import asks_for, reach
from diagnostics.rules.samples import read_samples
from diagnostics.rules.words import in_words, outline
from tests.diagnostics.rules.test_packs import SHIPPED_PACK
from tests.diagnostics.rules.writing import rule

PORT = rule({
    "selection": {"Provider_Name": ["stor*", "*nvme*", "disk"], "EventID": [11, 129]},
    "code": {"Provider_Name": "Volsnap", "Code": ["0x80070015", "0x80070079"]},
    "not_ours": {"Provider_Name": "storvsp"},
    "condition": "(selection or code) and not not_ours",
})  # fmt: skip


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        ({"EventID": 36}, "the event id is 36"),
        ({"EventID": [8, 9]}, "the event id is 8 or 9"),
        ({"Text|contains|all": ["volume", "full"]}, "the text contains 'volume' and 'full'"),
        ({"Provider_Name": ["MSSQL*", "SQL?"]}, "the provider begins with 'MSSQL' or the provider is like 'SQL?'"),
        ({"State|gte": 7, "LastError": None}, "state is at least 7 and lasterror is empty"),
        ({"hr|exists": True}, "hr is there"),
        ({"hr|re": "0x8004.*"}, "hr matches /0x8004.*/"),
        ({"EventID": list(range(1, 20))}, "the event id is " + " or ".join(map(str, range(1, 13))) + " or 7 others"),
    ],
)
def test_a_condition_is_told_on_one_line(selection, words):
    assert in_words(rule({"selection": selection}).condition) == words


def test_an_outline_puts_alternatives_below_what_joins_them():
    assert list(outline(PORT.condition)) == [
        (0, "all of"),
        (1, "any of"),
        (2, "all of"),
        (3, "the provider begins with 'stor' or the provider contains 'nvme' or the provider is 'disk'"),
        (3, "the event id is 11 or 129"),
        (2, "all of"),
        (3, "the provider is 'Volsnap'"),
        (3, "an error code is '0x80070015' or '0x80070079'"),
        (1, "not (the provider is 'storvsp')"),
    ]


def test_a_rule_is_about_the_records_and_codes_that_its_alternatives_ask_for():
    assert [str(source) for source in reach(PORT).sources] == ["stor*, *nvme*, disk 11, 129", "Volsnap"]
    assert reach(PORT).codes == ("0x80070015", "0x80070079")


@pytest.mark.parametrize(
    ("provider", "event_id", "answer"),
    [
        ("StorAHCI", 129, True),
        ("stornvme", None, True),
        ("", 11, True),
        ("storahci", 153, False),
        ("VSS", None, False),
        ("volsnap", 25, True),
        ("", 25, False),
    ],
)
def test_a_rule_is_found_by_provider_by_id_and_by_both(provider, event_id, answer):
    assert asks_for(PORT, provider, event_id) is answer


def test_a_shipped_rule_is_found_by_the_source_of_each_record_that_it_hits():
    lost = []
    for shipped in SHIPPED_PACK.rules:
        about = reach(shipped)
        records = (hit.event for hit in read_samples(shipped)[0].hits if hit.event.kind is Kind.RECORD)
        for event in records if about.sources else ():
            by_code = not {*event.codes}.isdisjoint(about.codes)
            if not asks_for(shipped, event.provider, event.event_id) and not by_code:
                lost.append((shipped.name, event.provider, event.event_id))
    assert lost == []
