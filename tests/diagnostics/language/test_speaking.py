"""What is said is said in the user's language; what programs read, and what is not ours, stays as it is."""

from typing import NamedTuple

import msgspec
import pytest

from diagnostics.language import current, in_words, language_of, say, speak
from diagnostics.language.dictionary import BrokenDictionaryError, sentences
from engine.sentence import Sentence, listed


class Told(msgspec.Struct):
    title: str
    lines: list[str]
    pair: tuple[str, ...] = ()


class Named(NamedTuple):
    title: str
    number: int


def test_english_is_spoken_at_first_and_says_what_stands_there():
    assert current() == "en"
    assert say("Not checked") == "Not checked"
    assert say("{count} records", count=2) == "2 records"


def test_japanese_is_said_with_the_same_values():
    speak("ja")
    assert say("Not checked") == "調べていないもの"
    assert say("{count} records", count=2) == "2 レコード"


def test_sentences_within_sentences_are_said_too_and_log_text_in_them_is_not():
    speak("ja")
    sentence = Sentence("{title} ({where})", title=Sentence("DPM agent"), where="Not checked")
    assert say(sentence) == "DPM エージェント (Not checked)"
    assert say(listed([Sentence("DPM agent"), Sentence("Data transfer")])) == "DPM エージェント；データ転送"


def test_what_the_dictionary_does_not_hold_is_said_in_english():
    speak("ja")
    assert say("A rule of my own") == "A rule of my own"
    assert say(Sentence("{title} of mine", title=Sentence("DPM agent"))) == "DPM エージェント of mine"


def test_a_whole_structure_is_said_at_once_and_the_original_stays_english():
    told = Told(Sentence("DPM agent"), [Sentence("Not checked"), "Not checked"], (Sentence("stage"), "stage"))
    speak("ja")
    said = in_words(told)
    assert said == Told("DPM エージェント", ["調べていないもの", "Not checked"], ("段階", "stage"))
    assert told.title == "DPM agent"
    assert in_words(Named(Sentence("stage"), 2)) == Named("段階", 2)


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
    ],
)
def test_the_environment_tells_the_language(environment, language):
    assert language_of(environment) == language


def test_a_dictionary_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    (tmp_path / "xx").mkdir()
    (tmp_path / "xx" / "causes.yml").write_text("sentences: [", encoding="utf-8")
    monkeypatch.setattr("diagnostics.language.dictionary.FOLDER", tmp_path)
    monkeypatch.setattr(
        "diagnostics.language.dictionary.files", lambda language: sorted((tmp_path / language).glob("*.yml"))
    )
    with pytest.raises(BrokenDictionaryError, match=r"causes\.yml is no dictionary"):
        sentences("xx")
