r"""Which encoding some bytes are text in, if they are text at all.

What the bytes say structurally comes first: byte-order marks, valid UTF-8, the NULs of UTF-16. The code pages of
Windows say nothing of the kind, so each is tried on the lines that are not ASCII, and the one is believed whose
characters look most like a language that uses it (`languages.yml`): `Datentr\x84ger` has a quotation mark within a
word in cp1252 and an `ä` in cp850. A general detector (charset-normalizer) is asked last.
"""

import codecs
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from diagnostics.evidence.signatures import signature

_HEAD = 1 << 20
_SAMPLE = 1 << 16
_TELLING = 8 << 10
"""Bytes that are judged by language; more does not make the answer better."""
_LONGEST_LINE = 1 << 10
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = bytes({*range(1, 9), *range(14, 27), *range(28, 32), 127} - {26})
_BELIEVED = 0.3
"""A score below this is no better than chance."""


class Guess(NamedTuple):
    """An encoding and how sure we are of it."""

    codec: str
    """A Python codec name."""
    confidence: float
    """0 to 1; 1 where the bytes prove it."""


class Language(msgspec.Struct, frozen=True):
    """An entry of `languages.yml`."""

    codecs: tuple[str, ...]
    letters: str = ""
    script: str = ""
    common: tuple[int, int] = (0, 0)
    often: str = ""
    words: tuple[str, ...] = ()


class _Languages(msgspec.Struct, frozen=True):
    typography: str
    apostrophes: str
    languages: dict[str, Language]


