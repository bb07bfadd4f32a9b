"""Whether an update is on a machine, as far as exports of that machine tell."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from diagnostics.case.topology import Role, Topology, short_name
from diagnostics.event import Event, Kind
from diagnostics.knowledge.updates import CUMULATIVE, WINDOWS, Holder, Product, Update, Version, product_of, version_of
from diagnostics.sanitize import one_line
from engine.sentence import Sentence

_LDR = 20_000
"""Revisions from here on belong to the other branch of servicing (LDR), which has its own numbers."""


class State(StrEnum):
    """How an update stands on a machine."""

    MISSING = "missing"
    INSTALLED = "installed"
    SUPERSEDED = "superseded"
    """It is not there, but an update that holds it is."""
    UNKNOWN = "unknown"


class Standing(NamedTuple):
    """How an update stands on a machine, and how that is known."""

    state: State
    why: str


class Inventory:
    """What exports tell of the software of one machine."""

    def __init__(self) -> None:
        self.version: Version = ()
        """Of Windows, with the revision as a fourth number where it is known."""
        self.updates: dict[str, Event] = {}
        """Installed ones, by their number."""
        self.listings: dict[str, int] = {}
        """The sources that list updates, and how many lines of them do."""
        self.files: dict[str, Event] = {}
        """Versions of files, by their name in lower case."""

    def add(self, event: Event) -> None:
        """Take what an event tells."""
        if event.kind is Kind.UPDATE:
            self.listings[event.source] = self.listings.get(event.source, 0) + 1
            if event.fields.get("Installed") != "false":
                self.updates.setdefault(event.fields.get("Kb", "").upper(), event)
        elif event.kind is Kind.FILE_VERSION:
            self.files.setdefault(event.fields.get("File", ""), event)
        else:
            told = version_of(event.fields.get("Version", ""))[:3]
            revision = version_of(event.fields.get("Revision", ""))[:1]
            if len(told) == 3:
                self.version = max(self.version, told + revision)

    @property
    def product(self) -> Product | None:
        """The Windows that it is, None where nothing tells or we know none."""
        return product_of(self.version) if self.version else None


def read_inventories(events: Iterable[Event]) -> dict[str, Inventory]:
    """The inventories of machines, by their short names."""
    found: defaultdict[str, Inventory] = defaultdict(Inventory)
    for event in events:
        if event.kind in {Kind.UPDATE, Kind.OS, Kind.FILE_VERSION}:
            found[short_name(event.machine)].add(event)
    return dict(found)


def standing(update: Update, machine: str, inventory: Inventory | None, known: Mapping[str, Update]) -> Standing | None:
    """How an update stands on a machine; None where it is not for what runs there. `known` are all updates."""
    where: str = one_line(machine) if machine else Sentence("the machine")
    if inventory is None:
        why = Sentence("no list of what is installed on {machine} is among the files: systeminfo tells", machine=where)
        return Standing(State.UNKNOWN, why)
    if there := inventory.updates.get(update.kb):
        return Standing(State.INSTALLED, Sentence("listed ({place})", place=_place(there)))
    product = inventory.product
    if product is None or not WINDOWS & set(update.applies):
        return Standing(State.UNKNOWN, Sentence("nothing tells whether {machine} runs what it is for", machine=where))
    if product not in update.applies:
        return None
    for kb in _superseding(update, product, known):
        if there := inventory.updates.get(kb):
            return Standing(State.SUPERSEDED, Sentence("{kb} holds it ({place})", kb=kb, place=_place(there)))
    return _by_version(update, inventory) or _by_list(product, where, inventory)


def _superseding(update: Update, product: Product, known: Mapping[str, Update]) -> Iterator[str]:
    """The updates that hold it, and those that hold them."""
    waiting, seen = [update.kb], {update.kb}
    while waiting:
        current = known.get(waiting.pop())
        for kb in current.superseded_by.get(product, ()) if current else ():
            if kb not in seen:
                seen.add(kb)
                waiting.append(kb)
                yield kb


def _by_version(update: Update, inventory: Inventory) -> Standing | None:
    """What the version of a file, or the build of the system, proves."""
    for name, first in update.files.items():
        found = inventory.files.get(name.lower())
        told = version_of(found.fields.get("FileVersion", "")) if found else ()
        there = _holds(told, [version_of(version) for version in first])
        if found and there is not None:
            state = State.INSTALLED if there else State.MISSING
            version = ".".join(map(str, told))
            why = Sentence("{file} is {version} ({place})", file=name, version=version, place=_place(found))
            return Standing(state, why)
    if update.build and len(inventory.version) == 4:
        build = inventory.version[2:]
        state = State.INSTALLED if build >= version_of(update.build) else State.MISSING
        here = ".".join(map(str, build))
        why = Sentence("the build is {build}, and from {first} on it holds it", build=here, first=update.build)
        return Standing(state, why)
    return None


def _holds(told: Version, first: list[Version]) -> bool | None:
    """Is a file's version one that holds the fix? None where the versions cannot be compared."""
    if len(told) != 4 or not first:
        return None
    if told[:3] > max(version[:3] for version in first):
        return True
    same = [version for version in first if version[:3] == told[:3] and (version[3] >= _LDR) == (told[3] >= _LDR)]
    return told >= same[0] if same else False if told[:3] < min(version[:3] for version in first) else None


def _by_list(product: Product, where: str, inventory: Inventory) -> Standing:
    """What the list of installed updates proves, where there is one."""
    if product in CUMULATIVE:
        why = Sentence(
            "updates of {product} hold all earlier ones, and no build is known to hold it", product=product.value
        )
        return Standing(State.UNKNOWN, why)
    if not inventory.listings:
        return Standing(
            State.UNKNOWN, Sentence("no list of the updates of {machine} is among the files", machine=where)
        )
    source, count = max(inventory.listings.items(), key=lambda item: (item[1], item[0]))
    why = Sentence(
        "not among the updates listed in {source} ({count}); a later one that is not known here may hold it",
        count=count,
        source=one_line(source),
    )
    return Standing(State.MISSING, why)


def _place(event: Event) -> str:
    return one_line(f"{event.source}:{event.record}")


def holders(update: Update, plate: str, topology: Topology) -> list[str]:
    """The machines that need an update against a fault on a plate; empty where nothing tells them."""
    kind, _, name = plate.partition(":")
    if update.role is Holder.DPM_SERVER or kind == "site":
        return topology.with_role(Role.DPM_SERVER)
    if kind == "vm":
        machine = topology.host(name) if update.role is Holder.HOST else name
    else:
        machine = "" if kind != "host" or update.role is Holder.GUEST else name
    return [machine] if machine.strip("?") else []
