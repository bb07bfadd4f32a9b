"""A word finds what it names, however it is spelled; a word that names nothing finds what is near."""

import json

import pytest
from click.testing import CliRunner

from diagnostics.commands.rules import rules
from diagnostics.handbook.article import Ref, Subject
from diagnostics.handbook.holdings import Library, decibans
from diagnostics.handbook.lookup import find, suggestions
from diagnostics.knowledge.catalog import load_catalog
from engine.pipeline import Component, Stage
from tests.diagnostics.rules.test_packs import SHIPPED_PACK
from tests.diagnostics.rules.writing import GOOD, put

LIBRARY = Library(SHIPPED_PACK.rules, load_catalog())


def found(word):
    return [article.ref for article in find(word, LIBRARY)]


@pytest.mark.parametrize(
    ("word", "ref"),
    [
        ("0x800423F4", Ref(Subject.CODE, "0x800423F4")),
        ("0x800423f4", Ref(Subject.CODE, "0x800423F4")),
        ("-2147212300", Ref(Subject.CODE, "0x800423F4")),
        ("VSS_E_WriterError_Nonretryable", Ref(Subject.CODE, "0x800423F4")),
        ("1450", Ref(Subject.CODE, "0x800705AA")),
        ("ID 30112", Ref(Subject.CODE, "ID 30112")),
        ("30112", Ref(Subject.CODE, "ID 30112")),
        ("41", Ref(Subject.CODE, "ID 41")),
        ("VSS/8229", Ref(Subject.EVENT, "VSS/8229")),
        ("vss 8229", Ref(Subject.EVENT, "VSS/8229")),
        ("volsnap event id 36", Ref(Subject.EVENT, "Volsnap/36")),
        ("Microsoft-Windows-Hyper-V-VMMS-Admin: 19100", Ref(Subject.EVENT, "Hyper-V-VMMS/19100")),
        ("12293", Ref(Subject.EVENT, "VSS/12293")),
        ("Microsoft-Windows-GroupPolicy 1058", Ref(Subject.EVENT, "Microsoft-Windows-GroupPolicy/1058")),
        ("12e711cb-ccbd-4958-8f0c-bf234d1b564c", Ref(Subject.RULE, "sql-writer-rejected-event")),
        ("sql-writer-rejected-event.yml", Ref(Subject.RULE, "sql-writer-rejected-event")),
        ("diff-area-limit", Ref(Subject.CAUSE, "diff-area-limit")),
        ("enlarge-shadow-storage", Ref(Subject.REMEDY, "enlarge-shadow-storage")),
        ("[8]", Ref(Subject.WRITER_STATE, "state-8")),
        ("state 8", Ref(Subject.WRITER_STATE, "state-8")),
        ("8", Ref(Subject.WRITER_STATE, "state-8")),
        ("vss_ws_failed_at_freeze", Ref(Subject.WRITER_STATE, "state-9")),
        ("kb826936", Ref(Subject.UPDATE, "KB826936")),
        ("826936", Ref(Subject.UPDATE, "KB826936")),
        ("guest_writer", Ref(Subject.COMPONENT, "guest_writer")),
        ("Guest-Freeze", Ref(Subject.STAGE, "guest-freeze")),
    ],
)
def test_a_word_finds_what_it_names_in_any_spelling(word, ref):
    assert ref in found(word)


def test_everything_that_is_known_can_be_found_by_its_name():
    catalog = LIBRARY.catalog
    names = [*sorted(LIBRARY.rules)[::8], *catalog.causes, *catalog.remedies, *catalog.codes, *Component, *Stage]
    assert [name for name in names if name not in [ref.id for ref in found(name)]] == []


@pytest.mark.parametrize("word", ["", "frogs", "VSS/7777", "0x12345678", "99999", "*", "VSS/", "/8229", "x" * 1000])
def test_what_names_nothing_finds_nothing(word):
    assert found(word) == []


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("diff-area-limits", "diff-area-limit"),
        ("provider_veto", "VSS_E_PROVIDER_VETO"),
        ("guest writer", "guest_writer"),
        ("sql-writer-faild", "sql-writer-failed"),
    ],
)
def test_near_names_are_suggested(word, near):
    assert near in suggestions(word, LIBRARY)


@pytest.mark.parametrize("word", ["ID 99999", "99999", "event 9", "KRB 999"])
def test_no_number_is_near_to_another_by_its_digits(word):
    assert suggestions(word, LIBRARY) == []


def test_causes_of_which_half_the_rules_are_shared_look_alike_from_both_sides():
    causes = LIBRARY.catalog.causes
    alike = {cause.id: {likeness.cause.id for likeness in LIBRARY.alike(cause)} for cause in causes.values()}
    assert "diff-area-no-space" in alike["diff-area-limit"]
    assert all(one in alike[other] for one, others in alike.items() for other in others)


def test_pointers_are_ordered_by_what_a_hit_weighs():
    weights = [[decibans(pointer.link) for pointer in pointers] for pointers in LIBRARY.pointers.values()]
    assert all(weight == sorted(weight, reverse=True) for weight in weights)


def test_the_command_prints_what_it_is_what_it_matches_and_where_it_points():
    ran = CliRunner().invoke(rules, ["explain", "sql-writer-rejected-event"])
    assert ran.exit_code == 0
    for part in (
        "names the broken part",
        "the event id is 8229",
        "sql-writer-failed: +",
        "Hits, for example",
        "https://",
    ):
        assert part in ran.stdout


def test_the_command_speaks_json():
    ran = CliRunner().invoke(rules, ["explain", "--json", "VSS/8229"])
    (article,) = json.loads(ran.stdout)
    assert (article["subject"], article["id"], article["facts"]["values"]) == ("event", "VSS/8229", "hr Context")


def test_an_unknown_name_exits_with_1_and_tells_what_is_near():
    ran = CliRunner().invoke(rules, ["explain", "sql-writer-faild"])
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert "sql-writer-failed" in ran.stderr


def test_a_name_that_is_near_to_nothing_is_told_what_can_be_asked_for():
    assert "expected a code (0x800423F4, 'ID 30112')" in CliRunner().invoke(rules, ["explain", "nonsense"]).stderr


def test_a_cause_names_the_updates_that_mend_it():
    (article,) = [article for article in find("ese-writer-failed", LIBRARY) if article.ref.subject is Subject.CAUSE]
    (updates,) = [section for section in article.sections if section.title == "Known updates"]
    assert any("KB826936" in str(item.line) for item in updates.items)


def test_a_rule_of_a_stranger_cannot_write_to_the_terminal(tmp_path):
    described = "Volsnap dropped the shadow copies of a volume."
    hostile = GOOD.replace(described, '"Volsnap \\e[2J\\u202e [red]dropped"')
    put(tmp_path, hostile)
    ran = CliRunner().invoke(rules, ["explain", "good-rule", "--rules", str(tmp_path)])
    assert ran.exit_code == 0
    assert "[red]dropped" in ran.stdout
    assert not {"\x1b", "\u202e"} & set(ran.stdout)
