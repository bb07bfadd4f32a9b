"""Updates that end backup failures: which causes they fix, on which products, and how to see that they are there.

The file is `updates.yml`; its format: docs/updates.md.
"""

import re
from collections.abc import Collection, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec

from engine.datafiles.documents import Problem, YamlDocument, read
from engine.datafiles.schema import typed

FILE = "updates.yml"
Kb = Annotated[str, msgspec.Meta(pattern=r"^KB[0-9]{6,7}$")]
Text = Annotated[str, msgspec.Meta(min_length=1)]
VersionText = Annotated[str, msgspec.Meta(pattern=r"^[0-9]+(\.[0-9]+){1,3}$")]
Version = tuple[int, ...]
_NUMBER = re.compile(r"\d+")


class Product(StrEnum):
    """What an update is for."""

    SERVER_2003 = "windows-server-2003"
    SERVER_2008 = "windows-server-2008"
    SERVER_2008_R2 = "windows-server-2008-r2"
    SERVER_2012 = "windows-server-2012"
    SERVER_2012_R2 = "windows-server-2012-r2"
    SERVER_2016 = "windows-server-2016"
    SERVER_2019 = "windows-server-2019"
    SERVER_2022 = "windows-server-2022"
    MABS_V4 = "mabs-v4"


_WINDOWS: dict[Version, Product] = {
    (5, 2): Product.SERVER_2003,
    (6, 0): Product.SERVER_2008,
    (6, 1): Product.SERVER_2008_R2,
    (6, 2): Product.SERVER_2012,
    (6, 3): Product.SERVER_2012_R2,
    (10, 0, 14393): Product.SERVER_2016,
    (10, 0, 17763): Product.SERVER_2019,
    (10, 0, 20348): Product.SERVER_2022,
}
"""By the beginning of the version that Windows gives itself (https://learn.microsoft.com/windows/win32/sysinfo/operating-system-version)."""
WINDOWS = frozenset(_WINDOWS.values())
CUMULATIVE = frozenset({Product.SERVER_2016, Product.SERVER_2019, Product.SERVER_2022})
"""Each update of these holds all earlier ones, so the list of installed updates does not tell which are there."""


class Holder(StrEnum):
    """The machine that needs an update."""

    HOST = "host"
    GUEST = "guest"
    DPM_SERVER = "dpm-server"
    MACHINE = "machine"  # whichever machine has the fault


class Update(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One update."""

    kb: Kb
    title: Text
    """What it fixes, in a sentence of our own."""
    applies: tuple[Product, ...]
    role: Holder
    fixes: tuple[Text, ...]
    """Ids of causes."""
    references: tuple[Text, ...]
    """Where all of this is known from; at least one."""
    files: dict[str, tuple[VersionText, ...]] = {}
    """File name -> the first version that holds the fix, for each branch of servicing."""
    build: VersionText | None = None
    """For products with cumulative updates: the first build that holds the fix, `14393.953`."""
    superseded_by: dict[Product, tuple[Kb, ...]] = {}


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    updates: list[Any]


def version_of(text: str) -> Version:
    """The numbers of a version, in order: `6.0.6001.18125 (x)` gives (6, 0, 6001, 18125)."""
    return tuple(int(number[:9]) for number in _NUMBER.findall(text.split("(", maxsplit=1)[0])[:4])


def product_of(version: Version) -> Product | None:
    """The Windows that calls itself so; None where we know none."""
    return _WINDOWS.get(version[:3]) or _WINDOWS.get(version[:2])


def load_updates(folder: Path, causes: Collection[str]) -> tuple[tuple[Update, ...], list[Problem]]:
    """Read `updates.yml`, which may be absent; what is wrong is left out and told."""
    path = folder / FILE
    if not path.is_file():
        return (), []
    document, problems = read(path, FILE)
    listed, wrong = typed(_File, document) if document else (None, [])
    problems += wrong
    found: dict[str, Update] = {}
    for place in range(len(listed.updates) if listed else 0):
        if document is None:
            break
        update, wrong = typed(Update, document, ("updates", place))
        if update is not None:
            wrong = list(_problems(document, place, update, causes, found))
        problems += wrong
        if update is not None and not wrong:
            found[update.kb] = update
    return tuple(found[kb] for kb in sorted(found, key=lambda kb: (len(kb), kb))), problems


def _problems(
    document: YamlDocument, place: int, update: Update, causes: Collection[str], found: Collection[str]
) -> Iterator[Problem]:
    where = ("updates", place)
    if update.kb in found:
        yield document.problem((*where, "kb"), f"update {update.kb} occurs twice")
    if not update.references:
        yield document.problem((*where, "references"), f"{update.kb} has no reference", "where it is known from")
    for cause in update.fixes:
        if cause not in causes:
            yield document.problem((*where, "fixes"), f"{update.kb} fixes an unknown cause: {cause}")
    for product in update.superseded_by:
        if product not in update.applies:
            yield document.problem((*where, "superseded_by"), f"{update.kb} is not for {product}")
