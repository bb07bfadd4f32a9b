"""What `systeminfo` prints of a machine, as far as the engine knows it: its Windows, memory, domain, and updates.

Sources: captured listings in English, German and Japanese.
"""

from collections.abc import Sequence
from typing import NamedTuple


class Windows(NamedTuple):
    """A Windows, as it calls itself."""

    name: str
    version: str
    service_pack: str
    """Empty where it has none."""

    @property
    def build(self) -> str:
        return self.version.rpartition(".")[2]


class System(NamedTuple):
    """A machine."""

    name: str
    windows: Windows
    domain: str
    memory: int | None = None
    """Bytes; None where nothing tells."""
    updates: Sequence[str] = ()
    """Installed ones: `KB2894856`."""


class _Words(NamedTuple):
    name: str
    windows: str
    version: str
    manufacturer: str
    configuration: str
    memory: str
    domain: str
    updates: str
    build: str
    none: str
    """Not available."""
    member: str
    installed: str


_WORDS = {
    "en": _Words(
        *("Host Name", "OS Name", "OS Version", "OS Manufacturer", "OS Configuration", "Total Physical Memory"),
        *("Domain", "Hotfix(s)", "Build", "N/A", "Member Server", "{} Hotfix(s) Installed."),
    ),
    "de": _Words(
        *("Hostname", "Betriebssystemname", "Betriebssystemversion", "Betriebssystemhersteller"),
        *("Betriebssystemkonfiguration", "Gesamter physischer Speicher", "Domäne", "Hotfix(es)", "Build"),
        *("Nicht zutreffend", "Mitgliedsserver", "{} Hotfix(e) installiert."),
    ),
    "ja": _Words(
        *(
            "ホスト名",
            "OS 名",
            "OS バージョン",
            "OS 製造元",
            "OS 構成",
            "物理メモリの合計",
            "ドメイン",
            "ホットフィックス",
        ),
        *("ビルド", "N/A", "メンバー サーバー", "{} ホットフィックスがインストールされています。"),
    ),
}
_COLUMN = {"en": 27, "de": 47, "ja": 24}
"""Where values begin; in Japanese the labels are wide."""


def systeminfo(system: System, language: str = "en") -> str:
    """The listing, in English, German or Japanese."""
    words, windows = _WORDS[language], system.windows
    count = words.installed.format(len(system.updates)) if system.updates else words.none
    rows = {
        words.name: system.name,
        words.windows: windows.name,
        words.version: f"{windows.version} {windows.service_pack or words.none} {words.build} {windows.build}",
        words.manufacturer: "Microsoft Corporation",
        words.configuration: words.member,
    }
    if system.memory is not None:
        rows[words.memory] = f"{system.memory >> 20:,} MB"
    rows |= {words.domain: system.domain, words.updates: count}
    column = _COLUMN[language]
    lines = [_padded(f"{label}:", column) + value for label, value in rows.items()]
    lines += [" " * column + f"[{number:02}]: {update}" for number, update in enumerate(system.updates, 1)]
    return "\n".join(["", *lines]) + "\n"


def _padded(label: str, column: int) -> str:
    width = sum(2 if ord(one) > 0x2E7F else 1 for one in label)
    return label + " " * max(1, column - width)
