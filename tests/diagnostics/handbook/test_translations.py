"""Every sentence has its translation, and no translation is left of a sentence that changed."""

import shutil
from functools import cache

import pytest

from diagnostics.handbook.holdings import Library
from diagnostics.handbook.translations import check, missing, origins
from diagnostics.knowledge.catalog import load_catalog
from diagnostics.language import LANGUAGES
from diagnostics.language.dictionary import FOLDER
from diagnostics.rules.packs import SHIPPED, load_from


@cache
def library():
    return Library(load_from([SHIPPED]).rules, load_catalog())


@cache
def sources():
    return tuple(origins(library()))


@pytest.fixture
def dictionary(tmp_path):
    """A copy of the Japanese dictionary, to be spoiled."""
    shutil.copytree(FOLDER / "ja", tmp_path / "ja")
    return tmp_path


def wrong(folder):
    """What is wrong with a dictionary, and not with the shipped one."""
    before = {problem.what for problem in check("ja", library())}
    return [str(problem) for problem in check("ja", library(), folder) if problem.what not in before]


def spoiled(folder, before, after):
    path = folder / "ja" / "reports.yml"
    text = path.read_text("utf-8")
    assert text.count(before) == 1
    path.write_text(text.replace(before, after), "utf-8")
    return wrong(folder)


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_everything_that_is_said_has_a_translation_that_fits(language):
    assert [str(problem) for problem in check(language, library())] == []


def test_sentences_of_catalogs_rules_code_and_templates_are_found():
    said = {origin.text: origin.where for origin in sources()}
    assert said["The DPM agent on the host is stopped or crashes"] == "causes: agent-service-down"
    assert said["No fault found."].startswith("diagnostics/answer/composing.py:")
    assert said["How far each job came"].startswith("templates/stages.html.j2:")
    assert "{count} hosts" in said


def test_a_sentence_that_changed_is_named_with_its_line_and_as_one_that_is_missing(dictionary):
    told = spoiled(dictionary, "- en: No fault found.\n", "- en: Nothing is wrong.\n")
    assert any(
        "nothing says 'Nothing is wrong.' any more" in line and line.startswith("ja/reports.yml:") for line in told
    )
    assert any("no translation of 'No fault found.' (diagnostics/answer/composing.py:" in line for line in told)


def test_places_to_fill_must_be_the_same(dictionary):
    told = spoiled(dictionary, "said: '{count} レコード'", "said: '{number} レコード'")
    assert len(told) == 1
    assert "the places of '{count} records' became: number:" in told[0]


def test_code_must_be_the_same(dictionary):
    path = dictionary / "ja" / "faults.yml"
    before, _, after = path.read_text("utf-8").rpartition("`why=foreign`")
    path.write_text(f"{before}`why=他`{after}", "utf-8")
    (told,) = wrong(dictionary)
    assert "became: `why=他` (expected `why=foreign`)" in told


def test_the_same_sentence_twice_is_named(dictionary):
    told = spoiled(dictionary, "sentences:\n", "sentences:\n    - en: No fault found.\n      said: 障害なし\n")
    assert len(told) == 2
    assert all("'No fault found.' stands there twice" in line for line in told)


def test_an_entry_that_is_none_is_named_with_its_line(dictionary):
    told = spoiled(
        dictionary, "sentences:\n", "sentences:\n    - en: No fault found.\n      said: 障害なし\n      by: me\n"
    )
    assert any(line.startswith("ja/reports.yml:") and "unknown key" in line for line in told)


def test_a_language_without_a_dictionary_lacks_everything():
    assert len(missing("xx", library())) > 2000
