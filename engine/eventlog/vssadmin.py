"""What `vssadmin list writers`, `providers`, `shadowstorage` and `shadows` print.

English and Japanese labels as captured; German ones as public scripts have them. Where the words of a language are not
known, the English ones stand: the number tells a writer's state in every language, and shapes tell the rest.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from engine.eventlog.job import regional
from engine.hresult import HResult
from engine.vss.identities import ProviderIdentity, WriterIdentity
from engine.vss.states import LAST_ERRORS, WriterState


@dataclass(frozen=True, slots=True)
class WriterStatus:
    """One writer as the service knows it."""

    writer: WriterIdentity
    state: WriterState = WriterState.STABLE
    last_error: HResult = HResult.S_OK


class StorageSetting(NamedTuple):
    """Where shadow copies of a volume are kept, and how much room they take."""

    volume: str
    """Its letter: `C:`."""
    device: str
    """Its GUID path."""
    storage: str
    storage_device: str
    used: int
    """Bytes."""
    maximum: int | None
    """Bytes; None where nothing limits them."""
    size: int
    """Bytes of the volume with the storage, which percentages are of."""


class CopyListed(NamedTuple):
    """A shadow copy that exists."""

    set_id: UUID
    id: UUID
    volume: str
    device: str
    number: int
    """Of its device, from 1 on."""
    created: datetime
    machine: str
    provider: str


class _Language(NamedTuple):
    banner: tuple[str, ...]
    writer: tuple[str, str, str, str, str]
    """Labels of name, class, instance, state, and last error."""
    provider: tuple[str, str, str, str]
    """Labels of name, type, identifier and version."""
    storage: tuple[str, str, str, str, str, str]
    """The title, and labels of volume, storage, and what is used, allocated and allowed."""
    nothing: str
    """Instead of a list without entries."""
    words: dict[str, str]
    """By the English ones."""


_STORAGE = (
    "Shadow Copy Storage association",
    "For volume: ",
    "Shadow Copy Storage volume: ",
    "Used Shadow Copy Storage space: ",
    "Allocated Shadow Copy Storage space: ",
    "Maximum Shadow Copy Storage space: ",
)
_NOTHING = "No items found that satisfy the query."


_LANGUAGES = {
    "en": _Language(
        (
            "vssadmin 1.1 - Volume Shadow Copy Service administrative command-line tool",
            "(C) Copyright 2001-2013 Microsoft Corp.",
        ),
        ("Writer name: '{}'", "Writer Id: ", "Writer Instance Id: ", "State: ", "Last error: "),
        ("Provider name: '{}'", "Provider type: ", "Provider Id: ", "Version: "),
        _STORAGE,
        _NOTHING,
        {},
    ),
    "ja": _Language(
        ("vssadmin 1.1 - ボリューム シャドウ コピー サービス管理コマンド ライン ツール",),
        ("ライター名: '{}'", "ライター Id: ", "ライター インスタンス Id: ", "状態: ", "最後のエラー: "),
        ("プロバイダー名: '{}'", "プロバイダーの種類: ", "プロバイダー Id: ", "バージョン: "),
        _STORAGE,
        "クエリを満たす項目が何もありませんでした。",
        {
            "Software": "ソフトウェア",
            "System": "システム",
            "Hardware": "ハードウェア",
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
        ('Anbietername: "{}"', "Anbietertyp: ", "Anbieterkennung: ", "Version: "),
        (
            "Schattenkopie-Speicherassoziation",
            "Für Volume: ",
            "Schattenkopie-Speichervolume: ",
            "Verwendeter Schattenkopie-Speicherbereich: ",
            "Zugewiesener Schattenkopie-Speicherbereich: ",
            "Maximaler Schattenkopie-Speicherbereich: ",
        ),
        _NOTHING,
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
    return _listing(spoken, [_writer(status, spoken) for status in writers])


def list_providers(providers: Iterable[ProviderIdentity], language: str = "en") -> str:
    """`vssadmin list providers`."""
    spoken = _LANGUAGES[language]
    return _listing(spoken, [_provider(one, spoken) for one in providers])


def list_shadow_storage(storages: Iterable[StorageSetting], language: str = "en") -> str:
    """`vssadmin list shadowstorage`."""
    spoken = _LANGUAGES[language]
    return _listing(spoken, [_storage(one, spoken) for one in storages] or [spoken.nothing])


def list_shadows(copies: Iterable[CopyListed], language: str = "en") -> str:
    """`vssadmin list shadows`, of sets with one copy each; its labels in English."""
    spoken = _LANGUAGES[language]
    return _listing(spoken, [_shadow(one) for one in copies] or [spoken.nothing])


def _listing(spoken: _Language, entries: Iterable[str]) -> str:
    return "\n\n".join(["\n".join(spoken.banner), *entries]) + "\n"


def _entry(name: str, labels: Iterable[str], values: Iterable[str]) -> str:
    lines = (f"   {label}{value}" for label, value in zip(labels, values, strict=True))
    return "\n".join((name, *lines))


def _writer(status: WriterStatus, spoken: _Language) -> str:
    name, *labels = spoken.writer
    words, error = status.state.words, LAST_ERRORS.get(status.last_error, "Unexpected error")
    values = (
        f"{{{status.writer.class_id}}}",
        f"{{{status.writer.instance_id}}}",
        f"[{status.state.value}] {spoken.words.get(words, words)}",
        spoken.words.get(error, error),
    )
    return _entry(name.format(status.writer.name), labels, values)


def _provider(provider: ProviderIdentity, spoken: _Language) -> str:
    name, *labels = spoken.provider
    kind = provider.type.value
    values = (spoken.words.get(kind, kind), f"{{{provider.id}}}", provider.version)
    return _entry(name.format(provider.name), labels, values)


def _storage(storage: StorageSetting, spoken: _Language) -> str:
    title, *labels = spoken.storage

    def room(used: int) -> str:
        return f"{_amount(used)} ({100 * used // storage.size}%)"

    values = (
        f"({storage.volume}){storage.device}",
        f"({storage.storage}){storage.storage_device}",
        room(storage.used),
        room(storage.used),
        "UNBOUNDED (100%)" if storage.maximum is None else room(storage.maximum),
    )
    return _entry(title, labels, values)


def _shadow(copy: CopyListed) -> str:
    lines = (
        f"Contents of shadow copy set ID: {{{copy.set_id}}}",
        f"   Contained 1 shadow copies at creation time: {regional(copy.created)}",
        f"      Shadow Copy ID: {{{copy.id}}}",
        f"         Original Volume: ({copy.volume}){copy.device}",
        f"         Shadow Copy Volume: \\\\?\\GLOBALROOT\\Device\\HarddiskVolumeShadowCopy{copy.number}",
        f"         Originating Machine: {copy.machine}",
        f"         Service Machine: {copy.machine}",
        f"         Provider: '{copy.provider}'",
        "         Type: Backup",
        "         Attributes: Persistent, No auto release, No writers, Differential",
    )
    return "\n".join(lines)


def _amount(size: int) -> str:
    """As vssadmin prints it: `96.00 MB`, and bytes without a fraction."""
    for unit, name in ((30, "GB"), (20, "MB"), (10, "KB")):
        if size >= 1 << unit:
            return f"{size / (1 << unit):.2f} {name}"
    return f"{size} bytes"
