import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.evidence.encoding import encoding_of, guess_encoding, undecodable
from tests.shared import needs_shared, shared

UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")
LANGUAGES = yaml.safe_load(Path(__file__).with_name("sentences.yml").read_text(encoding="utf-8"))


def decoded(data: bytes) -> str | None:
    guess = guess_encoding(data)
    return data.decode(guess.codec, "replace").removeprefix("\ufeff") if guess else None


def misread(sentences: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The (codec, sentence) pairs that do not come back as they were."""
    return [(codec, text) for codec, text in sentences if decoded(text.encode(codec)) != text]


def encodable(texts: list[str], codecs: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for text in texts:
        for codec in codecs:
            try:
                text.encode(codec)
            except UnicodeEncodeError:
                continue
            yield codec, text


def real_sentences() -> list[str]:
    """All that the cases and the collected formats quote beyond ASCII; `…` there marks what the collector left out."""
    cases = yaml.safe_load(shared("knowledge", "cases.yaml").read_text(encoding="utf-8"))["cases"]
    quoted = [evidence.get("text") or "" for case in cases for evidence in case["evidence"]]
    for line in shared("knowledge", "log-formats.md").read_text(encoding="utf-8").splitlines():
        quoted += re.findall(r"`([^`]+)`", line)
        quoted += [line.strip()] if line.startswith("    ") else []
        quoted += line.rpartition(": ")[2].split(", ") if line.startswith(("Values", "French states")) else []
    texts = dict.fromkeys(text.replace("…", "...") for text in quoted if "„" not in text)
    return [text for text in texts if not text.isascii()]


def code_pages(text: str) -> tuple[str, ...]:
    if re.search("[가-힣]", text):
        return ("cp949", *UNICODE)
    return ("cp932", *UNICODE) if re.search("[ぁ-ヿ一-鿿]", text) else ("cp1252", "cp850", *UNICODE)


@needs_shared
def test_every_sentence_that_real_systems_printed_comes_back_from_every_encoding_it_may_be_in():
    sentences = [pair for text in real_sentences() for pair in encodable([text], code_pages(text))]
    assert len(sentences) > 250
    wrong = misread(sentences)
    assert len(wrong) <= 0.02 * len(sentences), wrong


def test_single_lines_of_thirteen_languages_come_back_to_ninety_seven_percent():
    sentences = [
        pair
        for language in LANGUAGES.values()
        for pair in encodable([f"{line}\r\n" for line in language["sentences"]], (*language["codecs"], *UNICODE))
    ]
    wrong = misread(sentences)
    assert len(wrong) <= 0.03 * len(sentences), wrong


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_of_several_lines_always_comes_back(language):
    text = "\r\n".join(LANGUAGES[language]["sentences"])
    assert not misread([(codec, text) for codec in (*LANGUAGES[language]["codecs"], *UNICODE)])


def test_a_console_code_page_is_told_from_an_ansi_one():
    assert decoded(b"Datentr\x84ger") == "Datenträger"
    assert decoded(b"Datentr\xe4ger") == "Datenträger"


def test_ascii_is_utf8_and_iso_2022_is_not():
    assert guess_encoding(b"State: [1] Stable") == ("utf-8", 1.0)
    assert decoded("状態".encode("iso2022_jp")) == "状態"


def test_nuls_and_mixed_line_ends_do_not_hide_text():
    text = "Status: [8] Fehlgeschlagen\r\nfür Größe\nÜberprüfung\r" * 20
    riddled = text.encode("cp850").replace(b"Status", b"Sta\0tus").replace(b"Gr", b"\0" * 9 + b"Gr")
    assert guess_encoding(riddled) == guess_encoding(text.encode("cp850"))


def test_utf8_with_a_few_broken_bytes_is_still_utf8_and_the_damage_is_counted(tmp_path):
    data = ("プロバイダー\n" * 50).encode() + b"\xff\xfe\n" + ("状態\n" * 50).encode()
    (tmp_path / "a.txt").write_bytes(data)
    guess = encoding_of(tmp_path / "a.txt")
    assert guess is not None
    assert guess.codec == "utf-8"
    assert undecodable(tmp_path / "a.txt", guess.codec) == 2


def test_what_only_the_tail_of_a_long_file_shows_is_seen(tmp_path):
    (tmp_path / "a.log").write_bytes(b"INFO ok\r\n" * 400_000 + "Größe überschritten\r\n".encode("cp850") * 100)
    guess = encoding_of(tmp_path / "a.log")
    assert guess is not None
    assert b"Gr\x94\xe1e".decode(guess.codec) == "Größe"


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n" + bytes(40), b"MZ\x90\0\x03\0", b"ElfFile\0" + bytes(4000), bytes(100)]
)
def test_binary_content_has_no_encoding(data):
    assert guess_encoding(data) is None


def test_noise_is_not_text():
    assert not any(guess_encoding(os.urandom(500)) for _ in range(50))


@needs_shared
def test_no_event_log_is_taken_for_text():
    assert [path.name for path in shared("evtx").iterdir() if encoding_of(path)] == [
        path.name for path in shared("evtx").iterdir() if path.suffix != ".evtx"
    ]


@given(st.binary(max_size=300))
def test_any_bytes_have_an_answer_that_decodes_them(data):
    guess = guess_encoding(data)
    assert guess is None or (isinstance(data.decode(guess.codec, "replace"), str) and 0 <= guess.confidence <= 1)


@given(st.text(min_size=1))
def test_unicode_with_a_mark_always_comes_back(text):
    for codec in ("utf-8-sig", "utf-16"):
        data = text.encode(codec, "ignore")
        assert decoded(data) == data.decode(codec).removeprefix("\ufeff")
