"""What `vssadmin list writers` prints.

English and Japanese labels as captured; German ones as two independent public scripts have them. Where the words of a
state or error in a language are not known, the English ones stand: the number tells the state in every language.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from engine.hresult import HResult
from engine.vss.identities import WriterIdentity
from engine.vss.states import LAST_ERRORS, WriterState


@dataclass(frozen=True, slots=True)
class WriterStatus:
    """One writer as the service knows it."""

    writer: WriterIdentity
    state: WriterState = WriterState.STABLE
    last_error: HResult = HResult.S_OK


class _Language(NamedTuple):
    banner: tuple[str, ...]
    labels: tuple[str, str, str, str, str]
    """Of name, class, instance, state, and last error."""
    words: dict[str, str]
    """By the English ones."""


_LANGUAGES = {
    "en": _Language(
        (
            "vssadmin 1.1 - Volume Shadow Copy Service administrative command-line tool",
            "(C) Copyright 2001-2013 Microsoft Corp.",
        ),
        ("Writer name: '{}'", "Writer Id: ", "Writer Instance Id: ", "State: ", "Last error: "),
        {},
    ),
    "ja": _Language(
        ("vssadmin 1.1 - ボリューム シャドウ コピー サービス管理コマンド ライン ツール",),
        ("ライター名: '{}'", "ライター Id: ", "ライター インスタンス Id: ", "状態: ", "最後のエラー: "),
        {
            "Stable": "安定",
            "Failed": "失敗",
            "No error": "エラーなし",
            "Retryable error": "再試行可能なエラー",
            "Non-retryable error": "再試行できないエラー",
            "Timed out": "タイムアウト",
            "Unexpected error": "予期しないエラー",
        },
    ),
    "de": _Language(
        ("vssadmin 1.1 - Verwaltungsbefehlszeilenprogramm des Volumeschattenkopie-Dienstes",),
        ('Verfassername: "{}"', "Verfasserkennung: ", "Verfasserinstanzkennung: ", "Status: ", "Letzter Fehler: "),
        {
            "Stable": "Stabil",
            "Failed": "Fehlgeschlagen",
            "Waiting for completion": "Warten auf Abschluss",
            "No error": "Kein Fehler",
            "Retryable error": "Wiederholbarer Fehler",
            "Non-retryable error": "Nicht wiederholbarer Fehler",
            "Timed out": "Zeitüberschreitung",
            "Inconsistent shadow copy": "Inkonsistente Schattenkopie",
            "Unexpected error": "Unerwarteter Fehler",
        },
    ),
}
LANGUAGES = tuple(_LANGUAGES)


def list_writers(writers: Iterable[WriterStatus], language: str = "en") -> str:
    """The listing, in one of `LANGUAGES`. A list without writers is what a service in trouble gives."""
    spoken = _LANGUAGES[language]
    paragraphs = ["\n".join(spoken.banner), *(_writer(status, spoken) for status in writers)]
    return "\n\n".join(paragraphs) + "\n"


def _writer(status: WriterStatus, spoken: _Language) -> str:
    def said(words: str) -> str:
        return spoken.words.get(words, words)

    name, *labels = spoken.labels
    error = LAST_ERRORS.get(status.last_error, "Unexpected error")
    values = (
        f"{{{status.writer.class_id}}}",
        f"{{{status.writer.instance_id}}}",
        f"[{status.state.value}] {said(status.state.words)}",
        said(error),
    )
    lines = (f"   {label}{value}" for label, value in zip(labels, values, strict=True))
    return "\n".join((name.format(status.writer.name), *lines))
