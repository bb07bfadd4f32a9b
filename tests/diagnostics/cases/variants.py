"""Bundles that say the same as another: reworded, renamed, shuffled, in another encoding."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from random import Random
from xml.sax.saxutils import escape, unescape

from tests.diagnostics.cases.bundles import Bundle
from tests.diagnostics.cases.rewording import bare, reword, translate

Variant = Callable[[Bundle], Bundle | None]
"""None where the bundle has no such form."""

_MESSAGE = re.compile(r"(<(?:Data|Message)>)([^<]+)(</)")
_JOB_HEAD = "Type:    Recovery point\nStatus:  Failed\nDescription:  "
_JOB_HEADS = {
    "german": "Typ:    Wiederherstellungspunkt\nStatus:  Fehlgeschlagen\nBeschreibung:  ",
    "japanese": "種類:    回復ポイント\n状態:  失敗\n説明:  ",
    "russian": "Тип:    Точка восстановления\nСостояние:  Сбой\nОписание:  ",  # noqa: RUF001
}
"""How DPM's console labels a job; labels belong to a form, not to a sentence."""


def reworded(bundle: Bundle, seed: int = 0) -> Bundle:
    """As a person retells the messages."""
    return _in_other_words(bundle, partial(reword, seed=seed), _JOB_HEAD)


def translated(bundle: Bundle, tongue: str, seed: int = 0) -> Bundle:
    """As a system in another language prints the messages."""
    return _in_other_words(bundle, partial(translate, tongue=tongue, seed=seed), _JOB_HEADS[tongue])


def unrendered(bundle: Bundle) -> Bundle:
    """With ids and values alone, as where the message files of a provider are missing."""
    return _in_other_words(bundle, bare, _JOB_HEAD)


def _in_other_words(bundle: Bundle, change: Callable[[str], str], job_head: str) -> Bundle:
    def message(match: re.Match[str]) -> str:
        return f"{match[1]}{escape(change(unescape(match[2])))}{match[3]}"

    def changed(name: str, text: str) -> str:
        if name.endswith(".xml"):
            return _MESSAGE.sub(message, text)
        return job_head.join(change(part) for part in text.split(_JOB_HEAD))

    return {name: changed(name, content.decode()).encode() for name, content in bundle.items()}


def message_of(text: str) -> str:
    """What a text says, without the labels of DPM's console."""
    return text.replace(_JOB_HEAD, "")


_NEW_NAMES = ("KYOTO3", "N-417", "ZEBRA", "A1B2", "lima-07", "QX")


def renamed(bundle: Bundle, names: Iterable[str]) -> Bundle:
    """With these machines under other names, whose order is another, too."""
    new = dict(zip(sorted(names), _NEW_NAMES, strict=False))
    old = re.compile("|".join(rf"(?<![\w-]){re.escape(name)}(?!\w)" for name in sorted(new, key=len, reverse=True)))

    def change(text: str) -> str:
        return old.sub(lambda match: new[match[0]], text) if new else text

    return {change(name): change(content.decode()).encode() for name, content in bundle.items()}


def shuffled(bundle: Bundle, seed: int = 0) -> Bundle:
    """With records and paragraphs in another order, and the files, too."""
    random = Random(seed)  # noqa: S311 - order, not secrets

    def change(name: str, text: str) -> str:
        if name.endswith(".xml"):
            head, *events = text.removesuffix("</Events>").split("<Event xmlns")
            random.shuffle(events)
            return head + "".join(f"<Event xmlns{event}" for event in events) + "</Events>"
        paragraphs = text.rstrip("\n").split("\n\n")
        random.shuffle(paragraphs)
        return "\n\n".join(paragraphs) + "\n"

    files = [(name, change(name, content.decode()).encode()) for name, content in bundle.items()]
    random.shuffle(files)
    return dict(files)


def encoded(bundle: Bundle, encoding: str, mark: bytes = b"") -> Bundle | None:
    """In another encoding, without a word about it; None where it cannot hold all characters."""
    try:
        return dict(_encoded(bundle, encoding, mark))
    except UnicodeEncodeError:
        return None


def _encoded(bundle: Bundle, encoding: str, mark: bytes) -> Iterator[tuple[str, bytes]]:
    for name, content in bundle.items():
        text = re.sub(r"^<\?xml[^>]*\?>\n", "", content.decode())
        yield name, mark + text.encode(encoding)


ENCODINGS: dict[str, Variant] = {
    "UTF-16 with a mark": partial(encoded, encoding="utf-16-le", mark=b"\xff\xfe"),
    "UTF-16 without a mark": partial(encoded, encoding="utf-16-le"),
    "UTF-8 with a mark": partial(encoded, encoding="utf-8", mark=b"\xef\xbb\xbf"),
    "code page 932": partial(encoded, encoding="cp932"),
    "code page 1252": partial(encoded, encoding="cp1252"),
    "code page 850": partial(encoded, encoding="cp850"),
}