def encoding_of(path: Path) -> Guess | None:
    """The encoding of a file by its head and samples of its middle and tail; None for binary content."""
    with path.open("rb") as file:
        data = file.read(_HEAD)
        size = path.stat().st_size
        for start in (size // 2, size - _SAMPLE):
            if start > _HEAD and b"\0" not in data[:64]:
                file.seek(start)
                data += b"\n" + _whole_lines(file.read(_SAMPLE))
    return guess_encoding(data)


def guess_encoding(data: bytes) -> Guess | None:
    """The encoding of some bytes, None if they are not text."""
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return Guess(codec, 1.0)
    if signature(data[:64]) or data.startswith(b"ElfFile\0"):
        return None
    utf16 = _utf16(data[:_SAMPLE])
    if utf16:
        return utf16
    if _is_binary(data):
        return None
    data = data.replace(b"\0", b"")
    if data.isascii():
        return Guess("iso2022_jp", 0.9) if re.search(rb"\x1b\$[@B]", data) else Guess("utf-8", 1.0)
    return _utf8(data) or _code_page(_telling(data))


def undecodable(path: Path, codec: str) -> int:
    """How many places of a file its encoding cannot explain (each is read as U+FFFD)."""
    decoder = codecs.getincrementaldecoder(codec)("replace")
    count = 0
    with path.open("rb") as file:
        while piece := file.read(_HEAD):
            count += decoder.decode(piece).count("\ufffd")
    return count + decoder.decode(b"", final=True).count("\ufffd")


def _whole_lines(sample: bytes) -> bytes:
    """Without the beginnings and ends of lines that sampling has cut in two."""
    _, _, rest = sample.partition(b"\n")
    return rest.rpartition(b"\n")[0]


def _utf16(data: bytes) -> Guess | None:
    """UTF-16 without a mark: NULs at every other byte, as the upper halves of ASCII characters."""
    nuls = (data[::2].count(0), data[1::2].count(0))
    runs = sum(len(run) for run in re.findall(rb"\0{4,}", data))
    if sum(nuls) - runs < max(1, len(data) // 50):
        return None
    codec = "utf-16-le" if nuls[1] > nuls[0] else "utf-16-be"
    text = data[: len(data) & ~1].decode(codec, "replace").replace("\0", "")
    plain = sum(character.isprintable() or character in "\r\n\t" for character in text)
    blanks = sum(character in " \r\n" for character in text)
    everyday = sum(character < "\x80" or _script(character) in {"kana", "hangul"} for character in text)
    if plain < 0.98 * len(text) or not (blanks > 1 or everyday > len(text) // 2):
        return None
    return Guess(codec, 0.95) if min(nuls) - runs // 2 <= max(nuls) // 2 else None


def _is_binary(data: bytes) -> bool:
    solid = data.replace(b"\0", b"")
    controls = len(solid) - len(solid.translate(None, _CONTROLS))
    return len(solid) < len(data) // 3 or controls > len(solid) // 50


def _utf8(data: bytes) -> Guess | None:
    """Valid UTF-8, or nearly: no other encoding looks like it by chance."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    sound = len(text) - len(text.encode("ascii", "ignore")) - broken
    if not broken or (broken == 1 and sound and text.endswith("\ufffd")):
        return Guess("utf-8", 1.0)
    return Guess("utf-8", 0.9) if broken < sound / 20 else None


def _telling(data: bytes) -> bytes:
    """Distinct lines with bytes beyond ASCII, from all over the data, at most `_TELLING` bytes."""
    lines = dict.fromkeys(line for line in re.split(rb"[\r\n]+", data) if not line.isascii())
    step = 1 + sum(min(len(line), _LONGEST_LINE) for line in lines) // _TELLING
    return b"\n".join(_shortened(line) for line in list(lines)[::step])[: 2 * _TELLING]


def _shortened(line: bytes) -> bytes:
    """Cut at a blank, which no code page uses within a character."""
    return line if len(line) <= _LONGEST_LINE else line[:_LONGEST_LINE].rpartition(b" ")[0] or line[:_LONGEST_LINE]


@cache
def _languages() -> _Languages:
    return msgspec.yaml.decode(Path(__file__).with_name("languages.yml").read_bytes(), type=_Languages)


@cache
def _candidates() -> list[tuple[str, Language]]:
    """(codec, language) in the order of the data file: the first of equals is believed."""
    return [(codec, language) for language in _languages().languages.values() for codec in language.codecs]


def _code_page(telling: bytes) -> Guess:
    scores = [(_score(telling, codec, language), codec) for codec, language in _candidates()]
    best, codec = max(scores, key=lambda score: score[0])
    if best < _BELIEVED:
        return _last_resort(telling)
    text = telling.decode(codec, "replace")
    rival = max((score for score, other in scores if telling.decode(other, "replace") != text), default=0.0)
    return Guess(codec, round(min(0.99, max(0.3, 0.5 + best - rival)), 2))


def _last_resort(telling: bytes) -> Guess:
    from charset_normalizer import from_bytes  # noqa: PLC0415 - rarely needed, and slow to import

    best = from_bytes(telling).best()
    return Guess(best.encoding, 0.2) if best else Guess("cp1252", 0.1)


def _score(data: bytes, codec: str, language: Language) -> float:
    """How much the text looks like the language: about 1 if it is, 0 or less if the code page is wrong."""
    text = data.decode(codec, "replace")
    weigh = _weigh_wide if language.script else _weigh_letter
    weights = [weigh(text, at, codec, language) for at, character in enumerate(text) if character > "\x7f"]
    if not weights:
        return -1.0
    known = _words(language)
    return sum(weights) / len(weights) + 0.3 * bool(known and known.search(text))


@cache
def _words(language: Language) -> re.Pattern[str] | None:
    """The language's telling words; whole words only in scripts that separate them."""
    edge = "" if language.script else r"\b"
    words = [re.escape(word) for word in language.words if not word.isascii()]
    return re.compile(rf"{edge}(?:{'|'.join(words)}){edge}", re.IGNORECASE) if words else None


def _weigh_letter(text: str, at: int, codec: str, language: Language) -> float:  # noqa: ARG001 - as _weigh_wide
    """A character of an alphabetic script in its place."""
    character = text[at]
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if character.lower() in language.letters:
        misplaced = character.isupper() and (before.islower() or (before.isalpha() and after.islower()))
        is_word = before.isalpha() or after.isalpha() or (before + after).isspace()
        return -1.0 if misplaced else 0.3 if not is_word else 0.6 if before.isupper() else 1.0
    if character not in _languages().typography:
        return -1.0
    within_word = before.isalpha() and after.isalpha()
    return -1.0 if within_word and character not in _languages().apostrophes else 0.5


def _weigh_wide(text: str, at: int, codec: str, language: Language) -> float:
    """A character of an East Asian script in its place."""
    character = text[at]
    if character == "\ufffd" or "\ue000" <= character <= "\uf8ff":
        return -2.0
    if _is_lonely(text, at):
        return -1.0
    if character in language.often:
        return 1.3
    return _weigh_script(character, codec, language)


def _weigh_script(character: str, codec: str, language: Language) -> float:
    script = _script(character)
    if script == "mark":
        return 0.5
    if script == language.script and script != "han":
        return 1.0 if script == "kana" or _is_common(character, codec, language) else -0.3
    if script == "han" and language.script != "hangul":
        return 0.8 if _is_common(character, codec, language) else -0.2
    return -0.5


def _is_lonely(text: str, at: int) -> bool:
    """One wide character within a Latin word: two bytes of a word in another code page."""
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    latin = re.compile(r"[a-z]")
    return bool(latin.match(before) or latin.match(after)) and before < "\x80" and after < "\x80"


def _script(character: str) -> str:
    if "\u3041" <= character <= "\u30ff":
        return "kana"
    if "\u4e00" <= character <= "\u9fff":
        return "han"
    if "\uff01" <= character <= "\uff20" or "\u3000" <= character <= "\u303f" or character in _languages().typography:
        return "mark"
    return "hangul" if "\uac00" <= character <= "\ud7a3" else ""


@cache
def _is_common(character: str, codec: str, language: Language) -> bool:
    low, high = language.common
    return low <= character.encode(codec)[0] <= high
