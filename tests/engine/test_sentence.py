"""A sentence is its English text, and still knows how it was made."""

import pickle

from engine.sentence import Sentence, listed


def test_a_sentence_is_its_english_text():
    sentence = Sentence("{count} lines of {file}", count=3, file="a{0}.evtx")
    assert sentence == "3 lines of a{0}.evtx"
    assert hash(sentence) == hash("3 lines of a{0}.evtx")
    assert f"{sentence}!" == "3 lines of a{0}.evtx!"


def test_without_values_braces_stay_as_they_are():
    assert Sentence("{Get-VM | {$_}}") == "{Get-VM | {$_}}"


def test_what_it_is_made_of_survives_the_way_to_another_process():
    inner = Sentence("{what} failed", what="HV01")
    there = pickle.loads(pickle.dumps(Sentence("Probably: {named}.", named=inner)))  # noqa: S301 - our own
    assert there == "Probably: HV01 failed."
    assert there.template == "Probably: {named}."
    assert there.values["named"].template == "{what} failed"


def test_sentences_are_listed_one_after_the_other():
    assert listed(["a", Sentence("b"), "c"]) == "a; b; c"
    assert listed(["a"]) == "a"
    assert listed([]) == ""
