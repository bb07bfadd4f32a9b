"""What stays as it is: what every Windows has, what Microsoft and other makers call theirs, the words of log messages.

The words come from the project's own data: from what rules, readers and catalogs look for. So a virtual machine that is
called `Backup` does not cost a single word by which a fault is told.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import msgspec

from diagnostics.evidence.machines import machine_words

GUID = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_DATA = (
    ("diagnostics", "knowledge"), ("diagnostics", "parsers"), ("diagnostics", "evidence"), ("diagnostics", "rules"),
    ("engine", "eventlog"),
)  # fmt: skip
_NO_WORDS = ".tests.yml"
"""Samples of rules hold names of machines."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The format of `known.yml`."""

    accounts: tuple[tuple[str, ...], ...]
    domains: tuple[tuple[str, ...], ...]
    machines: tuple[str, ...]
    devices: tuple[str, ...]
    sites: tuple[tuple[str, ...], ...]
    endings: str
    second_level: tuple[str, ...]
    volumes: tuple[str, ...]
    shares: tuple[str, ...]
    folders: str
    labels: dict[str, tuple[str, ...]]
    fields: dict[str, str]
    records: dict[str, dict[str, str]]
    made_up: tuple[str, ...]


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """`known.yml`, in lower case, and what the project's data hold."""

    accounts: frozenset[str]
    domains: frozenset[str]
    machines: frozenset[str]
    devices: frozenset[str]
    sites: frozenset[str]
    endings: tuple[str, ...]
    second_level: frozenset[str]
    volumes: tuple[str, ...]
    shares: frozenset[str]
    folders: frozenset[str]
    labels: dict[str, str]
    """Label -> what it labels."""
    fields: dict[str, str]
    """Name of a data field -> what it holds."""
    records: dict[str, dict[str, str]]
    """`provider/event id` -> the same for fields of such records."""
    words: frozenset[str]
    """Of log messages, rules and catalogs."""
    guids: frozenset[str]
    """Of providers, writers, classes: of what everybody has."""

    def is_site(self, domain: str) -> bool:
        """Whether a domain (lower-case) is a public one, or below one."""
        labels = domain.split(".")
        return any(".".join(labels[at:]) in self.sites for at in range(len(labels)))

    def is_common(self, name: str) -> bool:
        """Whether a name (lower-case) is made of nothing but words that logs use: it cannot be told from them."""
        return all(part in self.words or part in self.folders for part in name.split()) or len(name) < 2


@cache
def known() -> Known:
    """What stays, read once."""
    given = msgspec.yaml.decode(files(__package__).joinpath("known.yml").read_bytes(), type=_File)
    words, guids = _words_and_guids()
    generic = frozenset(machine_words())
    return Known(
        accounts=_folded(given.accounts),
        domains=_folded(given.domains),
        machines=_folded([given.machines]),
        devices=_folded([given.devices]),
        sites=_folded(given.sites),
        endings=tuple(given.endings.split()),
        second_level=_folded([given.second_level]),
        volumes=given.volumes,
        shares=_folded([given.shares]),
        folders=frozenset(given.folders.split()) | generic,
        labels={label.casefold(): kind for kind, labels in given.labels.items() for label in labels},
        fields={name.casefold(): kind for kind, names in given.fields.items() for name in names.split()},
        records=given.records,
        words=(words | generic) - _folded([given.made_up]),
        guids=guids,
    )


def _folded(groups: Iterable[Iterable[str]]) -> frozenset[str]:
    return frozenset(name.casefold() for group in groups for name in group)


def _words_and_guids() -> tuple[frozenset[str], frozenset[str]]:
    words: set[str] = set()
    guids: set[str] = set()
    for package, *folder in _DATA:
        for file in _data_files(files(package).joinpath(*folder)):
            text = file.read_text(encoding="utf-8").casefold()
            guids.update(re.findall(GUID, text))
            if not file.name.endswith(_NO_WORDS):
                words.update(_WORD.findall(text))
    return frozenset(words), frozenset(guids)


def _data_files(folder: Traversable) -> Iterator[Traversable]:
    for item in folder.iterdir():
        if item.is_dir():
            yield from _data_files(item)
        elif Path(item.name).suffix in {".yml", ".csv"}:
            yield item
