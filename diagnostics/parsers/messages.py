"""What a line is, told from its message alone: people paste what a console shows, without source, id or code.

`messages.yml` lists what events say, `code_messages.yml` what Windows and DPM say for their codes. A message is looked
up by its words, so that a line costs no more with many messages than with few: three words of a message that stand
together lead to it. What is written without blanks is searched for as it stands.
"""

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

import msgspec

_LONGEST_GAP = 300  # characters that stand for one `*`
_LONGEST_LINE = 8192  # characters looked at
_KEY = 3  # words
_WORD = re.compile(r"\w+")
ABOUT = (
    *("shadow", "vss", "writer", "freeze", "volumes for this operation", "resource allocation", "object", "dpm"),
    *("network path", "semaphore", "syntax is", "password", "domain", "corrupted and", "redundancy", "locked out"),
    *("another snapshot", "snapshot set in", "memory resources", "to process this", "paging file", "virtual hard disk"),
    *(
        "speicherressourcen",
        "auslagerungsdatei",
        "virtuellen festplatte",
        "mémoire",
        "pagination",
        "paginación",
        "подкачки",
    ),
    *("identity", "principal name", "skewed", "netzwerkpfad", "zeitlimit", "kennwort", "crc", "beschädigt", "gesperrt"),
    *("chemin réseau", "mot de passe", "sémaphore", "illisible", "redondance", "ruta de acceso", "semáforo", "dañado"),
    *(
        "contraseña",
        "redundancia",
        "percorso di rete",
        "ridondanza",
        "сетевой",
        "пароль",
        "找不到",
        "密码",
        "损坏",
        "循环",
    ),
    *(
        "メモリ リソース",
        "ページング",
        "仮想ハード",
        "セマフォ",
        "パスワード",
        "ネットワーク パス",
        "壊れて",
        "パーティション",
        "巡回",
    ),
    *("replica", "protect", "recovery", "consisten", "backup", "exclusively", "account for", "is offline"),
    *("user session", "client session"),
    *("schattenkopie", "generator", "objekt", "instant", "rédacteur", "escritor", "copia"),
    *("シャドウ", "ライター", "リソース", "卷影", "теневого", "записи"),
)
"""A line that words a code holds one of these: no other is asked for what it says."""
_ABOUT_IN_ASCII = tuple(filter(str.isascii, ABOUT))

Meaning = TypeVar("Meaning")


class Spoken(NamedTuple):
    """An event that says so."""

    provider: str
    event_id: int


class _Message(NamedTuple, Generic[Meaning]):
    text: str
    meaning: Meaning


@lru_cache(maxsize=256)
def _pattern(text: str) -> re.Pattern[str]:
    """Made when a line comes near: most messages are met by none."""
    return re.compile(f".{{0,{_LONGEST_GAP}}}?".join(map(re.escape, text.split("*"))), re.DOTALL)


class _Phrasebook(Generic[Meaning]):
    """Messages by their words, and those without blanks by themselves."""

    def __init__(self, said: Iterable[tuple[str, Meaning]]) -> None:
        self._by_words: dict[tuple[str, ...], list[_Message[Meaning]]] = {}
        self._by_piece: dict[str, list[_Message[Meaning]]] = {}
        for text, meaning in said:
            self._enter(text.lower(), meaning)

    def _enter(self, text: str, meaning: Meaning) -> None:
        pieces = text.split("*")
        message = _Message(text, meaning)
        words = max((_inner_words(piece) for piece in pieces), key=len)
        if len(words) >= _KEY:
            self._by_words.setdefault(words[:_KEY], []).append(message)
        else:
            self._by_piece.setdefault(max(pieces, key=len), []).append(message)

    def find(self, lowered: str) -> Meaning | None:
        """What the longest message means that the text holds."""
        line = lowered[:_LONGEST_LINE].replace("’", "'")
        words = _WORD.findall(line)
        keys = dict.fromkeys(zip(words, words[1:], words[2:], strict=False))
        near = [message for key in keys for message in self._by_words.get(key, ())]
        near += [message for piece, messages in self._by_piece.items() if piece in line for message in messages]
        said = [message for message in near if _pattern(message.text).search(line)]
        return max(said, key=lambda message: len(message.text)).meaning if said else None


def _inner_words(piece: str) -> tuple[str, ...]:
    """The words that surely stand whole in a line: not those that touch what varies, or that other text may prolong."""
    return tuple(
        match[0]
        for match in _WORD.finditer(piece)
        if (match.start() > 0 or piece[0].isascii()) and (match.end() < len(piece) or piece[-1].isascii())
    )


def spoken_by(lowered: str) -> Spoken | None:
    """The event whose message a text holds; of several the one that says most. The text is in lower case."""
    return _events().find(lowered)


def code_said_by(lowered: str) -> str | None:
    """The code whose message a text holds. The text is in lower case."""
    about = _ABOUT_IN_ASCII if lowered.isascii() else ABOUT
    return _codes().find(lowered) if any(map(lowered.__contains__, about)) else None


@cache
def _events() -> _Phrasebook[Spoken]:
    told = msgspec.yaml.decode(_data("messages.yml"), type=dict[str, dict[int, list[str]]])
    return _Phrasebook(
        (text, Spoken(provider, event_id))
        for provider, events in told.items()
        for event_id, texts in events.items()
        for text in texts
    )


@cache
def _codes() -> _Phrasebook[str]:
    told = msgspec.yaml.decode(_data("code_messages.yml"), type=dict[str, list[str]])
    return _Phrasebook((text, code) for code, texts in told.items() for text in texts)


def _data(name: str) -> bytes:
    return (Path(__file__).parent / name).read_bytes()
